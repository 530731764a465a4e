/* SPDX-License-Identifier: BSD-2-Clause */
#include "plan/compile.h"

#include <string.h>

#include "plan/keys.h"
#include "plan/scope.h"
#include "plan/table.h"
#include "plan/tictoc.h"
#include "plan/values.h"

/* The roots of one place while they are gathered. */
struct root_list {
	struct plan *plan;
	struct place *place;
	struct gen_root roots[SNAPLINE_MAX_ROOTS];
	u32 nodes[SNAPLINE_MAX_ROOTS];
	const char *names[SNAPLINE_MAX_ROOTS];
	u32 n;
	bool is_large_frame; /* the copy of the stack may not reach its end */
};

/* What doesn't fit is read after the hit, and marked so. */
static void add_root(struct root_list *list, struct gen_root root, u32 node, const char *name)
{
	if (!node || list->n >= SNAPLINE_MAX_ROOTS)
		return;
	list->roots[list->n] = root;
	list->nodes[list->n] = node;
	list->names[list->n] = name;
	list->n++;
}

static bool is_pointer(const struct type *type)
{
	return type->kind == TYPE_POINTER || type->kind == TYPE_REFERENCE;
}

/* The words that tell where the dynamic linker put a variable. */
static void add_slots(struct root_list *list, const struct loc *loc, const char *text)
{
	const struct type *word = type_basic(TYPE_BASIC_ULONG);

	for (size_t i = 0; i < loc->n_ops; i++) {
		struct gen_root root = {.loc = loc_slot(&loc->ops[i], list->plan->arena)};

		if (root.loc)
			add_root(list, root, plan_table_node(list->plan, word, 0), text);
	}
}

static void add_variable(struct root_list *list, const struct dw_var *var, const struct loc *loc,
			 const struct loc *frame_base)
{
	struct plan *plan = list->plan;
	u32 depth = plan->spec->limits.depth;
	const struct type *type = type_strip(var->type);
	struct gen_root root = {.loc = loc, .frame_base = frame_base};
	/* At a return instruction the frame is below the stack pointer already. */
	bool in_copy = !list->is_large_frame && !list->place->is_return;
	bool in_stack = loc_shape(loc) == LOC_REG_MEMORY && in_copy;

	add_slots(list, loc, var->name);
	if (is_pointer(type)) {
		root.is_value = true;
		root.value_size = type->size;
		add_root(list, root, plan_table_pointee(plan, type, depth), var->name);
	}
	switch (loc_shape(loc)) {
	case LOC_STATIC:
	case LOC_TLS:
	case LOC_COMPUTED:
	case LOC_REG_MEMORY:
		root.is_value = false;
		/* The copy of the stack has the variable itself; only what it points to is missing.
		 */
		if (!in_stack || !type_is_scalar(type))
			add_root(list, root, plan_table_node(plan, type, depth), var->name);
		break;
	default: break;
	}
}

/* Bytes from the lowest variable, or the stack pointer, to the end of the frame. */
static struct error *frame_size(struct root_list *list, const struct cfi_row *cfi,
				const struct dw_frame *frames, size_t n, struct arena *arena,
				u64 *size)
{
	struct place *place = list->place;
	const struct arch *arch = elf_file_arch(place->module->file);
	struct loc *loc;

	*size = 0;
	if (cfi && !cfi->cfa_is_expr && cfi->cfa_reg == arch->dwarf_sp && cfi->cfa_offset > 0)
		*size = (u64)cfi->cfa_offset;
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < frames[i].n_vars; j++) {
			struct error *err = dw_var_loc(place->module->dw, frames[i].vars[j].die,
						       place->pc, arena, &loc);

			if (err)
				return err;
			*size = max_u64(*size, loc_below_base(loc));
		}
	return NULL;
}

/*
 * A frame with big arrays may be larger than the copy of the stack, whose upper end then lacks
 * variables and the return address; and the copy ends at the first page that isn't resident, as the
 * middle of an array that nobody has used yet may be. So of a frame of more than a page, what lies
 * around its end is read too.
 */
