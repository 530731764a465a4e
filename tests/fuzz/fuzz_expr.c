/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any text as an expression and as the message of a log line, over struct world: through parser,
 * typing, dump, evaluation, code generation and listing.
 */
#include "../expr/scope.h"
#include "fuzz.h"
#include "spec/message.h"

static void evaluate(const struct world_scope *world, const struct expr *typed, struct arena *arena)
{
	struct bay_env bay = world_env();
	struct expr_env env = {bay.pid,	 bay.tid,     bay.cpu, bay.time,
			       bay.hits, bay.elapsed, bay.comm};
	struct world *memory = arena_alloc(arena, sizeof(*memory));
	struct image *image = image_new(arena);
	struct expr_result result;
	struct loc_context context;
	struct frame_regs regs;

	world_fill(memory, world->base);
	world_regs(memory, world->base, &regs);
	image_add(image, world->base, memory, sizeof(*memory), IMAGE_HIT);
	context = world_context(world, &regs, image, arena);
	expr_eval(typed, &context, &env, &result);
}

static struct error *type_text(struct world_scope *world, const char *text, struct expr **typed)
{
	struct expr *tree;
	struct error *err = expr_parse(text, world->arena, &tree);

	return err ? err : expr_type(tree, text, &world->scope, world->arena, typed);
}

static struct error *run_expression(struct world_scope *world, const char *text)
{
	struct arena *arena = world->arena;
	struct expr *typed;
	struct gen_code code;
	struct error *err = type_text(world, text, &typed);

	if (err)
		return err;
	expr_dump(typed, arena);
	evaluate(world, typed, arena);
	err = gen_condition(typed, text, &world->place, arena, &code);
	if (!err)
		gen_listing(&code, arena);
	return err;
}

/* The expressions that fit the scope, together, as a log's. */
static struct error *run_message(struct world_scope *world, const char *text)
{
	struct gen_value values[SNAPLINE_MAX_VALUES];
	struct message *message;
	struct gen_code code;
	size_t n = 0;
	struct error *err = message_parse(text, world->arena, &message);

	for (size_t i = 0; !err && i < message->n_parts && n < ARRAY_LEN(values); i++) {
		const char *part = message->parts[i].expr;
		struct expr *typed;
		struct error *bad = part ? type_text(world, part, &typed) : &error_end;

		if (part && message->parts[i].start + strlen(part) > strlen(text))
			__builtin_trap();
		if (!bad)
			values[n++] = (struct gen_value){.expr = typed, .text = part};
		fuzz_error(bad);
	}
	if (!err && n)
		err = gen_values(values, n, &world->place, world->arena, &code);
	if (!err && n)
		gen_listing(&code, world->arena);
	return err;
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct world_scope world;
	const char *text;

	world_scope_init(&world, 0x10000000, arch_native());
	text = arena_strndup(world.arena, (const char *)data, size);
	fuzz_error(run_expression(&world, text));
	if (strpbrk(text, "{}"))
		fuzz_error(run_message(&world, text));
	arena_free(world.arena);
	return 0;
}
