// SPDX-License-Identifier: BSD-2-Clause
// Calls busy() at a set rate and quiet() ten times a second, and works for itself in between, or sleeps
// with `idle`; says each second how many calls and units of work that were. With `easy` it calls easy()
// instead of busy(). What a unit of work took is in the figures at the end.
// usage: paced CALLS_PER_SECOND SECONDS [idle | easy]
#include <time.h>
#include "common.h"

static unsigned long busy_calls, easy_calls, quiet_calls, units;

/* Begins with an instruction that is single-stepped. */
static NOINLINE long busy(long i)
{
	long mixed = i * 0x9e3779b97f4a7c15;

	busy_calls++;
	return mixed ^ (mixed >> 29);
}

/* Begins with one that is emulated. */
static NOINLINE __attribute__((patchable_function_entry(1))) long easy(long i)
{
	long mixed = i * 0x9e3779b97f4a7c15;

	easy_calls++;
	return mixed ^ (mixed >> 27);
}

static NOINLINE long quiet(long i)
{
	long mixed = i * 0x9e3779b97f4a7c15;

	quiet_calls++;
	return mixed ^ (mixed >> 31);
}

static double read_clock(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* Some 50 microseconds that no probe is in. */
static void work(void)
{
	volatile unsigned long x = 1;

	for (int i = 0; i < 20000; i++)
		x = x * 6364136223846793005u + 1;
	units++;
}

static void rest(int idle)
{
	struct timespec pause = {0, 1000000};

	if (idle)
		nanosleep(&pause, NULL);
	else
		work();
}

static void say_second(int second)
{
	static unsigned long last_units, last_calls;
	unsigned long calls = busy_calls + easy_calls;

	printf("second %d calls %lu units %lu\n", second, calls - last_calls, units - last_units);
	last_calls = calls;
	last_units = units;
}

int main(int argc, char **argv)
{
	double rate = argc > 1 ? atof(argv[1]) : 1000, seconds = argc > 2 ? atof(argv[2]) : 2;
	int idle = argc > 3 && !strcmp(argv[3], "idle"), second = 1;
	long (*call)(long) = argc > 3 && !strcmp(argv[3], "easy") ? easy : busy;
	double start = read_clock(CLOCK_MONOTONIC), t;
	unsigned long calls = 0;
	long sum = 0;

	setvbuf(stdout, NULL, _IOLBF, 0);
	while ((t = read_clock(CLOCK_MONOTONIC) - start) < seconds) {
		/* In small portions, so that a program that falls behind ends in time. */
		for (int i = 0; i < 1000 && calls < (unsigned long)(t * rate); i++)
			sum += call((long)calls++);
		if (quiet_calls < (unsigned long)(t * 10))
			sum += quiet((long)quiet_calls);
		rest(idle);
		if (t >= second)
			say_second(second++);
	}
	KEEP(sum);
	printf("{\"own\": true, \"busy\": %lu, \"easy\": %lu, \"quiet\": %lu, \"units\": %lu, "
	       "\"cpu\": %.6f, \"seconds\": %.3f}\n",
	       busy_calls, easy_calls, quiet_calls, units, read_clock(CLOCK_PROCESS_CPUTIME_ID), t);
	return 0;
}
