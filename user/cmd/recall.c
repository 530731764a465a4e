/* SPDX-License-Identifier: BSD-2-Clause */
#include "cmd/recall.h"

void recall_start(const struct target *target, const int *pids, size_t n_pids, struct watch **watch)
{
	bool everyone = target->spec->kind == TARGET_BINARY;

	error_free(watch_start(everyone, pids, n_pids, watch));
}

static struct proc_map map_of(const struct watch_map *known, struct arena *arena)
{
	return (struct proc_map){
		.start = known->start,
		.end = known->start + known->len,
		.offset = known->offset,
		.readable = true,
		.executable = known->executable,
		.dev_major = known->dev_major,
		.dev_minor = known->dev_minor,
		.inode = known->path[0] == '/' ? max_u64(known->inode, 1) : 0,
		.path = arena_strdup(arena, known->path),
	};
}

static bool recall(void *context, int pid, u64 ktime, struct arena *arena, struct proc_map **maps,
		   size_t *n)
{
	struct watch *watch = context;
	const struct watch_map *known;
	struct proc_map *result;
	size_t n_known;

	watch_poll(watch);
	if (!watch_maps(watch, pid, ktime, &known, &n_known))
		return false;
	result = arena_array(arena, struct proc_map, n_known);
	for (size_t i = 0; i < n_known; i++)
		result[i] = map_of(&known[i], arena);
	*maps = result;
	*n = n_known;
	return true;
}

static u64 changed(void *context, int pid, u64 ktime)
{
	struct watch *watch = context;

	watch_poll(watch);
	return watch_changed(watch, pid, ktime);
}

void recall_connect(struct watch *watch, struct processes *processes)
{
	const struct process_memory_source source = {recall, changed, watch};

	if (watch)
		processes_set_source(processes, &source);
}
