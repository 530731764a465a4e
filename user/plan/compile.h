/* SPDX-License-Identifier: BSD-2-Clause */
/* A place's condition, captures and roots: typed in its scope, compiled for its patch bays. */
#ifndef SNAPLINE_COMPILE_H
#define SNAPLINE_COMPILE_H

#include "plan/plan.h"

/*
 * Fills place->condition, captures and program; places whose code is the same share a program.
 * Errors: ERROR_USAGE with the span in the expression; ERROR_NOT_FOUND for an unknown variable.
 */
struct error *plan_compile(struct plan *plan, struct place *place,
			   const struct gen_features *features) _must_use_;
/* The captures and values alone, for a plan that was read from a file. */
struct error *plan_type_captures(struct plan *plan, struct place *place) _must_use_;
struct error *plan_type_values(struct plan *plan, struct place *place) _must_use_;

struct error *plan_type_expression(const char *text, const struct place *place,
				   const struct expr_scope *scope, struct arena *arena,
				   const struct expr **typed) _must_use_;

/* What code is generated for at the place. */
struct error *plan_gen_place(struct plan *plan, const struct place *place,
			     const struct gen_features *features,
			     struct gen_place *gen) _must_use_;

#endif
