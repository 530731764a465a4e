/* SPDX-License-Identifier: BSD-2-Clause */
#include "plan/tictoc.h"

#include <string.h>

#include "plan/compile.h"
#include "plan/scope.h"
#include "record.h"

enum tictoc_mode plan_tictoc_mode(const struct spec *spec)
{
	if (spec->tictoc.key)
		return PAIR_KEY;
	return spec->n_places == 1 ? PAIR_FUNCTION : PAIR_THREAD;
}

static bool names_late(const char *text)
{
	return strstr(text, "$elapsed") || strstr(text, "$return");
}

bool plan_tictoc_by_at_toc(const struct spec *spec)
{
	for (size_t i = 0; i < spec->count.n_by; i++)
		if (names_late(spec->count.by[i]))
			return true;
	return false;
}

bool plan_tictoc_looks_late(const struct spec *spec)
{
	return plan_tictoc_by_at_toc(spec) || (spec->condition && names_late(spec->condition));
}

static bool looks_beside(const struct spec *spec, u32 probe)
{
	bool by_here = plan_tictoc_by_at_toc(spec) == (probe == PROBE_TOC);

	return spec->tictoc.key || (spec->count.n_by && by_here) || spec->tictoc.is_slower;
}

bool plan_tictoc_looks(const struct spec *spec, u32 probe)
{
	return spec->condition || looks_beside(spec, probe);
}

struct error *plan_tictoc_probes(struct plan *plan)
{
	const struct spec *spec = plan->spec;
	struct plan_probe *probes = arena_array(plan->arena, struct plan_probe, TICTOC_PROBES);
	const struct place_spec *tic = &spec->places[0];

	plan->probes = probes;
	plan->n_probes = TICTOC_PROBES;
	for (size_t i = 0; i < spec->n_places; i++)
		probes[i] = (struct plan_probe){spec->places[i].text, spec->places[i]};
	if (spec->n_places == 2)
		return NULL;
	if (tic->form != PLACE_FUNCTION)
		return error_cure(
			error_new(ERROR_USAGE, "%s is one place, and no function", tic->text),
			"Give a function, which is measured from its entry to its "
			"returns, or a second place.");
	probes[PROBE_TOC] =
		(struct plan_probe){arena_printf(plan->arena, "%s%%return", tic->text), *tic};
	probes[PROBE_TOC].spec.form = PLACE_RETURN;
	/* At -O0 the arguments are in memory only behind the prologue. */
	if (!plan_tictoc_looks(spec, PROBE_TIC))
		probes[PROBE_TIC].spec.form = PLACE_ENTRY;
	return NULL;
}

/* The operands of a chain of &&. */
struct parts {
	const struct expr **items;
	size_t n;
	struct arena *arena;
};

static void split(struct parts *parts, const struct expr *expr)
{
	if (expr->kind != EXPR_AND) {
		*arena_push(parts->arena, parts->items, parts->n) = expr;
		return;
	}
	split(parts, expr->a);
	split(parts, expr->b);
}

struct error *plan_tictoc_condition(const struct spec *spec, u32 probe, struct arena *arena,
				    const char **text)
{
	struct parts parts = {.arena = arena};
	struct expr *tree;
	struct error *err;
	bool any = false;
	char *own;

	*text = NULL;
	if (!spec->condition)
		return NULL;
	err = expr_parse(spec->condition, arena, &tree);
	if (err)
		return err;
	split(&parts, tree);
	own = arena_strdup(arena, spec->condition);
	for (size_t i = 0; i < parts.n; i++) {
		const struct expr *part = parts.items[i];
		const char *words = arena_strndup(arena, spec->condition + part->start, part->len);

		if (names_late(words) == (probe == PROBE_TOC)) {
			any = true;
			continue;
		}
		memset(own + part->start, ' ', part->len);
		own[part->start] = '1';
	}
	if (any)
		*text = own;
	return NULL;
}

