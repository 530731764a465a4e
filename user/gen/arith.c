/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What BPF has no instruction for: signed division before 6.6, and floating point, which it never
 * has. Floats are compared as integers: the bits of an IEEE 754 number without its sign grow with
 * its magnitude, so mapping a negative x to -(x without sign) gives integers in the order of the
 * numbers, with -0 and +0 both 0. NaNs, whose bits are above infinity's, are sorted out first.
 */
#include "gen/compiler.h"

/* r = |r| */
static void absolute(struct assembler *as, u8 reg)
{
	struct asm_label positive = asm_label(as);

	asm_branch_imm(as, BPF_JSGE, reg, 0, positive);
	asm_neg(as, reg);
	asm_bind(as, positive);
}

/* The sign of a quotient is the operands' xor, of a remainder the dividend's. INT64_MIN wraps. */
static void divide_by_magnitude(struct assembler *as, u8 op)
{
	struct asm_label positive = asm_label(as);

	asm_alu(as, BPF_MOV, BPF_REG_2, BPF_REG_0);
	if (op == BPF_DIV)
		asm_alu(as, BPF_XOR, BPF_REG_2, BPF_REG_1);
	absolute(as, BPF_REG_0);
	absolute(as, BPF_REG_1);
	asm_alu(as, op, BPF_REG_0, BPF_REG_1);
	asm_branch_imm(as, BPF_JSGE, BPF_REG_2, 0, positive);
	asm_neg(as, BPF_REG_0);
	asm_bind(as, positive);
}

/* INT64_MIN / -1 traps in the instruction of 6.6 to 6.11, so -1 is done apart. */
static void divide_signed(struct assembler *as, u8 op)
{
	struct asm_label other = asm_label(as), end = asm_label(as);

	asm_branch_imm(as, BPF_JNE, BPF_REG_1, -1, other);
	if (op == BPF_DIV)
		asm_neg(as, BPF_REG_0);
	else
		asm_alu_imm(as, BPF_MOV, BPF_REG_0, 0);
	asm_jump(as, end);
	asm_bind(as, other);
	asm_signed(as, op, BPF_REG_0, BPF_REG_1);
	asm_bind(as, end);
}

void compile_divide(struct compiler *c, u8 op, bool is_signed, bool check)
{
	if (check)
		asm_branch_imm(&c->as, BPF_JEQ, BPF_REG_1, 0, c->divided);
	if (!is_signed)
		asm_alu(&c->as, op, BPF_REG_0, BPF_REG_1);
	else if (c->place->features.signed_division)
		divide_signed(&c->as, op);
	else
		divide_by_magnitude(&c->as, op);
}

/*
 * Shifts r0 left until its top bit is set, taking the count from r1. r0 isn't 0. Without branches,
 * whose 64 outcomes the verifier would carry through what follows: x - 1 is negative for x = 0
 * only.
 */
static void normalise(struct assembler *as)
{
	for (s32 i = 5; i >= 0; i--) {
		asm_alu(as, BPF_MOV, BPF_REG_2, BPF_REG_0);
		asm_alu_imm(as, BPF_RSH, BPF_REG_2, 64 - (1 << i));
		asm_alu_imm(as, BPF_SUB, BPF_REG_2, 1);
		asm_alu_imm(as, BPF_RSH, BPF_REG_2, 63);
		asm_alu_imm(as, BPF_LSH, BPF_REG_2, i);
		asm_alu(as, BPF_LSH, BPF_REG_0, BPF_REG_2);
		asm_alu(as, BPF_SUB, BPF_REG_1, BPF_REG_2);
	}
}

/* r0, with its top bit set, to its upper 64 - drop bits, rounded to nearest even. */
static void round_even(struct assembler *as, s32 drop)
{
	asm_alu(as, BPF_MOV, BPF_REG_2, BPF_REG_0);
	asm_alu(as, BPF_MOV, BPF_REG_3, BPF_REG_0);
	asm_alu_imm(as, BPF_RSH, BPF_REG_0, drop);
	asm_alu_imm(as, BPF_RSH, BPF_REG_2, drop);
	asm_alu_imm(as, BPF_AND, BPF_REG_2, 1);
	asm_alu_imm(as, BPF_LSH, BPF_REG_3, 64 - drop);
	asm_alu_imm(as, BPF_RSH, BPF_REG_3, 64 - drop);
	asm_alu(as, BPF_ADD, BPF_REG_3, BPF_REG_2);
	asm_const(as, BPF_REG_2, (1ULL << (drop - 1)) - 1);
	asm_alu(as, BPF_ADD, BPF_REG_3, BPF_REG_2);
	asm_alu_imm(as, BPF_RSH, BPF_REG_3, drop);
	asm_alu(as, BPF_ADD, BPF_REG_0, BPF_REG_3);
}

