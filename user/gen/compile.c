/* SPDX-License-Identifier: BSD-2-Clause */
/* Typed trees to instructions: values in r0, conditions as jumps. */
#include "gen/compiler.h"

#include <stdio.h>

void compiler_init(struct compiler *c, const struct gen_place *place, const char *text,
		   struct arena *arena)
{
	*c = (struct compiler){
		.place = place,
		.text = text,
		.arena = arena,
		.spill_regs = {BPF_REG_9, BPF_REG_8},
		.n_spill_regs = 2,
		.stack = READ_BUFFER,
	};
	asm_init(&c->as, BAY_INSNS, arena);
	asm_alu(&c->as, BPF_MOV, REG_CTX, BPF_REG_1);
	asm_alu(&c->as, BPF_MOV, REG_ENV, BPF_REG_2);
	c->failed = c->divided = c->later = asm_label(&c->as);
}

const char *compiler_name(const struct compiler *c)
{
	return c->at && c->at->text ? c->at->text : "variable";
}

void compiler_fail(struct compiler *c, const struct expr *expr, const char *format, ...)
{
	char text[256];
	va_list args;

	if (c->error)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (!expr)
		expr = c->at;
	c->error = error_new(ERROR_USAGE, "%s", text);
	if (expr && c->text)
		c->error = error_span(c->error, c->text, expr->start, expr->len);
}

s16 compiler_stack(struct compiler *c, unsigned bytes)
{
	c->stack += (bytes + 7) & ~7u;
	if (c->stack > BAY_STACK) {
		compiler_fail(c, NULL,
			      "expression needs more stack than the kernel program has (%d "
			      "bytes): it is nested too deep to the right",
			      BAY_STACK);
		c->stack = BAY_STACK;
	}
	return (s16)-c->stack;
}

struct spill compiler_spill(struct compiler *c)
{
	struct spill spill = {};

	if (c->n_spilled < c->n_spill_regs) {
		spill.reg = c->spill_regs[c->n_spilled];
		asm_alu(&c->as, BPF_MOV, spill.reg, BPF_REG_0);
	} else {
		spill.offset = compiler_stack(c, 8);
		asm_store(&c->as, 8, BPF_REG_10, spill.offset, BPF_REG_0);
	}
	c->n_spilled++;
	return spill;
}

void compiler_unspill(struct compiler *c, struct spill spill, u8 dst)
{
	c->n_spilled--;
	if (spill.reg) {
		asm_alu(&c->as, BPF_MOV, dst, spill.reg);
		return;
	}
	asm_load(&c->as, 8, dst, BPF_REG_10, spill.offset);
	c->stack -= 8;
}

void compile_wrap(struct compiler *c, const struct type *type)
{
	unsigned size = (unsigned)type_strip(type)->size;
	s32 shift = 64 - 8 * (s32)size;

	if (size >= 8 || !size)
		return;
	if (scalar_is_signed(type)) {
		asm_alu_imm(&c->as, BPF_LSH, BPF_REG_0, shift);
		asm_alu_imm(&c->as, BPF_ARSH, BPF_REG_0, shift);
	} else if (size == 4) {
		asm_zero_extend32(&c->as, BPF_REG_0);
	} else {
		asm_alu_imm(&c->as, BPF_AND, BPF_REG_0, size == 1 ? 0xff : 0xffff);
	}
}

void compile_read_buffer(struct compiler *c, unsigned size, s64 offset)
{
	struct assembler *as = &c->as;

	if (offset && offset >= INT32_MIN && offset <= INT32_MAX) {
		asm_alu_imm(as, BPF_ADD, BPF_REG_0, (s32)offset);
	} else if (offset) {
		asm_const(as, BPF_REG_1, (u64)offset);
		asm_alu(as, BPF_ADD, BPF_REG_0, BPF_REG_1);
	}
	asm_alu(as, BPF_MOV, BPF_REG_3, BPF_REG_0);
	asm_alu_imm(as, BPF_MOV, BPF_REG_2, (s32)size);
	asm_alu(as, BPF_MOV, BPF_REG_1, BPF_REG_10);
	asm_alu_imm(as, BPF_ADD, BPF_REG_1, -READ_BUFFER);
	asm_call(as, BPF_FUNC_probe_read_user);
	asm_branch_imm(as, BPF_JNE, BPF_REG_0, 0, c->failed);
}

