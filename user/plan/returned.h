/* SPDX-License-Identifier: BSD-2-Clause */
/* Where the calling convention leaves a function's result, at its return instruction. */
#ifndef SNAPLINE_RETURNED_H
#define SNAPLINE_RETURNED_H

#include "arch/arch.h"
#include "dwarf/loc.h"
#include "dwarf/type.h"

/*
 * Its absence is UNSUPPORTED where the convention isn't known: for structs and unions of other
 * languages than C, and outside x86-64. A void has none: NULL.
 */
const struct loc *returned_loc(const struct type *type, const struct arch *arch,
			       struct arena *arena);
/* A result that the next function will give: the place is a tail call. */
const struct loc *returned_later(void);

#endif
