/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A BPF assembler (Linux, Documentation/bpf/standardization/instruction-set.rst): bounded, with a
 * sticky error that the caller asks for once. What control can't reach is not emitted, as the
 * verifier refuses a program that holds such instructions.
 */
#ifndef SNAPLINE_ASM_H
#define SNAPLINE_ASM_H

#include <linux/bpf.h>

#include "base/arena.h"

enum { ASM_MAX_LABELS = 4096, ASM_MAX_JUMPS = 2048 };

/* A place to jump to, before or after it is known. */
struct asm_label {
	u32 index;
};

struct asm_jump {
	u32 insn;
	u32 label;
};

struct assembler {
	struct bpf_insn *insns;
	size_t n, limit;
	s32 *labels;              /* the instruction they stand at; -1: not bound yet */
	bool *is_target;          /* a jump to it was emitted */
	u32 n_labels;
	struct asm_jump *jumps;   /* to labels that were not bound yet, or that bind later */
	u32 n_jumps;
	bool is_reachable;        /* the next instruction */
	const char *error;        /* sticky; NULL: none */
};

/* Room for `limit` instructions. */
void asm_init(struct assembler *as, size_t limit, struct arena *arena);
void asm_fail(struct assembler *as, const char *what);

struct asm_label asm_label(struct assembler *as);
void asm_bind(struct assembler *as, struct asm_label label);

/* 64-bit operations; op is BPF_ADD ... BPF_ARSH, BPF_MOV. */
void asm_alu(struct assembler *as, u8 op, u8 dst, u8 src);
void asm_alu_imm(struct assembler *as, u8 op, u8 dst, s32 imm);
void asm_neg(struct assembler *as, u8 dst);
void asm_signed(struct assembler *as, u8 op, u8 dst, u8 src); /* BPF_DIV, BPF_MOD; 6.6 */
void asm_zero_extend32(struct assembler *as, u8 dst);
/* Any constant, by the shortest instruction. */
void asm_const(struct assembler *as, u8 dst, u64 value);
/* size is 1, 2, 4 or 8 bytes. */
void asm_load(struct assembler *as, unsigned size, u8 dst, u8 src, s16 offset);
void asm_store(struct assembler *as, unsigned size, u8 dst, s16 offset, u8 src);
void asm_store_imm(struct assembler *as, unsigned size, u8 dst, s16 offset, s32 imm);
/* op is BPF_JEQ ... ; compares 64 bits. */
void asm_jump(struct assembler *as, struct asm_label label);
void asm_branch(struct assembler *as, u8 op, u8 dst, u8 src, struct asm_label label);
void asm_branch_imm(struct assembler *as, u8 op, u8 dst, s32 imm, struct asm_label label);
/* Generated code reads the program's memory, no more: any other helper is an error. */
void asm_call(struct assembler *as, s32 helper);
void asm_exit(struct assembler *as);

/* Fills in the jumps; NULL or the sticky error. */
const char *asm_finish(struct assembler *as);

#endif
