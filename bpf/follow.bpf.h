/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
/*
 * Who enters and leaves the set of processes. Descendants of those in it enter when they are
 * forked, and leave at their end. Where the set is the processes that run a file, they enter by
 * executing it and leave by executing another.
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

/* By its inode itself: numbers of stat() may be another's (overlayfs, btrfs). */
_inline_ void learn_binary(void)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	struct file **files = BPF_CORE_READ(task, files, fdt, fd), *file = NULL;

	if (!binary_teacher || binary_teacher != current_pid_here())
		return;
	bpf_probe_read_kernel(&file, sizeof(file), &files[binary_fd]);
	binary_inode = (u64)BPF_CORE_READ(file, f_inode);
	binary_teacher = 0;
}

SEC("tp_btf/sched_process_fork")
int binary_fork(u64 *args)
{
	learn_binary();
	return 0;
}

SEC("tp_btf/sched_process_exec")
int binary_exec(u64 *args)
{
	struct task_struct *task = (struct task_struct *)args[0];
	struct task_struct *leader = task->group_leader;
	u64 start = leader->start_boottime;
	u32 pid = task_pid_here(leader);

	if ((u64)BPF_CORE_READ(task, mm, exe_file, f_inode) != binary_inode)
		bpf_map_delete_elem(&pids, &pid);
	else if (pid)
		bpf_map_update_elem(&pids, &pid, &start, BPF_ANY);
	return 0;
}

#endif
