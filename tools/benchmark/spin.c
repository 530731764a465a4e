// SPDX-License-Identifier: BSD-2-Clause
/*
 * A program that is measured: for each line "FUNCTION BATCHES CALLS PAUSE REST CLOCK" on standard input it calls one of
 * its functions, with PAUSE milliseconds before each batch, in which it rests: `asleep`, or `awake`, with other work.
 * It prints the nanoseconds of a call in each batch, by a clock: `wall`, or `cpu`, its own time on a CPU. It neither
 * unwinds nor switches stacks, and there are more than 16 KiB of stack above its functions.
 */
#include <alloca.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NOINLINE __attribute__((noinline, noclone, noipa))
#define STARTS_WITH_NOP __attribute__((patchable_function_entry(1)))

enum { STACK_ROOM = 32 << 10 };

/* The first instruction is a one-byte nop, which the kernel emulates. */
NOINLINE STARTS_WITH_NOP long emulated(long i)
{
	return i ^ 1;
}

/* Nothing in it is emulated. */
NOINLINE long stepped(long i)
{
	return i ^ 2;
}

/* Sixteen variables, six of them in registers. */
NOINLINE STARTS_WITH_NOP long sixteen(long a, long b, long c, long d, long e, long f, long g, long h, long i, long j,
				      long k, long l, long m, long n, long o, long p)
{
	return a ^ b ^ c ^ d ^ e ^ f ^ g ^ h ^ i ^ j ^ k ^ l ^ m ^ n ^ o ^ p;
}

static NOINLINE long call_sixteen(long i)
{
	return sixteen(i, i, i, i, i, i, i, i, i, i, i, i, i, i, i, i);
}

/* Never called: where nothing is to end. */
NOINLINE __attribute__((used)) long unreached(long i)
{
	return i ^ 3;
}

static const struct function {
	const char *name;
	long (*call)(long);
} functions[] = {
	{"emulated", emulated},
	{"stepped", stepped},
	{"sixteen", call_sixteen},
};

static const struct function *function_find(const char *name)
{
	for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
		if (!strcmp(functions[i].name, name))
			return &functions[i];
	}
	fprintf(stderr, "spin: no function %s\n", name);
	exit(2);
}

static long now_ns(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return ts.tv_sec * 1000000000L + ts.tv_nsec;
}

static void rest(int ms, bool asleep)
{
	struct timespec pause = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L};
	long until = now_ns(CLOCK_MONOTONIC) + ms * 1000000L;

	if (asleep)
		nanosleep(&pause, NULL);
	while (now_ns(CLOCK_MONOTONIC) < until)
		;
}

static double batch(long (*call)(long), int calls, clockid_t clock)
{
	long start = now_ns(clock);

	for (int i = 0; i < calls; i++)
		call(i);
	return (double)(now_ns(clock) - start) / calls;
}

int main(void)
{
	char name[32], how[8], clock[8];
	int batches, calls, pause_ms;

	/* No variable, as snapshots would show it. */
	__asm__ volatile("" : : "r"(memset(alloca(STACK_ROOM), 1, STACK_ROOM)) : "memory");
	while (scanf("%31s %d %d %d %7s %7s", name, &batches, &calls, &pause_ms, how, clock) == 6) {
		const struct function *function = function_find(name);
		clockid_t by = strcmp(clock, "cpu") ? CLOCK_MONOTONIC : CLOCK_THREAD_CPUTIME_ID;

		for (int i = 0; i < batches; i++) {
			rest(pause_ms, !strcmp(how, "asleep"));
			printf("%.3f ", batch(function->call, calls, by));
		}
		puts("");
		fflush(stdout);
	}
	return 0;
}
