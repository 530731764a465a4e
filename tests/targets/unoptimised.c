// SPDX-License-Identifier: BSD-2-Clause
// flags: -O0
// Arguments that are in memory only behind the prologue, and a string that the program never reads.
#include "common.h"

struct job {
	int id;
	const char *name;
};

static NOINLINE int work(struct job *job, int round)
{
	return job->id + round;
}

int main(void)
{
	struct job job = {7, "never read"};
	int sum = 0;

	for (int i = 0; i < 20; i++)
		sum += work(&job, i);
	printf("%d\n", sum);
	return 0;
}
