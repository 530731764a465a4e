/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Types spelled as C declarations without a name. C reads inside out: the declarator grows around
 * the place of the name ("*", "(*)", "(*)[4]") while the type is peeled from the outside, until a
 * named type is left, which stands in front.
 */
#include "dwarf/type.h"

#include "base/arena.h"

enum { MAX_PEELED = 64, MAX_NESTED = 8 };

static const char *spell(const struct type *type, struct arena *arena, int nested);

static const char *qualifier(enum type_kind kind)
{
	switch (kind) {
	case TYPE_CONST: return "const";
	case TYPE_VOLATILE: return "volatile";
	case TYPE_RESTRICT: return "restrict";
	default: return "_Atomic";
	}
}

static const char *tag_word(const struct type *type)
{
	if (type->kind == TYPE_UNION)
		return "union ";
	return type->kind == TYPE_ENUM ? "enum " : type->is_class ? "class " : "struct ";
}

static const char *base_name(const struct type *type, struct arena *arena)
{
	bool tagged =
		type->kind == TYPE_STRUCT || type->kind == TYPE_UNION || type->kind == TYPE_ENUM;

	if (tagged && !type->name)
		return arena_printf(arena, "%s{...}", tag_word(type));
	if (tagged && type->has_tags)
		return arena_printf(arena, "%s%s", tag_word(type), type->name);
	return type->name ? type->name : type->kind == TYPE_VOID ? "void" : "<unnamed>";
}

static const char *parameters(const struct type *type, struct arena *arena, int nested)
{
	const struct type *const *types;
	size_t n = type_parameters(type, &types);
	const char *text = "";

	for (size_t i = 0; i < n; i++)
		text = arena_printf(arena, "%s%s%s", text, i ? ", " : "",
				    spell(types[i], arena, nested + 1));
	if (type->is_varargs)
		return arena_printf(arena, "%s%s...", text, n ? ", " : "");
	return n || !type->is_prototyped ? text : "void";
}

static bool binds_tighter(const struct type *type)
{
	return type->kind == TYPE_ARRAY || type->kind == TYPE_FUNCTION;
}

static const char *around(const struct type *type, const char *inner, struct arena *arena,
			  int nested)
{
	const char *star = type->kind == TYPE_REFERENCE ? "&" : "*";

	switch (type->kind) {
	case TYPE_POINTER:
	case TYPE_REFERENCE:
		return arena_printf(arena, binds_tighter(type_target(type)) ? "(%s%s)" : "%s%s",
				    star, inner);
	case TYPE_ARRAY:
		if (!type->count_known)
			return arena_printf(arena, "%s[]", inner);
		return arena_printf(arena, "%s[%llu]", inner, (unsigned long long)type->count);
	case TYPE_FUNCTION:
		return arena_printf(arena, "%s(%s)", inner, parameters(type, arena, nested));
	default: /* a qualifier of a pointer */
		return arena_printf(arena, "%s%s%s", qualifier(type->kind), *inner ? " " : "",
				    inner);
	}
}

static bool is_qualifier(const struct type *type)
{
	return type->kind > TYPE_TYPEDEF;
}

/* "* const": a qualifier binds to the pointer if there is one below the other qualifiers. */
static bool qualifies_pointer(const struct type *type)
{
	for (int i = 0; i < MAX_PEELED && is_qualifier(type); i++)
		type = type_target(type);
	return type->kind == TYPE_POINTER || type->kind == TYPE_REFERENCE;
}

static const char *spell(const struct type *type, struct arena *arena, int nested)
{
	const char *declarator = "", *front = "";

	if (nested > MAX_NESTED)
		return "...";
	for (int i = 0; i < MAX_PEELED; i++) {
		if (is_qualifier(type) && !qualifies_pointer(type)) {
			front = arena_printf(arena, "%s%s ", front, qualifier(type->kind));
		} else if (type->kind == TYPE_POINTER || type->kind == TYPE_REFERENCE ||
			   binds_tighter(type)) {
			declarator = around(type, declarator, arena, nested);
		} else if (is_qualifier(type)) {
			declarator = around(type, declarator, arena, nested);
			declarator = arena_printf(arena, " %s", declarator);
		} else {
			break;
		}
		type = type_target(type);
	}
	return arena_printf(arena, "%s%s%s%s", front, base_name(type, arena),
			    *declarator && *declarator != ' ' ? " " : "", declarator);
}

const char *type_name(const struct type *type, struct arena *arena)
{
	return spell(type, arena, 0);
}
