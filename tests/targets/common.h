/* SPDX-License-Identifier: BSD-2-Clause */
/* Shared by the targets: a deterministic random sequence and helpers that get inlined. */
#ifndef TARGETS_COMMON_H
#define TARGETS_COMMON_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef __clang__
#define NOINLINE __attribute__((noinline))
#else
#define NOINLINE __attribute__((noinline, noclone))
#endif
#define KEEP(x) __asm__ volatile("" : : "g"(x) : "memory")

struct sequence {
	uint64_t state;
	unsigned drawn;
};

static inline uint32_t sequence_next(struct sequence *sequence)
{
	uint64_t x = sequence->state * 6364136223846793005u + 1442695040888963407u;

	sequence->state = x;
	sequence->drawn++;
	return (uint32_t)(x >> 33);
}

static inline int clamp(int value, int low, int high)
{
	if (value < low)
		return low;
	if (value > high)
		return high;
	return value;
}

#endif
