/* SPDX-License-Identifier: BSD-2-Clause */
/* The CPUs, one file each; arch.c has the table. */
#ifndef SNAPLINE_ARCH_PRIVATE_H
#define SNAPLINE_ARCH_PRIVATE_H

#include "arch/arch.h"

extern const struct arch arch_x86_64;
extern const struct arch arch_arm64;

bool x86_64_decode(const u8 *code, size_t len, u64 address, struct insn *insn);
bool arm64_decode(const u8 *code, size_t len, u64 address, struct insn *insn);
bool x86_64_loads_stack_pointer(const u8 *code, size_t len, size_t *insn_len);
bool arm64_loads_stack_pointer(const u8 *code, size_t len, size_t *insn_len);

#endif
