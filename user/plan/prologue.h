/* SPDX-License-Identifier: BSD-2-Clause */
/* Where a function begins, and where its prologue ends. */
#ifndef SNAPLINE_PROLOGUE_H
#define SNAPLINE_PROLOGUE_H

#include "dwarf/dw.h"

/*
 * gcc cuts a function in two and inlines the first part; the rest, FUNC.part.0, is described as a
 * body of the function too, but doesn't begin where the function does.
 */
bool begins_inside(struct dw *dw, const struct dw_instance *instance);
/* Where the arguments have got to memory: the row marked so, else the second row, as gdb does. */
u64 prologue_end(struct dw *dw, const struct dw_instance *instance);

#endif
