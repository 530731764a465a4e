/* SPDX-License-Identifier: BSD-2-Clause */
/* Shared libraries of a file that isn't running, found as the dynamic linker would (man 8 ld.so).
 */
#ifndef SNAPLINE_LIBRARY_H
#define SNAPLINE_LIBRARY_H

#include "base/arena.h"
#include "base/error.h"

/*
 * The paths of everything that `path` would load: its interpreter and its DT_NEEDED, transitively.
 * What isn't found is left out. LD_PRELOAD and dlopen() aren't known.
 */
struct error *library_closure(const char *path, struct arena *arena, const char ***paths,
			      size_t *n) _must_use_;
/* A library by its file name in the dynamic linker's folders; NULL if it is in none. */
const char *library_find(const char *name, struct arena *arena);

#endif
