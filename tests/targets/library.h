/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TARGETS_LIBRARY_H
#define TARGETS_LIBRARY_H

struct shape {
	int width, height;
	const char *name;
};

extern long shape_total;
void shape_init(struct shape *shape, int width, int height);
int shape_each(struct shape *shapes, int n, int (*visit)(struct shape *, void *), void *context);
unsigned long shape_calls(void);
long shape_sum(void);

#endif
