/* SPDX-License-Identifier: BSD-2-Clause */
#include "load/spaces.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/grow.h"
#include "proc/proc.h"

enum {
	MAX_SPACES = 8192,
	MAX_MAPS = 8192, /* of one address space */
	MAX_ALL_MAPS = 1 << 19,
};
#define KEEP_NS (60 * 1000000000ull) /* after a process has ended */

static void space_free(struct spaces *spaces, struct space *space)
{
	for (size_t i = 0; i < space->n; i++)
		free((char *)space->maps[i].map.path);
	spaces->n_maps -= space->n;
	free(space->maps);
	free(space);
}

void spaces_map(struct spaces *spaces, struct space *space, const struct watch_map *map, u64 time)
{
	struct timed_map *slot;

	if (map->path[0] == '/')
		space->changed = max_u64(space->changed, time);
	if (space->n >= MAX_MAPS)
		return;
	space->maps = grow(space->maps, space->n, &space->capacity, sizeof(*space->maps));
	slot = &space->maps[space->n++];
	slot->map = *map;
	slot->time = time;
	slot->map.path = strdup(map->path);
	if (!slot->map.path)
		error_no_memory();
	spaces->n_maps++;
}

static bool is_full(const struct spaces *spaces)
{
	return spaces->n >= MAX_SPACES || spaces->n_maps >= MAX_ALL_MAPS;
}

/* Frees what the test says, oldest first, at most `quota`. */
static void drop(struct spaces *spaces, bool (*test)(const struct space *space, u64 now), u64 now,
		 size_t quota)
{
	size_t kept = 0;

	for (size_t i = 0; i < spaces->n; i++) {
		struct space *space = spaces->items[i];

		if (quota && test(space, now)) {
			space_free(spaces, space);
			quota--;
		} else {
			spaces->items[kept++] = space;
		}
	}
	spaces->n = kept;
}

static bool ended_long_ago(const struct space *space, u64 now)
{
	return space->ended && space->ended + KEEP_NS < now;
}

static bool has_ended(const struct space *space, u64 now)
{
	return space->ended != 0;
}

static bool any(const struct space *space, u64 now)
{
	return true;
}

void spaces_trim(struct spaces *spaces, u64 now)
{
	drop(spaces, ended_long_ago, now, SIZE_MAX);
	if (is_full(spaces))
		drop(spaces, has_ended, now, MAX_SPACES / 8);
	if (is_full(spaces))
		drop(spaces, any, now, MAX_SPACES / 8);
}

struct space *spaces_at(const struct spaces *spaces, int pid, u64 time)
{
	struct space *found = NULL;

	for (size_t i = 0; i < spaces->n; i++) {
		struct space *space = spaces->items[i];

		if (space->pid == pid && space->from <= time &&
		    (!found || space->from >= found->from))
			found = space;
	}
	return found;
}

struct space *spaces_add(struct spaces *spaces, int pid, u64 from)
{
	struct space *space = calloc(1, sizeof(*space)), *before;

	if (!space)
		error_no_memory();
	before = spaces_at(spaces, pid, from);
	if (before && !before->ended)
		before->ended = max_u64(from, 1);
	spaces->items = grow(spaces->items, spaces->n, &spaces->capacity, sizeof(*spaces->items));
	space->pid = pid;
	space->from = space->changed = from;
	spaces->items[spaces->n++] = space;
	return space;
}

struct space *spaces_add_from_proc(struct spaces *spaces, int pid)
{
	struct arena *arena = arena_new();
	struct proc_map *maps;
	struct space *space = NULL;
	size_t n = 0;
	struct error *err = proc_maps(proc_thread(pid), arena, &maps, &n);

	if (!err && n) {
		space = spaces_add(spaces, pid, 0);
		for (size_t i = 0; i < n; i++) {
			struct watch_map map = {
				.start = maps[i].start,
				.len = maps[i].end - maps[i].start,
				.offset = maps[i].offset,
				.path = maps[i].path,
				.dev_major = maps[i].dev_major,
				.dev_minor = maps[i].dev_minor,
				.inode = maps[i].inode,
				.executable = maps[i].executable,
			};

			if (map.executable)
				spaces_map(spaces, space, &map, 0);
		}
	}
	error_free(err);
	arena_free(arena);
	return space;
}

u64 space_changed(const struct space *space, u64 time)
{
	u64 changed = space->from;

	if (space->changed <= time)
		return space->changed;
	for (size_t i = 0; i < space->n; i++)
		if (space->maps[i].time <= time && space->maps[i].map.path[0] == '/')
			changed = max_u64(changed, space->maps[i].time);
	return changed;
}

void spaces_free(struct spaces *spaces)
{
	for (size_t i = 0; i < spaces->n; i++)
		space_free(spaces, spaces->items[i]);
	free(spaces->items);
}
