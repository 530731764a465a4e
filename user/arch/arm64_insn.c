/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One arm64 instruction (Arm ARM, C4.1): where control goes, and what the kernel does with a probe
 * on it (arch/arm64/kernel/probes/decode-insn.c, 5.10 to 7.2). What computing and memory
 * instructions do to registers stands in arm64_data.c.
 */
#include <stdio.h>

#include "arch/arm64_private.h"

static void refuse(struct insn *insn, const char *hazard)
{
	insn->cost = INSN_REFUSED;
	insn->hazard = hazard;
}

/* What may do anything: a probe that may not be observed doesn't pass it. */
static void anything(struct insn *insn)
{
	insn->writes_memory = insn->may_fault = true;
	insn->regs_read = insn->regs_written = ~0u;
}

/* Branches of the Armv8.8 and 9.6 architectures (bc.cond, cb of two registers). */
static const char newer_hazard[] = "kernels that don't know this branch would take it from a wrong "
				   "address";

/* Direct branches; all but newer ones are emulated (arch/arm64/kernel/probes/simulate-insn.c). */
static bool decode_branch(u32 word, struct insn *insn)
{
	char name[16];
	s64 offset;

	if ((word & 0x7c000000) == 0x14000000) {
		insn->flow = word >> 31 ? FLOW_CALL : FLOW_JUMP;
		offset = arm64_signed(word, 0, 26) * 4;
		insn->regs_written = word >> 31 ? 1u << 30 : 0;
		snprintf(name, sizeof(name), "%s", word >> 31 ? "bl" : "b");
	} else if ((word & 0xff000000) == 0x54000000) {
		static const char conditions[][3] = {"eq", "ne", "cs", "cc", "mi", "pl",
						     "vs", "vc", "hi", "ls", "ge", "lt",
						     "gt", "le", "al", "nv"};
		insn->flow = FLOW_BRANCH, offset = arm64_signed(word, 5, 19) * 4;
		snprintf(name, sizeof(name), "b.%s", conditions[word & 15]);
	} else if ((word & 0x7c000000) == 0x34000000) {
		bool bit = word & 0x02000000;

		insn->flow = FLOW_BRANCH, offset = arm64_signed(word, 5, bit ? 14 : 19) * 4;
		insn->regs_read = arm64_bit(word & 31);
		snprintf(name, sizeof(name), "%s%s %c%u,", bit ? "tb" : "cb",
			 word & 0x01000000 ? "nz" : "z", word >> 31 ? 'x' : 'w', word & 31);
	} else if ((word & 0x7c000000) == 0x74000000) {
		insn->flow = FLOW_BRANCH, offset = arm64_signed(word, 5, 9) * 4;
		insn->regs_read = arm64_bit(word & 31) | arm64_bit(word >> 16 & 31);
		snprintf(name, sizeof(name), "cb");
	} else {
		return false;
	}
	insn->target = insn->address + (u64)offset;
	insn->cost = INSN_EMULATED;
	if ((word & 0xff000010) == 0x54000010 || (word & 0x7c000000) == 0x74000000)
		refuse(insn, newer_hazard);
	snprintf(insn->text, sizeof(insn->text), "%s 0x%llx", name,
		 (unsigned long long)insn->target);
	return true;
}

/* br, blr, ret. Those that authenticate a pointer first are not among what the kernel emulates. */
static bool decode_branch_register(u32 word, struct insn *insn)
{
	static const struct {
		enum insn_flow flow;
		const char *name;
	} kinds[] = {{FLOW_JUMP_INDIRECT, "br"}, {FLOW_CALL_INDIRECT, "blr"}, {FLOW_RETURN, "ret"}};
	unsigned reg = word >> 5 & 31, opc = word >> 21 & 7;
	bool authenticates = word & 0x800;

	if ((word & 0xfe000000) != 0xd6000000 || opc >= ARRAY_LEN(kinds))
		return false;
	insn->flow = kinds[opc].flow;
	insn->cost = INSN_EMULATED;
	if (authenticates)
		refuse(insn, "the kernel refuses probes on branches that authenticate a pointer");
	insn->regs_read = insn->flow == FLOW_RETURN && reg == 31 ? 1u << 30 : arm64_bit(reg);
	insn->regs_written = insn->flow == FLOW_CALL_INDIRECT ? 1u << 30 : 0;
	if (authenticates && insn->flow == FLOW_RETURN)
		snprintf(insn->text, sizeof(insn->text), "reta%c", word & 0x400 ? 'b' : 'a');
	else if (authenticates)
		snprintf(insn->text, sizeof(insn->text), "%sa%c x%u", kinds[opc].name,
			 word & 0x400 ? 'b' : 'a', reg);
	else if (insn->flow == FLOW_RETURN && reg == 30)
		snprintf(insn->text, sizeof(insn->text), "ret");
	else
		snprintf(insn->text, sizeof(insn->text), "%s x%u", kinds[opc].name, reg);
	return true;
}