void compile_to_real(struct compiler *c, bool is_signed, unsigned size)
{
	struct assembler *as = &c->as;
	struct asm_label positive = asm_label(as), end = asm_label(as);
	s32 mantissa = size == 4 ? 23 : 52, bias = size == 4 ? 127 : 1023;

	asm_branch_imm(as, BPF_JEQ, BPF_REG_0, 0, end);
	asm_alu_imm(as, BPF_MOV, BPF_REG_5, 0);
	if (is_signed) {
		asm_branch_imm(as, BPF_JSGE, BPF_REG_0, 0, positive);
		asm_const(as, BPF_REG_5, 1ULL << (8 * size - 1));
		asm_neg(as, BPF_REG_0);
		asm_bind(as, positive);
	}
	/* One less, as the mantissa's leading bit adds one to the exponent again. */
	asm_alu_imm(as, BPF_MOV, BPF_REG_1, bias + 63 - 1);
	normalise(as);
	round_even(as, 63 - mantissa);
	asm_alu_imm(as, BPF_LSH, BPF_REG_1, mantissa);
	asm_alu(as, BPF_ADD, BPF_REG_0, BPF_REG_1);
	asm_alu(as, BPF_OR, BPF_REG_0, BPF_REG_5);
	asm_bind(as, end);
}

/* A denormal float is its mantissa times 2^-149. */
static void widen_denormal(struct compiler *c)
{
	compile_to_real(c, false, 8);
	asm_const(&c->as, BPF_REG_1, 149ULL << 52);
	asm_alu(&c->as, BPF_SUB, BPF_REG_0, BPF_REG_1);
}

void compile_widen_real(struct compiler *c)
{
	struct assembler *as = &c->as;
	struct asm_label denormal = asm_label(as), finite = asm_label(as), end = asm_label(as);

	asm_alu(as, BPF_MOV, BPF_REG_4, BPF_REG_0);
	asm_alu_imm(as, BPF_RSH, BPF_REG_4, 31);
	asm_alu_imm(as, BPF_LSH, BPF_REG_4, 63);
	asm_alu_imm(as, BPF_AND, BPF_REG_0, 0x7fffffff);
	asm_branch_imm(as, BPF_JEQ, BPF_REG_0, 0, end);
	asm_branch_imm(as, BPF_JLT, BPF_REG_0, 1 << 23, denormal);
	asm_alu(as, BPF_MOV, BPF_REG_2, BPF_REG_0);
	asm_alu_imm(as, BPF_LSH, BPF_REG_0, 29);
	asm_const(as, BPF_REG_1, 896ULL << 52); /* 1023 - 127 */
	asm_branch_imm(as, BPF_JLT, BPF_REG_2, 0x7f800000, finite);
	asm_const(as, BPF_REG_1, 1792ULL << 52); /* 2047 - 255 */
	asm_bind(as, finite);
	asm_alu(as, BPF_ADD, BPF_REG_0, BPF_REG_1);
	asm_jump(as, end);
	asm_bind(as, denormal);
	widen_denormal(c);
	asm_bind(as, end);
	asm_alu(as, BPF_OR, BPF_REG_0, BPF_REG_4);
}

/* Jumps to `label` if reg is a NaN; r3 is infinity's bits without the sign's place. */
static void branch_nan(struct assembler *as, u8 reg, struct asm_label label)
{
	asm_alu(as, BPF_MOV, BPF_REG_2, reg);
	asm_alu_imm(as, BPF_LSH, BPF_REG_2, 1);
	asm_branch(as, BPF_JGT, BPF_REG_2, BPF_REG_3, label);
}

static void make_ordered(struct assembler *as, u8 reg)
{
	struct asm_label positive = asm_label(as);

	asm_branch_imm(as, BPF_JSGE, reg, 0, positive);
	asm_const(as, BPF_REG_2, 1ULL << 63);
	asm_alu(as, BPF_SUB, BPF_REG_2, reg);
	asm_alu(as, BPF_MOV, reg, BPF_REG_2);
	asm_bind(as, positive);
}

static u8 signed_jump(enum expr_op op, bool sense)
{
	switch (op) {
	case OP_LT: return sense ? BPF_JSLT : BPF_JSGE;
	case OP_LE: return sense ? BPF_JSLE : BPF_JSGT;
	case OP_GT: return sense ? BPF_JSGT : BPF_JSLE;
	case OP_GE: return sense ? BPF_JSGE : BPF_JSLT;
	case OP_EQ: return sense ? BPF_JEQ : BPF_JNE;
	default: return sense ? BPF_JNE : BPF_JEQ;
	}
}

void compile_real_branch(struct compiler *c, enum expr_op op, unsigned size, struct asm_label label,
			 bool sense)
{
	struct assembler *as = &c->as;
	struct asm_label end = asm_label(as);
	/* With a NaN only != holds. */
	struct asm_label nan = (op == OP_NE) == sense ? label : end;

	if (size == 4) {
		asm_alu_imm(as, BPF_LSH, BPF_REG_0, 32);
		asm_alu_imm(as, BPF_LSH, BPF_REG_1, 32);
	}
	asm_const(as, BPF_REG_3, size == 4 ? 0xffULL << 56 : 0x7ffULL << 53);
	branch_nan(as, BPF_REG_0, nan);
	branch_nan(as, BPF_REG_1, nan);
	make_ordered(as, BPF_REG_0);
	make_ordered(as, BPF_REG_1);
	asm_branch(as, signed_jump(op, sense), BPF_REG_0, BPF_REG_1, label);
	asm_bind(as, end);
}
