// SPDX-License-Identifier: BSD-2-Clause
// A signal handler that interrupts whatever runs: the vdso most of the time, a PLT stub, the loop.
#include <signal.h>
#include <stdio.h>
#include <sys/time.h>
#include <time.h>

#define NOIPA __attribute__((noipa))
static volatile long ticks;

/* One shot at a time, and the first in spin(): every alarm is taken there. */
static void arm(void)
{
	const struct itimerval once = {{0, 0}, {0, 2000}};

	setitimer(ITIMER_REAL, &once, NULL);
}

NOIPA static void on_alarm(int number)
{
	if (++ticks < 100)
		arm();
}

NOIPA static long spin(void)
{
	struct timespec now;
	long sum = 0;

	arm();
	while (ticks < 100) {
		clock_gettime(CLOCK_MONOTONIC, &now);
		sum += now.tv_nsec;
	}
	return sum;
}

int main(void)
{
	signal(SIGALRM, on_alarm);
	printf("ticks %ld\n", spin() ? ticks : 0);
	return 0;
}
