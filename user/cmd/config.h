/* SPDX-License-Identifier: BSD-2-Clause */
/* What load/ is told: a plan as plain data. */
#ifndef SNAPLINE_CONFIG_H
#define SNAPLINE_CONFIG_H

#include "load/load.h"
#include "plan/plan.h"
#include "proc/target.h"

/* Everything but the pids, which the session knows. In the arena. */
void config_from_plan(const struct plan *plan, const struct target *target, struct arena *arena,
		      struct load_config *config);

#endif
