/* SPDX-License-Identifier: BSD-2-Clause */
/* Looking through all processes. One that ends meanwhile is left out. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/host.h"
#include "base/strbuf.h"
#include "proc/proc_private.h"

enum { PROCESSES_MAX = 1 << 22, COMM_MAX = 15 };

struct error *proc_all(struct arena *arena, int **pids, size_t *n)
{
	_cleanup_(strbuf_free) struct strbuf names = {0};
	const char *name = NULL;
	size_t count = 0;
	int *found = NULL;

	if (!host_list("/proc", &names))
		return error_errno(ERROR_FAILED, "opening /proc");
	while (count < PROCESSES_MAX && (name = host_next_name(&names, name))) {
		u64 pid;

		if (str_u64(name, &pid) && pid <= INT32_MAX)
			*arena_push(arena, found, count) = (int)pid;
	}
	*pids = found;
	*n = count;
	return NULL;
}

static int left_out;

void proc_leave_out(int pid)
{
	left_out = pid;
}

/* All pids but ours for which test(pid, context) says so. */
static struct error *select_pids(bool (*test)(int pid, const void *context), const void *context,
				 struct arena *arena, int **pids, size_t *n)
{
	int *all, *found = NULL, self = getpid();
	size_t n_all, count = 0;
	struct error *err = proc_all(arena, &all, &n_all);

	if (err)
		return err;
	for (size_t i = 0; i < n_all; i++) {
		if (all[i] != self && all[i] != left_out && test(all[i], context))
			*arena_push(arena, found, count) = all[i];
	}
	*pids = found;
	*n = count;
	return NULL;
}

static bool comm_matches(int pid, const void *context)
{
	struct arena _cleanup_(arena_freep) *arena = arena_new();
	struct error _cleanup_(error_freep) *err = NULL;
	const char *glob = context, *comm;

	err = proc_comm(pid, arena, &comm);
	if (err)
		return false;
	if (strlen(comm) == COMM_MAX && strlen(glob) > COMM_MAX && !strpbrk(glob, "*?["))
		return strncmp(glob, comm, COMM_MAX) == 0;
	return str_glob(glob, comm);
}

struct error *proc_by_comm(const char *glob, struct arena *arena, int **pids, size_t *n)
{
	return select_pids(comm_matches, glob, arena, pids, n);
}

struct wanted_file {
	struct stat st;
	const char *base; /* last component of its path */
};

static bool is_wanted_link(const char *link, const struct wanted_file *wanted)
{
	struct stat st;

	return host_stat(link, &st) == 0 && st.st_dev == wanted->st.st_dev &&
	       st.st_ino == wanted->st.st_ino;
}

static bool map_is_wanted(int pid, const struct proc_map *map, const struct wanted_file *wanted)
{
	const char *slash = strrchr(map->path, '/');
	bool same_inode = map->inode == wanted->st.st_ino;
	char link[80];

	if (!slash || map->inode == 0)
		return false;
	if (same_inode && map->dev_major == major(wanted->st.st_dev) &&
	    map->dev_minor == minor(wanted->st.st_dev))
		return true;
	/* overlayfs and btrfs: numbers in maps differ from stat()'s */
	if (!same_inode && strcmp(slash + 1, wanted->base) != 0)
		return false;
	snprintf(link, sizeof(link), "/proc/%d/map_files/%llx-%llx", pid,
		 (unsigned long long)map->start, (unsigned long long)map->end);
	return is_wanted_link(link, wanted);
}

static bool find_wanted(const char *path, struct wanted_file *wanted)
{
	const char *slash = strrchr(path, '/');

	*wanted = (struct wanted_file){.base = slash ? slash + 1 : path};
	return host_stat(path, &wanted->st) == 0;
}

bool proc_map_is(int pid, const struct proc_map *map, const char *path)
{
	struct wanted_file wanted;

	return find_wanted(path, &wanted) && map_is_wanted(pid, map, &wanted);
}

static bool maps_file(int pid, const void *context)
{
	struct arena _cleanup_(arena_freep) *arena = arena_new();
	struct error _cleanup_(error_freep) *err = NULL;
	const struct wanted_file *wanted = context;
	struct proc_map *maps;
	char link[32];
	size_t n;

	snprintf(link, sizeof(link), "/proc/%d/exe", pid);
	if (is_wanted_link(link, wanted))
		return true;
	err = proc_maps(pid, arena, &maps, &n);
	if (err)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (map_is_wanted(pid, &maps[i], wanted))
			return true;
	}
	return false;
}

bool proc_uses_inode(int pid, const struct stat *info, const char *name)
{
	const char *slash = strrchr(name, '/');
	struct wanted_file wanted = {*info, slash ? slash + 1 : name};

	return maps_file(pid, &wanted);
}

bool proc_uses_file(int pid, const char *path)
{
	struct wanted_file wanted;

	return find_wanted(path, &wanted) && maps_file(pid, &wanted);
}

struct error *proc_by_file(const char *path, struct arena *arena, int **pids, size_t *n)
{
	struct wanted_file wanted;

	if (!find_wanted(path, &wanted))
		return error_errno(ERROR_NOT_FOUND, "%s", path);
	return select_pids(maps_file, &wanted, arena, pids, n);
}

static int parent_of(int pid)
{
	struct error _cleanup_(error_freep) *err = NULL;
	struct proc_stat stat;

	err = proc_stat(pid, &stat);
	return err ? 0 : stat.parent;
}

static bool contains(const int *pids, size_t n, int pid)
{
	for (size_t i = 0; i < n; i++) {
		if (pids[i] == pid)
			return true;
	}
	return false;
}

/* Breadth first: the queue of those found is the result; the first place is the ancestor itself. */
struct error *proc_children(int pid, struct arena *arena, int **pids, size_t *n)
{
	int *all, *parents, *queue = NULL;
	size_t n_all, count = 0;
	struct error *err = proc_all(arena, &all, &n_all);

	if (err)
		return err;
	parents = arena_array(arena, int, n_all + 1);
	for (size_t i = 0; i < n_all; i++)
		parents[i] = parent_of(all[i]);
	*arena_push(arena, queue, count) = pid;
	for (size_t at = 0; at < count; at++) {
		for (size_t i = 0; i < n_all; i++) {
			if (parents[i] == queue[at] && !contains(queue, count, all[i]))
				*arena_push(arena, queue, count) = all[i];
		}
	}
	*pids = queue + 1;
	*n = count - 1;
	return NULL;
}
