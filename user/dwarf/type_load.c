/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From type DIEs to struct type (DWARF 5, chapter 5). A type is made once for each DIE. What it
 * needs for its size is made with it (typedef, qualifier and array targets); pointees, members and
 * parameters are made when they are asked for, so that a program's type graph is never walked
 * whole.
 */
#include "dwarf/type_private.h"

#include <string.h>

#include "dwarf/die.h"

enum { MAX_DIMENSIONS = 16, MAX_DEPTH = 128, MAX_ENUMERATORS = 100000, MAX_MEMBERS = 100000 };

struct dw_types {
	struct map by_die;
	int depth; /* of types that are being made: bounds a cycle of typedefs */
};

static const struct {
	int tag;
	enum type_kind kind;
} kinds[] = {
	{DW_TAG_enumeration_type, TYPE_ENUM},	 {DW_TAG_pointer_type, TYPE_POINTER},
	{DW_TAG_reference_type, TYPE_REFERENCE}, {DW_TAG_rvalue_reference_type, TYPE_REFERENCE},
	{DW_TAG_array_type, TYPE_ARRAY},	 {DW_TAG_structure_type, TYPE_STRUCT},
	{DW_TAG_class_type, TYPE_STRUCT},	 {DW_TAG_interface_type, TYPE_STRUCT},
	{DW_TAG_union_type, TYPE_UNION},	 {DW_TAG_subroutine_type, TYPE_FUNCTION},
	{DW_TAG_subprogram, TYPE_FUNCTION},	 {DW_TAG_ptr_to_member_type, TYPE_MEMBER_POINTER},
	{DW_TAG_unspecified_type, TYPE_VOID},	 {DW_TAG_typedef, TYPE_TYPEDEF},
	{DW_TAG_template_alias, TYPE_TYPEDEF},	 {DW_TAG_const_type, TYPE_CONST},
	{DW_TAG_immutable_type, TYPE_CONST},	 {DW_TAG_volatile_type, TYPE_VOLATILE},
	{DW_TAG_restrict_type, TYPE_RESTRICT},	 {DW_TAG_atomic_type, TYPE_ATOMIC},
};

static enum type_kind kind_of_tag(int tag)
{
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (kinds[i].tag == tag)
			return kinds[i].kind;
	return TYPE_UNKNOWN;
}

static void load_base(struct type *type, Dwarf_Die *die)
{
	s64 encoding = 0;

	die_number(die, DW_AT_encoding, &encoding);
	switch (encoding) {
	case DW_ATE_boolean: type->kind = TYPE_BOOL; break;
	case DW_ATE_signed_char:
	case DW_ATE_unsigned_char:
	case DW_ATE_UTF:
	case DW_ATE_ASCII:
	case DW_ATE_UCS:
		type->kind = TYPE_CHAR;
		type->is_char = true;
		type->is_signed = encoding == DW_ATE_signed_char;
		break;
	case DW_ATE_signed:
	case DW_ATE_unsigned:
	case DW_ATE_address:
		type->kind = TYPE_INT;
		type->is_signed = encoding == DW_ATE_signed;
		break;
	case DW_ATE_float:
		type->kind = TYPE_FLOAT;
		type->is_signed = true;
		break;
	case DW_ATE_complex_float: type->kind = TYPE_COMPLEX; break;
	default: type->kind = TYPE_UNKNOWN;
	}
}

/* As gdb 13 sees it: unsigned unless one value is negative; flags if each is zero or one bit. */
static void load_enum(struct type *type, Dwarf_Die *die)
{
	struct arena *arena = type->dw->arena;
	bool negative = false;
	Dwarf_Die child, underlying;

	type->is_flag_enum = true;
	for (bool ok = die_first(die, &child); ok; ok = die_next(&child)) {
		struct type_enumerator *enumerator;
		s64 value;

		if (dwarf_tag(&child) != DW_TAG_enumerator ||
		    !die_number(&child, DW_AT_const_value, &value) ||
		    type->n_enumerators >= MAX_ENUMERATORS)
			continue;
		enumerator = arena_push(arena, type->enumerators, type->n_enumerators);
		enumerator->name = dwarf_diename(&child);
		enumerator->value = value;
		if (value < 0)
			negative = true;
		if (value < 0 || __builtin_popcountll((u64)value) > 1)
			type->is_flag_enum = false;
	}
	type->is_signed = negative;
	if (negative && die_ref(die, DW_AT_type, &underlying))
		type->is_signed = type_strip(dw_type_at(type->dw, &underlying))->is_signed;
}

