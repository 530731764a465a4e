/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TARGETS_GLOBALS_H
#define TARGETS_GLOBALS_H

struct shared {
	int id;
	const char *name;
	long values[3];
};

extern int copied_int;
extern struct shared copied_struct;
extern short copied_array[4];
extern int copied_weak;
extern int copied_unused; /* the library defines it and never uses it */
extern int library_only;
extern __thread long library_dynamic;

void library_step(int round);

#endif
