/* SPDX-License-Identifier: BSD-2-Clause */
/* Operators and conversions (C11, sections 6.3 and 6.5), with constants folded. */
#include "expr/typer.h"

#include <string.h>

static struct expr *number_node(struct typer *typer, const struct type *type, u64 value,
				const struct expr *like)
{
	struct expr *number = typer_node(typer, EXPR_NUMBER, like);

	number->number = scalar_wrap(type, value);
	number->type = type;
	return number;
}

static struct expr *float_node(struct typer *typer, const struct type *type, double value,
			       const struct expr *like)
{
	struct expr *real = typer_node(typer, EXPR_FLOAT, like);

	real->real = type_strip(type)->size == sizeof(float) ? (float)value : value;
	real->type = type;
	return real;
}

static bool same_scalar(const struct type *a, const struct type *b)
{
	const struct type *x = type_strip(a), *y = type_strip(b);
	bool bools = x->kind == TYPE_BOOL || y->kind == TYPE_BOOL;

	return x->size == y->size && scalar_is_signed(x) == scalar_is_signed(y) &&
	       (x->kind == TYPE_FLOAT) == (y->kind == TYPE_FLOAT) &&
	       (!bools || x->kind == y->kind) &&
	       (x->kind == TYPE_POINTER) == (y->kind == TYPE_POINTER);
}

static struct expr *convert_constant(struct typer *typer, struct expr *value,
				     const struct type *type)
{
	bool to_bool = type_strip(type)->kind == TYPE_BOOL;

	if (value->kind == EXPR_FLOAT && scalar_is_float(type) && type_strip(type)->size <= 8)
		return float_node(typer, type, value->real, value);
	if (value->kind == EXPR_FLOAT && to_bool)
		return number_node(typer, type, value->real != 0, value);
	if (value->kind != EXPR_NUMBER)
		return NULL;
	if (!scalar_is_float(type))
		return number_node(typer, type, to_bool ? value->number != 0 : value->number,
				   value);
	if (type_strip(type)->size > 8)
		return NULL;
	return float_node(typer, type, (double)scalar_to_real(value->type, value->number, type),
			  value);
}

struct expr *typer_convert(struct typer *typer, struct expr *value, const struct type *type)
{
	struct expr *cast = convert_constant(typer, value, type);

	if (cast)
		return cast;
	if (same_scalar(value->type, type) && !value->bit_size)
		return value;
	cast = typer_node(typer, EXPR_CAST, value);
	cast->a = value;
	cast->type = type;
	return cast;
}

struct expr *typer_promote(struct typer *typer, struct expr *value)
{
	if (!scalar_is_integer(value->type))
		return value;
	return typer_convert(typer, value, scalar_promote(value->type, value->bit_size));
}

struct expr *typer_address(struct typer *typer, struct expr *object, const struct type *target,
			   const struct expr *like)
{
	struct expr *address = typer_node(typer, EXPR_UNARY, like);

	address->op = OP_ADDRESS;
	address->a = object;
	address->type = type_pointer_to(target, typer->arena);
	return address;
}

struct error *typer_decay(struct typer *typer, struct expr *expr, struct expr **value)
{
	const struct type *bare = type_strip(expr->type);

	if (expr->kind == EXPR_STRING)
		return error_cure(typer_fail(typer, expr, "a string can't stand here"),
				  "it is compared by == or != with characters, or searched for by "
				  "starts_with(s, \"x\") and contains(s, \"x\")");
	if (expr->kind == EXPR_BUILTIN && expr->builtin == BUILTIN_COMM)
		return error_cure(typer_fail(typer, expr, "$comm is text, not a number"),
				  "compare it: $comm == \"name\"");
	if (bare->kind == TYPE_ARRAY && expr->is_lvalue)
		expr = typer_address(typer, expr, type_target(bare), expr);
	else if (bare->kind == TYPE_FUNCTION && expr->is_lvalue)
		expr = typer_address(typer, expr, bare, expr);
	else if (!scalar_is_integer(bare) && bare->kind != TYPE_FLOAT && bare->kind != TYPE_POINTER)
		return typer_fail(typer, expr,
				  "this has type %s, where a number or pointer is needed",
				  typer_name(typer, expr->type));
	*value = expr;
	return NULL;
}

