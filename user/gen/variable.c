/* SPDX-License-Identifier: BSD-2-Clause */
/* Where a variable is at the place: the piece that is meant, in memory, in a register, or a
 * constant. */
#include "gen/compiler.h"

#include <dwarf.h>

static bool is_piece(const struct loc_op *op)
{
	return op->opcode == DW_OP_piece || op->opcode == DW_OP_bit_piece;
}

/* One piece, or the whole location: *ops and *n shrink to it, *offset counts from its start. */
static void find_piece(struct compiler *c, const struct loc_op **ops, size_t *n, u64 *offset,
		       u64 need)
{
	size_t first = 0;

	for (size_t i = 0; i < *n; i++) {
		const struct loc_op *op = &(*ops)[i];

		if (!is_piece(op))
			continue;
		if (op->opcode == DW_OP_bit_piece)
			compiler_fail(c, NULL, "'%s' is in pieces of bits", compiler_name(c));
		if (*offset < (u64)op->a) {
			if (*offset + need > (u64)op->a)
				compiler_fail(c, NULL, "'%s' is spread over several places",
					      compiler_name(c));
			*ops += first;
			*n = i - first;
			return;
		}
		*offset -= (u64)op->a;
		first = i + 1;
	}
	if (first) {
		*ops += first;
		*n -= first;
	}
}

static bool constant_home(const struct loc_op *op, struct home *home)
{
	if (op->opcode != DW_OP_implicit_value)
		return false;
	home->kind = HOME_BYTES;
	home->bytes = op->block;
	home->len = op->block_len;
	return true;
}

static bool register_home(struct compiler *c, const struct loc_op *op, struct home *home)
{
	struct loc_op content = {.opcode = DW_OP_bregx, .a = op->a};

	if (op->opcode >= DW_OP_reg0 && op->opcode <= DW_OP_reg31)
		content.a = op->opcode - DW_OP_reg0;
	else if (op->opcode != DW_OP_regx)
		return false;
	compile_location(c, &content, 1, NULL, NULL);
	home->kind = HOME_VALUE;
	return true;
}

/* Goes there always. What follows has to stay reachable, or the verifier refuses it. */
static void compile_never(struct compiler *c, struct asm_label to)
{
	asm_const(&c->as, BPF_REG_0, 0);
	asm_branch_imm(&c->as, BPF_JEQ, BPF_REG_0, 0, to);
}

void compile_variable(struct compiler *c, const struct loc *loc, const struct loc *frame_base,
		      struct dw *dw, u64 offset, u64 need, struct home *home)
{
	const struct loc_op *ops;
	size_t n;

	if (loc && loc->absence == ABSENT_TAIL_CALL) {
		compile_never(c, c->later);
		*home = (struct home){.kind = HOME_VALUE};
		return;
	}
	if (!loc || loc->absence != PRESENT) {
		compiler_fail(c, NULL, "'%s' is %s here", compiler_name(c),
			      absence_text(loc ? loc->absence : ABSENT_OPTIMIZED_OUT));
		return;
	}
	ops = loc->ops;
	n = loc->n_ops;
	find_piece(c, &ops, &n, &offset, need);
	if (!n)
		compiler_fail(c, NULL, "'%s' is optimized out here", compiler_name(c));
	if (c->error)
		return;
	*home = (struct home){.offset = offset};
	if (n == 1 && (constant_home(ops, home) || register_home(c, ops, home)))
		return;
	home->kind = compile_location(c, ops, n, frame_base, dw);
}
