/* SPDX-License-Identifier: BSD-2-Clause */
/* The clock of records, limits and waits. */
#ifndef SNAPLINE_CLOCK_H
#define SNAPLINE_CLOCK_H

#include <time.h>

#include "base/base.h"

/* Nanoseconds of that clock; 0 if there is none, as of a process that has ended. */
static inline u64 clock_read(clockid_t clock)
{
	struct timespec now;

	if (clock_gettime(clock, &now))
		return 0;
	return (u64)now.tv_sec * 1000000000ULL + (u64)now.tv_nsec;
}

/* CLOCK_MONOTONIC in nanoseconds: what bpf_ktime_get_ns() gives. */
static inline u64 clock_now(void)
{
	return clock_read(CLOCK_MONOTONIC);
}

#endif
