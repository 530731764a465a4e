// SPDX-License-Identifier: BSD-2-Clause
/*
 * A program that is measured: for each line "FUNCTION BATCHES CALLS" on standard input it calls one of its functions,
 * and prints the nanoseconds of a call in each batch. It neither unwinds nor switches stacks.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NOINLINE __attribute__((noinline, noclone, noipa))

/* The first instruction is a one-byte nop, which the kernel emulates. */
NOINLINE __attribute__((patchable_function_entry(1))) long emulated(long i)
{
	return i ^ 1;
}

/* Nothing in it is emulated. */
NOINLINE long stepped(long i)
{
	return i ^ 2;
}

static long now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000L + ts.tv_nsec;
}

int main(void)
{
	char name[32];
	int batches, calls;

	while (scanf("%31s %d %d", name, &batches, &calls) == 3) {
		long (*function)(long) = strcmp(name, "stepped") ? emulated : stepped;

		for (int batch = 0; batch < batches; batch++) {
			long start = now_ns();

			for (int i = 0; i < calls; i++)
				function(i);
			printf("%.1f ", (double)(now_ns() - start) / calls);
		}
		puts("");
		fflush(stdout);
	}
	return 0;
}
