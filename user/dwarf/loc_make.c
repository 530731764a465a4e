/* SPDX-License-Identifier: BSD-2-Clause */
/* Locations that no debug information says, but a calling convention or the shape of a frame. */
#include "dwarf/loc.h"

#include <dwarf.h>

static struct loc *make(const struct loc_op *ops, size_t n, struct arena *arena)
{
	struct loc *loc = arena_alloc(arena, sizeof(*loc));

	loc->ops = arena_memdup(arena, ops, n * sizeof(*ops));
	loc->n_ops = n;
	return loc;
}

struct loc *loc_at_base(s64 offset, struct arena *arena)
{
	const struct loc_op op = {.opcode = DW_OP_fbreg, .a = offset};

	return make(&op, 1, arena);
}

struct loc *loc_at_register(u16 reg, struct arena *arena)
{
	const struct loc_op op = {.opcode = DW_OP_bregx, .a = reg};

	return make(&op, 1, arena);
}

struct loc *loc_in_registers(const s16 *regs, unsigned n, u64 size, struct arena *arena)
{
	struct loc_op *ops = arena_array(arena, struct loc_op, 2 * n);
	size_t n_ops = 0;

	for (unsigned i = 0; i < n; i++, size -= min_u64(size, sizeof(u64))) {
		if (regs[i] != LOC_NO_REGISTER)
			ops[n_ops++] = (struct loc_op){.opcode = DW_OP_regx, .a = regs[i]};
		if (n > 1)
			ops[n_ops++] = (struct loc_op){.opcode = DW_OP_piece,
						       .a = (s64)min_u64(size, sizeof(u64))};
	}
	return make(ops, n_ops, arena);
}
