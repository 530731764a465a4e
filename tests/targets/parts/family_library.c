// SPDX-License-Identifier: BSD-2-Clause
#include "family_library.h"

static long calls;

__attribute__((noinline)) long family_shared(int pid, int round)
{
	struct call call = {pid, round, "shared"};

	calls++;
	__asm__ volatile("" : : "r"(&call) : "memory");
	return calls;
}