bool plan_tictoc_by_goroutine(const struct plan *plan, const struct place *place)
{
	enum tictoc_mode mode = plan_tictoc_mode(plan->spec);

	/* What Go calls of C runs on the thread that called. */
	for (size_t i = 0; mode == PAIR_THREAD && i < plan->n_places; i++)
		if (!plan->places[i].is_go)
			return false;
	return mode != PAIR_KEY && place->is_go;
}

/* The body of a function that a place is in tells which function it is. */
static u64 body_of(const struct place *place, struct arena *arena)
{
	_cleanup_(error_freep) struct error *err = NULL;
	const struct elf_symbol *symbol;
	struct dw_instance *instances;
	size_t n = 0;

	err = dw_body(place->module->dw, place->asked, arena, &instances, &n);
	if (!err && n)
		return instances[0].entry;
	symbol = elf_file_symbol_at(place->module->file, place->asked);
	return symbol ? symbol->pc : place->asked;
}

static u32 pair_of(const struct plan *plan, const struct place *place)
{
	for (size_t i = 0; i < plan->n_places; i++)
		if (plan->places[i].module == place->module && plan->places[i].body == place->body)
			return plan->places[i].pair;
	return (u32)plan->n_places;
}

struct error *plan_tictoc_frame(struct plan *plan, struct place *place)
{
	const struct arch *arch = elf_file_arch(place->module->file);
	struct cfi_row *row = NULL;
	struct error *err;

	place->is_go = dw_is_go(place->module->dw, place->pc);
	if (plan_tictoc_mode(plan->spec) != PAIR_FUNCTION)
		return NULL;
	place->body = body_of(place, plan->arena);
	place->pair = pair_of(plan, place);
	err = dw_cfi_row(place->module->dw, place->pc, plan->arena, &row);
	if (err)
		return err;
	place->cfa_is_fp = row && row->cfa_reg == arch->dwarf_fp;
	place->cfa_offset = row ? (s32)row->cfa_offset : arch->call_pushes;
	/* Without information: at an entry and at a return the stack is as the call left it. */
	if (!row && place->pc == place->asked)
		return NULL;
	if (row && !row->cfa_is_expr &&
	    (row->cfa_reg == arch->dwarf_sp || row->cfa_reg == arch->dwarf_fp))
		return NULL;
	return error_new(ERROR_NOT_FOUND,
			 "no call frame information says where the frame is at 0x%llx",
			 (unsigned long long)place->pc);
}

/* The values of one place while they are gathered. */
struct list {
	struct plan *plan;
	struct place *place;
	const struct expr_scope *scope;
	struct gen_value values[SNAPLINE_MAX_VALUES];
	struct value_slot slots[SNAPLINE_MAX_VALUES];
	u32 n, used; /* bytes of data */
};

static struct error *refuse(const struct list *list, const struct expr *expr, const char *text,
			    const char *what)
{
	return error_span(error_new(ERROR_USAGE, "%s, this has type %s", what,
				    type_name(expr->type, list->plan->arena)),
			  text, expr->start, expr->len);
}

static void add_value(struct list *list, const struct expr *expr, const char *text, u16 kind,
		      u32 size, bool is_address)
{
	list->values[list->n] = (struct gen_value){expr, text, is_address};
	list->slots[list->n] = (struct value_slot){.kind = kind, .size = size, .at = list->used};
	if (kind != VALUE_SCALAR)
		list->used += (size + 8) & ~7u;
	list->n++;
}

static bool has_room(const struct list *list, u32 size)
{
	return list->n < SNAPLINE_MAX_VALUES && size < TIC_SLACK && list->used + size < TIC_DATA;
}

static struct error *type_it(const struct list *list, const char *text, const struct expr **expr)
{
	return plan_type_expression(text, list->place, list->scope, list->plan->arena, expr);
}

static struct error *add_key(struct list *list)
{
	const char *text = list->plan->spec->tictoc.key;
	const struct expr *expr;
	struct error *err;

