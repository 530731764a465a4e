/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * arm64 loads and stores (Arm ARM, C4.1.94): exclusives, literals, pairs and single registers with
 * every addressing mode. Atomics, tags and structures of vectors are left to the caller.
 */
#include <stdio.h>

#include "arch/arm64_private.h"

enum { SP = 31, NO_REG = 32 };

/* One access of one or two registers. */
struct access {
	unsigned rt, rt2; /* NO_REG: none, or a vector */
	unsigned base, index;
	unsigned size;		/* bytes in all */
	unsigned scale, extend; /* of the index; extend: its option field, 3 is none */
	s64 offset;
	bool loads, writes_back, is_prefetch;
};

static u32 mask(unsigned reg)
{
	return reg == NO_REG ? 0 : arm64_bit(reg);
}

static void note_access(const struct access *access, struct insn *insn)
{
	u32 data = mask(access->rt) | mask(access->rt2);

	insn->regs_read = 1u << access->base | mask(access->index);
	if (access->loads)
		insn->regs_written = access->is_prefetch ? 0 : data;
	else
		insn->regs_read |= data;
	if (access->writes_back)
		insn->regs_written |= 1u << access->base;
	insn->writes_memory = !access->loads;
	insn->memory = (struct insn_memory){
		.present = true,
		.size = (u8)access->size,
		.base = (s8)access->base,
		.index = access->index == NO_REG ? -1 : (s8)access->index,
		.scale = (u8)access->scale,
		.disp = (u64)access->offset,
	};
	/* what a valid stack pointer points to doesn't fault, nor does a hint to fetch */
	insn->may_fault = !access->is_prefetch &&
			  (access->base != SP || access->index != NO_REG || access->size > 16);
	if (insn->may_fault && access->index == NO_REG)
		insn->fault_base = (s8)access->base;
}

static void say_register(char *text, size_t len, unsigned reg, bool wide)
{
	if (reg == SP)
		snprintf(text, len, "%czr", wide ? 'x' : 'w');
	else
		snprintf(text, len, "%c%u", wide ? 'x' : 'w', reg);
}

/* "[x0, w1, sxtw #2]" */
static void say_indexed(char *text, size_t len, const char *base, const struct access *access)
{
	static const char *const extends[] = {NULL, NULL, "uxtw", "lsl",
					      NULL, NULL, "sxtw", "sxtx"};
	bool is_plain = access->extend == 3, is_wide = access->extend & 1;
	unsigned shift = (unsigned)__builtin_ctz(access->scale);
	char how[16] = "";

	if (shift)
		snprintf(how, sizeof(how), ", %s #%u", extends[access->extend], shift);
	else if (!is_plain)
		snprintf(how, sizeof(how), ", %s", extends[access->extend]);
	snprintf(text, len, "[%s, %c%u%s]", base, is_wide ? 'x' : 'w', access->index, how);
}

/* "[sp, #-16]!" */
static void say_address(char *text, size_t len, const struct access *access, bool after)
{
	char base[8] = "sp";
	int offset = (int)access->offset;

	if (access->base != SP)
		snprintf(base, sizeof(base), "x%u", access->base);
	if (access->index != NO_REG)
		say_indexed(text, len, base, access);
	else if (after)
		snprintf(text, len, "[%s], #%d", base, offset);
	else if (offset)
		snprintf(text, len, "[%s, #%d]%s", base, offset, access->writes_back ? "!" : "");
	else
		snprintf(text, len, "[%s]", base);
}

static const char exclusive_hazard[] = "a probe between a load-exclusive and its store-exclusive "
				       "makes the loop around them endless";

/* Exclusives, and what has their encoding: accesses with an order, compare and swap. */
static bool decode_exclusive(u32 word, struct insn *insn)
{
	bool loads = word >> 22 & 1, is_ordered = word >> 23 & 1, is_pair = word >> 21 & 1;
	bool is_swap = is_pair && (is_ordered || !(word >> 31));
	struct access access = {
		.rt = word & 31,
		.rt2 = is_pair ? word >> 10 & 31 : NO_REG,
		.base = word >> 5 & 31,
		.index = NO_REG,
		.size = 1u << (word >> 30) << is_pair,
		.scale = 1,
		.loads = loads,
	};
	char where[40];

	if (is_swap && is_ordered)
		return false;
	snprintf(insn->text, sizeof(insn->text), ".inst 0x%08x", word);
	if (is_swap) {
		insn->writes_memory = insn->may_fault = true;
		insn->regs_read = insn->regs_written = ~0u;
		insn->hazard = "the kernel refuses probes on a compare and swap of a pair";
		insn->cost = INSN_REFUSED;
		return true;
	}
	note_access(&access, insn);
	if (is_ordered)
		return true;
	insn->cost = INSN_REFUSED;
	insn->hazard = exclusive_hazard;
	insn->load_exclusive = loads;
	insn->store_exclusive = !loads;
	insn->regs_written |= loads ? 0 : mask(word >> 16 & 31);
	say_address(where, sizeof(where), &access, false);
	snprintf(insn->text, sizeof(insn->text), "%s%sr%s of %s", loads ? "ld" : "st",
		 word >> 15 & 1 ? (loads ? "ax" : "lx") : "x", is_pair ? " pair" : "", where);
	return true;
}

/*
 * Kernels before 6.12 emulate some of these with the program's address taken for their own; all
 * step those of vectors, from a copy, where the address is another.
 */
