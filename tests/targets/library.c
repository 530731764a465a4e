// SPDX-License-Identifier: BSD-2-Clause
// corpus
// library: parts/library_code.c
// A shared library of its own: calls through the PLT, callbacks from the library, exported data that
// is copied into the executable.
#include "common.h"
#include "library.h"

static int on_item(struct shape *shape, void *context)
{
	int *count = context;
	int area = shape->width * shape->height;

	*count += 1;
	shape_total += area;
	return area > 50;
}

static NOINLINE int use(struct shape *shapes, int n)
{
	int count = 0;
	int large = shape_each(shapes, n, on_item, &count);

	return count * 100 + large;
}

int main(void)
{
	struct shape shapes[6];
	int total = 0;

	for (int i = 0; i < 6; i++)
		shape_init(&shapes[i], i + 3, 2 * i + 1);
	for (int round = 0; round < 3; round++)
		total += use(shapes, 4 + round);
	printf("total %d shape_total %ld calls %lu\n", total, shape_sum(), shape_calls());
	return 0;
}
