/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
/* The record: reserved, filled with what is always there, handed over. layout.h shows it. */
#ifndef SNAPLINE_RECORD_BPF_H
#define SNAPLINE_RECORD_BPF_H

#include "env.bpf.h"
#include "layout.h"

enum { NEAR_SPARE = 4 };

_inline_ void *ring_at(u32 index)
{
	return bpf_map_lookup_elem(&rings, &index);
}

/* For this record, and for those of programs that run in between. */
_inline_ bool near_has_room(void *ring)
{
	u64 unread = bpf_ringbuf_query(ring, BPF_RB_AVAIL_DATA);
	u64 each = knob_record_bytes + BPF_RINGBUF_HDR_SZ;

	return unread + NEAR_SPARE * each <= knob_near_bytes;
}

/*
 * NULL: the rings are full. A ring is written round and round, so one that is to hold a burst is in
 * no cache when its turn comes, and most of what a snapshot costs would be that. So each CPU has a
 * near one that stays in its caches, and a far one for what comes before the near one is read.
 *
 * The near one is asked before, as verifiers before 6.3 don't follow a second reservation behind a
 * first that failed: they don't know a record that is there from none when it is compared again.
 */
_inline_ struct record *record_reserve(void)
{
	u32 index = bpf_get_smp_processor_id() % knob_rings;
	void *ring = ring_at(index);

	if (ring && knob_near_bytes && !near_has_room(ring))
		ring = ring_at(knob_rings + index);
	return ring ? bpf_ringbuf_reserve(ring, knob_record_bytes, 0) : NULL;
}

/* Return probes hide return addresses from the unwinder; the kernel knows the true ones. */
_inline_ void record_returns(struct record_head *head, struct task_struct *task)
{
	struct uprobe_task *utask = BPF_CORE_READ(task, utask);
	struct return_instance *pending = utask ? BPF_CORE_READ(utask, return_instances) : NULL;

#pragma unroll
	for (int i = 0; i < SNAPLINE_MAX_RETURNS; i++) {
		head->returns[i].stack = pending ? BPF_CORE_READ(pending, stack) : 0;
		head->returns[i].address = pending ? BPF_CORE_READ(pending, orig_ret_vaddr) : 0;
		if (pending)
			pending = BPF_CORE_READ(pending, next);
	}
}

_inline_ void record_fill(struct record *record, struct pt_regs *ctx, const struct hit *hit)
{
	struct task_struct *task = current_task();
	struct record_head *head = &record->head;
	u64 global = bpf_get_current_pid_tgid();

	head->magic = SNAPLINE_RECORD_MAGIC;
	head->place = hit->place_index;
	head->cpu = bpf_get_smp_processor_id();
	head->ktime = hit->time ?: bpf_ktime_get_ns();
	head->boottime = bpf_ktime_get_boot_ns();
	head->pid = current_pid_here();
	head->tid = current_tid_here();
	head->global_pid = global >> 32;
	head->global_tid = (u32)global;
	head->start_time = task_start(task_leader(task));
	head->thread_pointer = task_thread_pointer(task);
	head->hit = hit->number;
	bpf_get_current_comm(head->comm, sizeof(head->comm));
#pragma unroll
	for (int i = 0; i < SNAPLINE_SLOTS; i++)
		head->regs[i] = i < REGS_SLOTS ? ctx->slot[i] : 0;
	record_returns(head, task);
	head->n_chunks = 0;
	head->data_offset = knob_data_at;
}

_inline_ void record_submit(struct record *record, u32 used)
{
	record->head.size = knob_data_at + used;
	bpf_ringbuf_submit(record, 0);
}

#endif
