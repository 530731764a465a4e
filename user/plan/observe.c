/* SPDX-License-Identifier: BSD-2-Clause */
#include "plan/observe.h"

static u32 bit(u64 reg)
{
	return reg < 32 ? 1u << reg : 0;
}

static bool same_rule(const struct cfi_rule *a, const struct cfi_rule *b)
{
	return a->kind == b->kind && a->offset == b->offset && a->reg == b->reg &&
	       loc_same(a->expr, b->expr);
}

static bool same_row(const struct cfi_row *a, const struct cfi_row *b)
{
	if (!a || !b)
		return a == b;
	if (a->cfa_is_expr != b->cfa_is_expr || a->cfa_reg != b->cfa_reg ||
	    a->cfa_offset != b->cfa_offset || !loc_same(a->cfa_expr, b->cfa_expr))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(a->rules); i++)
		if (!same_rule(&a->rules[i], &b->rules[i]))
			return false;
	return true;
}

/* A callee-saved register that isn't saved yet still holds the caller's value. */
static u32 regs_of_row(const struct cfi_row *row, const struct arch *arch)
{
	u32 regs = 1u << arch->dwarf_sp;

	if (!row)
		return regs | arch->callee_saved;
	regs |= row->cfa_is_expr ? loc_regs(row->cfa_expr) : bit(row->cfa_reg);
	for (unsigned i = 0; i < ARRAY_LEN(row->rules); i++) {
		const struct cfi_rule *rule = &row->rules[i];

		if (rule->kind == CFI_REGISTER)
			regs |= bit(rule->reg);
		else if (rule->kind == CFI_SAME || rule->kind == CFI_UNDEFINED)
			regs |= bit(i) & arch->callee_saved;
		regs |= loc_regs(rule->expr);
	}
	return regs;
}

enum { MAX_TYPE_DEPTH = 8 };

/* A variable-length array's bound is computed when it is looked at. */
static u32 regs_of_type(const struct type *type)
{
	u32 regs = 0;
	bool upper;

	for (int depth = 0; type && depth < MAX_TYPE_DEPTH; depth++) {
		type = type_strip(type);
		if (type->kind == TYPE_ARRAY && !type->count_known)
			regs |= loc_regs(type_count_loc(type, &upper));
		if (type->kind != TYPE_ARRAY && type->kind != TYPE_POINTER)
			break;
		type = type_target(type);
	}
	return regs;
}

static struct error *regs_of_variables(const struct observed *observed, u64 pc, u32 *regs)
{
	struct loc *loc;
	struct error *err = dw_frame_base(observed->dw, pc, observed->arena, &loc);

	if (err)
		return err;
	*regs |= loc_regs(loc);
	for (size_t f = 0; f < observed->n_frames; f++)
		for (size_t v = 0; v < observed->frames[f].n_vars; v++) {
			const struct dw_var *var = &observed->frames[f].vars[v];

			err = dw_var_loc(observed->dw, var->die, pc, observed->arena, &loc);
			if (err)
				return err;
			*regs |= loc_regs(loc) | regs_of_type(var->type);
		}
	return NULL;
}

struct error *observe(struct dw *dw, u64 pc, struct arena *arena, struct observed *observed)
{
	const struct arch *arch = elf_file_arch(dw_file(dw));
	struct error *err;

	*observed = (struct observed){.dw = dw, .arena = arena, .pc = pc, .frame_reg = -1};
	if (dw_has_info(dw)) {
		err = dw_frames_at(dw, pc, arena, &observed->frames, &observed->n_frames);
		if (!err)
			err = regs_of_variables(observed, pc, &observed->regs);
		if (err)
			return err;
	}
	err = dw_cfi_row(dw, pc, arena, &observed->row);
	if (err)
		return err;
	observed->regs |= regs_of_row(observed->row, arch);
	if (observed->row && !observed->row->cfa_is_expr && observed->row->cfa_reg < 32)
		observed->frame_reg = (s8)observed->row->cfa_reg;
	return NULL;
}

static struct error *same_variables(const struct observed *observed, u64 pc, const char **why)
{
	for (size_t f = 0; f < observed->n_frames; f++)
		for (size_t v = 0; v < observed->frames[f].n_vars; v++) {
			const struct dw_var *var = &observed->frames[f].vars[v];
			struct loc *here, *there;
			struct error *err = dw_var_loc(observed->dw, var->die, observed->pc,
						       observed->arena, &here);

			if (!err)
				err = dw_var_loc(observed->dw, var->die, pc, observed->arena,
						 &there);
			if (err)
				return err;
			if (loc_same(here, there))
				continue;
			*why = arena_printf(observed->arena, "%s is elsewhere by then",
					    var->name ? var->name : "a variable");
			return NULL;
		}
	return NULL;
}

struct error *observe_same(const struct observed *observed, u64 pc, bool *same, u32 *regs,
			   const char **why)
{
	const char *differs = NULL;
	struct cfi_row *row;
	u32 read = observed->regs;
	struct error *err = dw_cfi_row(observed->dw, pc, observed->arena, &row);

	if (err)
		return err;
	if (!same_row(observed->row, row))
		differs = "the frame changes on the way";
	else if (observed->n_frames)
		err = same_variables(observed, pc, &differs);
	if (!err && observed->n_frames)
		err = regs_of_variables(observed, pc, &read);
	if (err)
		return err;
	*same = !differs;
	*regs = read;
	if (differs)
		*why = differs;
	return NULL;
}

const char *observe_insn(const struct observed *observed, const struct insn *insn, u32 regs)
{
	bool in_frame = insn->fault_base >= 0 && insn->fault_base == observed->frame_reg;

	if (insn->writes_memory)
		return "writes memory";
	if (insn->may_fault && !in_frame)
		return "could fault";
	if (insn->regs_written & regs)
		return "writes a register that is looked at";
	return NULL;
}
