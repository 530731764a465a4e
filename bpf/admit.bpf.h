/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
/* What every hit passes before its instrument has its turn: gate, condition, time, rate. */
#ifndef SNAPLINE_ADMIT_BPF_H
#define SNAPLINE_ADMIT_BPF_H

#include "env.bpf.h"
#include "gate.bpf.h"

_inline_ bool refuse(const struct hit *hit, enum hit_class class)
{
	hit_count(hit, class);
	return false;
}

/* False: it is in its class already, or is no hit. */
_inline_ bool admit(struct pt_regs *ctx, struct bay_env *env, struct hit *hit)
{
	if (!process_wanted() || !hit_find(ctx, hit))
		return false;
	if (!gate_open(hit))
		return refuse(hit, HIT_OVER_LIMIT);
	env_fill(env, ctx, hit);
	if (hit->word & PROGRAM_HAS_CONDITION) {
		u64 answer = bay_condition(ctx, env);

		if (answer == BAY_FALSE)
			return refuse(hit, HIT_CONDITION_FALSE);
		if (answer != BAY_TRUE)
			return refuse(hit, HIT_CONDITION_ERROR);
	}
	if (gate_expired(hit))
		return refuse(hit, HIT_OVER_LIMIT);
	if (gate_rate(hit))
		return true;
	__sync_fetch_and_add(&hit->probe->suppressed, 1);
	return refuse(hit, HIT_RATE_LIMITED);
}

#endif
