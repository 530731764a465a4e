/* SPDX-License-Identifier: BSD-2-Clause */
/* Explicit casts, and the types that they name. */
#include "expr/typer.h"

#include <string.h>

struct error *typer_named_type(struct typer *typer, const struct expr *expr,
			       const struct type **type)
{
	const struct expr_scope *scope = typer->scope;
	const struct type *named = basic_type(expr->type_name);

	if (!named && scope->type_by_name)
		named = scope->type_by_name(scope->context, expr->type_name);
	if (!named)
		return error_span(error_new(ERROR_NOT_FOUND,
					    "no type '%s' in the debug information",
					    expr->type_name),
				  typer->text, expr->start, expr->len);
	for (unsigned i = 0; i < expr->stars; i++)
		named = type_pointer_to(named, typer->arena);
	*type = named;
	return NULL;
}

/* Why C, or we, can't convert; NULL if we can. */
static const char *refusal(const struct type *from, const struct type *to)
{
	bool from_real = scalar_is_float(from), to_real = scalar_is_float(to);

	if (!scalar_is_integer(to) && !to_real && !scalar_is_pointer(to))
		return "a cast is to a number or pointer type";
	if ((from_real && scalar_is_pointer(to)) || (to_real && scalar_is_pointer(from)))
		return "a pointer and a floating point number don't convert";
	if (from_real && !to_real && type_strip(to)->kind != TYPE_BOOL)
		return "floating point can be compared, not converted to an integer";
	if (from_real && to_real && type_strip(to)->size < type_strip(from)->size)
		return "floating point can be compared, not rounded";
	return NULL;
}

/* (bool)x is x != 0, whatever x is (C11, section 6.3.1.2). */
struct error *typer_cast(struct typer *typer, struct expr *expr, struct expr **typed)
{
	const struct type *type;
	struct expr *value, *cast;
	const char *why;
	struct error *err = typer_named_type(typer, expr, &type);

	if (!err)
		err = typer_value(typer, expr->a, &value);
	if (err)
		return err;
	why = value->kind == EXPR_FLOAT && scalar_is_float(type) ? NULL
								 : refusal(value->type, type);
	if (why)
		return typer_fail(typer, expr, "%s", why);
	cast = typer_convert(typer, value, type);
	if (cast == value) {
		cast = typer_node(typer, EXPR_CAST, expr);
		cast->a = value;
	}
	cast->type = type;
	cast->start = expr->start;
	cast->len = expr->len;
	*typed = cast;
	return NULL;
}
