/* SPDX-License-Identifier: BSD-2-Clause */
/* What type.c and type_load.c share: loading, one part of a type at a time. */
#ifndef SNAPLINE_TYPE_PRIVATE_H
#define SNAPLINE_TYPE_PRIVATE_H

#include "dwarf/type.h"

/* Bits of type.loaded. */
enum {
	LOADED_TARGET = 1,
	LOADED_MEMBERS = 2, /* or parameters */
	LOADED_COMPLETE = 4,
};

void type_load_target(struct type *type);
void type_load_members(struct type *type);
void type_load_parameters(struct type *type);
/* Sets target of a declaration to its definition, if there is one. */
void type_load_definition(struct type *type);

#endif