static void decode_literal(u32 word, struct insn *insn)
{
	bool is_vector = word >> 26 & 1;

	insn->cost = INSN_REFUSED;
	insn->hazard = "some kernels would read a constant beside the code from a wrong address";
	insn->regs_written = is_vector || word >> 30 == 3 ? 0 : mask(word & 31);
	insn->memory = (struct insn_memory){
		.present = true,
		.pc_relative = true,
		.size = is_vector	  ? 4u << (word >> 30)
			: word >> 30 == 1 ? 8
					  : 4,
		.base = -1,
		.index = -1,
		.disp = insn->address + (u64)(arm64_signed(word, 5, 19) * 4),
	};
	snprintf(insn->text, sizeof(insn->text), "ldr %c%u, 0x%llx", is_vector ? 'v' : 'x',
		 word & 31, (unsigned long long)insn->memory.disp);
}

static bool decode_pair(u32 word, struct insn *insn)
{
	unsigned opc = word >> 30, mode = word >> 23 & 3;
	bool is_vector = word >> 26 & 1;
	unsigned each = is_vector ? 4u << opc : opc == 2 ? 8 : 4;
	struct access access = {
		.rt = is_vector ? NO_REG : word & 31,
		.rt2 = is_vector ? NO_REG : word >> 10 & 31,
		.base = word >> 5 & 31,
		.index = NO_REG,
		.size = 2 * each,
		.scale = 1,
		.offset = mode == 1 ? 0 : arm64_signed(word, 15, 7) * each,
		.loads = word >> 22 & 1,
		.writes_back = mode & 1,
	};
	char one[8], two[8], where[40];

	if (opc == 3 || (!is_vector && opc == 1 && !access.loads))
		return false; /* tags */
	note_access(&access, insn);
	access.offset = arm64_signed(word, 15, 7) * each;
	say_address(where, sizeof(where), &access, mode == 1);
	say_register(one, sizeof(one), word & 31, opc == 2);
	say_register(two, sizeof(two), word >> 10 & 31, opc == 2);
	if (is_vector)
		one[0] = two[0] = "sdq"[opc];
	snprintf(insn->text, sizeof(insn->text), "%s%s %s, %s, %s", access.loads ? "ldp" : "stp",
		 !is_vector && opc == 1 ? "sw" : "", one, two, where);
	return true;
}

/* Bytes, and whether it loads, of size and opc; false: there is none, or it isn't known. */
static bool kind_of_access(u32 word, struct access *access)
{
	unsigned size = word >> 30, opc = word >> 22 & 3;

	access->rt = word & 31;
	access->loads = opc != 0;
	if (word >> 26 & 1) {
		if (opc >= 2 && size)
			return false;
		access->rt = NO_REG;
		access->loads = opc & 1;
		access->size = opc >= 2 ? 16 : 1u << size;
		return true;
	}
	access->size = 1u << size;
	access->is_prefetch = size == 3 && opc == 2;
	return !(size == 3 && opc == 3);
}

static void say_single(u32 word, const struct access *access, bool after, struct insn *insn)
{
	static const char *const sizes[] = {"b", "h", "", ""};
	unsigned size = word >> 30, opc = word >> 22 & 3;
	bool is_signed = opc >= 2 && access->rt != NO_REG;
	bool wide = is_signed ? opc == 2 : size == 3;
	char reg[8], where[40];

	say_register(reg, sizeof(reg), word & 31, wide);
	if (access->rt == NO_REG)
		reg[0] = "bhsdq"[opc >= 2 ? 4 : size];
	say_address(where, sizeof(where), access, after);
	if (access->is_prefetch)
		snprintf(insn->text, sizeof(insn->text), "prfm %s", where);
	else
		snprintf(insn->text, sizeof(insn->text), "%s%s%s %s, %s",
			 access->loads ? "ldr" : "str", is_signed ? "s" : "",
			 access->rt == NO_REG	  ? ""
			 : is_signed && size == 2 ? "w"
						  : sizes[size],
			 reg, where);
}

/* Modes: an unsigned offset in units of the size; else by bits 11 and 10, signed, in bytes. */
static bool decode_single(u32 word, struct insn *insn)
{
	struct access access = {.rt2 = NO_REG, .base = word >> 5 & 31, .index = NO_REG, .scale = 1};
	unsigned mode = word >> 10 & 3;
	bool after = false;

	if (!kind_of_access(word, &access))
		return false;
	if (word >> 24 & 1) {
		access.offset = (s64)(word >> 10 & 0xfff) * access.size;
	} else if (word >> 21 & 1) {
		if (mode != 2 || !(word >> 14 & 1))
			return false; /* atomics, authenticated pointers */
		access.index = word >> 16 & 31;
		access.extend = word >> 13 & 7;
		access.scale = word >> 12 & 1 ? access.size : 1;
		if (access.index == SP)
			access.index = NO_REG;
	} else {
		after = mode == 1;
		access.writes_back = mode & 1;
		access.offset = arm64_signed(word, 12, 9);
	}
	say_single(word, &access, after, insn);
	if (after)
		access.offset = 0;
	note_access(&access, insn);
	return true;
}

bool arm64_decode_memory(u32 word, struct insn *insn)
{
	if ((word & 0x3f000000) == 0x08000000)
		return decode_exclusive(word, insn);
	if ((word & 0x3b000000) == 0x18000000) {
		decode_literal(word, insn);
		return true;
	}
	if ((word & 0x3a000000) == 0x28000000)
		return decode_pair(word, insn);
	if ((word & 0x3b000000) == 0x38000000 || (word & 0x3b000000) == 0x39000000)
		return decode_single(word, insn);
	return false;
}
