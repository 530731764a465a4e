/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TARGETS_SEVERAL_H
#define TARGETS_SEVERAL_H

struct shared {
	const char *name;
	int level;
	unsigned long touched;
};

extern struct shared shared;
int other_step(int by);

#endif
