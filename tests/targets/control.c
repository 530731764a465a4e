// SPDX-License-Identifier: BSD-2-Clause
// corpus
// Signals, setjmp, varargs, alloca, goto, a noreturn call at a function's end.
#include <alloca.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include "common.h"

static jmp_buf restart;
static volatile sig_atomic_t signalled;
static int failures;
static unsigned long summed;

static NOINLINE int sum_arguments(int n, ...)
{
	va_list arguments;
	int sum = 0;

	va_start(arguments, n);
	for (int i = 0; i < n; i++)
		sum += va_arg(arguments, int);
	va_end(arguments);
	summed++;
	return sum;
}

static NOINLINE void note(int number, const char *why)
{
	int kept = number * 2;

	KEEP(kept);
	KEEP(why);
	signalled++;
}

static void on_signal(int number, siginfo_t *info, void *context)
{
	int local = number + 100;

	note(local, "handler");
	KEEP(info);
	KEEP(context);
}

static NOINLINE __attribute__((noreturn)) void give_up(int code, const char *why)
{
	int doubled = code * 2;

	KEEP(why);
	failures++;
	longjmp(restart, doubled);
}

static NOINLINE int checked(int value)
{
	int limit = 7;

	if (value > limit)
		give_up(value, "too large");
	return value + limit;
}

static NOINLINE int on_stack(int n)
{
	char *room = alloca((size_t)n + 1);
	int sum = 0;

	for (int i = 0; i < n; i++)
		room[i] = (char)('a' + i % 26);
	room[n] = 0;
	for (const char *c = room; *c; c++)
		sum += *c;
	return sum;
}

static NOINLINE int jumps(int n)
{
	int state = 0, steps = 0;

again:
	steps++;
	if (state > n)
		goto out;
	state += steps;
	if (steps < 50)
		goto again;
out:
	return state * 100 + steps;
}

static NOINLINE void trigger(int round)
{
	int before = signalled;

	raise(SIGUSR1);
	KEEP(before);
	KEEP(round);
}

int main(void)
{
	struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO};
	volatile int next = 0;
	volatile long total = 0;

	sigaction(SIGUSR1, &action, NULL);
	if (setjmp(restart))
		total++;
	while (next < 12) {
		int value = next++;

		total += sum_arguments(4, value, 2, 3, -value) + sum_arguments(1, value);
		total += on_stack(value + 2) + jumps(value);
		trigger(value);
		total += checked(value);
	}
	printf("total %ld signalled %d failures %d\n", (long)total, (int)signalled, failures);
	printf("count sum_arguments %lu\n", summed);
	return 0;
}
