/* SPDX-License-Identifier: BSD-2-Clause */
/* What an expression at a place can name: variables in scope, globals, types, enumerators. */
#ifndef SNAPLINE_SCOPE_H
#define SNAPLINE_SCOPE_H

#include "expr/expr.h"
#include "plan/plan.h"

/*
 * At FUNC%return $return is set, with the function's type; where tic-toc's pairs end, $elapsed is.
 * The scope lives in the plan's arena; names are looked up when they are asked for.
 */
struct error *plan_place_scope(const struct plan *plan, const struct place *place,
			       struct expr_scope **scope) _must_use_;

#endif
