/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any text through parser, typing, dump, evaluation and code generation over struct world: must not
 * crash, hang or leak, whatever it is. Build and run: make fuzz-expr (FUZZ_SECONDS=30 SEED=1).
 */
#include "../expr/scope.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

static void evaluate(const struct world_scope *world, const struct expr *typed, struct arena *arena)
{
	struct bay_env bay = world_env();
	struct expr_env env = {bay.pid, bay.tid, bay.cpu, bay.time, bay.hits, bay.elapsed, bay.comm};
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

static struct error *run(struct world_scope *world, const char *text)
{
	struct arena *arena = world->arena;
	struct expr *tree, *typed;
	struct gen_code code;
	struct error *err = expr_parse(text, arena, &tree);

	if (!err)
		err = expr_type(tree, text, &world->scope, arena, &typed);
	if (err)
		return err;
	expr_dump(typed, arena);
	evaluate(world, typed, arena);
	err = gen_condition(typed, text, &world->place, arena, &code);
	if (!err)
		gen_listing(&code, arena);
	return err;
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct world_scope world;
	struct error *err;

	world_scope_init(&world, 0x10000000, arch_native());
	err = run(&world, arena_strndup(world.arena, (const char *)data, size));
	/* The caret stands inside the text. */
	if (err && err->source && err->span_start > strlen(err->source))
		__builtin_trap();
	error_free(err);
	arena_free(world.arena);
	return 0;
}