struct error *typer_value(struct typer *typer, struct expr *expr, struct expr **typed)
{
	struct error *err = typer_any(typer, expr, typed);

	return err ? err : typer_decay(typer, *typed, typed);
}

/* The size that pointer arithmetic counts in; GNU C's 1 for void and functions. */
static struct error *pointee_size(struct typer *typer, const struct expr *pointer, u64 *size)
{
	const struct type *target =
		type_complete(type_strip(type_target(type_strip(pointer->type))));

	*size = target->size;
	if (target->kind == TYPE_VOID || target->kind == TYPE_FUNCTION)
		*size = 1;
	if (*size && *size <= INT32_MAX)
		return NULL;
	return typer_fail(typer, pointer, "the size of what this %s points to is not known",
			  typer_name(typer, pointer->type));
}

struct error *typer_pointer_add(struct typer *typer, enum expr_op op, struct expr *pointer,
				struct expr *index, const struct expr *like, struct expr **sum)
{
	struct expr *node = typer_node(typer, EXPR_BINARY, like);
	struct error *err = pointee_size(typer, pointer, &node->offset);

	if (err)
		return err;
	node->op = op;
	node->a = pointer;
	node->b = typer_convert(typer, typer_promote(typer, index), type_basic(TYPE_BASIC_LONG));
	node->type = pointer->type;
	*sum = node;
	return NULL;
}

static struct error *type_address(struct typer *typer, struct expr *expr, struct expr **typed)
{
	struct expr *object;
	struct error *err = typer_any(typer, expr->a, &object);

	if (err)
		return err;
	if (!object->is_lvalue)
		return typer_fail(typer, expr->a, "this has no address");
	if (object->bit_size)
		return typer_fail(typer, expr->a, "a bit-field has no address");
	*typed = typer_address(typer, object, object->type, expr);
	return NULL;
}

static struct error *type_deref(struct typer *typer, struct expr *expr, struct expr **typed)
{
	struct expr *pointer;
	const struct type *target;
	struct error *err = typer_value(typer, expr->a, &pointer);

	if (err)
		return err;
	if (!scalar_is_pointer(pointer->type))
		return typer_fail(typer, expr->a, "this has type %s, not a pointer",
				  typer_name(typer, pointer->type));
	target = type_target(type_strip(pointer->type));
	if (type_strip(target)->kind == TYPE_VOID)
		return error_cure(
			typer_fail(typer, expr->a, "a void pointer points to no known type"),
			"cast it: *(int *)p");
	*typed = typer_deref(typer, pointer, target, expr);
	return NULL;
}

static struct error *type_sizeof(struct typer *typer, struct expr *expr, struct expr **typed)
{
	const struct type *type;
	struct expr *object;
	struct error *err;

	if (expr->a) {
		err = typer_any(typer, expr->a, &object);
		if (err)
			return err;
		if (object->bit_size)
			return typer_fail(typer, expr->a, "a bit-field has no size in bytes");
		type = object->type;
	} else {
		err = typer_named_type(typer, expr, &type);
		if (err)
			return err;
	}
	type = type_complete(type_strip(type));
	if (!type->size)
		return typer_fail(typer, expr, "the size of %s is not known",
				  typer_name(typer, type));
	*typed = number_node(typer, type_basic(TYPE_BASIC_ULONG), type->size, expr);
	return NULL;
}

/* value != 0, as the conditions of && || ! ?: are meant; an int. */
static struct expr *truth(struct typer *typer, struct expr *value, bool inverted)
{
	struct expr *node = typer_node(typer, EXPR_BINARY, value);
	bool is_real = scalar_is_float(value->type);

