/* SPDX-License-Identifier: BSD-2-Clause */
/* What an expression at a place can name: the variables in scope there, globals, types, enumerators. */
#ifndef SNAPLINE_SCOPE_H
#define SNAPLINE_SCOPE_H

#include "expr/expr.h"
#include "plan/plan.h"

/*
 * The scope at pc of the module. `in_return`: $return is set, with the result type of the function
 * that covers pc. The scope lives in the arena; names are looked up when they are asked for.
 */
struct error *plan_scope(struct plan_module *module, u64 pc, bool in_return, struct arena *arena,
			 struct expr_scope **scope) _must_use_;
/* That of a place of the plan: $elapsed is set where tic-toc's pairs end. */
struct error *plan_place_scope(const struct plan *plan, const struct place *place,
			       struct expr_scope **scope) _must_use_;

#endif
