/* SPDX-License-Identifier: BSD-2-Clause */
#include "dwarf/type.h"

#include <string.h>

#include "dwarf/die.h"
#include "dwarf/type_private.h"

enum { MAX_CHAIN = 64, MAX_NESTING = 32, MAX_STEPS = 100000 };

static bool is_wrapper(const struct type *type)
{
	return type->kind >= TYPE_TYPEDEF;
}

const struct type *type_strip(const struct type *type)
{
	for (int i = 0; i < MAX_CHAIN && is_wrapper(type); i++)
		type = type_target(type);
	return is_wrapper(type) ? type_basic(TYPE_BASIC_VOID) : type_complete(type);
}

const struct type *type_target(const struct type *type)
{
	if (type->dw && !(type->loaded & LOADED_TARGET))
		type_load_target((struct type *)type);
	return type->target ? type->target : type_basic(TYPE_BASIC_VOID);
}

const struct type *type_complete(const struct type *type)
{
	if (!type->is_declaration || !type->dw)
		return type;
	if (!(type->loaded & LOADED_COMPLETE))
		type_load_definition((struct type *)type);
	return type->target ? type->target : type;
}

size_t type_members(const struct type *type, const struct type_member **members)
{
	type = type_strip(type);
	*members = NULL;
	if (type->kind != TYPE_STRUCT && type->kind != TYPE_UNION)
		return 0;
	if (type->dw && !(type->loaded & LOADED_MEMBERS))
		type_load_members((struct type *)type);
	*members = type->members;
	return type->n_members;
}

/* Are the members of this one those of the struct that it is in? */
static bool is_transparent(const struct type_member *member)
{
	return (!member->name || member->is_base) && !member->bit_size;
}

struct search {
	const char *name;
	unsigned steps; /* types looked into: bounds those that are in themselves, twice */
};

static const struct type_member *find_member(const struct type *type, struct search *search,
					     u64 *offset, int nesting)
{
	const struct type_member *members;
	size_t n = type_members(type, &members);

	for (size_t i = 0; i < n; i++) {
		if (members[i].name && !members[i].place &&
		    strcmp(members[i].name, search->name) == 0) {
			*offset = members[i].offset;
			return &members[i];
		}
	}
	for (size_t i = 0; i < n && nesting < MAX_NESTING; i++) {
		const struct type_member *found;

		if (!is_transparent(&members[i]) || members[i].place || ++search->steps > MAX_STEPS)
			continue;
		found = find_member(members[i].type, search, offset, nesting + 1);
		if (found) {
			*offset += members[i].offset;
			return found;
		}
	}
	return NULL;
}

const struct type_member *type_find_member(const struct type *type, const char *name, u64 *offset)
{
	struct search search = {.name = name};
	u64 found_at = 0;
	const struct type_member *member = find_member(type, &search, &found_at, 0);

	if (member)
		*offset = found_at;
	return member;
}

/* The outermost: a virtual base may have virtual bases itself. */
static const struct type_member *find_placed(const struct type *type, struct search *search,
					     u64 *offset, int nesting)
{
	const struct type_member *members, *found;
	size_t n = type_members(type, &members);
	u64 inside = 0;

	for (size_t i = 0; i < n && nesting < MAX_NESTING; i++) {
		if (!is_transparent(&members[i]) || ++search->steps > MAX_STEPS)
			continue;
		found = find_placed(members[i].type, search, &inside, nesting + 1);
		if (members[i].place &&
		    (found || find_member(members[i].type, search, &inside, nesting + 1))) {
			*offset = 0;
			return &members[i];
		}
		if (found) {
			*offset = members[i].offset + inside;
			return found;
		}
	}
	return NULL;
}

const struct type_member *type_find_placed(const struct type *type, const char *name, u64 *offset)
{
	struct search search = {.name = name};

	return find_placed(type, &search, offset, 0);
}

size_t type_enumerators(const struct type *type, const struct type_enumerator **enumerators)
{
	type = type_strip(type);
	*enumerators = type->kind == TYPE_ENUM ? type->enumerators : NULL;
	return type->kind == TYPE_ENUM ? type->n_enumerators : 0;
}

size_t type_parameters(const struct type *type, const struct type *const **parameters)
{
	type = type_strip(type);
	*parameters = NULL;
	if (type->kind != TYPE_FUNCTION)
		return 0;
	if (type->dw && !(type->loaded & LOADED_MEMBERS))
		type_load_parameters((struct type *)type);
	*parameters = type->parameters;
	return type->n_parameters;
}

