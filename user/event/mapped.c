/* SPDX-License-Identifier: BSD-2-Clause */
#include "event/mapped.h"

#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "base/host.h"

enum { MAX_ROOTS = 32 };

/* A root folder, kept open: the process through which it was found may end. */
struct root {
	int handle;
	u64 dev, inode;
	char path[HOST_KEPT_BYTES];
};

struct mapped_files {
	struct arena *kept;  /* what mapped_files_know() gave */
	struct arena *arena; /* the rest */
	struct mapped_file *known, *opened;
	size_t n_known, n_opened;
	struct root roots[MAX_ROOTS];
	size_t n_roots;
};

struct mapped_files *mapped_files_new(void)
{
	struct arena *arena = arena_new();
	struct mapped_files *files = arena_alloc(arena, sizeof(*files));

	files->kept = arena;
	files->arena = arena_new();
	return files;
}

void mapped_files_forget(struct mapped_files *files)
{
	for (size_t i = 0; i < files->n_opened; i++) {
		if (!files->opened[i].file)
			continue;
		dw_close(files->opened[i].dw);
		elf_file_close(files->opened[i].file);
	}
	files->opened = NULL;
	files->n_opened = 0;
	arena_free(files->arena);
	files->arena = arena_new();
}

void mapped_files_free(struct mapped_files *files)
{
	if (!files)
		return;
	mapped_files_forget(files);
	for (size_t i = 0; i < files->n_roots; i++)
		host_let_go(files->roots[i].handle);
	arena_free(files->arena);
	arena_free(files->kept);
}

size_t mapped_files_count(const struct mapped_files *files)
{
	return files->n_opened;
}

void mapped_files_know(struct mapped_files *files, const char *path, struct dw *dw)
{
	struct stat info;

	if (host_stat(path, &info) == 0)
		*arena_push(files->kept, files->known, files->n_known) =
			(struct mapped_file){.dev = info.st_dev, .inode = info.st_ino, .dw = dw};
}

void mapped_files_know_root(struct mapped_files *files, const char *root)
{
	struct root *slot = &files->roots[files->n_roots];
	struct stat info;

	if (!*root || files->n_roots == MAX_ROOTS || host_stat(root, &info) != 0)
		return;
	for (size_t i = 0; i < files->n_roots; i++)
		if (files->roots[i].dev == info.st_dev && files->roots[i].inode == info.st_ino)
			return;
	slot->handle = host_keep(root, slot->path);
	if (slot->handle < 0)
		return;
	slot->dev = info.st_dev;
	slot->inode = info.st_ino;
	files->n_roots++;
}

static const struct mapped_file *find(const struct mapped_file *items, size_t n, u64 dev, u64 inode)
{
	for (size_t i = 0; inode && i < n; i++)
		if (items[i].dev == dev && items[i].inode == inode)
			return &items[i];
	return NULL;
}

static const struct mapped_file *find_open(const struct mapped_files *files, u64 dev, u64 inode)
{
	const struct mapped_file *found = find(files->known, files->n_known, dev, inode);

	return found ? found : find(files->opened, files->n_opened, dev, inode);
}

/* Opens the debug information of a file that is open, or keeps the reason why it can't be had. */
static const struct mapped_file *add(struct mapped_files *files, struct mapped_file opened,
				     struct elf_file *file, struct error *err, const char *root)
{
	if (!err) {
		opened.file = file;
		err = dw_open(file, root, &opened.dw);
	}
	if (err) {
		opened.missing = arena_strdup(files->arena, err->text);
		error_free(err);
		elf_file_close(opened.file);
		opened.file = NULL;
	}
	*arena_push(files->arena, files->opened, files->n_opened) = opened;
	return &files->opened[files->n_opened - 1];
}

const struct mapped_file *mapped_file_open(struct mapped_files *files, const char *path,
					   const char *shown, const char *root)
{
	const struct mapped_file *found;
	struct mapped_file opened = {0};
	struct elf_file *file = NULL;
	struct error *err;
	struct stat info;

	if (host_stat(path, &info) == 0) {
		found = find_open(files, info.st_dev, info.st_ino);
		if (found)
			return found;
		opened.dev = info.st_dev;
		opened.inode = info.st_ino;
	}
	err = elf_file_open(path, shown, &file);
	return add(files, opened, file, err, root);
}

static bool is_of_map(const char *path, const struct proc_map *map)
{
	struct stat info;

	return host_stat(path, &info) == 0 && info.st_ino == map->inode &&
	       major(info.st_dev) == map->dev_major && minor(info.st_dev) == map->dev_minor;
}

const struct mapped_file *mapped_file_find(struct mapped_files *files, const struct proc_map *map)
{
	const struct mapped_file *found =
		find_open(files, makedev(map->dev_major, map->dev_minor), map->inode);
	const char *path;

	if (found)
		return found;
	if (is_of_map(map->path, map))
		return mapped_file_open(files, map->path, map->path, "");
	for (size_t i = 0; i < files->n_roots; i++) {
		path = arena_printf(files->arena, "%s%s", files->roots[i].path, map->path);
		if (is_of_map(path, map))
			return mapped_file_open(files, path, map->path, files->roots[i].path);
	}
	return NULL;
}

const struct mapped_file *mapped_file_vdso(struct mapped_files *files, const u8 *bytes, size_t len)
{
	struct elf_file *file = NULL;
	struct error *err = elf_file_open_memory(bytes, len, "[vdso]", &file);

	return add(files, (struct mapped_file){0}, file, err, "");
}
