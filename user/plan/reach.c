/* SPDX-License-Identifier: BSD-2-Clause */
#include "plan/reach.h"

#include <string.h>

#include "base/host.h"
#include "proc/proc.h"

/* A process's mappings, sorted by address, and where one file's are in it. */
struct view {
	const struct plan_module *module;
	int pid;
	const struct proc_map *maps;
	size_t n;
	u64 bias;
};

/* By the first mapping that is a part of the file; false: it maps none. */
static bool find_bias(struct view *view)
{
	for (size_t i = 0; i < view->n; i++) {
		const struct proc_map *map = &view->maps[i];
		u64 pc;

		if (map->inode && proc_map_is(view->pid, map, view->module->path) &&
		    elf_file_offset_to_pc(view->module->file, map->offset, &pc)) {
			view->bias = map->start - pc;
			return true;
		}
	}
	return false;
}

static const struct proc_map *map_at(const struct view *view, u64 address)
{
	size_t low = 0, high = view->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (view->maps[middle].end <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low < view->n && view->maps[low].start <= address ? &view->maps[low] : NULL;
}

/* The first byte is enough: breakpoints of every CPU differ there from what they stand on. */
static bool is_patched(const struct view *view, const struct place *place)
{
	size_t len;
	const u8 *bytes = elf_file_bytes(view->module->file, place->pc, &len);
	u8 byte;

	return bytes && host_read_memory(view->pid, view->bias + place->pc, &byte, 1) &&
	       byte != bytes[0];
}

/* How the process has the place's code, if not so that it can be probed. */
static const char *why_dead(const struct view *view, const struct place *place,
			    const struct proc_map *map)
{
	if (strstr(map->path, "hugepage"))
		return "in huge pages";
	if (!map->inode)
		return "anonymous memory";
	if (map->start - map->offset != view->bias + place->pc - place->offset)
		return "another file's";
	if (map->shared)
		return "mapped shared";
	if (map->writable && !is_patched(view, place)) /* or the probe was there before */
		return "mapped writable";
	return NULL;
}

static void look_at_module(const struct plan *plan, struct view *view, bool with_patched,
			   struct reach *reach)
{
	if (!view->module->file || !find_bias(view))
		return;
	for (size_t i = 0; i < plan->n_places; i++) {
		const struct place *place = &plan->places[i];
		const struct proc_map *map;
		const char *why;

		if (place->module != view->module)
			continue;
		map = map_at(view, view->bias + place->pc);
		if (!map || !map->executable) /* it reads the file, as we do, and runs another */
			continue;
		why = why_dead(view, place, map);
		reach->live += !why;
		reach->dead += why != NULL;
		if (!reach->why)
			reach->why = why;
		if (!why && with_patched && !reach->patched && is_patched(view, place))
			reach->patched = place;
	}
}

struct error *reach_look(const struct plan *plan, int pid, bool with_patched, struct reach *reach)
{
	struct arena _cleanup_(arena_freep) *arena = arena_new();
	struct view view = {.pid = pid};
	struct proc_map *maps;
	struct error *err = proc_maps(proc_thread(pid), arena, &maps, &view.n);

	if (err)
		return err;
	view.maps = maps;
	*reach = (struct reach){0};
	for (size_t i = 0; i < plan->n_modules; i++) {
		view.module = plan->modules[i];
		look_at_module(plan, &view, with_patched, reach);
	}
	return NULL;
}
