/* SPDX-License-Identifier: BSD-2-Clause */
/* Heap arrays that live as long as what they belong to; those of one event or plan: arena.h. */
#ifndef SNAPLINE_GROW_H
#define SNAPLINE_GROW_H

#include "base/base.h"

/*
 * Room for one more behind n items of `size` bytes: items, or where they were moved to. Twice as
 * many each time. The caller frees it with free(); out of memory ends the program.
 */
void *grow(void *items, size_t n, size_t *capacity, size_t size) _must_use_;

#endif
