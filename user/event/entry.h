/* SPDX-License-Identifier: BSD-2-Clause */
/* Entry values: what a parameter was when the function was called, by the caller's call site. */
#ifndef SNAPLINE_ENTRY_H
#define SNAPLINE_ENTRY_H

#include "event/variables.h"

/* The entry_value callback of loc_context; context is a struct frame_context. */
enum absence entry_value(void *context, const struct loc *entry, u64 *value, bool *late);

#endif
