/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * By which means the returns of a timed function are seen.
 *
 * At its return instructions and the jumps of its tail calls: nothing of the program's is touched,
 * always possible; each of them is a probe, and `ret` is single-stepped on x86-64. Or by one session
 * link (6.13), which stands on the entry alone and is called again at the return: one more trap instead
 * of two or more, but the kernel replaces the return address meanwhile. That is taken only where
 *
 *  - nothing in the processes unwinds or switches stacks (elf/unwinds.c), and each process is known: a
 *    command that isn't started yet, and those that will run a file, can't be looked into;
 *  - an own child survives it on this kernel (load/try_session.c);
 *  - the return address is where the call left it: at the entry, or before anything was pushed. Control
 *    doesn't come back there by a jump, and the function doesn't read its own return address;
 *  - nothing but the time is asked for at the return, where the function's variables are gone;
 *  - and, unless it is asked for, no other process runs the file, which would stop at the entry too,
 *    and the function makes no tail calls, whose time would be counted in, and doesn't call itself:
 *    the kernel keeps 64 returns of a thread, and what is beyond is lost.
 *
 * Inlined copies have no return address and are measured by neither; hot and cold parts share the one
 * entry.
 */
#ifndef SNAPLINE_RETURNS_H
#define SNAPLINE_RETURNS_H

#include "plan/plan.h"

/* An entry that is to be timed. */
struct timed_entry {
	const struct plan_module *module;
	u64 pc;
};

/*
 * Sets plan->returns and returns_why, for tictoc of one function. ERROR_USAGE, with the reason, if
 * a session link was asked for and can't be.
 */
struct error *plan_returns(struct plan *plan, const struct plan_host *host,
			   const struct timed_entry *entries, size_t n) _must_use_;

#endif
