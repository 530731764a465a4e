/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "elf/elf_file.h"

static bool is_build(const char *path, const struct build_id *id)
{
	struct elf_file *file;
	struct error *err = elf_file_open(path, path, &file);
	bool same;

	if (err) {
		error_free(err);
		return false;
	}
	same = build_id_equal(elf_file_build_id(file), id);
	elf_file_close(file);
	return same;
}

const char *elf_file_find_build(const char *path, const struct build_id *id, const char *folder,
				struct arena *arena)
{
	const char *name = strrchr(path, '/');
	const char *beside = arena_printf(arena, "%s/%s", folder, name ? name + 1 : path);

	if (is_build(path, id))
		return path;
	return is_build(beside, id) ? beside : NULL;
}
