/* SPDX-License-Identifier: BSD-2-Clause */
#include "plan/values.h"

#include <string.h>

#include "plan/compile.h"
#include "plan/scope.h"

enum {
	WHOLE_ALIGN = 8,
	MAX_NESTING = 16, /* structs inside each other that are searched for strings */
};

/* The slots of one place while they are given out. */
struct layout {
	struct plan *plan;
	struct place *place;
	const struct gen_place *gen;
	struct gen_value gens[SNAPLINE_MAX_VALUES]; /* of all but the inner ones, which come last */
	struct value_slot slots[SNAPLINE_MAX_VALUES];
	u32 n, n_gens;
	u32 at; /* bytes of data in use */
};

/* A scope that remembers why a name can't be had, which is no error here. */
struct asking_scope {
	const struct expr_scope *scope;
	const char *why;
};

static bool ask_variable(void *context, const char *name, struct arena *arena,
			 const struct type **type, const struct loc **loc,
			 const struct loc **frame_base, struct dw **dw, const char **why)
{
	struct asking_scope *asking = context;
	const struct expr_scope *scope = asking->scope;
	bool found = scope->variable(scope->context, name, arena, type, loc, frame_base, dw, why);

	if (found && *why)
		asking->why = *why;
	return found;
}

static bool ask_enumerator(void *context, const char *name, const struct type **type, s64 *value)
{
	const struct expr_scope *scope = ((struct asking_scope *)context)->scope;

	return scope->enumerator(scope->context, name, type, value);
}

static const struct type *ask_type(void *context, const char *name)
{
	const struct expr_scope *scope = ((struct asking_scope *)context)->scope;

	return scope->type_by_name(scope->context, name);
}

static const char *ask_suggest(void *context, const char *name, struct arena *arena)
{
	const struct expr_scope *scope = ((struct asking_scope *)context)->scope;

	return scope->suggest(scope->context, name, arena);
}

/* The span of an error in an expression becomes the one in the message. */
static struct error *in_message(const struct plan *plan, const struct message_part *part,
				struct error *err)
{
	if (!err || !err->source)
		return err;
	return error_span(err, plan->spec->message->text, part->start + err->span_start,
			  err->span_len);
}

static struct error *misfit(const struct plan *plan, const struct message_part *part,
			    const char *wanted, const struct type *type)
{
	struct error *err = error_new(ERROR_USAGE, "%s, this is of type %s", wanted,
				      type_name(type, plan->arena));

	return error_span(err, plan->spec->message->text, part->start, strlen(part->expr));
}

static struct error *too_many(const struct plan *plan, const struct message_part *part)
{
	struct error *err =
		error_new(ERROR_USAGE, "a message has room for %d values", SNAPLINE_MAX_VALUES);

	err = error_span(err, plan->spec->message->text, part->start, strlen(part->expr));
	return error_cure(err, "A character pointer takes two; with :s it takes one.");
}

/* PLAN_NO_SLOT: all are taken. */
static u32 add_slot(struct layout *layout, enum value_kind kind, u64 size)
{
	struct value_slot *slot = &layout->slots[layout->n];

	if (layout->n >= SNAPLINE_MAX_VALUES)
		return PLAN_NO_SLOT;
	*slot = (struct value_slot){.kind = (u16)kind};
	if (kind != VALUE_SCALAR) {
		slot->size = (u32)min_u64(size, SNAPLINE_MAX_READ);
		slot->at = layout->at;
		layout->at += (slot->size + WHOLE_ALIGN - 1) & ~(u32)(WHOLE_ALIGN - 1);
	}
	return layout->n++;
}

static u32 add_computed(struct layout *layout, enum value_kind kind, u64 size,
			const struct plan_value *value, bool is_address)
{
	u32 slot = add_slot(layout, kind, size);

	if (slot != PLAN_NO_SLOT)
		layout->gens[layout->n_gens++] =
			(struct gen_value){value->expr, value->text, is_address};
	return slot;
}

/* One byte more than is shown tells a cut string from one that just fits. */
static u64 string_room(const struct layout *layout)
{
	return layout->plan->spec->limits.string_bytes + 1;
}

static bool is_number(const struct type *type)
{
	switch (type->kind) {
	case TYPE_BOOL:
	case TYPE_CHAR:
	case TYPE_INT:
	case TYPE_ENUM:
	case TYPE_POINTER: return type->size <= sizeof(u64);
	default: return false;
	}
}

static bool is_scalar(const struct type *type)
{
	return is_number(type) || (type->kind == TYPE_FLOAT && type->size <= sizeof(u64));
}

