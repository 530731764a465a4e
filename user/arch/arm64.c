/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * arm64: struct user_pt_regs as in the kernel's arch/arm64/include/uapi/asm/ptrace.h (x0 to x30,
 * sp, pc, pstate), DWARF numbers and calling convention as in Arm's AADWARF64 and AAPCS64.
 */
#include <elf.h>
#include <errno.h>
#include <stdio.h>

#include "arch/arch_private.h"

enum { FP = 29, SP = 31, PC = 32, PSTATE = 33, N_SLOTS = 34 };

#define X(n)                    \
	{"x" #n, n, 8, 0},      \
	{                       \
		"w" #n, n, 4, 0 \
	}

static const struct arch_reg_name names[] = {
	X(0),
	X(1),
	X(2),
	X(3),
	X(4),
	X(5),
	X(6),
	X(7),
	X(8),
	X(9),
	X(10),
	X(11),
	X(12),
	X(13),
	X(14),
	X(15),
	X(16),
	X(17),
	X(18),
	X(19),
	X(20),
	X(21),
	X(22),
	X(23),
	X(24),
	X(25),
	X(26),
	X(27),
	X(28),
	X(29),
	X(30),
	{"fp", FP, 8, 0},
	{"lr", 30, 8, 0},
	{"sp", SP, 8, 0},
	{"pc", PC, 8, 0},
	{"pstate", PSTATE, 8, 0},
};

static const char *const vector_names[] = {
	"v0",  "v1",  "v2",  "v3",  "v4",  "v5",  "v6",	 "v7",	"v8",  "v9",  "v10",
	"v11", "v12", "v13", "v14", "v15", "v16", "v17", "v18", "v19", "v20", "v21",
	"v22", "v23", "v24", "v25", "v26", "v27", "v28", "v29", "v30", "v31",
};

static const char *dwarf_name(unsigned dwarf_reg)
{
	return dwarf_reg >= 64 && dwarf_reg < 96 ? vector_names[dwarf_reg - 64] : NULL;
}

const struct arch arch_arm64 = {
	.name = "arm64",
	.elf_machine = EM_AARCH64,
	.pointer_size = 8,
	.n_slots = N_SLOTS,
	.pc_slot = PC,
	.sp_slot = SP,
	.fp_slot = FP,
	.n_dwarf_regs = 33,
	.dwarf_slot = {0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15, 16,
		       17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, FP, 30, SP, PC, -1},
	.dwarf_sp = SP,
	.dwarf_fp = 29,
	.dwarf_pc = PC, /* the return address column of call frame information is LR */
	.n_arg_regs = 8,
	.arg_dwarf = {0, 1, 2, 3, 4, 5, 6, 7},
	.return_dwarf = 0,
	.return2_dwarf = 1,
	.return_vector_dwarf = 64, /* v0 */
	.return_real_dwarf = 64,
	.code_bits = 48,
	.wide_code_bits = 52,
	.red_zone = 0,
	.refused = EINVAL,
	.callee_saved = 0x7ffu << 19 | 1u << SP, /* x19 to x29 */
	.names = names,
	.n_names = ARRAY_LEN(names),
	.dwarf_name = dwarf_name,
	.decode = arm64_decode,
	.loads_stack_pointer = arm64_loads_stack_pointer,
};
