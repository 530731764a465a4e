// SPDX-License-Identifier: BSD-2-Clause
// Calls that return in other ways than calls do, or on other stacks: deep recursion, longjmp over them, a signal
// handler on a stack of its own, and contexts that switch in the middle of each other's calls. Each counts itself.
// Ends when its input does.
#include <setjmp.h>
#include <signal.h>
#include <ucontext.h>
#include "common.h"

enum { ROUNDS = 20, DEPTH = 200, STACK = 256 << 10 };

static jmp_buf restart;
static ucontext_t main_context, contexts[2];
static char stacks[3][STACK] __attribute__((aligned(16)));
static volatile long entered[5], left[5];
static volatile int wrong;
enum { DEEP, JUMPED, HANDLED, SWITCHED, OVER };

static NOINLINE long deep(long n)
{
	long below;

	entered[DEEP]++;
	below = n ? deep(n - 1) : 0;
	KEEP(below);
	left[DEEP]++;
	return below + n;
}

static NOINLINE long jumped(long n)
{
	entered[JUMPED]++;
	KEEP(n);
	if (n % 2)
		longjmp(restart, 1);
	left[JUMPED]++;
	return n;
}

static NOINLINE long over(long n)
{
	long below;

	entered[OVER]++;
	below = jumped(n);
	KEEP(below);
	left[OVER]++;
	return below + 1;
}

static NOINLINE long handled(char *here)
{
	entered[HANDLED]++;
	KEEP(here);
	left[HANDLED]++;
	return here >= stacks[2] && here < stacks[2] + STACK;
}

static void on_signal(int number)
{
	char here;

	if (!handled(&here))
		wrong++;
}

/* The other context runs while this call is pending. */
static NOINLINE long switched(int self, long n)
{
	long kept = n * 3 + self;

	entered[SWITCHED]++;
	KEEP(kept);
	swapcontext(&contexts[self], &contexts[!self]);
	KEEP(kept);
	left[SWITCHED]++;
	return kept;
}

static void take_turns(int self)
{
	for (long n = 0; n < ROUNDS; n++)
		if (switched(self, n) != n * 3 + self)
			wrong++;
	if (self == 0)
		swapcontext(&contexts[0], &contexts[1]);
}

static void make_context(int self)
{
	getcontext(&contexts[self]);
	contexts[self].uc_stack.ss_sp = stacks[self];
	contexts[self].uc_stack.ss_size = STACK;
	contexts[self].uc_link = &main_context;
	makecontext(&contexts[self], (void (*)(void))take_turns, 1, self);
}

static void jump_over_calls(void)
{
	volatile long n = 0, jumps = 0;

	if (setjmp(restart))
		jumps++;
	while (n < ROUNDS) {
		long at = n++;

		if (over(at) != at + 1)
			wrong++;
	}
	wrong += jumps != ROUNDS / 2;
}

int main(void)
{
	static const char *const names[] = {"deep", "jumped", "handled", "switched", "over"};
	stack_t own = {.ss_sp = stacks[2], .ss_size = STACK};
	struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_ONSTACK};

	sigaltstack(&own, NULL);
	sigaction(SIGUSR1, &action, NULL);
	for (int i = 0; i < ROUNDS; i++) {
		if (deep(DEPTH) != DEPTH * (DEPTH + 1) / 2)
			wrong++;
		raise(SIGUSR1);
	}
	jump_over_calls();
	make_context(0);
	make_context(1);
	swapcontext(&main_context, &contexts[0]);
	for (int i = 0; i < 5; i++)
		printf("%s entered %ld left %ld\n", names[i], entered[i], left[i]);
	printf("wrong %d\n", wrong);
	fflush(stdout);
	getchar(); /* so that it lives while its records are read */
	return wrong != 0;
}