void compile_read(struct compiler *c, unsigned size, s64 offset)
{
	compile_read_buffer(c, size, offset);
	asm_load(&c->as, size, BPF_REG_0, BPF_REG_10, -READ_BUFFER);
}

void compile_slot(struct compiler *c, unsigned slot, u8 dst)
{
	asm_load(&c->as, 8, dst, REG_CTX, (s16)(8 * slot));
}

/* Both operands: a in r0, b in r1. */
static void compile_operands(struct compiler *c, const struct expr *a, const struct expr *b)
{
	struct spill spill;

	compile_value(c, a);
	if (b->kind == EXPR_NUMBER) {
		asm_const(&c->as, BPF_REG_1, b->number);
		return;
	}
	spill = compiler_spill(c);
	compile_value(c, b);
	asm_alu(&c->as, BPF_MOV, BPF_REG_1, BPF_REG_0);
	compiler_unspill(c, spill, BPF_REG_0);
}

static u8 alu_op(enum expr_op op, bool is_signed)
{
	switch (op) {
	case OP_ADD: return BPF_ADD;
	case OP_SUB: return BPF_SUB;
	case OP_MUL: return BPF_MUL;
	case OP_DIV: return BPF_DIV;
	case OP_MOD: return BPF_MOD;
	case OP_AND: return BPF_AND;
	case OP_XOR: return BPF_XOR;
	case OP_OR: return BPF_OR;
	case OP_SHL: return BPF_LSH;
	default: return is_signed ? BPF_ARSH : BPF_RSH;
	}
}

static bool fits_imm(u64 number)
{
	return (s64)number >= INT32_MIN && (s64)number <= INT32_MAX;
}

/* A shift count counts modulo the width of the left operand. */
static void compile_shift(struct compiler *c, const struct expr *expr, u8 op)
{
	s32 mask = 8 * (s32)type_strip(expr->type)->size - 1;

	if (expr->b->kind == EXPR_NUMBER) {
		compile_value(c, expr->a);
		asm_alu_imm(&c->as, op, BPF_REG_0, (s32)expr->b->number & mask);
		return;
	}
	compile_operands(c, expr->a, expr->b);
	asm_alu_imm(&c->as, BPF_AND, BPF_REG_1, mask);
	asm_alu(&c->as, op, BPF_REG_0, BPF_REG_1);
}

static void compile_arithmetic(struct compiler *c, const struct expr *expr)
{
	bool is_signed = scalar_is_signed(expr->type);
	u8 op = alu_op(expr->op, is_signed);

	if (expr->op == OP_SHL || expr->op == OP_SHR) {
		compile_shift(c, expr, op);
	} else if (expr->op == OP_DIV || expr->op == OP_MOD) {
		compile_operands(c, expr->a, expr->b);
		compile_divide(c, op, is_signed, expr->b->kind != EXPR_NUMBER || !expr->b->number);
	} else if (expr->b->kind == EXPR_NUMBER && fits_imm(expr->b->number)) {
		compile_value(c, expr->a);
		asm_alu_imm(&c->as, op, BPF_REG_0, (s32)expr->b->number);
	} else {
		compile_operands(c, expr->a, expr->b);
		asm_alu(&c->as, op, BPF_REG_0, BPF_REG_1);
	}
	compile_wrap(c, expr->type);
}

/* pointer + - index, and pointer - pointer, in units of `offset` bytes. */
static void compile_pointer(struct compiler *c, const struct expr *expr)
{
	compile_operands(c, expr->a, expr->b);
	if (scalar_is_pointer(expr->type)) {
		if (expr->offset != 1)
			asm_alu_imm(&c->as, BPF_MUL, BPF_REG_1, (s32)expr->offset);
		asm_alu(&c->as, expr->op == OP_ADD ? BPF_ADD : BPF_SUB, BPF_REG_0, BPF_REG_1);
		return;
	}
	asm_alu(&c->as, BPF_SUB, BPF_REG_0, BPF_REG_1);
	if (expr->offset == 1)
		return;
	asm_alu_imm(&c->as, BPF_MOV, BPF_REG_1, (s32)expr->offset);
	compile_divide(c, BPF_DIV, true, false);
}

static bool is_comparison(const struct expr *expr)
{
	return expr->kind == EXPR_BINARY && expr->op >= OP_LT && expr->op <= OP_NE;
}

