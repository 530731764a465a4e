/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TARGETS_FAMILY_LIBRARY_H
#define TARGETS_FAMILY_LIBRARY_H

struct call {
	int pid, round;
	char name[8];
};

long family_shared(int pid, int round);

#endif
