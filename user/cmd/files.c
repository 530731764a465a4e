/* SPDX-License-Identifier: BSD-2-Clause */
#include "cmd/files.h"

struct error *target_plan_files(void *context, const char *binary, struct arena *arena,
				struct plan_file **files, size_t *n)
{
	const struct target *target = context;
	struct target_file *found = target->files;
	size_t n_found = target->n_files;

	if (binary) {
		struct error *err = target_library(target, binary, arena, &found, &n_found);

		if (err)
			return err;
	}
	*files = arena_array(arena, struct plan_file, n_found);
	for (size_t i = 0; i < n_found; i++)
		(*files)[i] = (struct plan_file){found[i].path, found[i].shown, found[i].root};
	*n = n_found;
	return NULL;
}
