/* SPDX-License-Identifier: BSD-2-Clause */
/* Where a function's prologue ends. */
#ifndef SNAPLINE_PROLOGUE_H
#define SNAPLINE_PROLOGUE_H

#include "dwarf/dw.h"

/* Where the arguments have got to memory: the row marked so, else the second row, as gdb does. */
u64 prologue_end(struct dw *dw, const struct dw_instance *instance);

#endif