	if (!text)
		return NULL;
	err = type_it(list, text, &expr);
	if (err)
		return err;
	if (!type_is_integer(type_strip(expr->type)) &&
	    type_strip(expr->type)->kind != TYPE_POINTER)
		return refuse(list, expr, text, "a key is an integer or a pointer");
	list->place->key = expr;
	add_value(list, expr, text, VALUE_SCALAR, 8, false);
	return NULL;
}

static bool is_text(const struct expr *expr)
{
	return type_is_char_array(expr->type) || type_is_char_pointer(expr->type);
}

/* A string of no size is the thread's name, which isn't in its memory. */
static void add_text(struct list *list, const struct expr *expr, const char *text)
{
	static const struct expr no_value = {.kind = EXPR_NUMBER};
	bool is_array = type_is_char_array(expr->type);
	u64 size = is_array ? type_strip(expr->type)->size : 0;

	if (expr->kind == EXPR_BUILTIN) {
		struct expr *zero = arena_memdup(list->plan->arena, &no_value, sizeof(no_value));

		zero->type = type_basic(TYPE_BASIC_INT);
		add_value(list, zero, text, VALUE_STRING, 0, false);
		list->used += SNAPLINE_COMM;
		return;
	}
	if (!size || size > TICTOC_TEXT - 1)
		size = TICTOC_TEXT - 1;
	add_value(list, expr, text, VALUE_STRING, (u32)size, is_array);
}

static struct error *add_by(struct list *list)
{
	const struct count_spec *spec = &list->plan->spec->count;
	u32 n_texts = 0;

	list->place->by = arena_array(list->plan->arena, const struct expr *, spec->n_by + 1);
	for (size_t i = 0; i < spec->n_by; i++) {
		const struct expr *expr;
		struct error *err = type_it(list, spec->by[i], &expr);

		if (err)
			return err;
		list->place->by[i] = expr;
		n_texts += is_text(expr);
		if (n_texts > TICTOC_MAX_TEXTS)
			return refuse(list, expr, spec->by[i], "at most two of --by are strings");
		if (is_text(expr) && (!type_is_char_array(expr->type) || expr->is_lvalue ||
				      expr->kind == EXPR_BUILTIN))
			add_text(list, expr, spec->by[i]);
		else if (type_is_scalar(type_strip(expr->type)))
			add_value(list, expr, spec->by[i], VALUE_SCALAR, 8, false);
		else
			return refuse(list, expr, spec->by[i], "--by takes a number or a string");
	}
	return NULL;
}

/* What it is kept as: a string, the bytes of an object, a number; false: there is no way. */
static bool add_kept(struct list *list, const struct expr *expr, const char *text)
{
	const struct type *type = type_strip(expr->type);
	u32 string = (u32)min_u64(list->plan->spec->limits.string_bytes, 256);

	if (type_is_char_pointer(expr->type)) {
		if (!has_room(list, string))
			return false;
		add_value(list, expr, text, VALUE_STRING, string, false);
	} else if (type_is_scalar(type) && type->size <= 8) {
		if (!has_room(list, 0))
			return false;
		add_value(list, expr, text, VALUE_SCALAR, 8, false);
	} else {
		if (!expr->is_lvalue || expr->bit_size || !type->size || type->size >= TIC_SLACK ||
		    !has_room(list, (u32)type->size))
			return false;
		add_value(list, expr, text, VALUE_BYTES, (u32)type->size, true);
	}
	return true;
}

/* Can it be computed in the kernel at all? An argument in a vector register can't. */
static bool compiles(const struct gen_value *value, const struct gen_place *gen,
		     struct arena *arena)
{
	struct gen_code code;
	struct error *err = gen_values(value, 1, gen, arena, &code);

	error_free(err);
	return !err;
}

