/* SPDX-License-Identifier: BSD-2-Clause */
/* What DW_OP_fbreg is relative to: DW_AT_frame_base (DWARF 5, section 3.3.5). */
#include "dwarf/die.h"

struct distance {
	s64 bytes;
	bool is_known;
};

/* How far above a register's value the CFA is in the function's body, where it is the farthest. */
static bool body_distance(struct dw *dw, Dwarf_Die *function, u64 reg, struct arena *arena,
			  s64 *distance)
{
	_cleanup_(error_freep) struct error *err = NULL;
	const struct dw_row *rows;
	struct pc_range *ranges;
	size_t n_ranges = dw_die_ranges(dw, function, arena, &ranges), n;
	bool found = false;

	err = n_ranges ? dw_rows_of(dw, ranges[0].start, &rows, &n) : NULL;
	for (size_t i = 0; n_ranges && !err && i < n; i++) {
		struct cfi_row *row;

		if (rows[i].pc < ranges[0].start || rows[i].pc >= ranges[0].end)
			continue;
		err = dw_cfi_row(dw, rows[i].pc, arena, &row);
		if (err || !row || row->cfa_is_expr || row->cfa_reg != reg ||
		    (found && row->cfa_offset <= *distance))
			continue;
		*distance = row->cfa_offset;
		found = true;
	}
	return found;
}

/* A function is asked about for every frame of every event. */
static bool known_distance(struct dw *dw, Dwarf_Die *function, u64 reg, struct arena *arena,
			   s64 *distance)
{
	u64 key = dw_die_offset(dw, function);
	struct distance *known;

	if (!dw->distances) {
		dw->distances = arena_alloc(dw->arena, sizeof(*dw->distances));
		map_init(dw->distances, dw->arena);
	}
	known = map_get(dw->distances, key);
	if (!known) {
		known = arena_alloc(dw->arena, sizeof(*known));
		known->is_known = body_distance(dw, function, reg, arena, &known->bytes);
		map_put(dw->distances, key, known);
	}
	*distance = known->bytes;
	return known->is_known;
}

/*
 * clang and rustc give a register as the frame base at -O0, which it is in the function's body
 * only: before the prologue is done, and behind the epilogue, it is the caller's. There the base is
 * told by the CFA, which call frame information has everywhere, and its distance in the body.
 */
static struct loc *base_by_cfa(struct dw *dw, Dwarf_Die *function, u64 pc, struct loc *base,
			       struct arena *arena)
{
	const struct loc_op *op = base->ops;
	struct loc_op at_pc;
	_cleanup_(error_freep) struct error *err = NULL;
	struct cfi_row *row;
	s64 distance = 0;
	u64 reg;

	if (base->absence != PRESENT || base->n_ops != 1 || op->opcode < DW_OP_reg0 ||
	    op->opcode > DW_OP_reg31)
		return base;
	reg = op->opcode - DW_OP_reg0;
	err = dw_cfi_row(dw, pc, arena, &row);
	if (err || !row || row->cfa_is_expr || row->cfa_reg > DW_OP_breg31 - DW_OP_breg0)
		return base;
	if (row->cfa_reg == reg && reg != elf_file_arch(dw->file)->dwarf_sp)
		return base;
	if (!known_distance(dw, function, reg, arena, &distance))
		return base;
	at_pc = (struct loc_op){.opcode = (u8)(DW_OP_breg0 + row->cfa_reg),
				.a = (s64)((u64)row->cfa_offset - (u64)distance)};
	base = arena_memdup(arena, base, sizeof(*base));
	base->ops = arena_memdup(arena, &at_pc, sizeof(at_pc));
	return base;
}

struct error *dw_frame_base(struct dw *dw, u64 pc, struct arena *arena, struct loc **loc)
{
	Dwarf_Attribute attr;
	Dwarf_Die function;

	*loc = NULL;
	if (!dw_subprogram_at(dw, pc, &function) || !die_attr(&function, DW_AT_frame_base, &attr))
		return NULL;
	*loc = base_by_cfa(dw, &function, pc, dw_decode_attr(dw, &attr, pc, arena), arena);
	return NULL;
}
