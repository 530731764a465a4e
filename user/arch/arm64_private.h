/* SPDX-License-Identifier: BSD-2-Clause */
/* The parts of arm64's decoder. Register 31 is zero, or the stack pointer where it says so. */
#ifndef SNAPLINE_ARM64_PRIVATE_H
#define SNAPLINE_ARM64_PRIVATE_H

#include "arch/arch_private.h"

/* A signed field of the instruction. */
static inline s64 arm64_signed(u32 word, unsigned low, unsigned bits)
{
	u64 field = (u64)(word >> low) & ((1ULL << bits) - 1);

	return (s64)(field << (64 - bits)) >> (64 - bits);
}

/* A register as a mask; 31 is the zero register. */
static inline u32 arm64_bit(unsigned reg)
{
	return reg == 31 ? 0 : 1u << reg;
}

/* False, and insn as it was: it isn't one of these, or one that isn't known. */
bool arm64_decode_data(u32 word, struct insn *insn);   /* computes */
bool arm64_decode_memory(u32 word, struct insn *insn); /* loads or stores */

#endif
