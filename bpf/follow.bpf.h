/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
/* Descendants of the processes in the set enter it when they are forked, and leave it at their end.
 */
#ifndef SNAPLINE_FOLLOW_BPF_H
#define SNAPLINE_FOLLOW_BPF_H

#include "process.bpf.h"

SEC("tp_btf/sched_process_fork")
int follow_fork(u64 *args)
{
	struct task_struct *parent = (struct task_struct *)args[0];
	struct task_struct *child = (struct task_struct *)args[1];
	u32 parent_pid = task_pid_here(parent->group_leader), child_pid;
	u64 start = child->start_boottime;

	/* A thread: its process is in the set or not already. */
	if (child->group_leader != child || !in_set(parent_pid, parent->group_leader))
		return 0;
	child_pid = task_pid_here(child);
	if (child_pid)
		bpf_map_update_elem(&pids, &child_pid, &start, BPF_ANY);
	return 0;
}

SEC("tp_btf/sched_process_exit")
int follow_exit(u64 *args)
{
	struct task_struct *task = (struct task_struct *)args[0];
	struct task_struct *leader = task->group_leader;
	u32 pid = task_pid_here(leader);

	if (!task->signal->live.counter && in_set(pid, leader))
		bpf_map_delete_elem(&pids, &pid);
	return 0;
}

#endif
