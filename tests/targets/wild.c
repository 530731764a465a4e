// SPDX-License-Identifier: BSD-2-Clause
// Pointers to memory that isn't there, and to the last bytes of memory that is.
#include "common.h"

#include <stdlib.h>
#include <sys/mman.h>

struct item {
	int value;
	struct item *next;
};

static NOINLINE int look(struct item *wild, struct item *odd, struct item *closed,
			 struct item *edge, const char *text)
{
	return edge->value + (wild == odd) + (closed == wild) + text[0];
}

static char *pages(int n, int protection)
{
	char *start = mmap(NULL, (size_t)n * 4096, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (start == MAP_FAILED)
		exit(1);
	return start;
}

int main(void)
{
	char *last = pages(2, PROT_READ | PROT_WRITE) + 4096, *closed = pages(1, PROT_NONE);
	struct item *edge = (struct item *)(last - 8);
	long total = 0;

	munmap(last, 4096);
	edge->value = 42;
	memcpy(last - 3, "abc", 3);
	for (int i = 0; i < 3; i++)
		total += look((void *)0xdeadbeef, (void *)0x8000000000001000UL, (void *)closed,
			      edge, last - 3);
	printf("total %ld\n", total);
	fflush(stdout);
	getchar();
	return 0;
}
