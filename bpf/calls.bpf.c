// SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause)
/*
 * Tic-toc of functions by a session link: one program that runs at a call's entry and, from the
 * return address that the kernel has put its own in place of, at its return (plan/returns.h says
 * where that is safe). An entry that answers 1 has no return: a rejected tic costs one trap.
 *
 * The kernel has a thread's pending returns on a stack, and so have we: what it dropped because of
 * a longjmp is what lies at or below the next call's CFA, or below that of a return.
 */
#include "pairs.bpf.h"
#include "tic_values.bpf.h"

char license_text[] SEC("license") = "Dual BSD/GPL";

enum { KEEP_RETURN = 0, NO_RETURN = 1 };

/* A kernel function, whose prototype got ctx in 7.0; in r1 it doesn't harm the older one. */
_inline_ bool is_return(struct pt_regs *ctx)
{
	register struct pt_regs *r1 asm("r1") = ctx;
	register u64 r0 asm("r0");

	asm volatile("r0 = " BAY_MARKER(6) "call 5\n"
		     : "=r"(r0), "+r"(r1)
		     :
		     : "r2", "r3", "r4", "r5", "memory");
	return r0 & 1;
}

static const struct thread_calls no_calls;

_inline_ struct thread_calls *thread_find(void)
{
	u64 id = bpf_get_current_pid_tgid();

	return bpf_map_lookup_elem(&threads, &id);
}

static __attribute__((noinline)) int thread_add(void)
{
	u64 id = bpf_get_current_pid_tgid();

	return bpf_map_update_elem(&threads, &id, &no_calls, BPF_NOEXIST);
}

/* Of an earlier thread of that number nothing will return. */
_inline_ struct thread_calls *thread_here(struct thread_calls *thread)
{
	u64 born = bpf_get_current_task_btf()->start_boottime;

	if (!thread && !thread_add())
		thread = thread_find();
	if (!thread || thread->born == born)
		return thread;
	for (u32 i = 0; i < OPEN_CALLS && i < thread->n; i++)
		count(TICTOC_LEFT);
	thread->n = 0;
	thread->born = born;
	thread->seen = bpf_ktime_get_ns();
	thread->pid = current_pid_here();
	thread->tid = current_tid_here();
	return thread;
}

/* Those at or below the CFA are gone: no call is there any more to return. */
_inline_ u64 drop_left(struct thread_calls *thread, u64 least_cfa)
{
	u64 n = thread->n;

	for (u32 i = 0; i < OPEN_CALLS; i++) {
		if (!n || thread->calls[(n - 1) % OPEN_CALLS].cfa >= least_cfa)
			break;
		n--;
		count(TICTOC_LEFT);
	}
	thread->n = n;
	return n;
}

_inline_ int reject(const struct hit *hit, enum hit_class class)
{
	hit_count(hit, class);
	return NO_RETURN;
}

/* The kernel gives no return beyond its limit; those that a longjmp has left make room. */
_inline_ bool kernel_has_room(u64 sp)
{
	struct uprobe_task *utask = bpf_get_current_task_btf()->utask;

	return utask->depth < OPEN_CALLS || utask->return_instances->stack <= sp;
}

_inline_ bool find_row(struct pt_regs *ctx, const struct bay_env *env, const struct hit *hit, u64 *row)
{
	struct scratch *scratch = scratch_take();

	if (!scratch)
		return false;
	values_read(scratch, ctx, env, hit, knob_by);
	row_key_fill(scratch, hit);
	*row = row_find(&scratch->row);
	scratch_give(scratch);
	return true;
}

_inline_ int lose(void)
{
	count(TICTOC_LOST);
	return NO_RETURN;
}

_inline_ int entry(struct pt_regs *ctx, struct hit *hit, struct thread_calls *thread)
{
	u64 sp = ctx->slot[REGS_SP], cfa = sp + hit->place->cfa_offset, row = ROW_OVERFLOW, n;
	struct open_call *call;
	struct bay_env env;

	if (!gate_open(hit))
		return reject(hit, HIT_OVER_LIMIT);
	if (hit->word & (PROGRAM_HAS_CONDITION | PROGRAM_HAS_VALUES))
		env_fill(&env, ctx, hit);
	if (hit->word & PROGRAM_HAS_CONDITION) {
		u64 answer = bay_condition(ctx, &env);

		if (answer == BAY_FALSE)
			return reject(hit, HIT_CONDITION_FALSE);
		if (answer != BAY_TRUE)
			return reject(hit, HIT_CONDITION_ERROR);
	}
	if ((hit->word & PROGRAM_HAS_VALUES) && !find_row(ctx, &env, hit, &row))
		return lose();
	thread = thread_here(thread);
	if (!thread)
		return lose();
	n = drop_left(thread, cfa + 1);
	if (n >= OPEN_CALLS || !kernel_has_room(sp))
		return lose();
	call = &thread->calls[n % OPEN_CALLS];
	call->cfa = cfa;
	call->row = row;
	call->time = bpf_ktime_get_ns();
	thread->n = n + 1;
	return KEEP_RETURN;
}

/* Of returns those that are no pair; the others are known from that. */
_inline_ void count_return(void)
{
	u32 probe = PROBE_TOC;
	struct probe_state *toc = bpf_map_lookup_elem(&probes, &probe);

	if (toc)
		__sync_fetch_and_add(&toc->hits, 1);
}

_inline_ int leave_alone(void)
{
	count_return();
	return count(TICTOC_TOC_ALONE);
}

/* What the stack pointer is after a return was the call's CFA. */
_inline_ int leave(struct pt_regs *ctx, struct thread_calls *thread, u64 now)
{
	u64 sp = ctx->slot[REGS_SP], n;
	struct open_call *call;

	n = thread ? drop_left(thread, sp) : 0;
	if (!n)
		return leave_alone();
	call = &thread->calls[(n - 1) % OPEN_CALLS];
	if (call->cfa != sp)
		return leave_alone();
	thread->n = n - 1;
	if (!claim_pair()) {
		count_return();
		return count_pair(HIT_OVER_LIMIT);
	}
	add_time(call->row, now > call->time ? now - call->time : 0);
	return count_pair(HIT_EMITTED);
}

SEC("snapline/session")
int calls(struct pt_regs *ctx)
{
	bool returns = is_return(ctx);
	struct thread_calls *thread;
	struct hit hit;
	u64 now = 0;

	if (returns)
		now = bpf_ktime_get_ns();
	thread = thread_find();
	if (returns)
		return leave(ctx, thread, now);
	/* A thread is known by its process. */
	if ((!thread && !process_wanted()) || !hit_find(ctx, &hit))
		return NO_RETURN;
	return entry(ctx, &hit, thread);
}