	if (value->kind == EXPR_NUMBER || value->kind == EXPR_FLOAT) {
		bool is_set = value->kind == EXPR_NUMBER ? value->number != 0 : value->real != 0;

		return number_node(typer, type_basic(TYPE_BASIC_INT), is_set != inverted, value);
	}
	node->op = inverted ? OP_EQ : OP_NE;
	node->a = value;
	node->b = is_real ? float_node(typer, value->type, 0, value)
			  : number_node(typer, value->type, 0, value);
	node->type = type_basic(TYPE_BASIC_INT);
	return node;
}

/* An operand of && || ?: keeps its value; only a float needs its comparison with zero. */
static struct error *type_truth(struct typer *typer, struct expr *expr, struct expr **typed)
{
	struct error *err = typer_value(typer, expr, typed);

	if (!err && scalar_is_float((*typed)->type))
		*typed = truth(typer, *typed, false);
	return err;
}

static struct error *type_arithmetic(struct typer *typer, struct expr *expr, struct expr **typed)
{
	struct expr *value, *node;
	struct error *err = typer_value(typer, expr->a, &value);

	if (err)
		return err;
	if (value->kind == EXPR_FLOAT && expr->op != OP_COMPL) {
		*typed = float_node(typer, value->type,
				    expr->op == OP_NEG ? -value->real : value->real, expr);
		return NULL;
	}
	if (scalar_is_float(value->type))
		return typer_fail(typer, expr, "floating point can be compared, not computed with");
	if (!scalar_is_integer(value->type))
		return typer_fail(typer, expr->a, "%s needs a number, this has type %s",
				  expr_op_text(expr->op), typer_name(typer, value->type));
	value = typer_promote(typer, value);
	*typed = value;
	if (expr->op == OP_PLUS)
		return NULL;
	if (value->kind == EXPR_NUMBER) {
		u64 number = expr->op == OP_NEG ? -value->number : ~value->number;

		*typed = number_node(typer, value->type, number, expr);
		return NULL;
	}
	node = typer_node(typer, EXPR_UNARY, expr);
	node->op = expr->op;
	node->a = value;
	node->type = value->type;
	*typed = node;
	return NULL;
}

struct error *typer_unary(struct typer *typer, struct expr *expr, struct expr **typed)
{
	struct expr *value;
	struct error *err;

	switch (expr->op) {
	case OP_ADDRESS: return type_address(typer, expr, typed);
	case OP_DEREF: return type_deref(typer, expr, typed);
	case OP_SIZEOF: return type_sizeof(typer, expr, typed);
	case OP_NOT:
		err = typer_value(typer, expr->a, &value);
		if (!err)
			*typed = truth(typer, value, true);
		return err;
	default: return type_arithmetic(typer, expr, typed);
	}
}

static bool is_comparison(enum expr_op op)
{
	return op >= OP_LT && op <= OP_GE ? true : op == OP_EQ || op == OP_NE;
}

static bool is_text(const struct expr *expr)
{
	return type_is_char_array(expr->type) || type_is_char_pointer(expr->type);
}

static struct error *check_text(struct typer *typer, const struct expr *subject,
				const struct expr *string)
{
	if (string->kind != EXPR_STRING)
		return typer_fail(typer, string, "a string literal is needed here");
	if (strlen(string->text) != string->text_len)
		return typer_fail(typer, string, "a string with a NUL inside equals none");
	if (subject->kind == EXPR_STRING)
		return typer_fail(typer, subject, "one of the two has to be of the program");
	if (!is_text(subject))
		return typer_fail(typer, subject, "this has type %s, not characters",
				  typer_name(typer, subject->type));
	return NULL;
}

static struct error *type_string_compare(struct typer *typer, struct expr *expr, struct expr *a,
					 struct expr *b, struct expr **typed)
{
	struct expr *string = a->kind == EXPR_STRING ? a : b;
	struct expr *subject = string == a ? b : a;
	struct expr *node = typer_node(typer, EXPR_STRING_COMPARE, expr);
	struct error *err;

