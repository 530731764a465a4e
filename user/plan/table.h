/* SPDX-License-Identifier: BSD-2-Clause */
/* The read table of a plan (include/bay.h): what is copied at a hit besides registers and stack. */
#ifndef SNAPLINE_TABLE_H
#define SNAPLINE_TABLE_H

#include "plan/plan.h"

/* The node of an object of `type`, its pointers followed `depth` deep; 0: nothing to read. */
u32 plan_table_node(struct plan *plan, const struct type *type, u32 depth);
/* The node for what a pointer of `type` points to; 0 if it isn't followed. */
u32 plan_table_pointee(struct plan *plan, const struct type *type, u32 depth);

#endif
