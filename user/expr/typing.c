/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Names and objects: variables, built-ins, members, elements. The typed tree is a new tree with
 * fewer forms: a->m is (*a).m, a[i] is *(a + i), an element of an array at a constant index is a
 * member at its offset (so that arrays in registers work), conversions are EXPR_CAST.
 */
#include "expr/typer.h"

#include "base/strbuf.h"

#include <string.h>

enum { MAX_BASES = 32 };

struct error *typer_fail(const struct typer *typer, const struct expr *expr, const char *format,
			 ...)
{
	char text[256];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	return error_span(error_new(ERROR_USAGE, "%s", text), typer->text, expr->start, expr->len);
}

struct expr *typer_node(const struct typer *typer, enum expr_kind kind, const struct expr *like)
{
	struct expr *node = arena_alloc(typer->arena, sizeof(*node));

	node->kind = kind;
	node->start = like->start;
	node->len = like->len;
	return node;
}

const char *typer_name(const struct typer *typer, const struct type *type)
{
	return type_name(type, typer->arena);
}

struct expr *typer_deref(struct typer *typer, struct expr *pointer, const struct type *target,
			 const struct expr *like)
{
	struct expr *deref = typer_node(typer, EXPR_UNARY, like);

	deref->op = OP_DEREF;
	deref->a = pointer;
	deref->type = target;
	deref->is_lvalue = true;
	return deref;
}

/* A C++ reference is what it refers to. */
static struct expr *through_reference(struct typer *typer, struct expr *expr)
{
	const struct type *bare = type_strip(expr->type);
	const struct type *target;

	if (bare->kind != TYPE_REFERENCE)
		return expr;
	target = type_target(bare);
	expr->type = type_pointer_to(target, typer->arena);
	return typer_deref(typer, expr, target, expr);
}

static struct error *unknown_variable(struct typer *typer, const struct expr *expr)
{
	const struct expr_scope *scope = typer->scope;
	const char *near =
		scope->suggest ? scope->suggest(scope->context, expr->text, typer->arena) : NULL;
	struct error *err = error_new(ERROR_NOT_FOUND, "no variable '%s' here", expr->text);

	err = error_span(err, typer->text, expr->start, expr->len);
	return near ? error_cure(err, "did you mean '%s'?", near) : err;
}

static bool type_enumerator_value(struct typer *typer, struct expr *expr, struct expr **typed)
{
	const struct type *type;
	struct expr *number;
	s64 value;

	if (!typer->scope->enumerator ||
	    !typer->scope->enumerator(typer->scope->context, expr->text, &type, &value))
		return false;
	number = typer_node(typer, EXPR_NUMBER, expr);
	number->number = (u64)value;
	number->text = expr->text;
	/* An enumerator is an int where it fits (C11, section 6.7.2.2). */
	number->type = value >= INT32_MIN && value <= INT32_MAX ? type_basic(TYPE_BASIC_INT)
		       : value < 0 || !type_strip(type)->size || scalar_is_signed(type)
			       ? type_basic(TYPE_BASIC_LONG)
			       : scalar_promote(type, 0);
	*typed = number;
	return true;
}

static struct error *type_variable(struct typer *typer, struct expr *expr, struct expr **typed)
{
	const struct expr_scope *scope = typer->scope;
	struct expr *variable = typer_node(typer, EXPR_VARIABLE, expr);
	const char *why = NULL;

	variable->text = expr->text;
	variable->is_lvalue = true;
	if (scope->variable(scope->context, expr->text, typer->arena, &variable->type,
			    &variable->loc, &variable->frame_base, &variable->dw, &why)) {
		*typed = through_reference(typer, variable);
		return NULL;
	}
	if (why)
		return typer_fail(typer, expr, "'%s' can't be had here: %s", expr->text, why);
	if (type_enumerator_value(typer, expr, typed))
		return NULL;
	return unknown_variable(typer, expr);
}

static const struct {
	const char *name;
	enum expr_builtin builtin;
	enum type_basic_id type;
} builtins[] = {
	{"pid", BUILTIN_PID, TYPE_BASIC_INT},	  {"tid", BUILTIN_TID, TYPE_BASIC_INT},
	{"cpu", BUILTIN_CPU, TYPE_BASIC_INT},	  {"time", BUILTIN_TIME, TYPE_BASIC_ULONG},
	{"hits", BUILTIN_HITS, TYPE_BASIC_ULONG}, {"elapsed", BUILTIN_ELAPSED, TYPE_BASIC_ULONG},
	{"comm", BUILTIN_COMM, TYPE_BASIC_CHAR},  {"caller", BUILTIN_CALLER, TYPE_BASIC_VOID_POINTER},
};

