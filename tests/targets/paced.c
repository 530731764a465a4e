// SPDX-License-Identifier: BSD-2-Clause
// Calls busy() at a set rate and quiet() ten times a second, and works for itself in between, or sleeps
// with `idle`; says each second how many calls and units of work that were.
// usage: paced CALLS_PER_SECOND SECONDS [idle]
#include <time.h>
#include "common.h"

static unsigned long busy_calls, quiet_calls, units;

/* Begins with an instruction that is single-stepped. */
static NOINLINE long busy(long i)
{
	long mixed = i * 0x9e3779b97f4a7c15;

	busy_calls++;
	return mixed ^ (mixed >> 29);
}

static NOINLINE long quiet(long i)
{
	long mixed = i * 0x9e3779b97f4a7c15;

	quiet_calls++;
	return mixed ^ (mixed >> 31);
}

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
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

int main(int argc, char **argv)
{
	double rate = argc > 1 ? atof(argv[1]) : 1000, seconds = argc > 2 ? atof(argv[2]) : 2;
	int idle = argc > 3, second = 1;
	double start = now(), t;
	unsigned long last_units = 0, last_calls = 0;
	long sum = 0;

	setvbuf(stdout, NULL, _IOLBF, 0);
	while ((t = now() - start) < seconds) {
		unsigned long due = (unsigned long)(t * rate);

		/* In small portions, so that a program that falls behind ends in time. */
		for (int i = 0; i < 1000 && busy_calls < due; i++)
			sum += busy((long)busy_calls);
		if (quiet_calls < (unsigned long)(t * 10))
			sum += quiet((long)quiet_calls);
		rest(idle);
		if (t < second)
			continue;
		printf("second %d calls %lu units %lu\n", second++, busy_calls - last_calls,
		       units - last_units);
		last_calls = busy_calls;
		last_units = units;
	}
	KEEP(sum);
	printf("{\"own\": true, \"busy\": %lu, \"quiet\": %lu}\n", busy_calls, quiet_calls);
	return 0;
}
