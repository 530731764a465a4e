/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
/*
 * Buckets of a histogram of u64: base-2 exponential, 16 in an octave. Values below 16 have a bucket
 * each; above, a bucket is at most 1/16 as wide as its lower bound, so its middle is within 1/32
 * (3.2 %) of every value in it:
 *
 *	1000 = 0b11_1110_1000: octave 9, the next four bits 1111, bucket (9 - 3) * 16 + 15 = 111,
 *	which holds 992 to 1023
 *
 * One array element of cells is a histogram, or one stripe of it: CPUs add to different stripes,
 * and user space sums them.
 */
#ifndef SNAPLINE_BUCKETS_H
#define SNAPLINE_BUCKETS_H

#include <linux/types.h>

enum {
	HISTOGRAM_SUB_BITS = 4,
	HISTOGRAM_SUBS = 1 << HISTOGRAM_SUB_BITS,
	HISTOGRAM_BUCKETS = (64 - HISTOGRAM_SUB_BITS + 1) * HISTOGRAM_SUBS, /* 976 */
};

/* All zero: no values. */
struct histogram_cells {
	__u64 sum; /* modulo 2^64 */
	/*
	 * Written without a lock, so that of two values that come at once on one stripe one can be
	 * lost here, never in the buckets; who reads them holds them against the outermost buckets.
	 */
	__u64 max;
	__u64 inverted_min; /* ~min */
	__u64 buckets[HISTOGRAM_BUCKETS];
};

#endif