	if (expr->op != OP_EQ && expr->op != OP_NE)
		return typer_fail(typer, expr, "strings are compared by == and != only");
	err = check_text(typer, subject, string);
	if (err)
		return err;
	node->op = expr->op;
	node->a = subject;
	node->text = string->text;
	node->text_len = string->text_len;
	node->type = type_basic(TYPE_BASIC_INT);
	*typed = node;
	return NULL;
}

struct error *typer_call(struct typer *typer, struct expr *expr, struct expr **typed)
{
	struct expr *node = typer_node(typer, EXPR_CALL, expr), *string;
	struct error *err = typer_any(typer, expr->a, &node->a);

	if (!err)
		err = typer_any(typer, expr->b, &string);
	if (!err)
		err = check_text(typer, node->a, string);
	if (err)
		return err;
	if (expr->op == OP_CONTAINS && string->text_len > EXPR_MAX_CONTAINS)
		return typer_fail(typer, string, "contains() looks for at most %d characters",
				  EXPR_MAX_CONTAINS);
	node->op = expr->op;
	node->text = string->text;
	node->text_len = string->text_len;
	node->type = type_basic(TYPE_BASIC_INT);
	*typed = node;
	return NULL;
}

static struct error *incompatible(struct typer *typer, const struct expr *expr,
				  const struct expr *a, const struct expr *b)
{
	return typer_fail(typer, expr, "%s of %s and %s", expr_op_text(expr->op),
			  typer_name(typer, a->type), typer_name(typer, b->type));
}

/* Pointers compare as addresses, also of different types and with integers, as in gdb. */
static struct error *type_comparison(struct typer *typer, struct expr *expr, struct expr *a,
				     struct expr *b, struct expr **typed)
{
	bool pointers = scalar_is_pointer(a->type) || scalar_is_pointer(b->type);
	struct expr *node = typer_node(typer, EXPR_BINARY, expr);
	const struct type *common;
	u64 holds;

	if (pointers && (scalar_is_float(a->type) || scalar_is_float(b->type)))
		return incompatible(typer, expr, a, b);
	a = typer_promote(typer, a);
	b = typer_promote(typer, b);
	common = pointers ? type_basic(TYPE_BASIC_ULONG) : scalar_common(a->type, b->type);
	if (!pointers || !scalar_is_pointer(a->type))
		a = typer_convert(typer, a, common);
	if (!pointers || !scalar_is_pointer(b->type))
		b = typer_convert(typer, b, common);
	node->op = expr->op;
	node->a = a;
	node->b = b;
	node->type = type_basic(TYPE_BASIC_INT);
	holds = scalar_compare(expr->op, scalar_is_signed(common), a->number, b->number);
	if (a->kind == EXPR_NUMBER && b->kind == EXPR_NUMBER)
		node = number_node(typer, node->type, holds, expr);
	*typed = node;
	return NULL;
}

static struct error *type_pointer_difference(struct typer *typer, struct expr *expr, struct expr *a,
					     struct expr *b, struct expr **typed)
{
	struct expr *node = typer_node(typer, EXPR_BINARY, expr);
	struct error *err = pointee_size(typer, a, &node->offset);
	u64 other;

	if (!err)
		err = pointee_size(typer, b, &other);
	if (err)
		return err;
	if (other != node->offset)
		return incompatible(typer, expr, a, b);
	node->op = OP_SUB;
	node->a = a;
	node->b = b;
	node->type = type_basic(TYPE_BASIC_LONG);
	*typed = node;
	return NULL;
}

static struct error *type_pointer_arithmetic(struct typer *typer, struct expr *expr, struct expr *a,
					     struct expr *b, struct expr **typed)
{
	bool a_points = scalar_is_pointer(a->type), b_points = scalar_is_pointer(b->type);

	if (expr->op == OP_SUB && a_points && b_points)
		return type_pointer_difference(typer, expr, a, b, typed);
	if ((expr->op == OP_ADD || expr->op == OP_SUB) && a_points && scalar_is_integer(b->type))
		return typer_pointer_add(typer, expr->op, a, b, expr, typed);
	if (expr->op == OP_ADD && b_points && scalar_is_integer(a->type))
		return typer_pointer_add(typer, expr->op, b, a, expr, typed);
	return incompatible(typer, expr, a, b);
}

