// SPDX-License-Identifier: BSD-2-Clause
// corpus
// sources: parts/several_other.c
// Two files with static functions and variables of the same name, and globals used across them.
#include "common.h"
#include "several.h"

static int state = 10;
struct shared shared = {.name = "several", .level = 2};

static NOINLINE int step(int by)
{
	static int last;
	int before = state;

	state += by - last;
	last = by;
	return before + shared.level;
}

static NOINLINE int helper(const char *text)
{
	int length = (int)strlen(text);

	return length * state;
}

int main(void)
{
	long total = 0;

	for (int i = 0; i < 10; i++) {
		total += step(i);
		total += other_step(i);
		total += helper(shared.name);
		shared.level = clamp(i, 1, 7);
	}
	printf("total %ld touched %lu\n", total, shared.touched);
	return 0;
}
