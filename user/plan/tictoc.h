/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tic-toc: a pair of ends, each with places. Probe 0 of the plan is TIC, probe 1 TOC. With one
 * PLACE the ends are the entry and the returns of that function.
 */
#ifndef SNAPLINE_PLAN_TICTOC_H
#define SNAPLINE_PLAN_TICTOC_H

#include "plan/plan.h"
#include "pair.h"

/* A value that is kept from TIC for slow pairs. */
struct plan_tic {
	const char *text;
	const struct expr *expr; /* typed */
	u32 value;		 /* index in the program's values */
};

enum tictoc_mode plan_tictoc_mode(const struct spec *spec);
/* The two probes, from one or two PLACEs. */
struct error *plan_tictoc_probes(struct plan *plan) _must_use_;
/* Does this end look at registers or memory: condition, key, --by, what is kept, a snapshot? */
bool plan_tictoc_looks(const struct spec *spec, u32 probe);
/* --if, or the part of it that belongs to this end, with spaces for the rest; NULL: none. */
struct error *plan_tictoc_condition(const struct spec *spec, u32 probe, struct arena *arena,
				    const char **text) _must_use_;
/* Does anything ask for the time or the result, which are there at TOC only? */
bool plan_tictoc_looks_late(const struct spec *spec);
/* Is --by known only at TOC? */
bool plan_tictoc_by_at_toc(const struct spec *spec);

/*
 * A function's place: which function, and how its CFA is found there. ERROR_NOT_FOUND if that can't
 * be had from one register; another instruction may do.
 */
struct error *plan_tictoc_frame(struct plan *plan, struct place *place) _must_use_;
/* Does the kernel side tell calls apart by goroutine? Else by the frame alone, or the thread. */
bool plan_tictoc_by_goroutine(const struct plan *plan, const struct place *place);
/* Types and compiles key, --by and what is kept, for this end. */
struct error *plan_tictoc_values(struct plan *plan, struct place *place,
				 const struct gen_place *gen,
				 struct plan_program *program) _must_use_;
/* The types alone, for a plan that was read from a file. */
struct error *plan_tictoc_types(struct plan *plan, struct place *place) _must_use_;

#endif