/* One dimension; the element type is filled in by the caller. */
static void load_dimension(struct type *type, Dwarf_Die *range)
{
	s64 lower = 0, value;
	Dwarf_Attribute attr;
	Dwarf_Die variable;
	unsigned name = DW_AT_count;

	die_number(range, DW_AT_lower_bound, &lower);
	if (!die_attr(range, name, &attr)) {
		name = DW_AT_upper_bound;
		if (!die_attr(range, name, &attr))
			return;
		type->is_upper_bound = true;
	}
	if (die_attr_number(&attr, &value)) {
		s64 count = name == DW_AT_count ? value : value - lower + 1;

		/* gcc writes an empty array's upper bound as -1, in four bytes or in eight */
		if (name == DW_AT_upper_bound && (u32)value == UINT32_MAX)
			count = 0;
		type->count_known = count >= 0;
		type->count = count >= 0 ? (u64)count : 0;
	} else if (dwarf_formref_die(&attr, &variable)) {
		type->count_expr =
			dw_loc_variable(dw_die_offset(type->dw, &variable), type->dw->arena);
	} else {
		Dwarf_Op *ops;
		size_t n;

		if (dwarf_getlocation(&attr, &ops, &n) == 0 && n)
			type->count_expr = dw_decode(type->dw, &attr, ops, n, type->dw->arena);
	}
}

/* `int a[2][3]` is one DIE with two dimensions, and two types here: an array of arrays. */
static void load_array(struct type *type, Dwarf_Die *die)
{
	struct type *levels[MAX_DIMENSIONS] = {type};
	size_t n = 0;
	Dwarf_Die child;

	if (die_flag(die, DW_AT_GNU_vector))
		type->kind = TYPE_VECTOR;
	for (bool ok = die_first(die, &child); ok && n < MAX_DIMENSIONS; ok = die_next(&child)) {
		if (dwarf_tag(&child) != DW_TAG_subrange_type &&
		    dwarf_tag(&child) != DW_TAG_enumeration_type)
			continue;
		if (n) {
			levels[n] = arena_alloc(type->dw->arena, sizeof(*type));
			levels[n]->kind = TYPE_ARRAY;
			levels[n]->dw = type->dw;
			levels[n]->has_tags = type->has_tags;
			levels[n - 1]->target = levels[n];
		}
		load_dimension(levels[n++], &child);
	}
	n = n ? n : 1;
	levels[n - 1]->target = dw_type_of(type->dw, die);
	while (n--) {
		struct type *level = levels[n];

		level->loaded |= LOADED_TARGET;
		if (!level->count_known ||
		    __builtin_mul_overflow(level->count, type_strip(level->target)->size,
					   &level->size))
			level->size = 0;
	}
}

static void load_wrapped(struct type *type, Dwarf_Die *die)
{
	type->target = dw_type_of(type->dw, die);
	type->loaded |= LOADED_TARGET;
	type->size = type->target->size;
}

static void load_kind(struct type *type, Dwarf_Die *die)
{
	s64 size;

	if (die_number(die, DW_AT_byte_size, &size) && size > 0)
		type->size = (u64)size;
	switch (type->kind) {
	case TYPE_ENUM: load_enum(type, die); break;
	case TYPE_ARRAY: load_array(type, die); break;
	case TYPE_POINTER:
	case TYPE_REFERENCE: type->size = type->size ? type->size : 8; break;
	case TYPE_FUNCTION:
		type->is_prototyped = die_flag(die, DW_AT_prototyped);
		type->size = 0;
		break;
	case TYPE_MEMBER_POINTER: type->size = type->size ? type->size : 8; break;
	default:
		if (type->kind >= TYPE_TYPEDEF)
			load_wrapped(type, die);
	}
}

static struct type *make_type(struct dw *dw, Dwarf_Die *die, u64 offset)
{
	struct type *type = arena_alloc(dw->arena, sizeof(*type));
	int tag = dwarf_tag(die);

	type->kind = kind_of_tag(tag);
	type->dw = dw;
	type->die = offset;
	type->name = dwarf_diename(die);
	type->is_declaration = die_is_declaration(die);
	type->is_class = tag == DW_TAG_class_type;
	type->has_tags = die_has_tags(die);
	map_put(&dw->types->by_die, offset, type);
	if (tag == DW_TAG_base_type)
		load_base(type, die);
	load_kind(type, die);
	return type;
}

const struct type *dw_type_at(struct dw *dw, Dwarf_Die *type_die)
{
	Dwarf_Attribute attr;
	Dwarf_Die full = *type_die;
	struct type *type;
	u64 offset;

	if (!dw->types) {
		dw->types = arena_alloc(dw->arena, sizeof(*dw->types));
		map_init(&dw->types->by_die, dw->arena);
	}
	/* a skeleton of a type that stands in a type unit */
	if (dwarf_attr(type_die, DW_AT_signature, &attr) && !dwarf_formref_die(&attr, &full))
		full = *type_die;
	offset = dw_die_offset(dw, &full);
	type = map_get(&dw->types->by_die, offset);
	if (type)
		return type;
	if (dw->types->depth >= MAX_DEPTH)
		return type_basic(TYPE_BASIC_VOID);
	dw->types->depth++;
	type = make_type(dw, &full, offset);
	dw->types->depth--;
	return type;
}

