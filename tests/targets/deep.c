// SPDX-License-Identifier: BSD-2-Clause
// Frames with room between them, each with words of its caller's. Calls on and on until its input ends.
// usage: deep [LEVELS] [ROOM]
#include <alloca.h>
#include <poll.h>
#include "common.h"

static volatile long tips;

static NOINLINE long tip(long a, const char *s)
{
	tips++;
	KEEP(a);
	return a + s[0];
}

static __attribute__((noipa)) long level(long n, long b, long c, long room)
{
	char *between = alloca(room);
	long d = b * 3 + n, e = c * 5 + b, f = d ^ e, below;

	KEEP(between);
	below = n ? level(n - 1, d, e, room) : tip(n, "x");
	KEEP(below);
	return below + d + e + f;
}

int main(int argc, char **argv)
{
	struct pollfd input = {.fd = 0, .events = POLLIN};
	long levels = argc > 1 ? atol(argv[1]) : 7, room = argc > 2 ? atol(argv[2]) : 512;

	for (long i = 0; i % 50 || poll(&input, 1, 1) == 0; i++)
		level(levels, i, i + 1, room);
	printf("tips %ld\n", tips);
	return 0;
}
