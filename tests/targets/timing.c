// SPDX-License-Identifier: BSD-2-Clause
// flags: -pthread -fno-ipa-icf
/*
 * Functions that are timed, and how often each was entered and left by a return, so that a measuring
 * tool can be held against it: nested, recursive, left by longjmp and pthread_exit, by tail calls;
 * requests that one thread begins and another ends.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common.h"

enum { ROUNDS = 20, DEPTH = 5, REQUESTS = 30, PAUSE_US = 2000 };

struct request {
	int id;
	const char *kind;
	int size;
};

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

/* One entry each level; not a loop, as it works behind the call. */
NOINLINE long down(int depth)
{
	long below = 0;

	pause_us(PAUSE_US);
	if (depth > 1)
		below = down(depth - 1);
	__atomic_add_fetch(&returned, 1, __ATOMIC_RELAXED);
	return below + depth;
}

/* Every third call doesn't return. */
NOINLINE int jumps(int round)
{
	entered++;
	pause_us(100);
	if (round % 3 == 0)
		longjmp(back, 1);
	returned++;
	return round + 1;
}

NOINLINE int tail_end(int round)
{
	pause_us(PAUSE_US);
	return round * 2;
}

/* Leaves by a jump. */
NOINLINE int tail_begin(int round)
{
	entered++;
	return tail_end(round + 1);
}

NOINLINE void ends_thread(int id)
{
	pause_us(100);
	if (id % 2)
		pthread_exit(NULL);
	__atomic_add_fetch(&returned, 1, __ATOMIC_RELAXED);
}

static void *thread_main(void *argument)
{
	ends_thread((int)(long)argument);
	return NULL;
}

NOINLINE void accept_request(struct request *request)
{
	KEEP(request->id);
}

NOINLINE void finish_request(struct request *request)
{
	KEEP(request->size);
}

static struct request requests[REQUESTS];

static void *finisher(void *argument)
{
	pause_us(5000);
	for (int i = REQUESTS - 1; i >= 0; i--)
		finish_request(&requests[i]);
	return NULL;
}

static void across_threads(void)
{
	pthread_t thread;

	for (int i = 0; i < REQUESTS; i++) {
		requests[i] = (struct request){i + 100, i % 3 ? "read" : "write", i};
		accept_request(&requests[i]);
	}
	pthread_create(&thread, NULL, finisher, NULL);
	pthread_join(thread, NULL);
}

static void threads(void)
{
	pthread_t ids[8];

	for (long i = 0; i < 8; i++)
		pthread_create(&ids[i], NULL, thread_main, (void *)i);
	for (int i = 0; i < 8; i++)
		pthread_join(ids[i], NULL);
}

static void jump_about(void)
{
	for (volatile int i = 0; i < ROUNDS; i++)
		if (!setjmp(back))
			KEEP(jumps(i));
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "nested";
	int rounds = argc > 2 ? atoi(argv[2]) : ROUNDS;

	if (!strcmp(what, "nested"))
		for (int i = 0; i < rounds; i++)
			KEEP(around(i));
	if (!strcmp(what, "recursive"))
		for (int i = 0; i < rounds; i++)
			KEEP(down(DEPTH));
	if (!strcmp(what, "longjmp"))
		jump_about();
	if (!strcmp(what, "tail"))
		for (int i = 0; i < rounds; i++)
			KEEP(tail_begin(i));
	if (!strcmp(what, "threads"))
		threads();
	if (!strcmp(what, "requests"))
		across_threads();
	printf("entered %ld returned %ld\n", entered, returned);
	return 0;
}
