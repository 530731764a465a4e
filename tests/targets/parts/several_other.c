// SPDX-License-Identifier: BSD-2-Clause
#include "../common.h"
#include "../several.h"

static short state = -4;

static NOINLINE int step(int by)
{
	short before = state;

	state = (short)(state + by * shared.level);
	shared.touched++;
	return before - by;
}

static NOINLINE int helper(int value)
{
	return clamp(value, -100, 100) * 2;
}

int other_step(int by)
{
	int stepped = step(by);

	return helper(stepped) + state;
}