struct hint {
	u8 number;
	const char *name;
	u32 writes; /* registers, of those that sign x30 or x17, or strip it */
	bool is_landing, is_refused;
};

/* Nothing but these is stepped (aarch64_insn_is_steppable_hint()). */
static const struct hint hints[] = {
	{0, "nop", 0, false, false},
	{7, "xpaclri", 1u << 30, false, false},
	{8, "pacia1716", 1u << 17, false, false},
	{10, "pacib1716", 1u << 17, false, false},
	{12, "autia1716", 1u << 17, false, true},
	{14, "autib1716", 1u << 17, false, true},
	{24, "paciaz", 1u << 30, false, false},
	{25, "paciasp", 1u << 30, true, false},
	{26, "pacibz", 1u << 30, false, false},
	{27, "pacibsp", 1u << 30, true, false},
	{28, "autiaz", 1u << 30, false, true},
	{29, "autiasp", 1u << 30, false, true},
	{30, "autibz", 1u << 30, false, true},
	{31, "autibsp", 1u << 30, false, true},
	{32, "bti", 0, true, false},
	{34, "bti c", 0, true, false},
	{36, "bti j", 0, true, false},
	{38, "bti jc", 0, true, false},
};

/* A nop is emulated from 6.13; whether it is here, a trial says. */
static void decode_hint(unsigned number, struct insn *insn)
{
	for (size_t i = 0; i < ARRAY_LEN(hints); i++) {
		const struct hint *hint = &hints[i];

		if (hint->number != number)
			continue;
		insn->is_nop = !number;
		insn->strips_return = number == 7;
		insn->is_landing = hint->is_landing;
		insn->may_fault = hint->is_refused;
		insn->regs_written = insn->regs_read = hint->writes;
		if (hint->is_refused)
			refuse(insn,
			       "the kernel refuses probes on instructions that authenticate a "
			       "pointer");
		snprintf(insn->text, sizeof(insn->text), "%s", hint->name);
		return;
	}
	anything(insn);
	refuse(insn, "the kernel refuses probes on this hint");
	snprintf(insn->text, sizeof(insn->text), "hint #%u", number);
}

/* Exceptions, system registers, hints, barriers; all that is left of branches and system. */
static void decode_system(u32 word, struct insn *insn)
{
	if ((word & 0xfffff01f) == 0xd503201f) {
		decode_hint(word >> 5 & 127, insn);
		return;
	}
	anything(insn);
	snprintf(insn->text, sizeof(insn->text), ".inst 0x%08x", word);
	if ((word & 0xff000000) == 0xd4000000) {
		bool is_call = (word & 0xffe0001f) == 0xd4000001;

		insn->flow = is_call ? FLOW_NEXT : FLOW_STOP; /* svc; brk, hlt */
		refuse(insn, is_call ? "the kernel refuses probes on system calls"
				     : "the instruction is a trap");
		snprintf(insn->text, sizeof(insn->text), "%s #%u",
			 is_call	  ? "svc"
			 : word >> 21 & 1 ? "brk"
					  : "exception",
			 word >> 5 & 0xffff);
	} else if ((word & 0xfff00000) == 0xd5300000) { /* mrs */
		insn->writes_memory = insn->may_fault = false;
		insn->regs_read = 0, insn->regs_written = arm64_bit(word & 31);
	} else if ((word & 0xfff00000) == 0xd5100000 || (word & 0xfff8f01f) == 0xd500401f) {
		refuse(insn, "the kernel refuses probes on writes of system registers");
	} else if ((word & 0xff000000) != 0xd5000000) {
		insn->flow = word >> 24 == 0x55 ? FLOW_RETURN : FLOW_STOP;
		refuse(insn, "the kernel refuses probes on this branch");
	}
}

bool arm64_decode(const u8 *code, size_t len, u64 address, struct insn *insn)
{
	u32 word;

	if (len < 4 || address % 4)
		return false;
	word = code[0] | code[1] << 8 | code[2] << 16 | (u32)code[3] << 24;
	*insn = (struct insn){
		.address = address,
		.len = 4,
		.cost = INSN_SINGLE_STEP,
		.fault_base = -1,
		.memory = {.base = -1, .index = -1},
	};
	if (!(word & 0xffff0000)) {
		anything(insn);
		insn->flow = FLOW_STOP;
		refuse(insn, "the instruction is a trap");
		snprintf(insn->text, sizeof(insn->text), "udf #%u", word);
	} else if ((word & 0x1c000000) == 0x14000000) {
		if (!decode_branch(word, insn) && !decode_branch_register(word, insn))
			decode_system(word, insn);
	} else if (!arm64_decode_data(word, insn) && !arm64_decode_memory(word, insn)) {
		anything(insn);
		snprintf(insn->text, sizeof(insn->text), ".inst 0x%08x", word);
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