const struct loc *type_count_loc(const struct type *type, bool *is_upper_bound)
{
	type = type_strip(type);
	if ((type->kind != TYPE_ARRAY && type->kind != TYPE_VECTOR) || !type->count_expr)
		return NULL;
	*is_upper_bound = type->is_upper_bound;
	return type->count_expr;
}

bool type_is_integer(const struct type *type)
{
	type = type_strip(type);
	return type->kind == TYPE_BOOL || type->kind == TYPE_CHAR || type->kind == TYPE_INT ||
	       type->kind == TYPE_ENUM;
}

bool type_is_scalar(const struct type *type)
{
	type = type_strip(type);
	return type_is_integer(type) || type->kind == TYPE_FLOAT || type->kind == TYPE_POINTER;
}

static bool is_char(const struct type *type)
{
	type = type_strip(type);
	return type->kind == TYPE_CHAR && type->size == 1;
}

bool type_is_char_array(const struct type *type)
{
	type = type_strip(type);
	return type->kind == TYPE_ARRAY && is_char(type_target(type));
}

bool type_is_char_pointer(const struct type *type)
{
	type = type_strip(type);
	return type->kind == TYPE_POINTER && is_char(type_target(type));
}

static const struct type basics[] = {
	[TYPE_BASIC_VOID] = {.kind = TYPE_VOID, .name = "void"},
	[TYPE_BASIC_BOOL] = {.kind = TYPE_BOOL, .name = "_Bool", .size = 1},
	[TYPE_BASIC_CHAR] =
		{.kind = TYPE_CHAR, .name = "char", .size = 1, .is_signed = true, .is_char = true},
	[TYPE_BASIC_SCHAR] = {.kind = TYPE_CHAR,
			      .name = "signed char",
			      .size = 1,
			      .is_signed = true,
			      .is_char = true},
	[TYPE_BASIC_UCHAR] = {.kind = TYPE_CHAR,
			      .name = "unsigned char",
			      .size = 1,
			      .is_char = true},
	[TYPE_BASIC_SHORT] = {.kind = TYPE_INT, .name = "short", .size = 2, .is_signed = true},
	[TYPE_BASIC_USHORT] = {.kind = TYPE_INT, .name = "unsigned short", .size = 2},
	[TYPE_BASIC_INT] = {.kind = TYPE_INT, .name = "int", .size = 4, .is_signed = true},
	[TYPE_BASIC_UINT] = {.kind = TYPE_INT, .name = "unsigned int", .size = 4},
	[TYPE_BASIC_LONG] = {.kind = TYPE_INT, .name = "long", .size = 8, .is_signed = true},
	[TYPE_BASIC_ULONG] = {.kind = TYPE_INT, .name = "unsigned long", .size = 8},
	[TYPE_BASIC_LLONG] = {.kind = TYPE_INT, .name = "long long", .size = 8, .is_signed = true},
	[TYPE_BASIC_ULLONG] = {.kind = TYPE_INT, .name = "unsigned long long", .size = 8},
	[TYPE_BASIC_FLOAT] = {.kind = TYPE_FLOAT, .name = "float", .size = 4, .is_signed = true},
	[TYPE_BASIC_DOUBLE] = {.kind = TYPE_FLOAT, .name = "double", .size = 8, .is_signed = true},
	[TYPE_BASIC_CHAR_POINTER] = {.kind = TYPE_POINTER,
				     .size = 8,
				     .target = &basics[TYPE_BASIC_CHAR]},
	[TYPE_BASIC_VOID_POINTER] = {.kind = TYPE_POINTER,
				     .size = 8,
				     .target = &basics[TYPE_BASIC_VOID]},
};

const struct type *type_basic(enum type_basic_id id)
{
	return &basics[id];
}

const struct type *type_pointer_to(const struct type *target, struct arena *arena)
{
	struct type *type = arena_alloc(arena, sizeof(*type));

	type->kind = TYPE_POINTER;
	type->size = 8;
	type->target = target;
	type->has_tags = target->has_tags;
	return type;
}

const struct type *type_array_of(const struct type *element, u64 count, struct arena *arena)
{
	struct type *type = arena_alloc(arena, sizeof(*type));

	type->kind = TYPE_ARRAY;
	type->count_known = true;
	type->count = count;
	if (__builtin_mul_overflow(count, type_strip(element)->size, &type->size))
		type->size = 0;
	type->target = element;
	return type;
}