/* A code address, shown with its function. */
static const struct type *caller_type(struct arena *arena)
{
	static const struct type code = {.kind = TYPE_FUNCTION};

	return type_pointer_to(&code, arena);
}

/* A variable of its own. One in memory has an address; a scalar in registers is a mere value. */
static struct error *type_return(struct typer *typer, struct expr *expr, struct expr **typed)
{
	const struct expr_scope *scope = typer->scope;
	struct expr *result = typer_node(typer, EXPR_VARIABLE, expr);

	if (!scope->return_type)
		return error_cure(typer_fail(typer, expr, "$return is not set at this place"),
				  "it is at FUNC%%return");
	if (!scope->return_loc)
		return typer_fail(typer, expr, "the function returns nothing");
	result->text = "$return";
	result->type = scope->return_type;
	result->loc = scope->return_loc;
	result->is_lvalue = !type_is_scalar(result->type);
	*typed = through_reference(typer, result);
	return NULL;
}

static const enum type_basic_id reg_types[] = {
	[1] = TYPE_BASIC_SCHAR,
	[2] = TYPE_BASIC_SHORT,
	[4] = TYPE_BASIC_INT,
	[8] = TYPE_BASIC_LONG,
};

static const struct arch_reg_name *argument_reg(const struct expr_scope *scope, const char *name,
						struct arena *arena)
{
	struct arch_reg_name *reg;
	unsigned n;
	s8 slot;

	if (strncmp(name, "arg", 3) || name[3] < '1' || name[3] > '9' || name[4])
		return NULL;
	n = (unsigned)(name[3] - '1');
	if (n >= scope->arch->n_arg_regs)
		return NULL;
	slot = scope->arch->dwarf_slot[scope->arch->arg_dwarf[n]];
	if (slot < 0)
		return NULL;
	reg = arena_alloc(arena, sizeof(*reg));
	*reg = (struct arch_reg_name){arena_strdup(arena, name), (u8)slot, 8, 0};
	return reg;
}

static struct error *type_register(struct typer *typer, struct expr *expr, struct expr **typed)
{
	const struct expr_scope *scope = typer->scope;
	const struct arch_reg_name *reg = argument_reg(scope, expr->text, typer->arena);
	struct expr *node = typer_node(typer, EXPR_REGISTER, expr);

	if (!reg)
		reg = arch_reg_by_name(scope->arch, expr->text);
	if (!reg)
		return error_cure(
			typer_fail(typer, expr, "no built-in or register '$%s'", expr->text),
			"there are $pid $tid $cpu $comm $time $hits $elapsed $return "
			"$caller, $arg1 to $arg%u, and the registers",
			scope->arch->n_arg_regs);
	node->reg = reg;
	node->text = expr->text;
	node->type = type_basic(reg_types[reg->size]);
	*typed = node;
	return NULL;
}

static struct error *type_builtin(struct typer *typer, struct expr *expr, struct expr **typed)
{
	struct expr *node = typer_node(typer, EXPR_BUILTIN, expr);

	if (strcmp(expr->text, "return") == 0)
		return type_return(typer, expr, typed);
	node->text = expr->text;
	*typed = node;
	for (size_t i = 0; i < ARRAY_LEN(builtins); i++) {
		if (strcmp(builtins[i].name, expr->text))
			continue;
		node->builtin = builtins[i].builtin;
		node->type = type_basic(builtins[i].type);
		if (node->builtin == BUILTIN_COMM)
			node->type = type_array_of(node->type, 16, typer->arena);
		if (node->builtin == BUILTIN_CALLER)
			node->type = caller_type(typer->arena);
		if (node->builtin == BUILTIN_ELAPSED && typer->scope->no_elapsed)
			return error_cure(
				typer_fail(typer, expr, "$elapsed is not set at this place"),
				"it is at the TOC of tictoc");
		return NULL;
	}
	return type_register(typer, expr, typed);
}

