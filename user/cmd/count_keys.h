/* SPDX-License-Identifier: BSD-2-Clause */
/* Keys as the kernel has them become what is shown. */
#ifndef SNAPLINE_COUNT_KEYS_H
#define SNAPLINE_COUNT_KEYS_H

#include "count.h"
#include "event/process.h"
#include "event/report.h"
#include "plan/plan.h"

/*
 * The values of --by, in the arena. `first` is a place of the key's probe. Code addresses are those
 * of the key's process. `frames` is for $stack: NULL without.
 */
struct key_value *count_key_values(const struct plan *plan, const struct place *first,
				   const struct count_key *key, struct processes *processes,
				   const struct event *stack, struct arena *arena);

#endif
