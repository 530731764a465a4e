/* SPDX-License-Identifier: BSD-2-Clause */
#include "cmd/files.h"

#include <string.h>

#include "cmd/progress.h"

struct error *target_plan_files(void *context, const char *binary, struct arena *arena,
				struct plan_file **files, size_t *n)
{
	const struct target *target = context;
	struct target_file *found = target->files;
	size_t n_found = target->n_files;

	if (binary) {
		bool all = strcmp(binary, PLAN_ALL_FILES) == 0;
		struct error *err =
			all ? target_all_files(target, arena, &found, &n_found)
			    : target_library(target, binary, arena, &found, &n_found);

		if (err)
			return err;
	}
	*files = arena_array(arena, struct plan_file, n_found);
	for (size_t i = 0; i < n_found; i++)
		(*files)[i] = (struct plan_file){found[i].path, found[i].shown, found[i].root};
	*n = n_found;
	return NULL;
}

struct error *target_plan(const struct spec *spec, const struct target *target,
			  const struct plan_host *host, struct plan **plan)
{
	struct progress *progress = progress_begin(spec, "reading debug information");
	struct error *err =
		plan_build(spec, target_plan_files, (void *)(uintptr_t)target, host, plan);

	progress_end(progress);
	if (!err && target->script)
		plan_note(*plan, "%s is a script; its interpreter is %s", target->script,
			  target->files[0].shown);
	return err;
}