static const char *nearest_member(const struct type *type, const char *name)
{
	const struct type_member *members;
	size_t n = type_members(type, &members), best = 4;
	const char *near = NULL;

	for (size_t i = 0; i < n; i++) {
		size_t distance = members[i].name ? str_distance(name, members[i].name, 4) : 4;

		if (distance < best) {
			best = distance;
			near = members[i].name;
		}
	}
	return near;
}

static struct error *find_member(struct typer *typer, const struct expr *expr,
				 const struct type *type, const struct type_member **member,
				 u64 *offset)
{
	const struct type *bare = type_complete(type_strip(type));
	struct error *err;
	const char *near;

	if (bare->kind != TYPE_STRUCT && bare->kind != TYPE_UNION)
		return error_cure(typer_fail(typer, expr->a,
					     "this has type %s, which has no members",
					     typer_name(typer, type)),
				  "%s",
				  scalar_is_pointer(bare) ? "members behind a pointer: ->"
							  : "a struct or union has members");
	*member = type_find_member(bare, expr->text, offset);
	if (*member)
		return NULL;
	if (bare->is_declaration)
		return typer_fail(typer, expr,
				  "%s is incomplete: its definition is not in the "
				  "debug information",
				  typer_name(typer, type));
	err = typer_fail(typer, expr, "%s has no member '%s'", typer_name(typer, type), expr->text);
	near = nearest_member(bare, expr->text);
	return near ? error_cure(err, "did you mean '%s'?", near) : err;
}

/* The object whose member is meant: of a->m, what a points to. */
static struct error *member_object(struct typer *typer, struct expr *expr, struct expr **object)
{
	struct error *err = typer_any(typer, expr->a, object);
	const struct type *bare;

	if (err || expr->op != OP_DEREF)
		return err;
	bare = type_strip((*object)->type);
	if (bare->kind == TYPE_STRUCT || bare->kind == TYPE_UNION)
		return error_cure(typer_fail(typer, expr->a, "this has type %s, not a pointer",
					     typer_name(typer, (*object)->type)),
				  "its members: .");
	err = typer_decay(typer, *object, object);
	if (err)
		return err;
	if (!scalar_is_pointer((*object)->type))
		return typer_fail(typer, expr->a, "this has type %s, not a pointer",
				  typer_name(typer, (*object)->type));
	*object = typer_deref(typer, *object, type_target(type_strip((*object)->type)), expr->a);
	return NULL;
}

/* Makes *object the virtual base that has the member, which may be one of a virtual base's. */
static struct error *enter_bases(struct typer *typer, const struct expr *expr, struct expr **object)
{
	for (int i = 0; i < MAX_BASES; i++) {
		const struct type *type = type_strip((*object)->type);
		const struct type_member *base;
		struct error *err;
		u64 offset;

		if (type_find_member(type, expr->text, &offset))
			return NULL;
		base = type_find_placed(type, expr->text, &offset);
		if (!base)
			return NULL;
		err = typer_virtual_base(typer, expr, base, offset, object);
		if (err)
			return err;
	}
	return NULL;
}

static struct error *type_member(struct typer *typer, struct expr *expr, struct expr **typed)
{
	struct expr *member = typer_node(typer, EXPR_MEMBER, expr);
	const struct type_member *found;
	struct error *err = member_object(typer, expr, &member->a);
	u64 offset;

	if (!err)
		err = enter_bases(typer, expr, &member->a);
	if (!err)
		err = find_member(typer, expr, member->a->type, &found, &offset);
	if (err)
		return err;
	if (found->is_static)
		return typer_fail(typer, expr, "'%s' is a static member", expr->text);
	member->text = expr->text;
	member->type = found->type;
	member->is_lvalue = true;
	member->offset = offset + (found->bit_size ? found->bit_offset / 8 : 0);
	member->bit_offset = found->bit_size ? found->bit_offset % 8 : 0;
	member->bit_size = found->bit_size;
	*typed = through_reference(typer, member);
	return NULL;
}

/* array [constant] as a member at its offset; NULL if it isn't that. */
static struct expr *constant_element(struct typer *typer, struct expr *array, struct expr *index,
				     const struct expr *like)
{
	const struct type *bare = type_strip(array->type);
	const struct type *element;
	struct expr *member;

	if (bare->kind != TYPE_ARRAY || !array->is_lvalue || index->kind != EXPR_NUMBER)
		return NULL;
	element = type_target(bare);
	if (!bare->count_known || index->number >= bare->count || !type_strip(element)->size)
		return NULL;
	member = typer_node(typer, EXPR_MEMBER, like);
	member->a = array;
	member->type = element;
	member->is_lvalue = true;
	member->offset = index->number * type_strip(element)->size;
	member->text = arena_printf(typer->arena, "[%llu]", (unsigned long long)index->number);
	return through_reference(typer, member);
}

