/* SPDX-License-Identifier: BSD-2-Clause */
/* What arm64 instructions that compute do to general registers (Arm ARM, C4.1.92 to C4.1.97). */
#include <stdio.h>

#include "arch/arm64_private.h"

static unsigned rd_of(u32 word)
{
	return word & 31;
}

static unsigned rn_of(u32 word)
{
	return word >> 5 & 31;
}

static unsigned rm_of(u32 word)
{
	return word >> 16 & 31;
}

static void say_name(struct insn *insn, u32 word)
{
	if (!insn->text[0])
		snprintf(insn->text, sizeof(insn->text), ".inst 0x%08x", word);
}

/* "x3", "w3", "sp"; name holds 4. */
static const char *name_of(unsigned reg, bool wide, char *name)
{
	if (reg == 31)
		return wide ? "sp" : "wsp";
	snprintf(name, 4, "%c%u", wide ? 'x' : 'w', reg);
	return name;
}

/* adr, adrp: what x86 calls lea; of adrp, the page alone. Both are emulated. */
static void decode_address(u32 word, struct insn *insn)
{
	bool is_page = word >> 31;
	s64 offset = arm64_signed(word, 5, 19) * 4 + (word >> 29 & 3);

	insn->cost = INSN_EMULATED;
	insn->regs_written = arm64_bit(rd_of(word));
	if (is_page)
		insn->page = (insn->address & ~0xfffULL) + (u64)(offset * 4096);
	else
		insn->memory = (struct insn_memory){.present = true,
						    .pc_relative = true,
						    .base = -1,
						    .index = -1,
						    .disp = insn->address + (u64)offset};
	snprintf(insn->text, sizeof(insn->text), "%s x%u, 0x%llx", is_page ? "adrp" : "adr",
		 rd_of(word), (unsigned long long)(is_page ? insn->page : insn->memory.disp));
}

/* add and sub of a constant: the one place where 31 is the stack pointer on both sides. */
static void decode_add(u32 word, struct insn *insn)
{
	bool wide = word >> 31, sets_flags = word >> 29 & 1, subtracts = word >> 30 & 1;
	unsigned rd = rd_of(word), rn = rn_of(word);
	u64 immediate = (u64)(word >> 10 & 0xfff) << (word >> 22 & 1 ? 12 : 0);
	char to[4], from[4];

	insn->regs_read = 1u << rn;
	insn->regs_written = sets_flags ? arm64_bit(rd) : 1u << rd;
	insn->immediate = subtracts ? -immediate : immediate;
	if (sets_flags && rd == 31)
		snprintf(insn->text, sizeof(insn->text), "%s %s, #%llu", subtracts ? "cmp" : "cmn",
			 name_of(rn, wide, from), (unsigned long long)immediate);
	else if (!sets_flags && !immediate && (rd == 31 || rn == 31))
		snprintf(insn->text, sizeof(insn->text), "mov %s, %s", name_of(rd, wide, to),
			 name_of(rn, wide, from));
	else
		snprintf(insn->text, sizeof(insn->text), "%s%s %s, %s, #%llu",
			 subtracts ? "sub" : "add", sets_flags ? "s" : "", name_of(rd, wide, to),
			 name_of(rn, wide, from), (unsigned long long)immediate);
}

static void decode_move(u32 word, struct insn *insn)
{
	static const char *const names[] = {"movn", NULL, "mov", "movk"};
	unsigned kind = word >> 29 & 3, shift = word >> 21 & 3;
	char to[4];

	insn->regs_written = arm64_bit(rd_of(word));
	insn->regs_read = kind == 3 ? insn->regs_written : 0;
	if (names[kind] && rd_of(word) != 31)
		snprintf(insn->text, sizeof(insn->text),
			 shift ? "%s %s, #0x%x, lsl #%u" : "%s %s, #0x%x", names[kind],
			 name_of(rd_of(word), word >> 31, to), word >> 5 & 0xffff, shift * 16);
}

static bool decode_immediate(u32 word, struct insn *insn)
{
	u32 rd = arm64_bit(rd_of(word)), rn = arm64_bit(rn_of(word));

	switch (word >> 23 & 7) {
	case 0:
	case 1: decode_address(word, insn); return true;
	case 2: decode_add(word, insn); return true;
	case 4: /* logical; all but ands may write sp */
		insn->regs_read = rn;
		insn->regs_written = (word >> 29 & 3) == 3 ? rd : 1u << rd_of(word);
		return true;
	case 5: decode_move(word, insn); return true;
	case 6: /* bit-fields; bfm keeps the others */
		insn->regs_read = rn | rd;
		insn->regs_written = rd;
		return true;
	case 7: /* extract */
		insn->regs_read = rn | arm64_bit(rm_of(word));
		insn->regs_written = rd;
		return true;
	default: return false; /* tags */
	}
}

/* mov between registers is orr with zero. */
static void say_move(u32 word, struct insn *insn)
{
	char to[4], from[4];

	if ((word & 0x7fe0ffe0) == 0x2a0003e0 && rd_of(word) != 31 && rm_of(word) != 31)
		snprintf(insn->text, sizeof(insn->text), "mov %s, %s",
			 name_of(rd_of(word), word >> 31, to),
			 name_of(rm_of(word), word >> 31, from));
}

static bool decode_registers(u32 word, struct insn *insn)
{
	u32 rd = arm64_bit(rd_of(word)), rn = arm64_bit(rn_of(word));
	bool is_extended = (word & 0x1f200000) == 0x0b200000;

	insn->regs_read = rn | arm64_bit(rm_of(word));
	insn->regs_written = rd;
	switch (word >> 24 & 0x1f) {
	case 0x0a: say_move(word, insn); return true;
	case 0x0b: /* the extended forms know sp */
		if (is_extended) {
			insn->regs_read |= 1u << rn_of(word);
			insn->regs_written = word >> 29 & 1 ? rd : 1u << rd_of(word);
		}
		return true;
	case 0x1a:
		if ((word & 0x00e00000) == 0x00400000) /* ccmp: flags alone */
			insn->regs_written = 0;
		if ((word & 0x40e00000) == 0x40c00000) /* of one register: signatures read rd too */
			insn->regs_read |= rd | 1u << rn_of(word);
		return (word & 0x40e00000) != 0x40c00000 || !(rm_of(word) & 1);
	case 0x1b: insn->regs_read |= arm64_bit(word >> 10 & 31); return true;
	default: return false;
	}
}

/* Vectors aren't looked at; a general register may be read or written by a move or conversion. */
static void decode_vector(u32 word, struct insn *insn)
{
	insn->regs_read = arm64_bit(rn_of(word));
	insn->regs_written = arm64_bit(rd_of(word));
}

bool arm64_decode_data(u32 word, struct insn *insn)
{
	struct insn before = *insn;
	bool known = true;

	if ((word & 0x1c000000) == 0x10000000)
		known = decode_immediate(word, insn);
	else if ((word & 0x0e000000) == 0x0a000000)
		known = decode_registers(word, insn);
	else if ((word & 0x0e000000) == 0x0e000000)
		decode_vector(word, insn);
	else
		known = false;
	if (known)
		say_name(insn, word);
	else
		*insn = before;
	return known;
}
