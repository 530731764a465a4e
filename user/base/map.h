/* SPDX-License-Identifier: BSD-2-Clause */
/* A map from u64 to pointers, in an arena; and one instance of every string. */
#ifndef SNAPLINE_MAP_H
#define SNAPLINE_MAP_H

#include "base/arena.h"

struct map {
	struct arena *arena;
	struct map_slot *slots; /* open addressing, a power of two, at most three quarters full */
	size_t capacity;
	size_t used;
};

void map_init(struct map *map, struct arena *arena);
void *map_get(const struct map *map, u64 key);	     /* NULL: not there */
void map_put(struct map *map, u64 key, void *value); /* value isn't NULL; replaces */
/* The one copy of text, so that equal strings have equal addresses. */
const char *map_intern(struct map *strings, const char *text, size_t len);

#endif