static struct error *add_frame_end(struct root_list *list, const struct cfi_row *cfi,
				   const struct dw_frame *frames, size_t n,
				   const struct loc *frame_base, struct arena *arena)
{
	enum { SAVED = 512, RED_ZONE = 128, PAGE_BYTES = 4096, READS = 3 };
	static const struct type block = {.kind = TYPE_STRUCT, .size = SNAPLINE_MAX_READ};
	struct plan *plan = list->plan;
	u64 size = 0;
	struct error *err = frame_size(list, cfi, frames, n, arena, &size);

	list->is_large_frame = size + SAVED + RED_ZONE > PAGE_BYTES;
	for (int i = 0; i < READS && !err && frame_base && list->is_large_frame; i++) {
		s64 offset = (s64)i * SNAPLINE_MAX_READ - SAVED;
		struct gen_root root = {.loc = loc_at_base(offset, arena),
					.frame_base = frame_base};

		add_root(list, root, plan_table_node(plan, &block, 0), "the frame's end");
	}
	return err;
}

/* Every inlined frame at the place shares its registers; the innermost comes first. */
static struct error *add_variables(struct root_list *list, const struct cfi_row *cfi,
				   struct arena *arena)
{
	struct place *place = list->place;
	struct dw *dw = place->module->dw;
	struct dw_frame *frames;
	struct loc *frame_base, *loc;
	size_t n;
	struct error *err = dw_frames_at(dw, place->pc, arena, &frames, &n);

	if (!err)
		err = dw_frame_base(dw, place->pc, arena, &frame_base);
	if (!err)
		err = add_frame_end(list, cfi, frames, n, frame_base, arena);
	if (err)
		return err;
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < frames[i].n_vars; j++) {
			const struct dw_var *var = &frames[i].vars[j];

			err = dw_var_loc(dw, var->die, place->pc, arena, &loc);
			if (err)
				return err;
			if (loc->absence == PRESENT)
				add_variable(list, var, loc, frame_base);
		}
	return NULL;
}

/*
 * A capture reads memory on the way to its value: in a->b.c[i], what a points to, and so on. Each
 * object that is read is a root, so that evaluating the capture over the record finds it.
 */
static void add_capture_steps(struct root_list *list, const struct expr *expr, const char *text)
{
	struct gen_root root = {.lvalue = expr};

	if (!expr)
		return;
	add_capture_steps(list, expr->a, text);
	add_capture_steps(list, expr->b, text);
	add_capture_steps(list, expr->c, text);
	if (expr->kind == EXPR_VARIABLE && expr->loc && expr->dw == list->place->module->dw)
		add_slots(list, expr->loc, text);
	if (expr->is_lvalue && !expr->bit_size && type_is_scalar(expr->type))
		add_root(list, root, plan_table_node(list->plan, expr->type, 0), text);
}

/* Of a pointer that is computed, like $return: what it points to. */
static void add_pointee(struct root_list *list, const struct expr *pointer, const char *text)
{
	struct plan *plan = list->plan;
	struct expr *pointee = arena_memdup(plan->arena, pointer, sizeof(*pointer));

	pointee->kind = EXPR_UNARY;
	pointee->op = OP_DEREF;
	pointee->a = (struct expr *)pointer;
	pointee->type = type_target(type_strip(pointer->type));
	pointee->is_lvalue = true;
	add_root(list, (struct gen_root){.lvalue = pointee},
		 plan_table_pointee(plan, pointer->type, plan->spec->limits.depth), text);
}

static void add_capture(struct root_list *list, const struct expr *expr, const char *text)
{
	struct plan *plan = list->plan;
	struct gen_root root = {.lvalue = expr};

	if (!expr)
		return;
	if (expr->is_lvalue && !expr->bit_size)
		add_root(list, root, plan_table_node(plan, expr->type, plan->spec->limits.depth),
			 text);
	else if (is_pointer(type_strip(expr->type)))
		add_pointee(list, expr, text);
	add_capture_steps(list, expr, text);
}

/* Why a name that the source has may be none here. */
static struct error *names_unknown(struct error *err, const struct place *place)
{
	const struct plan_module *module = place->module;
	const char *split;

