/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
/*
 * Adding to a histogram (include/buckets.h) in map memory. Adds are atomic, as another program can
 * preempt this one on its CPU.
 */
#ifndef SNAPLINE_HISTOGRAM_BPF_H
#define SNAPLINE_HISTOGRAM_BPF_H

#include "maps.bpf.h"
#include "buckets.h"

/* Position of the highest bit; value is not 0. BPF has no instruction for it. */
_inline_ u32 histogram_log2(u64 value)
{
	u32 bit = 0;

#pragma unroll
	for (u32 step = 32; step; step /= 2) {
		if (value >> step) {
			value >>= step;
			bit += step;
		}
	}
	return bit;
}

_inline_ u32 histogram_index(u64 value)
{
	u32 bit;

	if (value < HISTOGRAM_SUBS)
		return value;
	bit = histogram_log2(value);
	return (bit - HISTOGRAM_SUB_BITS + 1) * HISTOGRAM_SUBS +
	       ((value >> (bit - HISTOGRAM_SUB_BITS)) & (HISTOGRAM_SUBS - 1));
}

_inline_ void histogram_add(struct histogram_cells *cells, u64 value)
{
	u64 index = histogram_index(value);

	/* The verifier lost the bound in the sum. Without the barrier the new one is on a copy,
	 * which it sees only from 6.4 on. */
	asm volatile("" : "+r"(index));
	if (index >= HISTOGRAM_BUCKETS)
		return;
	__sync_fetch_and_add(&cells->buckets[index], 1);
	__sync_fetch_and_add(&cells->sum, value);
	if (value > cells->max)
		cells->max = value;
	if (~value > cells->inverted_min)
		cells->inverted_min = ~value;
}

#endif
