/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How to open a file that another process has mapped. Its mount namespace or root may differ, the
 * file may be unlinked or replaced. A path is only right if what lies there is what is mapped.
 */
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/host.h"
#include "proc/proc_private.h"

static bool same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

static bool same_by_stat(const char *a, const char *b)
{
	struct stat sa, sb;

	return host_stat(a, &sa) == 0 && host_stat(b, &sb) == 0 && same_file(&sa, &sb);
}

static const char *map_files(int pid, const struct proc_map *map, struct arena *arena)
{
	return arena_printf(arena, "/proc/%d/map_files/%llx-%llx", pid,
			    (unsigned long long)map->start, (unsigned long long)map->end);
}

/*
 * Is the file at path the one that is mapped? The device in maps is the super block's; btrfs and
 * overlayfs report another one to stat(), then the kernel's own link (root may follow it) decides.
 */
static bool is_mapped_file(int pid, const struct proc_map *map, const char *path,
			   struct arena *arena)
{
	struct stat at_path, mapped;

	if (host_stat(path, &at_path) != 0)
		return false;
	if (at_path.st_ino == map->inode && major(at_path.st_dev) == map->dev_major &&
	    minor(at_path.st_dev) == map->dev_minor)
		return true;
	if (host_stat(map_files(pid, map, arena), &mapped) == 0)
		return same_file(&at_path, &mapped);
	return at_path.st_ino == map->inode;
}

const char *proc_path(int pid, const struct proc_map *map, struct arena *arena)
{
	const char *root, *path;

	if (map->path[0] != '/' || map->inode == 0)
		return NULL;
	root = proc_root(pid, arena);
	path = arena_printf(arena, "%s%s", root, map->path);
	if (is_mapped_file(pid, map, path, arena))
		return path;
	if (root[0] && is_mapped_file(pid, map, map->path, arena))
		return map->path;
	return map_files(pid, map, arena);
}

const char *proc_root(int pid, struct arena *arena)
{
	const char *root = arena_printf(arena, "/proc/%d/root", pid);
	const char *mounts = arena_printf(arena, "/proc/%d/ns/mnt", pid);
	struct stat own, other;

	if (!same_by_stat(arena_printf(arena, "%s/", root), "/"))
		return host_stat(root, &other) == 0 ? root : "";
	if (host_stat("/proc/self/ns/mnt", &own) == 0 && host_stat(mounts, &other) == 0 &&
	    !same_file(&own, &other))
		return root;
	return "";
}