	if (!module->dw || !dw_has_info(module->dw))
		return error_cure(err,
				  "%s has no debug information: only $arg1 to $arg6, registers "
				  "and other built-in names are known.",
				  module->shown);
	split = dw_split_at(module->dw, place->pc);
	if (!split)
		return err;
	return error_cure(err,
			  "Names are described in %s, which isn't read (split DWARF): only $arg1 "
			  "to $arg6, registers and other built-in names are known.",
			  split);
}

static struct error *type_expression(const char *text, const struct place *place,
				     const struct expr_scope *scope, struct arena *arena,
				     struct expr **typed)
{
	struct expr *tree;
	struct error *err = expr_parse(text, arena, &tree);

	if (!err)
		err = expr_type(tree, text, scope, arena, typed);
	if (err && err->kind == ERROR_NOT_FOUND)
		err = names_unknown(err, place);
	return err;
}

struct error *plan_type_captures(struct plan *plan, struct place *place)
{
	const struct spec *spec = plan->spec;
	struct expr_scope *scope;
	struct error *err;

	if (!spec->n_captures)
		return NULL;
	err = plan_place_scope(plan, place, &scope);
	if (err)
		return err;
	place->captures = arena_array(plan->arena, struct expr *, spec->n_captures + 1);
	for (size_t i = 0; i < spec->n_captures && !err; i++)
		if (spec->captures[i] != spec->returned || scope->return_loc)
			err = type_expression(spec->captures[i], place, scope, plan->arena,
				      &place->captures[i]);
	return err;
}

static struct error *gather_roots(struct plan *plan, struct place *place, const struct cfi_row *cfi,
				  struct root_list *list)
{
	*list = (struct root_list){.plan = plan, .place = place};
	for (size_t i = 0; place->captures && i < plan->spec->n_captures; i++)
		add_capture(list, place->captures[i], plan->spec->captures[i]);
	return add_variables(list, cfi, plan->arena);
}

static bool code_equal(const struct gen_code *a, const struct gen_code *b)
{
	return a->n == b->n && (!a->n || memcmp(a->insns, b->insns, a->n * sizeof(*a->insns)) == 0);
}

static bool program_equal(const struct plan_program *a, const struct plan_program *b)
{
	return a->is_toc == b->is_toc && code_equal(&a->condition, &b->condition) && code_equal(&a->roots, &b->roots) &&
	       a->n_roots == b->n_roots &&
	       memcmp(a->root_nodes, b->root_nodes, a->n_roots * sizeof(a->root_nodes[0])) == 0 &&
	       code_equal(&a->values, &b->values) && a->n_values == b->n_values &&
	       memcmp(a->value_slots, b->value_slots, a->n_values * sizeof(a->value_slots[0])) == 0;
}

static u32 program_index(struct plan *plan, const struct plan_program *program)
{
	for (size_t i = 0; i < plan->n_programs; i++)
		if (program_equal(&plan->programs[i], program))
			return (u32)i;
	*arena_push(plan->arena, plan->programs, plan->n_programs) = *program;
	return (u32)(plan->n_programs - 1);
}

/* Roots that the kernel can't compute are left out of the program; decoding reads them late. */
static struct error *compile_roots(struct plan *plan, const struct root_list *list,
				   const struct gen_place *gen, struct plan_program *program)
{
	bool skipped[SNAPLINE_MAX_ROOTS] = {false};
	struct error *err;

	if (!list->n)
		return NULL;
	err = gen_roots(list->roots, list->n, gen, plan->arena, &program->roots, skipped);
	if (err)
		return err;
	program->n_roots = list->n;
	for (u32 i = 0; i < list->n; i++) {
		program->root_nodes[i] = skipped[i] ? 0 : list->nodes[i];
		program->root_names[i] = list->names[i];
	}
	return NULL;
}

static bool is_tictoc(const struct plan *plan)
{
	return plan->spec->instrument == INSTRUMENT_TICTOC;
}