static struct error *type_index(struct typer *typer, struct expr *expr, struct expr **typed)
{
	struct expr *array, *index, *sum;
	struct error *err = typer_any(typer, expr->a, &array);

	if (!err)
		err = typer_value(typer, expr->b, &index);
	if (err)
		return err;
	*typed = constant_element(typer, array, index, expr);
	if (*typed)
		return NULL;
	err = typer_decay(typer, array, &array);
	if (err)
		return err;
	if (scalar_is_integer(array->type) && scalar_is_pointer(index->type)) {
		struct expr *swap = array;

		array = index;
		index = swap;
	}
	if (!scalar_is_pointer(array->type))
		return typer_fail(typer, expr->a,
				  "this has type %s: only arrays and pointers are indexed",
				  typer_name(typer, array->type));
	if (!scalar_is_integer(index->type))
		return typer_fail(typer, expr->b, "an index is an integer, this has type %s",
				  typer_name(typer, index->type));
	err = typer_pointer_add(typer, OP_ADD, array, index, expr, &sum);
	if (err)
		return err;
	*typed = through_reference(
		typer, typer_deref(typer, sum, type_target(type_strip(sum->type)), expr));
	return NULL;
}

static struct error *type_leaf(struct typer *typer, struct expr *expr, struct expr **typed)
{
	struct expr *leaf = typer_node(typer, expr->kind, expr);

	*leaf = *expr;
	if (leaf->kind == EXPR_STRING)
		leaf->type = type_array_of(type_basic(TYPE_BASIC_CHAR), leaf->text_len + 1,
					   typer->arena);
	*typed = leaf;
	return NULL;
}

struct error *typer_any(struct typer *typer, struct expr *expr, struct expr **typed)
{
	switch (expr->kind) {
	case EXPR_VARIABLE: return type_variable(typer, expr, typed);
	case EXPR_BUILTIN: return type_builtin(typer, expr, typed);
	case EXPR_MEMBER: return type_member(typer, expr, typed);
	case EXPR_INDEX: return type_index(typer, expr, typed);
	case EXPR_UNARY: return typer_unary(typer, expr, typed);
	case EXPR_BINARY: return typer_binary(typer, expr, typed);
	case EXPR_AND:
	case EXPR_OR: return typer_logical(typer, expr, typed);
	case EXPR_CONDITIONAL: return typer_conditional(typer, expr, typed);
	case EXPR_CAST: return typer_cast(typer, expr, typed);
	case EXPR_CALL: return typer_call(typer, expr, typed);
	default: return type_leaf(typer, expr, typed);
	}
}

/* `(name) - x` where name is a type after all. */
static bool hides_cast(const struct expr *expr, const struct expr_scope *scope)
{
	const struct type *type;
	const struct loc *loc, *frame_base;
	struct dw *dw;
	const char *why = NULL;
	struct arena *scratch;
	bool found;

	if (!expr)
		return false;
	if (!expr->is_doubtful || expr->kind != EXPR_VARIABLE)
		return hides_cast(expr->a, scope) || hides_cast(expr->b, scope) ||
		       hides_cast(expr->c, scope);
	scratch = arena_new();
	found = scope->variable(scope->context, expr->text, scratch, &type, &loc, &frame_base, &dw,
				&why);
	arena_free(scratch);
	return !found && scope->type_by_name && scope->type_by_name(scope->context, expr->text);
}

struct error *expr_type(struct expr *expr, const char *text, const struct expr_scope *scope,
			struct arena *arena, struct expr **typed)
{
	struct typer typer = {.text = text, .scope = scope, .arena = arena};
	struct expr *result = NULL;
	struct error *err = NULL;

	if (hides_cast(expr, scope))
		err = expr_parse_in(text, scope, arena, &expr);
	if (!err)
		err = typer_any(&typer, expr, &result);
	if (!err && result->kind == EXPR_STRING)
		err = typer_fail(&typer, result, "a string alone is no expression");
	if (!err)
		*typed = result;
	return err;
}
