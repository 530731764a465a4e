// SPDX-License-Identifier: BSD-2-Clause
// Things that have no end: lists in circles, a gigabyte in an array, lengths that are lies, strings without a NUL.
#include <sys/mman.h>
#include "common.h"

enum { GIGABYTE = 1 << 30 };

struct node {
	int value;
	struct node *next, *back;
};

struct huge {
	int id;
	char bytes[GIGABYTE];
};

struct tree {
	struct tree *children[8];
	int depth;
};

static NOINLINE long look(struct node *circle, struct node *self, struct huge *huge, struct tree *tree,
			  const char *endless, void *nothing)
{
	KEEP(circle);
	KEEP(self);
	KEEP(huge);
	KEEP(tree);
	KEEP(endless);
	KEEP(nothing);
	return 1;
}

static NOINLINE long look_at_length(long n, char *bytes)
{
	char(*array)[n] = (void *)bytes;

	KEEP(array);
	return (*array)[0] + n;
}

int main(void)
{
	struct node circle[3], self = {7, &self, &self};
	struct tree tree = {.depth = 1};
	struct huge *huge = mmap(NULL, sizeof(*huge), PROT_READ | PROT_WRITE,
				 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	long sum = 0;

	if (huge == MAP_FAILED)
		return 1;
	for (int i = 0; i < 3; i++)
		circle[i] = (struct node){i, &circle[(i + 1) % 3], &circle[(i + 2) % 3]};
	for (int i = 0; i < 8; i++)
		tree.children[i] = &tree;
	huge->id = 5;
	memset(huge->bytes, 'b', 1 << 20);
	for (int i = 0; i < 4; i++) {
		sum += look(circle, &self, huge, &tree, huge->bytes, NULL);
		sum += look_at_length(i < 2 ? GIGABYTE : i == 2 ? -1 : 1L << 62, huge->bytes);
	}
	printf("sum %ld\n", sum);
	fflush(stdout);
	getchar();
	return 0;
}
