/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
/*
 * Processes: what our pid namespace calls them, and which are looked at. When snapline runs in the
 * initial namespace the helper has the answer; else the task's struct pid is searched for ours.
 */
#ifndef SNAPLINE_PROCESS_BPF_H
#define SNAPLINE_PROCESS_BPF_H

#include "maps.bpf.h"

enum {
	MAX_PID_NAMESPACES = 33,  /* MAX_PID_NS_LEVEL + 1, include/linux/pid_namespace.h */
	START_TICK_NS = 10000000, /* user space knows start times in ticks of 1/100 s */
};

/* Typed, its members can be loaded (5.11); else it is a number, and each member takes a helper. */
_inline_ struct task_struct *current_task(void)
{
	if (knob_task_btf)
		return bpf_get_current_task_btf();
	return (struct task_struct *)bpf_get_current_task();
}

_inline_ struct task_struct *task_leader(struct task_struct *task)
{
	return knob_task_btf ? task->group_leader : BPF_CORE_READ(task, group_leader);
}

_inline_ u64 task_start(struct task_struct *task)
{
	return knob_task_btf ? task->start_boottime : BPF_CORE_READ(task, start_boottime);
}

_inline_ u32 task_pid_here(struct task_struct *task)
{
	struct pid *pid;
	u32 levels;

	if (!knob_namespace)
		return BPF_CORE_READ(task, pid);
	pid = BPF_CORE_READ(task, thread_pid);
	levels = BPF_CORE_READ(pid, level);
	for (u32 i = 0; i < MAX_PID_NAMESPACES && i <= levels; i++) {
		void *numbers = (void *)pid + bpf_core_field_offset(pid->numbers);
		struct upid *upid = numbers + i * bpf_core_type_size(struct upid);

		if (BPF_CORE_READ(upid, ns, ns.inum) == knob_namespace)
			return BPF_CORE_READ(upid, nr);
	}
	return 0;
}

/* As our namespace calls the current process and thread; 0: it doesn't see them. */
_inline_ u32 current_pid_here(void)
{
	if (!knob_namespace)
		return bpf_get_current_pid_tgid() >> 32;
	return task_pid_here(task_leader(current_task()));
}

_inline_ u32 current_tid_here(void)
{
	if (!knob_namespace)
		return (u32)bpf_get_current_pid_tgid();
	return task_pid_here(current_task());
}

_inline_ bool in_set(u32 pid, struct task_struct *leader)
{
	u64 *start = bpf_map_lookup_elem(&pids, &pid);

	/* A pid that was given to another process since is not the one that was asked for. */
	return start && (!*start || *start / START_TICK_NS == task_start(leader) / START_TICK_NS);
}

/* The first stage of every program: what it answers no to is no hit. */
_inline_ bool process_wanted(void)
{
	u32 pid;

	if (knob_process_mode == PROCESS_ANY)
		return true;
	pid = current_pid_here();
	if (knob_process_mode == PROCESS_ONE && one_pid)
		return pid == one_pid;
	return in_set(pid, task_leader(current_task()));
}

#endif
