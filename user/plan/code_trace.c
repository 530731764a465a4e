/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where control can arrive in a function: its starts, symbols, branch targets, landing pads, jump
 * tables, and labels whose address is taken.
 *
 * A switch becomes a table in constant data. Compilers for position-independent code write
 *
 *	lea     table(%rip), %rdx       each entry is the distance of a case from the table
 *	movslq  (%rdx,%rax,4), %rax
 *	add     %rdx, %rax
 *	jmp     *%rax
 *
 * and else jmp *table(,%rax,8), each entry an address. How many entries a table has isn't looked
 * for: everything that could be an entry is taken for one. That makes more places of arrival than
 * there are, which costs a move, but never one too few. An indirect jump through a pointer (a tail
 * call, or a computed goto) arrives only where an address is taken, by an instruction here or in the
 * data. Where a function has no indirect jump at all, such an address, and a symbol that is no
 * function's, may be of data between the instructions.
 */
#include <string.h>

#include "plan/code.h"

enum { MAX_TABLE_ENTRIES = 1 << 16 };

void code_arrive(struct code *code, u64 pc, bool is_certain)
{
	struct code_insn *at = code_at(code, pc, false);

	if (!at)
		return;
	at->is_leader = true;
	at->is_root |= is_certain;
}

static bool is_code(const struct code *code, u64 pc)
{
	const struct elf_section *section = elf_file_section_at(dw_file(code->dw), pc);

	return section && section->is_code;
}

/* clang lets the entries of impossible cases point behind the function. */
static bool is_end(const struct code *code, u64 pc)
{
	for (size_t i = 0; i < code->extent.n_ranges; i++)
		if (code->extent.ranges[i].end == pc)
			return true;
	return false;
}

/*
 * Reads a table of distances (entry_size 4) or addresses (8) up to the first that leads to no
 * instruction of the function; returns how many there are. `mark`: control can arrive where they
 * lead.
 */
static size_t read_table(struct code *code, u64 table, unsigned entry_size, bool mark)
{
	size_t len, n = 0;
	const u8 *bytes = elf_file_constant_bytes(dw_file(code->dw), table, &len);

	if (!bytes || is_code(code, table))
		return 0;
	for (; n < MAX_TABLE_ENTRIES && (n + 1) * entry_size <= len; n++) {
		u64 target = 0;

		memcpy(&target, bytes + n * entry_size, entry_size);
		if (entry_size == 4)
			target = table + (s64)(s32)target;
		if (!code_at(code, target, false) && !is_end(code, target))
			break;
		if (mark)
			code_arrive(code, target, code->has_indirect_jump);
	}
	return n;
}

static bool is_lea(const struct insn *insn)
{
	return insn->memory.present && insn->memory.pc_relative && !insn->memory.size;
}

/* table(,%rax,8): an array of addresses at an address that isn't relative to anything. */
static bool is_fixed_table(const struct insn *insn)
{
	const struct insn_memory *memory = &insn->memory;

	return memory->present && memory->size == 8 && memory->scale == 8 && memory->index >= 0 &&
	       memory->base < 0 && !memory->pc_relative;
}

/*
 * arm64 computes an address by adrp, which gives its page, and add. Whatever page a register had
 * last, in the order of addresses, may be the one.
 */
static bool is_second_half(u64 *pages, const struct insn *insn, u64 *address)
{
	if (insn->page) {
		pages[__builtin_ctz(insn->regs_written | 1u << 31)] = insn->page;
		return false;
	}
	if (!insn->immediate || !insn->regs_read)
		return false;
	*address = pages[__builtin_ctz(insn->regs_read)] + insn->immediate;
	return pages[__builtin_ctz(insn->regs_read)];
}

static void arrive_computed(struct code *code, u64 address)
{
	code_arrive(code, address, code->has_indirect_jump);
	read_table(code, address, 4, true);
}

