/* SPDX-License-Identifier: BSD-2-Clause */
/* Globals of other modules than the probed one, by name. */
#ifndef SNAPLINE_OTHERS_H
#define SNAPLINE_OTHERS_H

#include "plan/plan.h"

/*
 * A variable that another file of the target has, exported or the only one of its name. The module
 * becomes one of plan->modules. False: there is none; *why is set if there is, but can't be had.
 */
bool others_find(struct plan *plan, const struct plan_module *probed, const char *name,
		 struct arena *arena, struct plan_module **module, struct dw_var *var,
		 const char **why);
void others_free(struct plan *plan);

#endif
