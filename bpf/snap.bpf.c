// SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause)
/* Snapshots: one program in three forms, by how the walk runs. */
#include "admit.bpf.h"
#include "follow.bpf.h"
#include "memory.bpf.h"

char license_text[] SEC("license") = "Dual BSD/GPL";

_inline_ int take(struct pt_regs *ctx, const struct bay_env *env, const struct hit *hit,
		  enum walk_mode mode)
{
	struct record *record = record_reserve();

	if (!record)
		return hit_count(hit, HIT_BUFFER_FULL);
	if (!gate_claim(hit)) {
		bpf_ringbuf_discard(record, BPF_RB_NO_WAKEUP);
		return hit_count(hit, HIT_OVER_LIMIT);
	}
	record_fill(record, ctx, hit);
	record_submit(record, copy_memory(record, ctx, env, hit, mode));
	return hit_count(hit, HIT_EMITTED);
}

_inline_ int snap(struct pt_regs *ctx, enum walk_mode mode)
{
	struct bay_env env;
	struct hit hit;

	if (!admit(ctx, &env, &hit))
		return 0;
	return take(ctx, &env, &hit, mode);
}

/* One of these is loaded: the last that the kernel takes and that is wanted. */
SEC("snapline/unrolled")
int snap_unrolled(struct pt_regs *ctx)
{
	return snap(ctx, WALK_UNROLLED);
}

SEC("snapline/loop")
int snap_loop(struct pt_regs *ctx)
{
	return snap(ctx, WALK_LOOP);
}

SEC("snapline/faulting")
int snap_faulting(struct pt_regs *ctx)
{
	return snap(ctx, WALK_FAULTING);
}
