/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * --max-overhead in a running session: what places cost on this machine, what was hit, and who has
 * to go (budget.h decides). A part is what is taken out whole: a probe; of FUNC:* and FILE:* a
 * line; of tic-toc both ends.
 */
#ifndef SNAPLINE_OVERHEAD_H
#define SNAPLINE_OVERHEAD_H

#include "event/event.h"
#include "load/load.h"
#include "plan/plan.h"

struct overhead;

/* *overhead is NULL if nothing is watched: the default watches probes that are single-stepped. */
struct error *overhead_new(const struct plan *plan, struct overhead **overhead) _must_use_;
/* When it is time: takes out what has to go, and says so; texts live as long as the overhead. */
struct error *overhead_look(struct overhead *overhead, struct load_session *load,
			    const char *const **texts, size_t *n) _must_use_;
/* The error that says so if no probe is left, else NULL. */
struct error *overhead_all_out(const struct overhead *overhead) _must_use_;
/* What one probe's hits took, and what of it was taken out: up to the last look. NULL is fine. */
void overhead_of_probe(const struct overhead *overhead, u32 probe, struct accounting *accounting);
/* Is this place of the plan out? NULL is fine. */
bool overhead_is_out(const struct overhead *overhead, u32 place);
void overhead_free(struct overhead *overhead);

/* Nanoseconds of a hit at the place, its program not counted. */
u64 overhead_hit_ns(const struct load_costs *costs, const struct place *place);

#endif