static struct error *compile_condition(struct plan *plan, struct place *place,
				       const struct gen_place *gen, struct gen_code *code)
{
	const char *condition = plan->spec->condition;
	struct expr_scope *scope;
	struct error *err = NULL;

	if (is_tictoc(plan))
		err = plan_tictoc_condition(plan->spec, place->probe, plan->arena, &condition);
	if (err || !condition)
		return err;
	err = plan_place_scope(plan, place, &scope);
	if (!err)
		err = type_expression(condition, place, scope, plan->arena, &place->condition);
	if (!err)
		err = gen_condition(place->condition, condition, gen, plan->arena, code);
	if (!err && place->is_tail_call && strstr(condition, "$return"))
		plan_note(plan,
			  "%s: where it leaves by a tail call, $return is not known yet: a condition "
			  "that needs it there is an error",
			  plan->probes[place->probe].text);
	return err;
}

static bool tls_offset(void *context, struct dw *dw, u64 offset, s64 *from_thread_pointer)
{
	struct dw *module = context;

	return dw_tls_offset(dw ? dw : module, offset, from_thread_pointer);
}

struct error *plan_type_expression(const char *text, const struct place *place,
				   const struct expr_scope *scope, struct arena *arena,
				   const struct expr **typed)
{
	struct expr *result;
	struct error *err = type_expression(text, place, scope, arena, &result);

	if (!err)
		*typed = result;
	return err;
}

struct error *plan_gen_place(struct plan *plan, const struct place *place,
			     const struct gen_features *features, struct gen_place *gen)
{
	struct cfi_row *row = NULL;
	struct error *err = dw_cfi_row(place->module->dw, place->pc, plan->arena, &row);

	*gen = (struct gen_place){
		.arch = elf_file_arch(place->module->file),
		.cfi = row,
		.module = place->module->dw,
		.tls_offset = tls_offset,
		.context = place->module->dw,
		.features = *features,
	};
	return err;
}

struct error *plan_type_values(struct plan *plan, struct place *place)
{
	const struct gen_features features = {0};
	struct plan_program unused;
	struct gen_place gen;
	struct error *err;

	if (!plan->spec->message)
		return NULL;
	err = plan_gen_place(plan, place, &features, &gen);
	return err ? err : plan_values(plan, place, &gen, &unused);
}

static struct error *compile_snapshot(struct plan *plan, struct place *place,
				      const struct gen_place *gen, struct plan_program *program)
{
	struct root_list list;
	struct error *err = plan_type_captures(plan, place);

	if (!err)
		err = gather_roots(plan, place, gen->cfi, &list);
	return err ? err : compile_roots(plan, &list, gen, program);
}

/* Tic-toc takes snapshots at TOC, if at all. */
static struct error *compile_end(struct plan *plan, struct place *place,
				 const struct gen_place *gen, struct plan_program *program)
{
	const struct tictoc_spec *spec = &plan->spec->tictoc;
	struct root_list list;
	struct error *err = plan_tictoc_values(plan, place, gen, program);

	program->is_toc = place->probe == PROBE_TOC;
	if (err || !program->is_toc || !spec->is_slower || spec->is_trace)
		return err;
	err = gather_roots(plan, place, gen->cfi, &list);
	return err ? err : compile_roots(plan, &list, gen, program);
}

/* What the instrument takes at a hit. */
static struct error *compile_taking(struct plan *plan, struct place *place,
				    const struct gen_place *gen, struct plan_program *program)
{
	switch (plan->spec->instrument) {
	case INSTRUMENT_LOG: return plan_values(plan, place, gen, program);
	case INSTRUMENT_COUNT: return plan_count_values(plan, place, gen, program);
	case INSTRUMENT_TICTOC: return compile_end(plan, place, gen, program);
	default: return compile_snapshot(plan, place, gen, program);
	}
}

struct error *plan_compile(struct plan *plan, struct place *place,
			   const struct gen_features *features)
{
	struct plan_program program = {0};
	struct gen_place gen;
	struct error *err;

	if (plan_count_is_plain(plan->spec)) {
		place->program = program_index(plan, &program);
		return NULL;
	}
	err = plan_gen_place(plan, place, features, &gen);
	if (!err && plan->spec->condition)
		err = compile_condition(plan, place, &gen, &program.condition);
	if (!err)
		err = compile_taking(plan, place, &gen, &program);
	if (!err)
		place->program = program_index(plan, &program);
	return err;
}
