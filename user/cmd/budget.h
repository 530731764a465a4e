/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The cost budget as a rule alone: what probes and their target used goes in, which probes have to
 * be taken out comes out. It knows no kernel and no clock (overhead.h does).
 *
 * The cost of probes is their time as a share of the CPU time that the target used for itself, over
 * the last second: with 20 % of it, what the target did in a second of CPU time takes it 1.2. A
 * hit's time passes in the target, so its own time is what it used less what the probes took.
 *
 * A part is what can be taken out by itself, named by its number.
 */
#ifndef SNAPLINE_BUDGET_H
#define SNAPLINE_BUDGET_H

#include "base/base.h"

/* All since the same start. */
struct budget_sample {
	u64 time_ns;	     /* of any clock */
	u64 cpu_ns;	     /* of the target, the time of hits included */
	const u64 *spent_ns; /* by part: what its hits took */
	const u64 *hits;     /* by part */
};

struct budget_rule {
	double share;	     /* of the target's own time: 0.2 */
	u32 cpus;	     /* that the target could use */
	const bool *watched; /* by part: may be taken out; the others only cost */
	u32 n_parts;
};

/* A part that has to go, with the figures that say so. */
struct budget_verdict {
	u32 part;
	double share; /* its time over the target's own, */
	double all;   /* and that of all that were still in: it is what may not be too much */
	double rate;  /* hits a second */
	u64 hit_ns;   /* of a hit, on average */
};

struct budget;

struct budget *budget_new(const struct budget_rule *rule);
/*
 * One more sample. The verdicts, dearest part first, are as few as bring the rest within the share:
 * 0 if it is. They are valid until the next call; those parts are expected to be out from then on.
 *
 * The target's own time is never taken for less than 1 % of one CPU. As long as the samples cover
 * less than a second it is expected to use every CPU in what is left of it: what is judged before
 * its time would be judged so at the end as well.
 */
u32 budget_judge(struct budget *budget, const struct budget_sample *sample,
		 const struct budget_verdict **verdicts);
void budget_free(struct budget *budget);

#endif
