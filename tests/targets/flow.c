/* SPDX-License-Identifier: BSD-2-Clause */
// One thread that reaches a place at a steady pace.
// usage: flow CALLS A_SECOND (0: as fast as it goes)
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

struct request {
	unsigned id;
	const char *key;
};

static const char *const keys[] = {"user:1", "user:27", "cart:9", "session:abcdef"};
static volatile unsigned long served;

/* It begins with an instruction that a probe costs little at, on every machine. */
static __attribute__((noipa)) void serve(const struct request *request, unsigned microseconds)
{
	__asm__ volatile("nop");
	served += request->id + microseconds;
}

static long now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000L + now.tv_nsec;
}

/* In steps of a millisecond: a thread that sleeps between them leaves the CPU to others. */
static void wait_for(long start, long done, long a_second)
{
	long due = start + (long)((double)done / (double)a_second * 1e9), left = due - now_ns();
	struct timespec pause = {.tv_nsec = left};

	if (left > 1000000)
		nanosleep(&pause, NULL);
}

int main(int argc, char **argv)
{
	long calls = argc > 1 ? atol(argv[1]) : 1000, a_second = argc > 2 ? atol(argv[2]) : 0;
	long start = now_ns();
	double seconds;

	for (long i = 0; i < calls; i++) {
		struct request request = {.id = (unsigned)i, .key = keys[i % 4]};

		if (a_second && i % 64 == 0)
			wait_for(start, i, a_second);
		serve(&request, (unsigned)(i % 1000));
	}
	seconds = (double)(now_ns() - start) / 1e9;
	printf("calls %ld\n", calls);
	fprintf(stderr, "%.0f a second\n", (double)calls / seconds);
	return 0;
}
