/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The values of a log message at one place: typed in its scope, and where the kernel puts each (the
 * slots of include/bay.h). Made anew from the binary when a record file is read.
 */
#ifndef SNAPLINE_VALUES_H
#define SNAPLINE_VALUES_H

#include "plan/plan.h"

/*
 * Fills place->values, and the program's values, slots and code. What can't be had at this place is
 * a value with a reason, and a note. ERROR_USAGE and ERROR_NOT_FOUND with the span in the message.
 */
struct error *plan_values(struct plan *plan, struct place *place, const struct gen_place *gen,
			  struct plan_program *program) _must_use_;

#endif
