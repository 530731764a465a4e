/* SPDX-License-Identifier: BSD-2-Clause */
/* What a decoded location reads, whether two are the same, what has the shape of a virtual base. */
#include "dwarf/loc.h"

#include <dwarf.h>
#include <string.h>

enum { MAX_NESTING = 8 };

static u32 bit(u64 reg)
{
	return reg < 32 ? 1u << reg : 0;
}

static u32 regs_of(const struct loc *loc, int depth)
{
	u32 regs = 0;

	for (size_t i = 0; loc && depth < MAX_NESTING && i < loc->n_ops; i++) {
		const struct loc_op *op = &loc->ops[i];

		if (op->opcode >= DW_OP_reg0 && op->opcode <= DW_OP_reg31)
			regs |= bit(op->opcode - DW_OP_reg0);
		else if (op->opcode >= DW_OP_breg0 && op->opcode <= DW_OP_breg31)
			regs |= bit(op->opcode - DW_OP_breg0);
		else if (op->opcode == DW_OP_regx || op->opcode == DW_OP_bregx ||
			 op->opcode == DW_OP_regval_type)
			regs |= bit((u64)op->a);
		if (op->inner && op->opcode != DW_OP_entry_value)
			regs |= regs_of(op->inner, depth + 1);
	}
	return regs;
}

static bool same_loc(const struct loc *a, const struct loc *b, int depth)
{
	if (!a || !b || depth >= MAX_NESTING)
		return a == b;
	if (a->absence != b->absence || a->n_ops != b->n_ops)
		return false;
	for (size_t i = 0; i < a->n_ops; i++) {
		const struct loc_op *x = &a->ops[i], *y = &b->ops[i];

		if (x->opcode != y->opcode || x->a != y->a || x->b != y->b || x->type != y->type ||
		    x->block_len != y->block_len ||
		    (x->block_len && memcmp(x->block, y->block, x->block_len) != 0) ||
		    !x->inner != !y->inner ||
		    (x->inner && !same_loc(x->inner, y->inner, depth + 1)))
			return false;
	}
	return true;
}

u32 loc_regs(const struct loc *loc)
{
	return regs_of(loc, 0);
}

bool loc_same(const struct loc *a, const struct loc *b)
{
	return same_loc(a, b, 0);
}

static bool is_constant(const struct loc_op *op, s64 *value)
{
	bool is_literal = op->opcode >= DW_OP_lit0 && op->opcode <= DW_OP_lit31;

	*value = is_literal ? op->opcode - DW_OP_lit0 : op->a;
	return is_literal || (op->opcode >= DW_OP_const1u && op->opcode <= DW_OP_consts);
}

bool loc_table_slot(const struct loc *place, s64 *slot)
{
	const struct loc_op *ops = place->ops;
	s64 distance;

	if (place->absence != PRESENT || place->n_ops != 6 || ops[0].opcode != DW_OP_dup ||
	    ops[1].opcode != DW_OP_deref || !is_constant(&ops[2], &distance) ||
	    (ops[3].opcode != DW_OP_minus && ops[3].opcode != DW_OP_plus) ||
	    ops[4].opcode != DW_OP_deref || ops[5].opcode != DW_OP_plus)
		return false;
	*slot = ops[3].opcode == DW_OP_plus ? distance : (s64)(0 - (u64)distance);
	return true;
}
