// SPDX-License-Identifier: BSD-2-Clause
// corpus
// Arguments that are gone at -O2 and can be had only from the caller's call site, values split over
// registers, values computed and never stored.
#include "common.h"

struct pair {
	long first, second;
};

static unsigned long called;

static NOINLINE void sink(long value)
{
	KEEP(value);
	called++;
}

static NOINLINE long consume(int a, int b, long c, const char *text)
{
	long both = a + b;

	sink(both);
	sink(c);
	sink((long)text[0]);
	sink(1);
	return both;
}

static NOINLINE struct pair swap(struct pair pair)
{
	struct pair swapped = {pair.second, pair.first};

	sink(pair.first);
	sink(swapped.first - swapped.second);
	return swapped;
}

static NOINLINE long constants(int n)
{
	const int factor = 6;
	int scaled = n * factor;
	int never = scaled / 2;
	const char *word = "constant";

	sink(scaled);
	(void)never;
	return scaled + word[1];
}

static NOINLINE long by_value(struct pair a, int n, struct pair *out)
{
	struct pair local = a;

	local.first += n;
	sink(local.first);
	*out = local;
	sink(n);
	return out->second;
}

static NOINLINE int deep(int level, int seed)
{
	int here = seed * 3 + level;
	int below;

	if (level == 0) {
		sink(here);
		return here & 0xff;
	}
	below = deep(level - 1, here ^ 0x55);
	return below + (here & 1);
}

static NOINLINE __attribute__((cold, noreturn)) void refuse(int mode)
{
	printf("mode %d\n", mode);
	exit(1);
}

// gcc puts the cold path elsewhere, so the function has several ranges and no single start.
static NOINLINE long in_parts(int mode, long count)
{
	if (mode < 0)
		refuse(mode);
	sink(count);
	sink(2);
	return count + 1;
}

int main(int argc, char **argv)
{
	struct pair pair = {argc, 20};
	long total = 0;

	for (int i = 0; i < 8; i++) {
		total += consume(i, 40 + i, total, argv[0] + 1);
		pair = swap(pair);
		total += constants(i);
		total += by_value(pair, i, &pair);
		total += deep(i % 4 + 2, i);
		total += in_parts(argc + i, total);
	}
	printf("total %ld\n", total & 0xffff);
	printf("count sink %lu\n", called);
	return 0;
}