/* What is made as a jump, and a number only if one is asked for. */
static bool is_condition(const struct expr *expr)
{
	return is_comparison(expr) || expr->kind == EXPR_AND || expr->kind == EXPR_OR ||
	       expr->kind == EXPR_CALL || expr->kind == EXPR_STRING_COMPARE;
}

static void compile_truth(struct compiler *c, const struct expr *expr)
{
	struct asm_label no = asm_label(&c->as), end = asm_label(&c->as);

	compile_branch(c, expr, no, false);
	asm_alu_imm(&c->as, BPF_MOV, BPF_REG_0, 1);
	asm_jump(&c->as, end);
	asm_bind(&c->as, no);
	asm_alu_imm(&c->as, BPF_MOV, BPF_REG_0, 0);
	asm_bind(&c->as, end);
}

static void compile_conditional(struct compiler *c, const struct expr *expr)
{
	struct asm_label no = asm_label(&c->as), end = asm_label(&c->as);

	compile_branch(c, expr->a, no, false);
	compile_value(c, expr->b);
	asm_jump(&c->as, end);
	asm_bind(&c->as, no);
	compile_value(c, expr->c);
	asm_bind(&c->as, end);
}

static unsigned real_size(struct compiler *c, const struct expr *expr)
{
	u64 size = type_strip(expr->type)->size;

	if (size == 4 || size == 8)
		return (unsigned)size;
	compiler_fail(c, expr, "long double can't be compared in the kernel");
	return 8;
}

static void compile_cast(struct compiler *c, const struct expr *expr)
{
	const struct type *to = type_strip(expr->type);
	const struct expr *from = expr->a;

	if (to->kind == TYPE_BOOL) {
		compile_truth(c, from);
		return;
	}
	compile_value(c, from);
	if (to->kind != TYPE_FLOAT)
		compile_wrap(c, to);
	else if (!scalar_is_float(from->type))
		compile_to_real(c, scalar_is_signed(from->type), real_size(c, expr));
	else if (real_size(c, expr) > real_size(c, from))
		compile_widen_real(c);
}

static void compile_builtin(struct compiler *c, const struct expr *expr)
{
	static const s16 offsets[] = {
		[BUILTIN_PID] = offsetof(struct bay_env, pid),
		[BUILTIN_TID] = offsetof(struct bay_env, tid),
		[BUILTIN_CPU] = offsetof(struct bay_env, cpu),
		[BUILTIN_TIME] = offsetof(struct bay_env, time),
		[BUILTIN_HITS] = offsetof(struct bay_env, hits),
		[BUILTIN_ELAPSED] = offsetof(struct bay_env, elapsed),
	};

	if (expr->builtin == BUILTIN_CALLER)
		compile_caller(c, expr);
	else
		asm_load(&c->as, 8, BPF_REG_0, REG_ENV, offsets[expr->builtin]);
	compile_wrap(c, expr->type);
}

static void compile_register(struct compiler *c, const struct expr *expr)
{
	compile_slot(c, expr->reg->slot, BPF_REG_0);
	if (expr->reg->shift)
		asm_alu_imm(&c->as, BPF_RSH, BPF_REG_0, expr->reg->shift);
	compile_wrap(c, expr->type);
}

static void compile_float_constant(struct compiler *c, const struct expr *expr)
{
	union {
		float single;
		u32 single_bits;
		double full;
		u64 full_bits;
	} bits;

	if (real_size(c, expr) == 4) {
		bits.single = (float)expr->real;
		asm_const(&c->as, BPF_REG_0, bits.single_bits);
	} else {
		bits.full = expr->real;
		asm_const(&c->as, BPF_REG_0, bits.full_bits);
	}
}

static void compile_unary(struct compiler *c, const struct expr *expr)
{
	if (expr->op == OP_DEREF) {
		compile_load(c, expr);
		return;
	}
	if (expr->op == OP_ADDRESS) {
		compile_address(c, expr->a);
		return;
	}
	compile_value(c, expr->a);
	if (expr->op == OP_NEG)
		asm_neg(&c->as, BPF_REG_0);
	else
		asm_alu_imm(&c->as, BPF_XOR, BPF_REG_0, -1);
	compile_wrap(c, expr->type);
}