static void keep(struct list *list, const struct gen_place *gen, const struct expr *expr,
		 const char *text)
{
	struct plan_tic tic = {text, expr, list->n};
	u32 n = list->n, used = list->used;

	if (!add_kept(list, expr, text))
		tic.value = SNAPLINE_MAX_VALUES;
	else if (!compiles(&list->values[n], gen, list->plan->arena)) {
		list->n = n;
		list->used = used;
		tic.value = SNAPLINE_MAX_VALUES;
	}
	*arena_push(list->plan->arena, list->place->tics, list->place->n_tics) = tic;
}

/* By default the arguments, and what they point to if it is small. */
static struct error *keep_argument(struct list *list, const struct gen_place *gen, const char *name)
{
	struct arena *arena = list->plan->arena;
	const struct expr *expr;
	struct error *err = type_it(list, name, &expr);

	if (err) {
		/* Its value can't be had here: it is no part of what can be shown. */
		error_free(err);
		return NULL;
	}
	keep(list, gen, expr, name);
	if (type_strip(expr->type)->kind == TYPE_POINTER && !type_is_char_pointer(expr->type)) {
		const char *text = arena_printf(arena, "*%s", name);

		err = type_it(list, text, &expr);
		if (!err && type_strip(expr->type)->size &&
		    has_room(list, (u32)type_strip(expr->type)->size))
			keep(list, gen, expr, text);
		error_free(err);
	}
	return NULL;
}

static struct error *keep_arguments(struct list *list, const struct gen_place *gen)
{
	enum { ROOM_FOR_TWO = 2 };
	struct dw_frame *frames;
	size_t n;
	struct error *err = dw_frames_at(list->place->module->dw, list->place->pc,
					 list->plan->arena, &frames, &n);

	for (size_t i = 0; !err && n && i < frames[0].n_vars; i++) {
		const struct dw_var *var = &frames[0].vars[i];

		if (var->kind == DW_ARGUMENT && var->name &&
		    list->n + ROOM_FOR_TWO <= SNAPLINE_MAX_VALUES)
			err = keep_argument(list, gen, var->name);
	}
	return err;
}

static struct error *keep_captures(struct list *list, const struct gen_place *gen)
{
	const struct spec *spec = list->plan->spec;

	if (!spec->n_captures)
		return keep_arguments(list, gen);
	for (size_t i = 0; i < spec->n_captures; i++) {
		const struct expr *expr;
		struct error *err = type_it(list, spec->captures[i], &expr);

		if (err)
			return err;
		keep(list, gen, expr, spec->captures[i]);
	}
	return NULL;
}

static struct error *gather(struct list *list, const struct gen_place *gen)
{
	const struct spec *spec = list->plan->spec;
	struct place *place = list->place;
	struct error *err = add_key(list);

	if (!err && plan_tictoc_by_at_toc(spec) == (place->probe == PROBE_TOC))
		err = add_by(list);
	if (!err && spec->tictoc.is_slower && place->probe == PROBE_TIC)
		err = keep_captures(list, gen);
	return err;
}

struct error *plan_tictoc_values(struct plan *plan, struct place *place,
				 const struct gen_place *gen, struct plan_program *program)
{
	struct list list = {.plan = plan, .place = place};
	struct expr_scope *scope;
	struct error *err;

	if (!looks_beside(plan->spec, place->probe))
		return NULL;
	err = plan_place_scope(plan, place, &scope);
	if (err)
		return err;
	list.scope = scope;
	err = gather(&list, gen);
	if (err || !list.n)
		return err;
	memcpy(program->value_slots, list.slots, sizeof(list.slots));
	program->n_values = list.n;
	return gen_values(list.values, list.n, gen, plan->arena, &program->values);
}

struct error *plan_tictoc_types(struct plan *plan, struct place *place)
{
	const struct gen_features features = {0};
	struct plan_program program;
	struct gen_place gen;
	struct error *err = plan_gen_place(plan, place, &features, &gen);

	return err ? err : plan_tictoc_values(plan, place, &gen, &program);
}
