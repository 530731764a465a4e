/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
/* What generated code can ask besides registers and memory; filled as far as it asks. */
#ifndef SNAPLINE_ENV_BPF_H
#define SNAPLINE_ENV_BPF_H

#include "hit.bpf.h"
#include "process.bpf.h"

_inline_ u64 task_thread_pointer(struct task_struct *task)
{
#if defined(__TARGET_ARCH_x86)
	return knob_task_btf ? task->thread.fsbase : BPF_CORE_READ(task, thread.fsbase);
#else
	return knob_task_btf ? task->thread.uw.tp_value : BPF_CORE_READ(task, thread.uw.tp_value);
#endif
}

_inline_ void env_fill(struct bay_env *env, struct pt_regs *ctx, const struct hit *hit)
{
	env->bias = ctx->slot[REGS_IP] - hit->place->pc;
	env->hits = hit->number;
	env->elapsed = 0;
	env->cpu = bpf_get_smp_processor_id();
	if (hit->word & PROGRAM_NEEDS_THREAD)
		env->thread_pointer = task_thread_pointer(current_task());
	if (hit->word & PROGRAM_NEEDS_PROCESS) {
		env->pid = current_pid_here();
		env->tid = current_tid_here();
	}
	if (hit->word & PROGRAM_NEEDS_TIME)
		env->time = bpf_ktime_get_ns();
	if (hit->word & PROGRAM_NEEDS_COMM)
		bpf_get_current_comm(env->comm, sizeof(env->comm));
}

#endif
