/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
/*
 * From 6.13 on the kernel gives a program that needs a deep stack one of its own for each CPU
 * (kernel/bpf/verifier.c, bpf_enable_priv_stack()), because programs of this type are thought never
 * to run twice on a CPU at the same time. At uprobes they do: while one is preempted, or waits for
 * a page, another thread's run begins there, and both write to one stack. What tail-calls has none.
 *
 * So here is a tail call that is never made: the verifier sees it when it looks for such calls
 * (check_subprogs()), and later removes it as dead code.
 */
#ifndef SNAPLINE_OWN_STACK_BPF_H
#define SNAPLINE_OWN_STACK_BPF_H

#include "maps.bpf.h"

const volatile bool knob_never = false;

_inline_ void stay_on_own_stack(void)
{
	if (knob_never)
		asm volatile("call 12" : : : "r0", "r1", "r2", "r3", "r4", "r5", "memory");
}

#endif
