/* SPDX-License-Identifier: BSD-2-Clause */
/* Lvalues: where they are, their address, their content. */
#include "gen/compiler.h"

#include <string.h>

static const struct expr *variable_of(const struct expr *expr)
{
	while (expr->kind == EXPR_MEMBER)
		expr = expr->a;
	return expr;
}

static u64 bytes_needed(const struct expr *expr)
{
	if (expr->bit_size)
		return (expr->bit_offset + expr->bit_size + 7u) / 8;
	return type_strip(expr->type)->size;
}

void compile_home(struct compiler *c, const struct expr *expr, struct home *home)
{
	const struct expr *base = variable_of(expr), *outer = c->at;
	u64 offset = 0;

	for (const struct expr *member = expr; member != base; member = member->a)
		offset += member->offset;
	*home = (struct home){.kind = HOME_MEMORY, .offset = offset};
	if (base->kind == EXPR_UNARY && base->op == OP_DEREF) {
		compile_value(c, base->a);
		return;
	}
	c->at = base;
	if (base->kind == EXPR_VARIABLE)
		compile_variable(c, base->loc, base->frame_base, base->dw, offset,
				 bytes_needed(expr), home);
	else
		compiler_fail(c, base, "this is no object");
	c->at = outer;
}

void compile_address(struct compiler *c, const struct expr *expr)
{
	struct home home;

	compile_home(c, expr, &home);
	if (home.kind != HOME_MEMORY)
		compiler_fail(c, expr, "this is not in memory here, so it has no address");
	else if (home.offset > INT32_MAX)
		compiler_fail(c, expr, "this is too far into its object");
	else if (home.offset)
		asm_alu_imm(&c->as, BPF_ADD, BPF_REG_0, (s32)home.offset);
}

/* Bytes of a constant to r0. */
static void load_constant(struct compiler *c, const struct home *home, unsigned size)
{
	u64 value = 0;

	if (home->offset + size > home->len)
		compiler_fail(c, NULL, "this constant is shorter than its type");
	else
		memcpy(&value, home->bytes + home->offset, size);
	asm_const(&c->as, BPF_REG_0, value);
}

void compile_home_load(struct compiler *c, const struct home *home, unsigned size)
{
	unsigned width = size > 4 ? 8 : size > 2 ? 4 : size;

	if (home->kind == HOME_BYTES) {
		load_constant(c, home, size);
		return;
	}
	if (home->kind == HOME_MEMORY && size == width) {
		compile_read(c, size, (s64)home->offset);
		return;
	}
	if (home->kind == HOME_MEMORY) {
		/* An odd number of bytes (a bit-field's): no byte more is read than it has. */
		asm_store_imm(&c->as, 8, BPF_REG_10, -READ_BUFFER, 0);
		compile_read_buffer(c, size, (s64)home->offset);
		asm_load(&c->as, 8, BPF_REG_0, BPF_REG_10, -READ_BUFFER);
		return;
	}
	if (home->offset + size > 8) {
		compiler_fail(c, NULL, "this is wider than the register it is in");
		return;
	}
	if (home->offset)
		asm_alu_imm(&c->as, BPF_RSH, BPF_REG_0, (s32)(8 * home->offset));
	if (size == 4)
		asm_zero_extend32(&c->as, BPF_REG_0);
	else if (size < 8) {
		asm_alu_imm(&c->as, BPF_LSH, BPF_REG_0, 64 - 8 * (s32)size);
		asm_alu_imm(&c->as, BPF_RSH, BPF_REG_0, 64 - 8 * (s32)size);
	}
}

/* A packed bit-field of more than 56 bits can lie across nine bytes. */
static void load_nine_bytes(struct compiler *c, const struct expr *expr, const struct home *home)
{
	struct assembler *as = &c->as;

	if (home->kind != HOME_MEMORY) {
		compiler_fail(c, expr, "this is wider than the register it is in");
		return;
	}
	asm_store_imm(as, 8, BPF_REG_10, -READ_BUFFER + 8, 0);
	compile_read_buffer(c, 9, (s64)home->offset);
	asm_load(as, 8, BPF_REG_0, BPF_REG_10, -READ_BUFFER);
	asm_load(as, 8, BPF_REG_1, BPF_REG_10, -READ_BUFFER + 8);
	asm_alu_imm(as, BPF_RSH, BPF_REG_0, expr->bit_offset);
	asm_alu_imm(as, BPF_LSH, BPF_REG_1, 64 - expr->bit_offset);
	asm_alu(as, BPF_OR, BPF_REG_0, BPF_REG_1);
}

static void load_bits(struct compiler *c, const struct expr *expr, const struct home *home)
{
	unsigned bytes = (unsigned)bytes_needed(expr);
	s32 up = 64 - expr->bit_offset - expr->bit_size;

	if (bytes > 8) {
		load_nine_bytes(c, expr, home);
		up = 64 - expr->bit_size;
	} else {
		compile_home_load(c, home, bytes);
	}
	if (up)
		asm_alu_imm(&c->as, BPF_LSH, BPF_REG_0, up);
	if (expr->bit_size < 64)
		asm_alu_imm(&c->as, scalar_is_signed(expr->type) ? BPF_ARSH : BPF_RSH, BPF_REG_0,
			    64 - expr->bit_size);
}

void compile_load(struct compiler *c, const struct expr *expr)
{
	const struct type *bare = type_strip(expr->type);
	struct home home;

	compile_home(c, expr, &home);
	if (c->error)
		return;
	if (expr->bit_size) {
		load_bits(c, expr, &home);
		return;
	}
	if (bare->size > 8) {
		compiler_fail(c, expr, "a %s can't be compared in the kernel",
			      type_name(expr->type, c->arena));
		return;
	}
	compile_home_load(c, &home, (unsigned)bare->size);
	if (scalar_is_signed(bare) && bare->kind != TYPE_FLOAT)
		compile_wrap(c, bare);
}
