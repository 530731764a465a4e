/* SPDX-License-Identifier: BSD-2-Clause */
#include "proc/unwinds.h"

#include <string.h>

#include "elf/elf_file.h"

/* Files that were looked through: most processes map the same ones. */
struct seen {
	u32 dev_major, dev_minor;
	u64 inode;
};

struct search {
	struct arena *arena;
	struct seen *seen;
	size_t n;
};

static bool is_seen(struct search *search, const struct proc_map *map)
{
	struct seen key = {map->dev_major, map->dev_minor, map->inode};

	for (size_t i = 0; i < search->n; i++)
		if (search->seen[i].inode == key.inode &&
		    search->seen[i].dev_major == key.dev_major &&
		    search->seen[i].dev_minor == key.dev_minor)
			return true;
	*arena_push(search->arena, search->seen, search->n) = key;
	return false;
}

static const char *file_unwinds(int pid, const struct proc_map *map, struct arena *arena)
{
	const char *path = proc_path(pid, map, arena), *why;
	struct elf_file *file;
	struct error *err;

	if (!path)
		return arena_printf(arena, "process %d maps %s, which can't be read", pid,
				    map->path);
	err = elf_file_open(path, map->path, &file);
	if (err) {
		why = arena_printf(arena, "%s can't be looked through: %s", map->path, err->text);
		error_free(err);
		return why;
	}
	why = elf_file_unwinds(file, arena);
	elf_file_close(file);
	return why ? arena_printf(arena, "%s %s", map->path, why) : NULL;
}

/* The page of the uprobes themselves is one of them. */
static bool is_kernels(const struct proc_map *map)
{
	static const char *const names[] = {"[vdso]", "[vsyscall]", "[uprobes]"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (strcmp(map->path, names[i]) == 0)
			return true;
	return false;
}

static const char *map_unwinds(struct search *search, int pid, const struct proc_map *map)
{
	if (!map->executable || is_kernels(map))
		return NULL;
	if (map->path[0] != '/')
		return arena_printf(search->arena, "process %d runs code that is in no file", pid);
	return is_seen(search, map) ? NULL : file_unwinds(pid, map, search->arena);
}

static bool has_code(const struct proc_map *maps, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (maps[i].executable && !is_kernels(&maps[i]))
			return true;
	return false;
}

/* In the middle of execve() a process has the new executable's name, and none of its code. */
static const char *process_unwinds(struct search *search, int pid)
{
	const char *why = NULL;
	struct proc_map *maps;
	size_t n = 0;
	struct error *err = proc_maps(pid, search->arena, &maps, &n);

	if (err || !has_code(maps, n)) {
		error_free(err);
		if (proc_ended(pid))
			return NULL;
		return arena_printf(search->arena, "what process %d maps can't be %s", pid,
				    err ? "read" : "known yet");
	}
	for (size_t i = 0; i < n && !why; i++)
		why = map_unwinds(search, pid, &maps[i]);
	return why;
}

const char *target_unwinds(const struct target *target, struct arena *arena)
{
	struct search search = {.arena = arena};
	const char *why = NULL;

	for (size_t i = 0; i < target->n_processes && !why; i++)
		why = process_unwinds(&search, proc_thread(target->processes[i].pid));
	return why;
}

const char *proc_unwinds_at(int pid, u64 address, struct arena *arena)
{
	struct search search = {.arena = arena};
	struct proc_map *maps;
	size_t n = 0;
	struct error *err = proc_maps(proc_thread(pid), arena, &maps, &n);

	error_free(err);
	for (size_t i = 0; !err && i < n; i++)
		if (address >= maps[i].start && address < maps[i].end)
			return map_unwinds(&search, pid, &maps[i]);
	return NULL;
}
