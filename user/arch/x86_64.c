/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * x86-64: struct pt_regs as in the kernel's arch/x86/include/asm/ptrace.h, DWARF numbers and
 * calling convention as in the System V psABI (figures 3.4 and 3.36).
 */
#include <elf.h>

#include "arch/arch_private.h"

enum slot {
	R15,
	R14,
	R13,
	R12,
	BP,
	BX,
	R11,
	R10,
	R9,
	R8,
	AX,
	CX,
	DX,
	SI,
	DI,
	ORIG_AX,
	IP,
	CS,
	FLAGS,
	SP,
	SS,
	N_SLOTS,
};

enum dwarf_reg {
	DWARF_AX,
	DWARF_DX,
	DWARF_CX,
	DWARF_BX,
	DWARF_SI,
	DWARF_DI,
	DWARF_BP,
	DWARF_SP,
	DWARF_R8,
	DWARF_R9,
	DWARF_R12 = 12,
	DWARF_R15 = 15,
	DWARF_RA,
	N_DWARF,
	DWARF_XMM0 = N_DWARF,
	DWARF_ST0 = 33,
};

/* rax eax ax al, and ah where there is one */
#define LEGACY(slot, r, e, x, l)                           \
	{r, slot, 8, 0}, {e, slot, 4, 0}, {x, slot, 2, 0}, \
	{                                                  \
		l, slot, 1, 0                              \
	}
#define NUMBERED(slot, r)                                          \
	{r, slot, 8, 0}, {r "d", slot, 4, 0}, {r "w", slot, 2, 0}, \
	{                                                          \
		r "b", slot, 1, 0                                  \
	}

static const struct arch_reg_name names[] = {
	LEGACY(AX, "rax", "eax", "ax", "al"),
	{"ah", AX, 1, 8},
	LEGACY(BX, "rbx", "ebx", "bx", "bl"),
	{"bh", BX, 1, 8},
	LEGACY(CX, "rcx", "ecx", "cx", "cl"),
	{"ch", CX, 1, 8},
	LEGACY(DX, "rdx", "edx", "dx", "dl"),
	{"dh", DX, 1, 8},
	LEGACY(SI, "rsi", "esi", "si", "sil"),
	LEGACY(DI, "rdi", "edi", "di", "dil"),
	LEGACY(BP, "rbp", "ebp", "bp", "bpl"),
	LEGACY(SP, "rsp", "esp", "sp", "spl"),
	NUMBERED(R8, "r8"),
	NUMBERED(R9, "r9"),
	NUMBERED(R10, "r10"),
	NUMBERED(R11, "r11"),
	NUMBERED(R12, "r12"),
	NUMBERED(R13, "r13"),
	NUMBERED(R14, "r14"),
	NUMBERED(R15, "r15"),
	{"rip", IP, 8, 0},
	{"eip", IP, 4, 0},
	{"pc", IP, 8, 0},
	{"eflags", FLAGS, 4, 0},
	{"rflags", FLAGS, 8, 0},
	{"orig_rax", ORIG_AX, 8, 0},
	{"cs", CS, 2, 0},
	{"ss", SS, 2, 0},
};

static const char *const other_names[] = {
	[17] = "xmm0",
	"xmm1",
	"xmm2",
	"xmm3",
	"xmm4",
	"xmm5",
	"xmm6",
	"xmm7",
	"xmm8",
	"xmm9",
	"xmm10",
	"xmm11",
	"xmm12",
	"xmm13",
	"xmm14",
	"xmm15",
	[33] = "st0",
	"st1",
	"st2",
	"st3",
	"st4",
	"st5",
	"st6",
	"st7",
	[41] = "mm0",
	"mm1",
	"mm2",
	"mm3",
	"mm4",
	"mm5",
	"mm6",
	"mm7",
	[49] = "rflags",
	"es",
	"cs",
	"ss",
	"ds",
	"fs",
	"gs",
	[58] = "fs_base",
	"gs_base",
	[62] = "tr",
	"ldtr",
	"mxcsr",
	"fcw",
	"fsw",
	[67] = "xmm16",
	"xmm17",
	"xmm18",
	"xmm19",
	"xmm20",
	"xmm21",
	"xmm22",
	"xmm23",
	"xmm24",
	"xmm25",
	"xmm26",
	"xmm27",
	"xmm28",
	"xmm29",
	"xmm30",
	"xmm31",
	[118] = "k0",
	"k1",
	"k2",
	"k3",
	"k4",
	"k5",
	"k6",
	"k7",
};

static const char *dwarf_name(unsigned dwarf_reg)
{
	return dwarf_reg < ARRAY_LEN(other_names) ? other_names[dwarf_reg] : NULL;
}

const struct arch arch_x86_64 = {
	.name = "x86_64",
	.elf_machine = EM_X86_64,
	.pointer_size = 8,
	.n_slots = N_SLOTS,
	.pc_slot = IP,
	.sp_slot = SP,
	.fp_slot = BP,
	.n_dwarf_regs = N_DWARF,
	.dwarf_slot = {AX, DX, CX, BX, SI, DI, BP, SP, R8, R9, R10, R11, R12, R13, R14, R15, IP,
		       [N_DWARF... ARCH_MAX_DWARF_REGS - 1] = -1},
	.dwarf_sp = DWARF_SP,
	.dwarf_fp = DWARF_BP,
	.dwarf_pc = DWARF_RA,
	.n_arg_regs = 6,
	.arg_dwarf = {DWARF_DI, DWARF_SI, DWARF_DX, DWARF_CX, DWARF_R8, DWARF_R9},
	.return_dwarf = DWARF_AX,
	.return2_dwarf = DWARF_DX,
	.return_vector_dwarf = DWARF_XMM0,
	.return_real_dwarf = DWARF_ST0,
	.splits_structs = true,
	.call_pushes = 8,
	.code_bits = 64,
	.wide_code_bits = 64,
	.red_zone = 128,
	.refused = 524, /* ENOTSUPP */
	.callee_saved = 1u << DWARF_BX | 1u << DWARF_BP | 1u << DWARF_SP | 0xfu << DWARF_R12,
	.names = names,
	.n_names = ARRAY_LEN(names),
	.dwarf_name = dwarf_name,
	.decode = x86_64_decode,
	.loads_stack_pointer = x86_64_loads_stack_pointer,
};
