/* SPDX-License-Identifier: BSD-2-Clause */
#include "plan/keys.h"

#include <string.h>

#include "count.h"
#include "plan/compile.h"
#include "plan/scope.h"

/* The values of one place while they are gathered. */
struct value_list {
	struct gen_value values[COUNT_KEYS + 1];
	struct value_slot slots[COUNT_KEYS + 1];
	u32 n, n_texts;
};

bool plan_count_is_plain(const struct spec *spec)
{
	return spec->instrument == INSTRUMENT_COUNT && !spec->condition && !spec->count.n_by &&
	       !spec->count.histogram;
}

static struct error *refuse(const struct expr *expr, const char *text, const char *what,
			    const char *cure, struct arena *arena)
{
	struct error *err =
		error_new(ERROR_USAGE, "%s, this has type %s", what, type_name(expr->type, arena));

	return error_cure(error_span(err, text, expr->start, expr->len), "%s", cure);
}

static bool is_code(const struct type *type)
{
	const struct type *bare = type_strip(type);

	return bare->kind == TYPE_POINTER && type_strip(type_target(bare))->kind == TYPE_FUNCTION;
}

static enum key_kind key_kind(const struct expr *expr)
{
	if (type_is_char_array(expr->type) || type_is_char_pointer(expr->type))
		return KEY_TEXT;
	return is_code(expr->type) ? KEY_CODE : KEY_NUMBER;
}

/* A thread's name is no memory of the program: its slot says so, and its value is none. */
static const struct expr *no_value(struct arena *arena)
{
	struct expr *zero = arena_alloc(arena, sizeof(*zero));

	zero->kind = EXPR_NUMBER;
	zero->type = type_basic(TYPE_BASIC_INT);
	return zero;
}

static void add_text(struct value_list *list, const struct expr *expr, const char *text,
		     struct arena *arena)
{
	bool is_name = expr->kind == EXPR_BUILTIN && expr->builtin == BUILTIN_COMM;
	bool is_array = !is_name && type_is_char_array(expr->type);
	struct value_slot slot = {.kind = VALUE_STRING};

	if (is_array)
		slot.size = (u32)min_u64(type_strip(expr->type)->size, COUNT_STRING_BYTES);
	/* No size means the thread's name: a flexible array has none of its own. */
	if (!is_name && !slot.size)
		slot.size = COUNT_STRING_BYTES;
	list->slots[list->n] = slot;
	list->values[list->n++] =
		(struct gen_value){is_name ? no_value(arena) : expr, text, is_array};
	list->n_texts++;
}

static void add_number(struct value_list *list, const struct expr *expr, const char *text)
{
	list->slots[list->n] = (struct value_slot){.kind = VALUE_SCALAR, .size = 8};
	list->values[list->n++] = (struct gen_value){.expr = expr, .text = text};
}

static struct error *add_key(struct plan *plan, struct place *place, const struct expr_scope *scope,
			     const char *text, struct value_list *list, struct plan_key *key)
{
	struct error *err;

	if (strcmp(text, "$stack") == 0) {
		key->kind = KEY_STACK;
		return plan->spec->count.histogram
			       ? error_new(ERROR_USAGE, "--hist and --by $stack exclude each other")
			       : NULL;
	}
	err = plan_type_expression(text, place, scope, plan->arena, &key->expr);
	if (err)
		return err;
	key->kind = key_kind(key->expr);
	if (key->kind == KEY_TEXT && list->n_texts == COUNT_STRINGS)
		return error_new(ERROR_USAGE, "--by %s: at most %d of the keys can be texts", text,
				 COUNT_STRINGS);
	if (key->kind == KEY_TEXT)
		add_text(list, key->expr, text, plan->arena);
	else if (type_is_scalar(key->expr->type))
		add_number(list, key->expr, text);
	else
		return refuse(key->expr, text, "a key is a number, a pointer or a text",
			      "Name a member of it.", plan->arena);
	return NULL;
}

static struct error *add_histogram(struct plan *plan, struct place *place,
				   const struct expr_scope *scope, struct value_list *list)
{
	const char *text = plan->spec->count.histogram;
	const struct expr *expr;
	struct error *err = plan_type_expression(text, place, scope, plan->arena, &expr);

	if (err)
		return err;
	if (!type_is_integer(expr->type))
		return refuse(expr, text, "a histogram is of an integer",
			      "Cast it, or name another value.", plan->arena);
	place->histogram = expr;
	add_number(list, expr, text);
	return NULL;
}

struct error *plan_count_values(struct plan *plan, struct place *place, const struct gen_place *gen,
				struct plan_program *program)
{
	const struct count_spec *spec = &plan->spec->count;
	struct value_list list = {.n = 0};
	struct expr_scope *scope;
	struct error *err;

	if (!spec->n_by && !spec->histogram)
		return NULL;
	err = plan_place_scope(plan, place, &scope);
	if (err)
		return err;
	place->keys = arena_array(plan->arena, struct plan_key, spec->n_by + 1);
	for (size_t i = 0; i < spec->n_by && !err; i++)
		err = add_key(plan, place, scope, spec->by[i], &list, &place->keys[i]);
	if (!err && spec->histogram)
		err = add_histogram(plan, place, scope, &list);
	if (err || !list.n)
		return err;
	memcpy(program->value_slots, list.slots, list.n * sizeof(list.slots[0]));
	program->n_values = list.n;
	return gen_values(list.values, list.n, gen, plan->arena, &program->values);
}

static struct error *check_place(const struct plan *plan, const struct place *first,
				 const struct place *place)
{
	const struct count_spec *spec = &plan->spec->count;

	for (size_t i = 0; i < spec->n_by; i++) {
		if (first->keys[i].kind == place->keys[i].kind)
			continue;
		return error_cure(error_new(ERROR_USAGE,
					    "%s: --by %s is a text at some of its places and a "
					    "number at others",
					    plan->probes[place->probe].text, spec->by[i]),
				  "Give places of one kind, or cast the key to one type.");
	}
	return NULL;
}

struct error *plan_count_check(const struct plan *plan)
{
	const struct place *first = NULL;
	struct error *err = NULL;

	for (size_t i = 0; i < plan->n_places && !err; i++) {
		const struct place *place = &plan->places[i];

		if (!place->keys)
			continue;
		if (!first || first->probe != place->probe)
			first = place;
		err = check_place(plan, first, place);
	}
	return err;
}