static struct error *type_integer_op(struct typer *typer, struct expr *expr, struct expr *a,
				     struct expr *b, struct expr **typed)
{
	struct expr *node = typer_node(typer, EXPR_BINARY, expr);
	bool is_shift = expr->op == OP_SHL || expr->op == OP_SHR;
	u64 value;

	a = typer_promote(typer, a);
	b = typer_promote(typer, b);
	node->type = is_shift ? a->type : scalar_common(a->type, b->type);
	node->op = expr->op;
	node->a = typer_convert(typer, a, node->type);
	node->b = is_shift ? b : typer_convert(typer, b, node->type);
	*typed = node;
	if (node->a->kind != EXPR_NUMBER || node->b->kind != EXPR_NUMBER)
		return NULL;
	if (!scalar_binary(expr->op, node->type, node->a->number, node->b->number, &value))
		return typer_fail(typer, expr, "division by zero");
	*typed = number_node(typer, node->type, value, expr);
	return NULL;
}

struct error *typer_binary(struct typer *typer, struct expr *expr, struct expr **typed)
{
	struct expr *a, *b;
	struct error *err = typer_any(typer, expr->a, &a);

	if (!err)
		err = typer_any(typer, expr->b, &b);
	if (err)
		return err;
	if (is_comparison(expr->op) && (a->kind == EXPR_STRING || b->kind == EXPR_STRING))
		return type_string_compare(typer, expr, a, b, typed);
	err = typer_decay(typer, a, &a);
	if (!err)
		err = typer_decay(typer, b, &b);
	if (err)
		return err;
	if (is_comparison(expr->op))
		return type_comparison(typer, expr, a, b, typed);
	if (scalar_is_float(a->type) || scalar_is_float(b->type))
		return typer_fail(typer, expr, "floating point can be compared, not computed with");
	if (scalar_is_pointer(a->type) || scalar_is_pointer(b->type))
		return type_pointer_arithmetic(typer, expr, a, b, typed);
	return type_integer_op(typer, expr, a, b, typed);
}

struct error *typer_logical(struct typer *typer, struct expr *expr, struct expr **typed)
{
	struct expr *node = typer_node(typer, expr->kind, expr);
	struct error *err = type_truth(typer, expr->a, &node->a);

	if (!err)
		err = type_truth(typer, expr->b, &node->b);
	if (err)
		return err;
	node->type = type_basic(TYPE_BASIC_INT);
	*typed = node;
	return NULL;
}

static bool is_null(const struct expr *expr)
{
	return expr->kind == EXPR_NUMBER && !expr->number;
}

static struct error *choose_type(struct typer *typer, const struct expr *expr, const struct expr *b,
				 const struct expr *c, const struct type **type)
{
	bool b_points = scalar_is_pointer(b->type), c_points = scalar_is_pointer(c->type);

	if (b_points && (c_points || is_null(c)))
		*type = b->type;
	else if (c_points && is_null(b))
		*type = c->type;
	else if (!b_points && !c_points)
		*type = scalar_common(b->type, c->type);
	else
		return typer_fail(typer, expr, "?: gives %s or %s", typer_name(typer, b->type),
				  typer_name(typer, c->type));
	return NULL;
}

struct error *typer_conditional(struct typer *typer, struct expr *expr, struct expr **typed)
{
	struct expr *node = typer_node(typer, EXPR_CONDITIONAL, expr);
	struct error *err = type_truth(typer, expr->a, &node->a);

	if (!err)
		err = typer_value(typer, expr->b, &node->b);
	if (!err)
		err = typer_value(typer, expr->c, &node->c);
	if (err)
		return err;
	node->b = typer_promote(typer, node->b);
	node->c = typer_promote(typer, node->c);
	err = choose_type(typer, expr, node->b, node->c, &node->type);
	if (err)
		return err;
	node->b = typer_convert(typer, node->b, node->type);
	node->c = typer_convert(typer, node->c, node->type);
	*typed = node;
	return NULL;
}
