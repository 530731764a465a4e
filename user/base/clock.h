/* SPDX-License-Identifier: BSD-2-Clause */
/* The clock of records, limits and waits. */
#ifndef SNAPLINE_CLOCK_H
#define SNAPLINE_CLOCK_H

#include <time.h>

#include "base/base.h"

/* CLOCK_MONOTONIC in nanoseconds: what bpf_ktime_get_ns() gives. */
static inline u64 clock_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (u64)now.tv_sec * 1000000000ULL + (u64)now.tv_nsec;
}

#endif
