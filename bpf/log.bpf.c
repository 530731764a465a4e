// SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause)
/* Log lines: a small record with the values of the message. */
#include "admit.bpf.h"
#include "follow.bpf.h"
#include "record.bpf.h"
#include "values.bpf.h"

char license_text[] SEC("license") = "Dual BSD/GPL";

_inline_ void fill_head(struct log_head *head, struct pt_regs *ctx, const struct hit *hit)
{
	head->magic = SNAPLINE_LOG_MAGIC;
	head->size = knob_data_at + knob_data_limit + knob_value_bytes;
	head->place = hit->place_index;
	head->cpu = bpf_get_smp_processor_id();
	head->ktime = hit->time ?: bpf_ktime_get_ns();
	head->pid = current_pid_here();
	head->tid = current_tid_here();
	head->start_time = task_start(task_leader(current_task()));
	head->ip = ctx->slot[REGS_IP];
	head->hit = hit->number;
	head->suppressed = hit->probe->suppressed;
	head->lost = hit->probe->lost;
	bpf_get_current_comm(head->comm, sizeof(head->comm));
	head->n_values = knob_values;
	head->data_offset = knob_data_at;
}

_inline_ int take(struct pt_regs *ctx, const struct bay_env *env, const struct hit *hit,
		  bool may_fault)
{
	void *record = record_reserve();
	struct bay_value *values;

	if (!record) {
		__sync_fetch_and_add(&hit->probe->lost, 1);
		return hit_count(hit, HIT_BUFFER_FULL);
	}
	if (!gate_claim(hit)) {
		bpf_ringbuf_discard(record, BPF_RB_NO_WAKEUP);
		return hit_count(hit, HIT_OVER_LIMIT);
	}
	fill_head(record, ctx, hit);
	values = record + sizeof(struct log_head);
	if (hit->word & PROGRAM_HAS_VALUES) {
		bay_values(ctx, env, values);
		hit_count_faulted(hit, values_copy(record + knob_data_at, values, hit, may_fault));
	}
	bpf_ringbuf_submit(record, 0);
	return hit_count(hit, HIT_EMITTED);
}

_inline_ int log_line(struct pt_regs *ctx, bool may_fault)
{
	struct bay_env env;
	struct hit hit;

	if (!admit(ctx, &env, &hit))
		return 0;
	return take(ctx, &env, &hit, may_fault);
}

SEC("snapline/plain")
int log_plain(struct pt_regs *ctx)
{
	return log_line(ctx, false);
}

SEC("snapline/faulting")
int log_faulting(struct pt_regs *ctx)
{
	return log_line(ctx, true);
}
