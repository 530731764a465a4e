/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What stands between the probes and the target's processes though nothing failed: text that the
 * kernel passes over, and debuggers (plan/reach.h).
 */
#ifndef SNAPLINE_OBSTACLES_H
#define SNAPLINE_OBSTACLES_H

#include "plan/plan.h"
#include "proc/target.h"

struct obstacles;

struct obstacles *obstacles_new(const struct plan *plan, const struct target *target,
				const int *pids, size_t n);
/* Before attaching. ERROR_FAILED: a debugger has a breakpoint at a place, which would be lost. */
struct error *obstacles_check(struct obstacles *obstacles) _must_use_;
/*
 * What has to be told: each process's obstacle once, in the arena; NULL: nothing more. To be called
 * until then about once a second: it really looks ever more seldom, but for debuggers.
 */
const char *obstacles_look(struct obstacles *obstacles, struct arena *arena);
void obstacles_free(struct obstacles *obstacles);

#endif