/* A pointer to something else than bytes: wide characters, numbers. */
static bool points_to_wide(const struct type *type)
{
	const struct type *target = type_strip(type_target(type));

	return type->kind == TYPE_POINTER && type_is_scalar(target) && target->size > 1;
}

/* A number may be an address all the same, as $arg1 of a function that nothing describes. */
static struct error *no_string(const struct plan *plan, const struct message_part *part,
			       const struct type *type)
{
	struct error *err =
		misfit(plan, part, "':s' needs a pointer to characters or a character array", type);

	return is_number(type) ? error_cure(err, "A cast makes one of a number: {(char *)(%s):s}",
					    part->expr)
			       : err;
}

static struct error *place_string(struct layout *layout, const struct message_part *part,
				  struct plan_value *value)
{
	const struct type *type = type_strip(value->type);
	bool is_array = type->kind == TYPE_ARRAY && type_strip(type_target(type))->size == 1;
	u64 room = string_room(layout);

	if (is_array && type->size)
		room = min_u64(room, type->size);
	else if (!is_array && (type->kind != TYPE_POINTER || type->size != sizeof(u64)))
		return no_string(layout->plan, part, type);
	if (points_to_wide(type))
		return misfit(layout->plan, part, "':s' shows strings of one-byte characters",
			      type);
	value->string = add_computed(layout, VALUE_STRING, room, value, is_array);
	return value->string == PLAN_NO_SLOT ? too_many(layout->plan, part) : NULL;
}

static struct error *place_scalar(struct layout *layout, const struct message_part *part,
				  struct plan_value *value)
{
	value->slot = add_computed(layout, VALUE_SCALAR, 0, value, false);
	if (value->slot != PLAN_NO_SLOT && value->form == MESSAGE_PLAIN &&
	    type_is_char_pointer(value->type))
		value->string =
			add_computed(layout, VALUE_STRING, string_room(layout), value, false);
	else if (value->slot != PLAN_NO_SLOT)
		return NULL;
	return value->string == PLAN_NO_SLOT ? too_many(layout->plan, part) : NULL;
}

static struct error *place_object(struct layout *layout, const struct message_part *part,
				  struct plan_value *value)
{
	const struct type *type = type_strip(value->type);

	if (!type->size) {
		value->missing = "<of a size that is not known before>";
		return NULL;
	}
	value->slot = add_computed(layout, VALUE_BYTES, type->size, value, true);
	return value->slot == PLAN_NO_SLOT ? too_many(layout->plan, part) : NULL;
}

static struct error *place_value(struct layout *layout, const struct message_part *part,
				 struct plan_value *value)
{
	const struct type *type = type_strip(value->type);

	if (value->expr->kind == EXPR_BUILTIN && value->expr->builtin == BUILTIN_COMM) {
		value->is_comm = true;
		if (value->form == MESSAGE_PLAIN || value->form == MESSAGE_STRING)
			return NULL;
	}
	if (value->form == MESSAGE_STRING)
		return place_string(layout, part, value);
	if (value->form != MESSAGE_PLAIN && !is_number(type))
		return misfit(layout->plan, part, "':x' and ':d' show integers and pointers", type);
	if (is_scalar(type))
		return place_scalar(layout, part, value);
	if (value->expr->is_lvalue)
		return place_object(layout, part, value);
	return misfit(layout->plan, part, "this can't be logged", type);
}

/* Why a variable in it is nowhere at this place; NULL: they all are somewhere. */
static const char *absent_variable(const struct expr *expr)
{
	const char *why = NULL;

	if (!expr)
		return NULL;
	if (expr->kind == EXPR_VARIABLE && expr->loc && expr->loc->absence != PRESENT)
		return absence_text(expr->loc->absence);
	why = absent_variable(expr->a);
	if (!why)
		why = absent_variable(expr->b);
	return why ? why : absent_variable(expr->c);
}

/* The compiler's words as a reason; "'x' is in xmm0" of x itself is "<in xmm0>". */
static const char *refusal(const struct plan_value *value, const char *said, struct arena *arena)
{
	const char *start = arena_printf(arena, "'%s' is ", value->text);
	size_t len = strlen(start);

	return arena_printf(arena, "<%s>", strncmp(said, start, len) == 0 ? said + len : said);
}

/* One that the compiler refuses has a reason instead; what it was given is taken back. */
static void try_compile(struct layout *layout, const struct layout *before,
			struct plan_value *value)
{
	struct gen_code code;
	struct error *err = NULL;

	for (u32 i = before->n_gens; i < layout->n_gens && !err; i++)
		err = gen_values(&layout->gens[i], 1, layout->gen, layout->plan->arena, &code);
	value->missing = absent_variable(value->expr);
	if (!err && !value->missing)
		return;
	if (!value->missing)
		value->missing = refusal(value, err->text, layout->plan->arena);
	value->slot = value->string = PLAN_NO_SLOT;
	*layout = *before;
	error_free(err);
}

