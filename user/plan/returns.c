/* SPDX-License-Identifier: BSD-2-Clause */
#include "plan/returns.h"

#include "plan/code.h"
#include "plan/tictoc.h"

/* Two kinds of reasons: it can't be, and it is better not done unless asked for. */
struct reasons {
	const char *never, *rather_not;
};

static void of_spec(const struct spec *spec, struct reasons *reasons)
{
	if (spec->tictoc.is_trace)
		reasons->never = "each pair of a trace is taken inside the function";
	else if (spec->tictoc.is_slower)
		reasons->never = "the snapshots of --slower are taken inside the function, before "
				 "it returns";
	else if (plan_tictoc_looks_late(spec))
		reasons->never = "$elapsed and $return are looked at inside the function";
	else if (spec->tictoc.max_open)
		reasons->never = "--open is for pairs that are kept one by one";
}

/* All parts of the function that begins at pc; false: its end isn't known. */
static bool decode(const struct timed_entry *entry, struct arena *arena, struct code *code)
{
	struct code_extent extent;
	struct error *err = code_extent_at(entry->module->dw, entry->pc, arena, &extent);

	if (!err && extent.entry != entry->pc)
		return false;
	if (!err)
		err = code_decode(entry->module->dw, &extent, arena, code);
	error_free(err);
	if (!err)
		code_trace(code);
	return !err;
}

/* Is the word at the CFA, below which the arguments on the stack are, the memory operand? */
static bool reads_return_address(const struct code *code, const struct insn *insn)
{
	const struct insn_memory *memory = &insn->memory;
	struct cfi_row *row = NULL;
	struct error *err;

	if (!memory->present || !memory->size || memory->index >= 0 || memory->base < 0 ||
	    (memory->base != code->arch->dwarf_sp && memory->base != code->arch->dwarf_fp))
		return false;
	err = dw_cfi_row(code->dw, insn->address, code->arena, &row);
	error_free(err);
	return !err && row && !row->cfa_is_expr && row->cfa_reg == memory->base &&
	       (s64)memory->disp == row->cfa_offset - code->arch->call_pushes;
}

static bool leaves_by_jump(const struct code *code, const struct code_insn *at)
{
	switch (at->insn.flow) {
	case FLOW_JUMP:
	case FLOW_BRANCH: return !code_holds(code, at->insn.target);
	case FLOW_JUMP_INDIRECT: return !at->is_table_jump;
	default: return false;
	}
}

static const char *rather_not(const struct code *code, const struct code_insn *at)
{
	if (leaves_by_jump(code, at))
		return "the function makes tail calls, whose time would be counted as its own";
	if (at->insn.flow == FLOW_CALL && at->insn.target == code->extent.entry)
		return "the function calls itself, and the kernel keeps no more than 64 returns";
	return NULL;
}

static void of_code(const struct code *code, struct reasons *reasons)
{
	u64 entry = code->extent.entry;

	for (size_t i = 0; i < code->n && !reasons->never; i++) {
		const struct code_insn *at = &code->insns[i];
		bool jumps = at->insn.flow == FLOW_JUMP || at->insn.flow == FLOW_BRANCH;

		if (!at->is_reached)
			continue;
		if (jumps && at->insn.target == entry)
			reasons->never = "the function jumps back to its first instruction";
		else if (at->insn.strips_return ||
			 (code->arch->call_pushes && reads_return_address(code, &at->insn)))
			reasons->never = "the function looks at its return address";
		else if (!reasons->rather_not)
			reasons->rather_not = rather_not(code, at);
	}
}

static void of_entry(const struct timed_entry *entry, struct reasons *reasons)
{
	_cleanup_(arena_freep) struct arena *scratch = arena_new();
	struct code code;

	if (elf_file_is_libc(entry->module->file))
		reasons->never = "the C library's own functions may look at their return addresses";
	else if (!decode(entry, scratch, &code))
		reasons->never = "the place is not the function's first instruction, where its "
				 "return address is known to be";
	else
		of_code(&code, reasons);
}

static void gather(struct plan *plan, const struct plan_host *host,
		   const struct timed_entry *entries, size_t n, struct reasons *reasons)
{
	of_spec(plan->spec, reasons);
	if (!reasons->never)
		reasons->never = host->no_session;
	if (!reasons->rather_not)
		reasons->rather_not = host->rather_no_session;
	for (size_t i = 0; i < n && !reasons->never; i++)
		of_entry(&entries[i], reasons);
}

struct error *plan_returns(struct plan *plan, const struct plan_host *host,
			   const struct timed_entry *entries, size_t n)
{
	struct reasons reasons = {0};
	bool asked = plan->spec->tictoc.returns == RETURNS_SESSION;

	plan->returns = RETURNS_INSTRUCTIONS;
	if (plan->spec->tictoc.returns == RETURNS_INSTRUCTIONS) {
		plan->returns_why = "asked for";
		return NULL;
	}
	gather(plan, host, entries, n, &reasons);
	if (asked && reasons.never)
		return error_cure(error_new(ERROR_USAGE, "no session link for %s: %s",
					    plan->spec->places[0].text, reasons.never),
				  "Leave --returns away: the return instructions will do.");
	plan->returns_why = reasons.never ? reasons.never : reasons.rather_not;
	if (plan->returns_why && !asked)
		return NULL;
	plan->returns = RETURNS_SESSION;
	if (plan->returns_why)
		plan_note(plan, "%s", plan->returns_why);
	return NULL;
}