/* What instructions say: landing marks, and addresses that are computed, of labels or tables. */
static void trace_operands(struct code *code)
{
	bool fixed = !elf_file_is_pie(dw_file(code->dw));
	u64 pages[32] = {0}, address;

	for (size_t i = 0; i < code->n; i++) {
		const struct insn *insn = &code->insns[i].insn;

		code->insns[i].is_leader |= insn->is_landing;
		if (is_lea(insn))
			arrive_computed(code, insn->memory.disp);
		if (is_second_half(pages, insn, &address))
			arrive_computed(code, address);
		if (is_fixed_table(insn))
			read_table(code, insn->memory.disp, 8, true);
		if (fixed && insn->immediate)
			code_arrive(code, insn->immediate, code->has_indirect_jump);
	}
}

static bool has_target(const struct insn *insn)
{
	return insn->flow == FLOW_JUMP || insn->flow == FLOW_BRANCH || insn->flow == FLOW_CALL;
}

static void trace_branches(struct code *code)
{
	for (size_t i = 0; i < code->n; i++) {
		const struct insn *insn = &code->insns[i].insn;
		struct code_insn *to = has_target(insn) ? code_at(code, insn->target, false) : NULL;

		if (to)
			to->is_leader = true;
	}
}

static void trace_symbols(struct code *code)
{
	struct elf_file *file = dw_file(code->dw);
	const struct elf_symbol *symbols;
	size_t n = elf_file_symbols(file, &symbols), low = 0, high = n;
	const struct pc_range *ranges = code->extent.ranges;

	for (size_t r = 0; r < code->extent.n_ranges; r++) {
		code_arrive(code, ranges[r].start, true);
		for (low = 0, high = n; low < high;) {
			size_t middle = low + (high - low) / 2;

			if (symbols[middle].pc < ranges[r].start)
				low = middle + 1;
			else
				high = middle;
		}
		for (; low < n && symbols[low].pc < ranges[r].end; low++)
			if (!symbols[low].is_tls)
				code_arrive(code, symbols[low].pc,
					    symbols[low].is_function && symbols[low].size);
	}
}

static void trace_landing_pads(struct code *code)
{
	const u64 *pads;
	size_t n = elf_file_landing_pads(dw_file(code->dw), &pads);

	for (size_t i = 0; i < n; i++)
		if (code_holds(code, pads[i]))
			code_arrive(code, pads[i], true);
}

/* Whether control comes to insns[i] from the instruction above alone, and that changes nothing
 * else. */
static bool follows(const struct code *code, size_t i)
{
	const struct insn *above = i ? &code->insns[i - 1].insn : NULL;

	return above && !code->insns[i].is_leader &&
	       (above->flow == FLOW_NEXT || above->flow == FLOW_BRANCH);
}

/* The instruction that last wrote one of regs on the one way to insns[i]; NULL: not known. */
static const struct code_insn *definition(const struct code *code, size_t i, u32 regs)
{
	while (follows(code, i))
		if (code->insns[--i].insn.regs_written & regs)
			return &code->insns[i];
	return NULL;
}

static bool is_written_anywhere(const struct code *code, u32 regs)
{
	for (size_t i = 0; i < code->n; i++) {
		enum insn_flow flow = code->insns[i].insn.flow;

		if ((code->insns[i].insn.regs_written & regs) || flow == FLOW_CALL ||
		    flow == FLOW_CALL_INDIRECT)
			return true;
	}
	return false;
}

/* Does a lea anywhere in the function put the address of a table of distances into reg? */
static bool has_table_in(struct code *code, int reg)
{
	for (size_t i = 0; reg >= 0 && reg < 32 && i < code->n; i++) {
		const struct insn *insn = &code->insns[i].insn;

		if (is_lea(insn) && (insn->regs_written & 1u << reg) &&
		    read_table(code, insn->memory.disp, 4, false))
			return true;
	}
	return false;
}

enum jump_kind { JUMP_UNKNOWN, JUMP_TABLE, JUMP_POINTER };

/* A jump through memory, or through a register loaded from it. */
static enum jump_kind kind_of_load(struct code *code, const struct insn *load)
{
	if (load->memory.size != 8)
		return JUMP_UNKNOWN;
	if (is_fixed_table(load))
		return read_table(code, load->memory.disp, 8, false) ? JUMP_TABLE : JUMP_UNKNOWN;
	return JUMP_POINTER;
}

/* The register was added up: is one addend an entry of a table, found by the other? */
static enum jump_kind kind_of_sum(struct code *code, size_t sum)
{
	u32 addends = code->insns[sum].insn.regs_read;
	size_t i = sum;

