// SPDX-License-Identifier: BSD-2-Clause
// flags: -pthread -fno-ipa-icf -ldl
/*
 * Functions that are timed in a program that neither unwinds nor switches stacks, so that their return
 * addresses may be replaced: nested, recursive, deep, left by longjmp, by the end of a thread, by a
 * jump. It waits for a byte on standard input, and prints what it knows of its calls.
 * usage: calls WHAT [ROUNDS]
 */
#include <dlfcn.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "common.h"

enum { ROUNDS = 20, DEPTH = 5, DEEP = 100, PAUSE_US = 2000, THREADS = 4, MEASURED = 300 };

static long entered, returned;
static jmp_buf back;

NOINLINE void pause_us(long us)
{
	struct timespec ts = {us / 1000000, us % 1000000 * 1000}, left;

	while (nanosleep(&ts, &left))
		ts = left;
}

NOINLINE int nap(int round)
{
	pause_us(PAUSE_US);
	return round;
}

NOINLINE int around(int round)
{
	int got = nap(round);

	return got + nap(round);
}

NOINLINE long down(int depth)
{
	long below = 0;

	pause_us(PAUSE_US);
	if (depth > 1)
		below = down(depth - 1);
	__atomic_add_fetch(&returned, 1, __ATOMIC_RELAXED);
	return below + depth;
}

/* Deeper than the kernel keeps return addresses. */
NOINLINE long deep(int depth)
{
	long below = 0;

	KEEP(below);
	if (depth > 1)
		below = deep(depth - 1);
	KEEP(below);
	return below + 1;
}

/* Every third outermost call doesn't return, nor do those it is in. */
NOINLINE int jumps(int round, int depth)
{
	int got = depth;

	__atomic_add_fetch(&entered, 1, __ATOMIC_RELAXED);
	if (depth > 1)
		got += jumps(round, depth - 1);
	else if (round % 3 == 0)
		longjmp(back, 1);
	__atomic_add_fetch(&returned, 1, __ATOMIC_RELAXED);
	return got + 1;
}

/* A thread may end without unwinding itself. */
NOINLINE void ends_thread(int id)
{
	pause_us(100);
	if (id % 2)
		syscall(SYS_exit, 0);
	__atomic_add_fetch(&returned, 1, __ATOMIC_RELAXED);
}

NOINLINE int tail_end(int round)
{
	pause_us(PAUSE_US);
	return round * 2;
}

NOINLINE int tail_begin(int round)
{
	entered++;
	return tail_end(round + 1);
}

/* What its caller was: it may not be told anything else. */
NOINLINE int who_called(void)
{
	KEEP(entered);
	return __builtin_return_address(0) != NULL;
}

NOINLINE long quick(long i)
{
	KEEP(i);
	return i;
}

/* What each call took, by its own clock and by its caller's: what is measured lies between. */
static long inner_ns[MEASURED], outer_ns[MEASURED];

static long now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000L + ts.tv_nsec;
}

NOINLINE int measured(int i)
{
	long start = now_ns();

	while (now_ns() - start < 20000 + i * i * 10)
		;
	inner_ns[i] = now_ns() - start;
	return i;
}

static void print_times(const char *name, const long *ns, const char *end)
{
	printf("\"%s\": [", name);
	for (int i = 0; i < MEASURED; i++)
		printf("%s%ld", i ? ", " : "", ns[i]);
	printf("]%s", end);
}

static void measure(void)
{
	for (int i = 0; i < MEASURED; i++) {
		long start = now_ns();

		KEEP(measured(i));
		outer_ns[i] = now_ns() - start;
	}
	printf("{\"own\": {");
	print_times("inner", inner_ns, ", ");
	print_times("outer", outer_ns, "}}\n");
}

static void *thread_main(void *argument)
{
	ends_thread((int)(long)argument);
	return NULL;
}

static void *quick_main(void *argument)
{
	for (long i = 0; i < (long)argument; i++)
		quick(i);
	return NULL;
}

/* None is waited for: those that ended so are not joinable as others are. */
static void threads(void)
{
	pthread_t id;

	for (long i = 0; i < 2 * THREADS; i++)
		pthread_create(&id, NULL, thread_main, (void *)i);
	pause_us(100000);
}

static void quick_threads(long rounds)
{
	pthread_t ids[THREADS];

	for (int i = 0; i < THREADS; i++)
		pthread_create(&ids[i], NULL, quick_main, (void *)rounds);
	for (int i = 0; i < THREADS; i++)
		pthread_join(ids[i], NULL);
}

static void jump_about(void)
{
	for (volatile int i = 0; i < ROUNDS; i++)
		if (!setjmp(back))
			KEEP(jumps(i, 3));
}

/* A library that unwinds comes while the calls go on. */
static void load_something(int rounds)
{
	for (int i = 0; i < rounds; i++) {
		KEEP(nap(i));
		if (i == rounds / 2 && !dlopen("libgcc_s.so.1", RTLD_NOW))
			puts("no library");
	}
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "nested";
	int rounds = argc > 2 ? atoi(argv[2]) : ROUNDS;
	char c;

	if (read(0, &c, 1) < 0)
		return 1;
	if (!strcmp(what, "nested"))
		for (int i = 0; i < rounds; i++)
			KEEP(around(i));
	if (!strcmp(what, "recursive"))
		for (int i = 0; i < rounds; i++)
			KEEP(down(DEPTH));
	if (!strcmp(what, "deep"))
		KEEP(deep(DEEP));
	if (!strcmp(what, "longjmp"))
		jump_about();
	if (!strcmp(what, "tail"))
		for (int i = 0; i < rounds; i++)
			KEEP(tail_begin(i));
	if (!strcmp(what, "threads"))
		threads();
	if (!strcmp(what, "quick"))
		quick_threads(rounds);
	if (!strcmp(what, "load"))
		load_something(rounds);
	if (!strcmp(what, "measured"))
		measure();
	KEEP(who_called());
	printf("entered %ld returned %ld\n", entered, returned);
	return 0;
}
