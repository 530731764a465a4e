// SPDX-License-Identifier: BSD-2-Clause
// flags: -pthread
// Threads that call one function as fast as they can, and count the calls themselves.
// usage: storm CALLS_PER_THREAD [THREADS]
#include <pthread.h>
#include <stdatomic.h>
#include "common.h"

static atomic_ulong ticks;
static long rounds;

/* A one-byte nop comes first: the cheapest instruction to probe. */
static NOINLINE __attribute__((patchable_function_entry(1))) long tick(long i, int thread)
{
	atomic_fetch_add_explicit(&ticks, 1, memory_order_relaxed);
	return i ^ thread;
}

static void *run(void *argument)
{
	int thread = *(int *)argument;
	long sum = 0;

	for (long i = 0; i < rounds; i++)
		sum += tick(i, thread);
	KEEP(sum);
	return NULL;
}

int main(int argc, char **argv)
{
	int n = argc > 2 ? clamp(atoi(argv[2]), 1, 64) : 4, numbers[64];
	pthread_t threads[64];

	rounds = argc > 1 ? atol(argv[1]) : 1000;
	for (int i = 0; i < n; i++) {
		numbers[i] = i;
		pthread_create(&threads[i], NULL, run, &numbers[i]);
	}
	for (int i = 0; i < n; i++)
		pthread_join(threads[i], NULL);
	printf("count tick %lu\n", atomic_load(&ticks));
	return 0;
}