	while (follows(code, i)) {
		const struct insn *load = &code->insns[--i].insn;

		if (!(load->regs_written & addends))
			continue;
		if (load->memory.present && load->memory.size == 4 && load->memory.scale == 4 &&
		    load->memory.index >= 0)
			return has_table_in(code, load->memory.base) ? JUMP_TABLE : JUMP_UNKNOWN;
	}
	return JUMP_UNKNOWN;
}

static enum jump_kind kind_of_jump(struct code *code, size_t i)
{
	const struct insn *jump = &code->insns[i].insn;
	const struct code_insn *from;

	if (jump->memory.present)
		return kind_of_load(code, jump);
	from = definition(code, i, jump->regs_read);
	if (!from)
		return is_written_anywhere(code, jump->regs_read) ? JUMP_UNKNOWN : JUMP_POINTER;
	if (from->insn.memory.present && from->insn.memory.size)
		return kind_of_load(code, &from->insn);
	return kind_of_sum(code, from - code->insns);
}

/* Returns whether there is a jump through a pointer. */
static bool trace_indirect(struct code *code)
{
	bool pointers = false;

	for (size_t i = 0; i < code->n; i++) {
		enum jump_kind kind;

		if (code->insns[i].insn.flow != FLOW_JUMP_INDIRECT)
			continue;
		code->has_indirect_jump = true;
		kind = kind_of_jump(code, i);
		if (kind == JUMP_UNKNOWN && !code->unknown_jump)
			code->unknown_jump = &code->insns[i].insn;
		code->insns[i].is_pointer_jump = kind == JUMP_POINTER;
		code->insns[i].is_table_jump = kind == JUMP_TABLE;
		pointers |= kind == JUMP_POINTER;
	}
	return pointers;
}

static bool goes_on(const struct insn *insn)
{
	return insn->flow == FLOW_NEXT || insn->flow == FLOW_BRANCH || insn->flow == FLOW_CALL ||
	       insn->flow == FLOW_CALL_INDIRECT;
}

/* A branch into an instruction is sound behind its prefix; else what was decoded there may be data.
 */
static void tear(struct code *code, u64 target)
{
	struct code_insn *torn = code_at(code, target, true);

	if (!torn)
		return;
	torn->is_torn = true;
	if (!torn->insn.hazard)
		code->doubtful_from = min_u64(code->doubtful_from, torn->insn.address);
}

/* Marks what control runs through from insns[i]; branch targets found on the way go on the stack.
 */
static void reach_from(struct code *code, size_t i, size_t *stack, size_t *depth)
{
	for (; i < code->n && !code->insns[i].is_reached; i++) {
		struct code_insn *at = &code->insns[i];
		struct code_insn *to;

		at->is_reached = true;
		if (has_target(&at->insn) && code_holds(code, at->insn.target)) {
			to = code_at(code, at->insn.target, false);
			if (!to)
				tear(code, at->insn.target);
			else if (!to->is_reached && !to->is_queued)
				to->is_queued = true, stack[(*depth)++] = to - code->insns;
		}
		if (!goes_on(&at->insn) || i + 1 == code->n ||
		    at[1].insn.address != at->insn.address + at->insn.len)
			return;
	}
}

/*
 * Where a table is unknown, all code counts as reached: compilers put no data between the cases of
 * a switch.
 */
static void trace_reach(struct code *code)
{
	size_t *stack = arena_array(code->arena, size_t, code->n + 1), depth = 0;

	for (size_t i = 0; i < code->n; i++) {
		if (!code->insns[i].is_root && !code->unknown_jump)
			continue;
		reach_from(code, i, stack, &depth);
		while (depth)
			reach_from(code, stack[--depth], stack, &depth);
	}
}

void code_trace(struct code *code)
{
	bool pointers;

	if (!code->n)
		return;
	trace_symbols(code);
	trace_landing_pads(code);
	trace_branches(code);
	/* before tables are marked: what only looks like one must not hide what a jump is computed
	 * from */
	pointers = trace_indirect(code);
	trace_operands(code);
	if (pointers)
		code_find_labels(code);
	trace_reach(code);
}
