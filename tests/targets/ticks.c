// SPDX-License-Identifier: BSD-2-Clause
// A signal handler that interrupts whatever runs: the vdso most of the time, a PLT stub, the loop.
#include <signal.h>
#include <stdio.h>
#include <sys/time.h>
#include <time.h>

#define NOIPA __attribute__((noipa))
static volatile long ticks;

NOIPA static void on_alarm(int number)
{
	ticks++;
}

NOIPA static long spin(void)
{
	struct timespec now;
	long sum = 0;

	while (ticks < 100) {
		clock_gettime(CLOCK_MONOTONIC, &now);
		sum += now.tv_nsec;
	}
	return sum;
}

int main(void)
{
	const struct itimerval every = {{0, 2000}, {0, 2000}};

	signal(SIGALRM, on_alarm);
	setitimer(ITIMER_REAL, &every, NULL);
	printf("ticks %ld\n", spin() ? ticks : 0);
	return 0;
}
