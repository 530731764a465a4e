/* SPDX-License-Identifier: BSD-2-Clause */
/* A live target becomes a plan. */
#ifndef SNAPLINE_FILES_H
#define SNAPLINE_FILES_H

#include "plan/plan.h"
#include "proc/target.h"

/* A plan_files_fn; context is the const struct target. */
struct error *target_plan_files(void *target, const char *binary, struct arena *arena,
				struct plan_file **files, size_t *n) _must_use_;

/* plan_build() for the target, with progress on a terminal and a note about a script. */
struct error *target_plan(const struct spec *spec, const struct target *target,
			  const struct plan_host *host, struct plan **plan) _must_use_;

#endif
