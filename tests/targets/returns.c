/* SPDX-License-Identifier: BSD-2-Clause */
/* Three calls deep, for return probes of other tools on the way. */
#include <stdio.h>
#include <time.h>

__attribute__((noipa)) static int inner(int x)
{
	return x * 3;
}

__attribute__((noipa)) static int middle(int x)
{
	return inner(x + 1) + 1;
}

__attribute__((noipa)) static int outer(int x)
{
	return middle(x * 2) - 1;
}

int main(void)
{
	const struct timespec pause = {.tv_nsec = 1000000};
	long sum = 0;

	for (int i = 0; i < 100; i++) {
		sum += outer(i);
		nanosleep(&pause, NULL);
	}
	printf("%ld\n", sum);
	return 0;
}