static void note_missing(struct plan *plan, const struct place *place,
			 const struct plan_value *value)
{
	plan_note(plan, "%s: %s is missing in its lines: %s", plan->probes[place->probe].text,
		  value->text, value->missing);
}

static struct error *type_value(struct layout *layout, const struct expr_scope *scope,
				const struct message_part *part, struct plan_value *value)
{
	struct asking_scope asking = {.scope = scope};
	struct expr_scope asked = *scope;
	struct error *err;

	asked.variable = ask_variable;
	asked.enumerator = ask_enumerator;
	asked.type_by_name = ask_type;
	asked.suggest = ask_suggest;
	asked.context = &asking;
	err = plan_type_expression(part->expr, layout->place, &asked, layout->plan->arena,
				   &value->expr);
	if (err && asking.why) {
		value->missing = asking.why;
		error_free(err);
		return NULL;
	}
	if (!err)
		value->type = value->expr->type;
	return in_message(layout->plan, part, err);
}

static struct error *add_value(struct layout *layout, const struct expr_scope *scope,
			       const struct message_part *part, struct plan_value *value)
{
	struct layout before = *layout;
	struct error *err;

	*value = (struct plan_value){
		.text = part->expr,
		.form = part->form,
		.slot = PLAN_NO_SLOT,
		.string = PLAN_NO_SLOT,
	};
	err = type_value(layout, scope, part, value);
	if (!err && !value->missing)
		err = place_value(layout, part, value);
	if (!err && !value->missing)
		try_compile(layout, &before, value);
	if (!err && value->missing)
		note_missing(layout->plan, layout->place, value);
	return err;
}

/* The strings that character pointers in a struct or array point to, as far as there is room. */
static void add_inner(struct layout *layout, u32 from, const struct type *type, u64 offset,
		      unsigned nesting)
{
	const struct type_member *members;
	u64 last = layout->slots[from].size;
	size_t n;
	u32 slot;

	type = type_strip(type);
	if (type_is_char_pointer(type) && offset + sizeof(u64) <= last) {
		slot = add_slot(layout, VALUE_INNER, string_room(layout));
		if (slot == PLAN_NO_SLOT)
			return;
		layout->slots[slot].from = (u16)from;
		layout->slots[slot].offset = layout->slots[from].at + (u32)offset;
	} else if (type->kind == TYPE_STRUCT && nesting < MAX_NESTING) {
		n = type_members(type, &members);
		for (size_t i = 0; i < n; i++)
			if (!members[i].is_static && !members[i].place && !members[i].bit_size)
				add_inner(layout, from, members[i].type, offset + members[i].offset,
					  nesting + 1);
	} else if (type->kind == TYPE_ARRAY && nesting < MAX_NESTING && !type_is_char_array(type)) {
		const struct type *element = type_strip(type_target(type));

		for (u64 i = 0; i < type->count && layout->n < SNAPLINE_MAX_VALUES &&
				offset + i * element->size < last && element->size;
		     i++)
			add_inner(layout, from, element, offset + i * element->size, nesting + 1);
	}
}

static void add_all_inner(struct layout *layout)
{
	const struct place *place = layout->place;

	for (size_t i = 0; i < place->n_values; i++) {
		const struct plan_value *value = &place->values[i];

		if (value->slot != PLAN_NO_SLOT && layout->slots[value->slot].kind == VALUE_BYTES)
			add_inner(layout, value->slot, value->type, 0, 0);
	}
}

static struct error *finish(struct layout *layout, struct plan_program *program)
{
	add_all_inner(layout);
	program->n_values = layout->n;
	memcpy(program->value_slots, layout->slots, layout->n * sizeof(layout->slots[0]));
	if (!layout->n_gens)
		return NULL;
	return gen_values(layout->gens, layout->n_gens, layout->gen, layout->plan->arena,
			  &program->values);
}

struct error *plan_values(struct plan *plan, struct place *place, const struct gen_place *gen,
			  struct plan_program *program)
{
	const struct message *message = plan->spec->message;
	struct layout layout = {.plan = plan, .place = place, .gen = gen};
	struct expr_scope *scope;
	struct error *err;

	err = plan_place_scope(plan, place, &scope);
	place->n_values = 0;
	place->values = arena_array(plan->arena, struct plan_value, message->n_values + 1);
	for (size_t i = 0; i < message->n_parts && !err; i++)
		if (message->parts[i].expr)
			err = add_value(&layout, scope, &message->parts[i],
					&place->values[place->n_values++]);
	return err ? err : finish(&layout, program);
}
