/* SPDX-License-Identifier: BSD-2-Clause */
/* What a counter computes at a hit: its keys (--by) and the number of its histogram (--hist). */
#ifndef SNAPLINE_KEYS_H
#define SNAPLINE_KEYS_H

#include "plan/plan.h"

/* Nothing but hits is asked for: such places share one program, whatever is around them. */
bool plan_count_is_plain(const struct spec *spec);
/* Types place->keys and place->histogram, and compiles them into program->values. */
struct error *plan_count_values(struct plan *plan, struct place *place, const struct gen_place *gen,
				struct plan_program *program) _must_use_;
/* ERROR_USAGE if places of one PLACE disagree in what a key is. */
struct error *plan_count_check(const struct plan *plan) _must_use_;

#endif