void compile_value(struct compiler *c, const struct expr *expr)
{
	if (c->error)
		return;
	if (is_condition(expr)) {
		compile_truth(c, expr);
		return;
	}
	switch (expr->kind) {
	case EXPR_NUMBER: asm_const(&c->as, BPF_REG_0, expr->number); break;
	case EXPR_FLOAT: compile_float_constant(c, expr); break;
	case EXPR_VARIABLE:
	case EXPR_MEMBER: compile_load(c, expr); break;
	case EXPR_REGISTER: compile_register(c, expr); break;
	case EXPR_BUILTIN: compile_builtin(c, expr); break;
	case EXPR_UNARY: compile_unary(c, expr); break;
	case EXPR_BINARY:
		if (expr->offset)
			compile_pointer(c, expr);
		else
			compile_arithmetic(c, expr);
		break;
	case EXPR_CONDITIONAL: compile_conditional(c, expr); break;
	case EXPR_CAST: compile_cast(c, expr); break;
	default: compiler_fail(c, expr, "this is no value"); break;
	}
}

static u8 jump_op(enum expr_op op, bool is_signed)
{
	switch (op) {
	case OP_LT: return is_signed ? BPF_JSLT : BPF_JLT;
	case OP_LE: return is_signed ? BPF_JSLE : BPF_JLE;
	case OP_GT: return is_signed ? BPF_JSGT : BPF_JGT;
	case OP_GE: return is_signed ? BPF_JSGE : BPF_JGE;
	case OP_EQ: return BPF_JEQ;
	default: return BPF_JNE;
	}
}

static enum expr_op inverse(enum expr_op op)
{
	switch (op) {
	case OP_LT: return OP_GE;
	case OP_LE: return OP_GT;
	case OP_GT: return OP_LE;
	case OP_GE: return OP_LT;
	case OP_EQ: return OP_NE;
	default: return OP_EQ;
	}
}

static void compile_comparison(struct compiler *c, const struct expr *expr, struct asm_label label,
			       bool sense)
{
	bool is_signed = scalar_is_signed(expr->a->type);
	u8 op = jump_op(sense ? expr->op : inverse(expr->op), is_signed);

	if (scalar_is_float(expr->a->type)) {
		compile_operands(c, expr->a, expr->b);
		compile_real_branch(c, expr->op, real_size(c, expr->a), label, sense);
	} else if (expr->b->kind == EXPR_NUMBER && fits_imm(expr->b->number)) {
		compile_value(c, expr->a);
		asm_branch_imm(&c->as, op, BPF_REG_0, (s32)expr->b->number, label);
	} else {
		compile_operands(c, expr->a, expr->b);
		asm_branch(&c->as, op, BPF_REG_0, BPF_REG_1, label);
	}
}

/* && jumps out when false, || when true: `leave` is the truth of a that decides. */
static void compile_logical(struct compiler *c, const struct expr *expr, struct asm_label label,
			    bool sense)
{
	bool leave = expr->kind == EXPR_OR;
	struct asm_label skip = asm_label(&c->as);

	compile_branch(c, expr->a, leave == sense ? label : skip, leave);
	compile_branch(c, expr->b, label, sense);
	asm_bind(&c->as, skip);
}

/* Is a float nonzero: everything but +0 and -0. */
static void compile_real_truth(struct compiler *c, const struct expr *expr, struct asm_label label,
			       bool sense)
{
	compile_value(c, expr);
	asm_alu_imm(&c->as, BPF_LSH, BPF_REG_0, real_size(c, expr) == 4 ? 33 : 1);
	asm_branch_imm(&c->as, sense ? BPF_JNE : BPF_JEQ, BPF_REG_0, 0, label);
}

void compile_branch(struct compiler *c, const struct expr *expr, struct asm_label label, bool sense)
{
	if (c->error)
		return;
	if (expr->kind == EXPR_NUMBER) {
		if ((expr->number != 0) == sense)
			asm_jump(&c->as, label);
	} else if (is_comparison(expr)) {
		compile_comparison(c, expr, label, sense);
	} else if (expr->kind == EXPR_AND || expr->kind == EXPR_OR) {
		compile_logical(c, expr, label, sense);
	} else if (expr->kind == EXPR_CALL || expr->kind == EXPR_STRING_COMPARE) {
		compile_string_branch(c, expr, label, sense);
	} else if (scalar_is_float(expr->type)) {
		compile_real_truth(c, expr, label, sense);
	} else {
		compile_value(c, expr);
		asm_branch_imm(&c->as, sense ? BPF_JNE : BPF_JEQ, BPF_REG_0, 0, label);
	}
}
