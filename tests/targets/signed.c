// SPDX-License-Identifier: BSD-2-Clause
// cpu: aarch64
// flags: -mbranch-protection=standard
// Return addresses that are signed while they lie on the stack: checked by an instruction of its own, and by
// the return instruction itself.
#include "common.h"

#define RETAA __attribute__((target("arch=armv8.3-a")))

static volatile long entered, left;

NOINLINE static long deepest(long value)
{
	long twice[2] = {value, 2 * value};

	KEEP(twice);
	entered++;
	return twice[1];
}

NOINLINE static long middle(long value)
{
	long squared = value * value, result;

	result = deepest(squared);
	KEEP(&squared);
	left++;
	return result + squared;
}

/* Ends with retaa, where no probe can stand. */
RETAA NOINLINE static long combined(long value)
{
	long result = middle(value);

	KEEP(&result);
	return result + 1;
}

/* In the leaf, the address is in its register; nothing is signed. */
NOINLINE static long leaf(long value)
{
	return value ^ 5;
}

int main(void)
{
	long total = 0;

	for (long round = 0; round < 20; round++)
		total += combined(round) + leaf(round);
	printf("entered %ld left %ld total %ld\n", entered, left, total);
	return 0;
}
