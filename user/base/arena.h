/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Arenas: memory that ends all at once. One for a plan, one for an event; nothing in them is freed
 * piece by piece. Memory comes zeroed, aligned to 16 bytes. Allocation never fails (error.h).
 */
#ifndef SNAPLINE_ARENA_H
#define SNAPLINE_ARENA_H

#include "base/base.h"

struct arena;

struct arena *arena_new(void);
void *arena_alloc(struct arena *arena, size_t size);
/* Copies old_size bytes to a new block; the old block stays until the arena ends. */
void *arena_grow(struct arena *arena, const void *old, size_t old_size, size_t new_size);
void *arena_memdup(struct arena *arena, const void *bytes, size_t size);
char *arena_strdup(struct arena *arena, const char *text);
char *arena_strndup(struct arena *arena, const char *text, size_t len);
char *arena_printf(struct arena *arena, const char *format, ...) _printf_(2, 3);
char *arena_vprintf(struct arena *arena, const char *format, va_list args);
void arena_reset(struct arena *arena); /* empties it, keeps its memory for reuse */
void arena_free(struct arena *arena);
void arena_freep(struct arena **arena); /* for _cleanup_() */

/* An array of n zeroed elements. */
#define arena_array(arena, type, n) ((type *)arena_alloc((arena), (n) * sizeof(type)))

/*
 * Appends one zeroed element to the array `items` of *count elements, growing in powers of two, and
 * yields its address. The caller keeps only the pointer and the count.
 */
#define arena_push(arena, items, count) \
	(*(void **)&(items) = arena_push_slot((arena), (items), (count)++, sizeof(*(items))), \
	 &(items)[(count)-1])
void *arena_push_slot(struct arena *arena, void *items, size_t count, size_t size);

#endif
