/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Call frame information (DWARF 5, section 6.4), by libdw: .eh_frame of the module, .debug_frame of
 * its debug file. libdw gives each register's rule as an expression; the plain ones are recognised
 * again here (cfi.c of elfutils 0.188, dwarf_frame_register()):
 *
 *	undefined        no operators, ops is the caller's array
 *	same value       no operators, ops is NULL
 *	offset(N)        DW_OP_call_frame_cfa [DW_OP_plus_uconst N]
 *	val_offset(N)    the same, then DW_OP_stack_value
 *	register(R)      DW_OP_regx R
 *	expression(E)    DW_OP_call_frame_cfa E [DW_OP_stack_value]
 *
 * A register without a rule has the one of the calling convention. libdw's own idea of that is
 * wrong for x86-64 (it hands on %rax and loses %rbx), and can't be told from a rule that is written;
 * so "undefined" of a callee-saved register and "same value" of another are replaced. No compiler
 * writes either.
 */
#include <stdlib.h>

#include "dwarf/die.h"

struct dw_frames {
	Dwarf_CFI *eh;	  /* .eh_frame; owned */
	Dwarf_CFI *debug; /* .debug_frame; the Dwarf's */
};

static void free_frame(Dwarf_Frame **frame)
{
	free(*frame);
}

static void close_frames(struct dw *dw)
{
	if (dw->cfi && dw->cfi->eh)
		dwarf_cfi_end(dw->cfi->eh);
	dw->cfi = NULL;
}

static struct dw_frames *frames_of(struct dw *dw)
{
	if (dw->cfi)
		return dw->cfi;
	dw->cfi = arena_alloc(dw->arena, sizeof(*dw->cfi));
	dw->cfi_close = close_frames;
	dw->cfi->eh = dw->cfi_elf ? dwarf_getcfi_elf(dw->cfi_elf) : NULL;
	dw->cfi->debug = dw->dbg ? dwarf_getcfi(dw->dbg) : NULL;
	return dw->cfi;
}

static bool is_plain_cfa(const Dwarf_Op *ops, size_t n, s64 *offset)
{
	if (n == 0 || n > 2 || ops[0].atom != DW_OP_call_frame_cfa)
		return false;
	*offset = 0;
	if (n == 2 && ops[1].atom != DW_OP_plus_uconst)
		return false;
	if (n == 2)
		*offset = (s64)ops[1].number;
	return true;
}

static void read_rule(struct dw *dw, Dwarf_Frame *frame, int reg, struct arena *arena,
		      struct cfi_rule *rule)
{
	Dwarf_Op space[3], *ops;
	bool is_value;
	size_t n;

	if (dwarf_frame_register(frame, reg, space, &ops, &n) != 0) {
		rule->kind = CFI_UNDEFINED;
		return;
	}
	if (n == 0) {
		rule->kind = ops ? CFI_UNDEFINED : CFI_SAME;
		return;
	}
	if (n == 1 && ops[0].atom == DW_OP_regx) {
		rule->kind = ops[0].number < ARCH_MAX_DWARF_REGS ? CFI_REGISTER : CFI_UNDEFINED;
		rule->reg = (u16)ops[0].number;
		return;
	}
	is_value = ops[n - 1].atom == DW_OP_stack_value;
	if (is_value)
		n--;
	if (is_plain_cfa(ops, n, &rule->offset)) {
		rule->kind = is_value ? CFI_VAL_OFFSET : CFI_OFFSET;
		return;
	}
	rule->kind = is_value ? CFI_VAL_EXPRESSION : CFI_EXPRESSION;
	rule->expr = dw_decode(dw, NULL, ops, n, arena);
}

static void apply_convention(const struct arch *arch, struct cfi_row *row)
{
	for (unsigned reg = 0; reg < arch->n_dwarf_regs; reg++) {
		bool saved = arch->callee_saved >> reg & 1;
		struct cfi_rule *rule = &row->rules[reg];

		if (reg == row->return_column || reg == arch->dwarf_sp)
			continue;
		if (rule->kind == CFI_UNDEFINED && saved)
			rule->kind = CFI_SAME;
		else if (rule->kind == CFI_SAME && !saved && !row->is_signal_frame)
			rule->kind = CFI_UNDEFINED;
	}
}

static bool read_cfa(struct dw *dw, Dwarf_Frame *frame, struct arena *arena, struct cfi_row *row)
{
	Dwarf_Op *ops;
	size_t n;

	if (dwarf_frame_cfa(frame, &ops, &n) != 0 || n == 0)
		return false;
	if (n == 1 && ops[0].atom >= DW_OP_breg0 && ops[0].atom <= DW_OP_breg31) {
		row->cfa_reg = (u16)(ops[0].atom - DW_OP_breg0);
		row->cfa_offset = (s64)ops[0].number;
	} else if (n == 1 && ops[0].atom == DW_OP_bregx) {
		if (ops[0].number >= ARCH_MAX_DWARF_REGS)
			return false;
		row->cfa_reg = (u16)ops[0].number;
		row->cfa_offset = (s64)ops[0].number2;
	} else {
		row->cfa_is_expr = true;
		row->cfa_expr = dw_decode(dw, NULL, ops, n, arena);
	}
	return row->cfa_is_expr || row->cfa_reg < ARCH_MAX_DWARF_REGS;
}

static bool frame_at(struct dw *dw, u64 pc, Dwarf_Frame **frame)
{
	struct dw_frames *frames = frames_of(dw);

	if (frames->eh && dwarf_cfi_addrframe(frames->eh, pc, frame) == 0)
		return true;
	return frames->debug && dwarf_cfi_addrframe(frames->debug, pc, frame) == 0;
}

struct error *dw_cfi_row(struct dw *dw, u64 pc, struct arena *arena, struct cfi_row **row)
{
	_cleanup_(free_frame) Dwarf_Frame *frame = NULL;
	struct cfi_row *result;
	int column;

	*row = NULL;
	if (!frame_at(dw, pc, &frame))
		return NULL;
	result = arena_alloc(arena, sizeof(*result));
	column = dwarf_frame_info(frame, NULL, NULL, &result->is_signal_frame);
	if (column < 0 || column >= ARCH_MAX_DWARF_REGS || !read_cfa(dw, frame, arena, result))
		return NULL;
	result->return_column = (u16)column;
	for (int reg = 0; reg < ARCH_MAX_DWARF_REGS; reg++)
		read_rule(dw, frame, reg, arena, &result->rules[reg]);
	apply_convention(elf_file_arch(dw->file), result);
	*row = result;
	return NULL;
}
