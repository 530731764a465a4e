// SPDX-License-Identifier: BSD-2-Clause
// A program with breakpoint instructions of its own, as it was linked: its handler counts them.
#include <signal.h>
#include "common.h"

static volatile long trapped, calls;

static void on_trap(int number, siginfo_t *info, void *context)
{
	trapped++;
	KEEP(info);
#ifdef __aarch64__
	*(unsigned long *)((char *)context + 440) += 4; /* uc_mcontext.pc: brk doesn't pass by itself */
#else
	KEEP(context);
#endif
}

static NOINLINE long breaks(long n)
{
	calls++;
	KEEP(n);
#ifdef __aarch64__
	asm volatile(".globl own_trap\nown_trap: brk #0");
#else
	asm volatile(".globl own_trap\nown_trap: int3");
#endif
	KEEP(n);
	return n + 1;
}

int main(void)
{
	struct sigaction action = {.sa_sigaction = on_trap, .sa_flags = SA_SIGINFO};
	long sum = 0;

	sigaction(SIGTRAP, &action, NULL);
	for (long i = 0; i < 100; i++)
		sum += breaks(i);
	printf("calls %ld trapped %ld sum %ld\n", calls, trapped, sum);
	return trapped != 100 || sum != 5050;
}
