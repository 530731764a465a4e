// SPDX-License-Identifier: BSD-2-Clause
// flags: -pthread
// Threads that do work of several kinds as fast as they can, and count it themselves by kind.
// usage: keys CALLS_PER_THREAD [THREADS]
#include <pthread.h>
#include <stdatomic.h>
#include "common.h"

enum kind { READ, WRITE, SYNC, KINDS };

static const char *const names[] = {"read", "write", "sync", "a name that is longer than the "
					 "sixty-four bytes that a key has room for, and one more"};
static char copies[4][128]; /* in memory that is there, whatever was touched */
static atomic_ulong kinds[KINDS], sizes[5], texts[4];
static atomic_long sum;
static long rounds;

/* A one-byte nop comes first: the cheapest instruction to probe. */
static NOINLINE __attribute__((patchable_function_entry(1))) long
work(enum kind kind, unsigned char size, const char *name, long delta)
{
	return kind + size + name[0] + delta;
}

static long one(long i)
{
	enum kind kind = (enum kind)(i % KINDS);
	unsigned char size = (unsigned char)(200 + i % 5);
	int text = (int)(i & 3);
	long delta = i % 2 ? i : -i;

	atomic_fetch_add_explicit(&kinds[kind], 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&sizes[size - 200], 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&texts[text], 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&sum, delta, memory_order_relaxed);
	return work(kind, size, copies[text], delta);
}

static void *run(void *argument)
{
	long total = 0;

	for (long i = 0; i < rounds; i++)
		total += one(i);
	KEEP(total);
	return NULL;
}

int main(int argc, char **argv)
{
	int n = argc > 2 ? clamp(atoi(argv[2]), 1, 64) : 4;
	pthread_t threads[64];

	rounds = argc > 1 ? atol(argv[1]) : 1000;
	for (int i = 0; i < 4; i++)
		strcpy(copies[i], names[i]);
	for (int i = 0; i < n; i++)
		pthread_create(&threads[i], NULL, run, NULL);
	for (int i = 0; i < n; i++)
		pthread_join(threads[i], NULL);
	printf("{\"own\": true, \"calls\": %ld, \"sum\": %ld, \"kinds\": [%lu, %lu, %lu], ",
	       rounds * n, atomic_load(&sum), kinds[0], kinds[1], kinds[2]);
	printf("\"sizes\": [%lu, %lu, %lu, %lu, %lu], \"texts\": [%lu, %lu, %lu, %lu]}\n", sizes[0],
	       sizes[1], sizes[2], sizes[3], sizes[4], texts[0], texts[1], texts[2], texts[3]);
	return 0;
}
