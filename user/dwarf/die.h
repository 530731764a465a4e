/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reading one DIE. Attributes are looked up through DW_AT_abstract_origin and DW_AT_specification,
 * as a debugger does. Nothing here fails: what isn't there is false or NULL.
 */
#ifndef SNAPLINE_DIE_H
#define SNAPLINE_DIE_H

#include "dwarf/dw_private.h"

bool die_attr(Dwarf_Die *die, unsigned name, Dwarf_Attribute *attr);
bool die_flag(Dwarf_Die *die, unsigned name);
/* Only declared; the definition of a declared thing has DW_AT_specification. */
bool die_is_declaration(Dwarf_Die *die);
/*
 * A constant. Signed forms are sign-extended; data forms are zero-extended, as producers use them
 * for values that need no sign.
 */
bool die_number(Dwarf_Die *die, unsigned name, s64 *value);
bool die_attr_number(Dwarf_Attribute *attr, s64 *value);
bool die_is_signed_form(const Dwarf_Attribute *attr);
bool die_ref(Dwarf_Die *die, unsigned name, Dwarf_Die *target);
unsigned die_line(Dwarf_Die *die, unsigned name);
/* A block inside a function, or a copy of another one there: variables and calls may be in it. */
bool die_is_block(Dwarf_Die *die);
/* Is the unit of this DIE in a language where struct, union and enum names stand behind the word?
 */
bool die_has_tags(Dwarf_Die *die);

/* The DIE's children; `for (bool ok = die_first(die, &c); ok; ok = die_next(&c))`. */
bool die_first(Dwarf_Die *die, Dwarf_Die *child);
bool die_next(Dwarf_Die *child);
/* What DW_AT_abstract_origin refers to. */
bool die_origin(Dwarf_Die *die, Dwarf_Die *origin);

/* type.c: the type that DW_AT_type names (void if none), or that this DIE is. */
const struct type *dw_type_of(struct dw *dw, Dwarf_Die *die);
const struct type *dw_type_at(struct dw *dw, Dwarf_Die *type_die);

/*
 * The top-level DIEs of all units by name (names.c), built when it is first asked for. `tag` 0 is
 * any; DW_TAG_structure_type also finds class types. Definitions only.
 */
bool dw_find_top(struct dw *dw, const char *name, unsigned tag, Dwarf_Die *die);
/* The same in one unit, without the index. */
bool dw_find_in_unit(Dwarf_Die *unit, const char *name, unsigned tag, Dwarf_Die *die);
/* A variable of file scope that one unit declares extern; the definition that other units see. */
bool dw_find_declared_in_unit(Dwarf_Die *unit, const char *name, Dwarf_Die *die);
bool dw_find_external(struct dw *dw, const char *name, Dwarf_Die *die);
bool dw_find_enumerator(struct dw *dw, const char *name, Dwarf_Die *enumeration, Dwarf_Die *die);
bool dw_find_enumerator_in_unit(Dwarf_Die *unit, const char *name, Dwarf_Die *enumeration,
				Dwarf_Die *die);

/* Expressions (loc_decode.c). attr may be NULL for expressions that refer to nothing else. */
struct loc *dw_decode(struct dw *dw, Dwarf_Attribute *attr, const Dwarf_Op *ops, size_t n,
		      struct arena *arena);
/* An attribute with an expression or a location list; absent where the list says nothing at pc. */
struct loc *dw_decode_attr(struct dw *dw, Dwarf_Attribute *attr, u64 pc, struct arena *arena);
/* Sets op->binding of a DW_OP_addr; name is the variable's, or NULL. */
void dw_loc_bind(struct dw *dw, struct loc_op *op, const char *name, struct arena *arena);
struct loc *dw_loc_absent(enum absence why, struct arena *arena);
struct loc *dw_loc_of_one(struct loc_op op, struct arena *arena);
/* One that refers to the value of the variable at this DIE. */
struct loc *dw_loc_variable(u64 die, struct arena *arena);

#endif
