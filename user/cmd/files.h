/* SPDX-License-Identifier: BSD-2-Clause */
/* The files of a live target, as plan_build() asks for them. */
#ifndef SNAPLINE_FILES_H
#define SNAPLINE_FILES_H

#include "plan/plan.h"
#include "proc/target.h"

/* A plan_files_fn; context is the const struct target. */
struct error *target_plan_files(void *target, const char *binary, struct arena *arena,
				struct plan_file **files, size_t *n) _must_use_;

#endif