const struct type *dw_type_of(struct dw *dw, Dwarf_Die *die)
{
	Dwarf_Die target;

	if (!die_ref(die, DW_AT_type, &target))
		return type_basic(TYPE_BASIC_VOID);
	return dw_type_at(dw, &target);
}

void type_load_target(struct type *type)
{
	Dwarf_Die die;

	type->loaded |= LOADED_TARGET;
	if (!type->target && dw_die_at(type->dw, type->die, &die))
		type->target = dw_type_of(type->dw, &die);
}

void type_load_definition(struct type *type)
{
	Dwarf_Die die, found;

	type->loaded |= LOADED_COMPLETE;
	if (type->name && dw_die_at(type->dw, type->die, &die) &&
	    dw_find_top(type->dw, type->name, dwarf_tag(&die), &found))
		type->target = dw_type_at(type->dw, &found);
	if (type->target && type->target->is_declaration)
		type->target = NULL;
}

/* Where a member lies: old producers write a plain offset as an expression too. */
static void load_place(struct type *type, struct type_member *member, Dwarf_Die *die)
{
	Dwarf_Attribute attr;
	Dwarf_Op *ops;
	size_t n;
	s64 value;

	if (!die_attr(die, DW_AT_data_member_location, &attr))
		return;
	if (die_attr_number(&attr, &value))
		member->offset = (u64)value;
	else if (dwarf_getlocation(&attr, &ops, &n) != 0 || !n)
		member->place = dw_loc_absent(ABSENT_UNSUPPORTED, type->dw->arena);
	else if (n == 1 && ops[0].atom == DW_OP_plus_uconst)
		member->offset = ops[0].number;
	else
		member->place = dw_decode(type->dw, &attr, ops, n, type->dw->arena);
}

/*
 * A bit-field as bytes from the start of the struct and bits from the least significant one there.
 * DWARF 4 and 5 count bits from the start (DW_AT_data_bit_offset); DWARF 2 from the most
 * significant bit of a storage unit, which may begin before the struct's member does.
 */
static void load_bit_field(struct type_member *member, Dwarf_Die *die)
{
	s64 bits = 0, size, old, storage;

	if (!die_number(die, DW_AT_bit_size, &size) || size <= 0 || size > 128)
		return;
	if (die_number(die, DW_AT_data_bit_offset, &bits)) {
		member->offset = 0;
	} else if (die_number(die, DW_AT_bit_offset, &old)) {
		if (!die_number(die, DW_AT_byte_size, &storage))
			storage = (s64)type_strip(member->type)->size;
		bits = storage * 8 - old - size;
	}
	bits += (s64)member->offset * 8;
	storage = (s64)type_strip(member->type)->size * 8;
	if (bits < 0)
		return;
	member->bit_size = (u16)size;
	if (!storage || bits % storage + size > storage)
		storage = 8;
	member->offset = (u64)(bits / storage * (storage / 8));
	member->bit_offset = (u16)(bits % storage);
}

static void load_member(struct type *type, Dwarf_Die *die)
{
	int tag = dwarf_tag(die);
	struct type_member *member;

	type->has_variants |= tag == DW_TAG_variant_part;
	if (tag != DW_TAG_member && tag != DW_TAG_inheritance && tag != DW_TAG_variable)
		return;
	if (type->n_members >= MAX_MEMBERS)
		return;
	member = arena_push(type->dw->arena, type->members, type->n_members);
	member->name = dwarf_diename(die);
	member->type = dw_type_of(type->dw, die);
	load_place(type, member, die);
	member->is_base = tag == DW_TAG_inheritance;
	member->is_static = tag == DW_TAG_variable || die_flag(die, DW_AT_external);
	member->is_artificial = die_flag(die, DW_AT_artificial);
	if (member->is_base)
		member->name = type_strip(member->type)->name;
	load_bit_field(member, die);
}

void type_load_members(struct type *type)
{
	Dwarf_Die die, child;

	type->loaded |= LOADED_MEMBERS;
	if (!dw_die_at(type->dw, type->die, &die))
		return;
	for (bool ok = die_first(&die, &child); ok; ok = die_next(&child))
		load_member(type, &child);
}

void type_load_parameters(struct type *type)
{
	Dwarf_Die die, child;

	type->loaded |= LOADED_MEMBERS;
	if (!dw_die_at(type->dw, type->die, &die))
		return;
	for (bool ok = die_first(&die, &child); ok; ok = die_next(&child)) {
		if (dwarf_tag(&child) == DW_TAG_unspecified_parameters)
			type->is_varargs = true;
		if (dwarf_tag(&child) != DW_TAG_formal_parameter ||
		    type->n_parameters >= MAX_MEMBERS)
			continue;
		*arena_push(type->dw->arena, type->parameters, type->n_parameters) =
			dw_type_of(type->dw, &child);
	}
}
