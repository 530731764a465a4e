/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Address spaces over time: which process had mapped what, and when. An address space begins with a
 * fork, as a copy of the parent's, or with an exec, empty. The number kept is bounded: those that
 * ended a minute ago go, then the oldest that have ended, then the oldest.
 */
#ifndef SNAPLINE_SPACES_H
#define SNAPLINE_SPACES_H

#include "load/watch.h"

/* One address space of one process. Times are CLOCK_MONOTONIC. */
struct space {
	int pid;
	u64 from;    /* 0: before the watch began */
	u64 ended;   /* or replaced by exec; 0: not yet */
	u64 changed; /* the last mapping of a file; at least from */
	struct timed_map {
		struct watch_map map;
		u64 time;
	} * maps;
	size_t n, capacity;
};

struct spaces {
	struct space **items; /* in the order of from, nearly */
	size_t n, capacity;
	size_t n_maps; /* of all */
};

struct space *spaces_add(struct spaces *spaces, int pid, u64 from);
/* A process from before: what it has mapped now. NULL: it is gone. */
struct space *spaces_add_from_proc(struct spaces *spaces, int pid);
void spaces_map(struct spaces *spaces, struct space *space, const struct watch_map *map, u64 time);
/* The latest address space of pid that had begun by then; NULL: none is known. */
struct space *spaces_at(const struct spaces *spaces, int pid, u64 time);
/* When its mappings of files had last changed by then. */
u64 space_changed(const struct space *space, u64 time);
/* Makes room; spaces may be freed. */
void spaces_trim(struct spaces *spaces, u64 now);
void spaces_free(struct spaces *spaces);

#endif
