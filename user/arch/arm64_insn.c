/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One arm64 instruction (Arm ARM, C4.1): branches, nops and exclusives. Of all others only the
 * length is known, so they count as doing anything: a probe that may not be observed doesn't pass
 * them.
 */
#include <stdio.h>

#include "arch/arch_private.h"

static s64 offset_of(u32 word, unsigned low, unsigned bits)
{
	u64 field = (u64)(word >> low) & ((1ULL << bits) - 1);

	return ((s64)(field << (64 - bits)) >> (64 - bits)) * 4;
}

/* Direct branches; all are emulated (arch/arm64/kernel/probes/simulate-insn.c). */
static bool decode_branch(u32 word, struct insn *insn)
{
	const char *name;
	s64 offset;

	if ((word & 0xfc000000) == 0x14000000) {
		insn->flow = FLOW_JUMP, name = "b", offset = offset_of(word, 0, 26);
	} else if ((word & 0xfc000000) == 0x94000000) {
		insn->flow = FLOW_CALL, name = "bl", offset = offset_of(word, 0, 26);
		insn->regs_written = 1u << 30;
	} else if ((word & 0xff000000) == 0x54000000) {
		insn->flow = FLOW_BRANCH, name = "b.cond", offset = offset_of(word, 5, 19);
	} else if ((word & 0x7e000000) == 0x34000000) {
		insn->flow = FLOW_BRANCH, name = word & 0x01000000 ? "cbnz" : "cbz";
		offset = offset_of(word, 5, 19);
		insn->regs_read = (word & 31) == 31 ? 0 : 1u << (word & 31);
	} else if ((word & 0x7e000000) == 0x36000000) {
		insn->flow = FLOW_BRANCH, name = word & 0x01000000 ? "tbnz" : "tbz";
		offset = offset_of(word, 5, 14);
		insn->regs_read = (word & 31) == 31 ? 0 : 1u << (word & 31);
	} else {
		return false;
	}
	insn->target = insn->address + offset;
	insn->cost = INSN_EMULATED;
	snprintf(insn->text, sizeof(insn->text), "%s 0x%llx", name,
		 (unsigned long long)insn->target);
	return true;
}

/* br, blr, ret, also with pointer authentication, which the kernel steps or refuses by itself. */
static bool decode_branch_register(u32 word, struct insn *insn)
{
	static const struct {
		u8 opc;
		enum insn_flow flow;
		const char *name;
	} kinds[] = {{0, FLOW_JUMP_INDIRECT, "br"},
		     {1, FLOW_CALL_INDIRECT, "blr"},
		     {2, FLOW_RETURN, "ret"}};
	unsigned reg = word >> 5 & 31;

	if ((word & 0xfe000000) != 0xd6000000)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		if ((word >> 21 & 7) != kinds[i].opc)
			continue;
		insn->flow = kinds[i].flow;
		insn->cost = word & 0xf800 ? INSN_SINGLE_STEP : INSN_EMULATED;
		insn->regs_read = reg == 31 ? 0 : 1u << reg;
		insn->regs_written = kinds[i].flow == FLOW_CALL_INDIRECT ? 1u << 30 : 0;
		snprintf(insn->text, sizeof(insn->text), "%s x%u", kinds[i].name, reg);
		return true;
	}
	return false;
}

static const char exclusive_hazard[] = "a probe between a load-exclusive and its store-exclusive "
				       "makes the loop around them endless";

static void decode_other(u32 word, struct insn *insn)
{
	insn->cost = INSN_SINGLE_STEP;
	insn->writes_memory = insn->may_fault = true;
	insn->regs_read = insn->regs_written = ~0u;
	snprintf(insn->text, sizeof(insn->text), ".inst 0x%08x", word);
	if ((word & 0x3f000000) == 0x08000000 && !(word >> 23 & 1)) {
		insn->load_exclusive = word >> 22 & 1;
		insn->store_exclusive = !insn->load_exclusive;
		insn->cost = INSN_REFUSED;
		insn->hazard = exclusive_hazard;
	} else if ((word & 0xffe0001f) == 0xd4200000 || (word & 0xffff0000) == 0) {
		insn->flow = FLOW_STOP; /* brk, udf */
		insn->cost = INSN_REFUSED;
		insn->hazard = "the instruction is a trap";
	}
}

bool arm64_decode(const u8 *code, size_t len, u64 address, struct insn *insn)
{
	u32 word;

	if (len < 4 || address % 4)
		return false;
	word = code[0] | code[1] << 8 | code[2] << 16 | (u32)code[3] << 24;
	*insn = (struct insn){.address = address, .len = 4, .fault_base = -1};
	if (word == 0xd503201f) {
		insn->is_nop = true;
		insn->cost = INSN_SINGLE_STEP; /* emulated from 6.13 */
		snprintf(insn->text, sizeof(insn->text), "nop");
	} else if ((word & 0xffffff3f) == 0xd503241f) {
		insn->is_landing = true;
		insn->cost = INSN_SINGLE_STEP;
		snprintf(insn->text, sizeof(insn->text), "bti");
	} else if (!decode_branch(word, insn) && !decode_branch_register(word, insn)) {
		decode_other(word, insn);
	}
	return true;
}

/* Only additions, subtractions and bitwise operations with an immediate can write sp (C6.2). */
bool arm64_loads_stack_pointer(const u8 *code, size_t len, size_t *insn_len)
{
	enum { SP = 31, FP = 29 };
	unsigned from;
	u32 word;

	*insn_len = min_u64(len, 4);
	if (len < 4)
		return false;
	word = code[0] | code[1] << 8 | code[2] << 16 | (u32)code[3] << 24;
	from = word >> 5 & 31;
	if ((word & 31) != SP)
		return false;
	/* add and sub: immediate, extended register; and, orr, eor: immediate; none with flags */
	if ((word & 0xbf800000) == 0x91000000 || (word & 0xbfe00000) == 0x8b200000)
		return from != SP && from != FP;
	return (word & 0x9f800000) == 0x92000000 && (word & 0x60000000) != 0x60000000;
}
