/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * System V psABI for x86-64, version 1.0, section 3.2.3: a value of at most 16 bytes is looked at
 * as two halves of 8 bytes, and each half comes back in the next register of its class. So
 *
 *	struct { double d; int i; char c; }
 *
 * has d in xmm0, i and c in rax. What is larger, or has a member that isn't aligned, is in memory,
 * and rax is its address.
 */
#include "plan/returned.h"

enum class {
	CLASS_NONE, /* padding */
	CLASS_SSE,
	CLASS_INTEGER,
	CLASS_X87,
	CLASS_MEMORY,
	CLASS_UNKNOWN,
};

enum { HALF = 8, HALVES = 2, MAX_NESTING = 16 };

struct halves {
	enum class of[HALVES];
	int nesting;
};

/* The classes are in the order in which one wins over another. */
static void meet(struct halves *halves, u64 offset, enum class class)
{
	enum class *half = &halves->of[offset / HALF % HALVES];

	if (offset<HALF * HALVES &&class> * half)
		*half = class;
}

static void classify(const struct type *type, u64 offset, struct halves *halves);

static void classify_scalar(const struct type *type, u64 offset, enum class class, u64 align,
			    struct halves *halves)
{
	if (align && offset % align)
		class = CLASS_MEMORY;
	for (u64 at = offset; at < offset + type->size && at < HALF * HALVES; at += HALF)
		meet(halves, at, class);
}

static void classify_members(const struct type *type, u64 offset, struct halves *halves)
{
	const struct type_member *members;
	size_t n = type_members(type, &members);

	if (!type->has_tags)
		meet(halves, 0, CLASS_UNKNOWN);
	for (size_t i = 0; i < n; i++) {
		u64 at = offset + members[i].offset;

		if (members[i].is_static || members[i].place || at >= HALF * HALVES)
			continue;
		if (members[i].bit_size)
			meet(halves, at + members[i].bit_offset / 8, CLASS_INTEGER);
		else
			classify(members[i].type, at, halves);
	}
}

static void classify_elements(const struct type *type, u64 offset, struct halves *halves)
{
	const struct type *element = type_strip(type_target(type));

	if (!type->count_known || !element->size)
		return;
	for (u64 i = 0; i < type->count && offset < HALF * HALVES; i++, offset += element->size)
		classify(element, offset, halves);
}

static void classify_float(const struct type *type, u64 offset, u64 part, struct halves *halves)
{
	bool is_x87 = part > sizeof(double); /* also __float128: no probe sees xmm0 either */

	classify_scalar(type, offset, is_x87 ? CLASS_X87 : CLASS_SSE, part, halves);
}

static void classify(const struct type *type, u64 offset, struct halves *halves)
{
	type = type_strip(type);
	if (++halves->nesting > MAX_NESTING) {
		meet(halves, 0, CLASS_UNKNOWN);
	} else
		switch (type->kind) {
		case TYPE_STRUCT:
		case TYPE_UNION: classify_members(type, offset, halves); break;
		case TYPE_ARRAY: classify_elements(type, offset, halves); break;
		case TYPE_FLOAT: classify_float(type, offset, type->size, halves); break;
		case TYPE_COMPLEX: classify_float(type, offset, type->size / 2, halves); break;
		case TYPE_VECTOR: classify_scalar(type, offset, CLASS_SSE, 0, halves); break;
		case TYPE_UNKNOWN: meet(halves, 0, CLASS_UNKNOWN); break;
		default: classify_scalar(type, offset, CLASS_INTEGER, type->size, halves); break;
		}
	halves->nesting--;
}

static bool has(const struct halves *halves, enum class class)
{
	return halves->of[0] == class || halves->of[1] == class;
}

static bool is_aggregate(const struct type *type)
{
	return type->kind == TYPE_STRUCT || type->kind == TYPE_UNION || type->kind == TYPE_ARRAY;
}

static const struct loc *nowhere(enum absence absence, struct arena *arena)
{
	struct loc *loc = arena_alloc(arena, sizeof(*loc));

	loc->absence = absence;
	return loc;
}

static const struct loc *in_registers(const struct type *type, const struct halves *halves,
				      const struct arch *arch, struct arena *arena)
{
	const u8 integers[HALVES] = {arch->return_dwarf, arch->return2_dwarf};
	unsigned n = 0, n_integers = 0, n_vectors = 0;
	s16 regs[HALVES];

	for (u64 at = 0; at < type->size; at += HALF)
		switch (halves->of[at / HALF]) {
		case CLASS_INTEGER: regs[n++] = integers[n_integers++]; break;
		case CLASS_SSE: regs[n++] = (s16)(arch->return_vector_dwarf + n_vectors++); break;
		default: regs[n++] = LOC_NO_REGISTER; break;
		}
	return loc_in_registers(regs, n, type->size, arena);
}

static const struct loc *in_register(u8 reg, struct arena *arena)
{
	const s16 regs[] = {reg};

	return loc_in_registers(regs, 1, 0, arena);
}

/*
 * arm64 (AAPCS64, 6.9): what is not of one floating point type throughout is in the general
 * registers up to 16 bytes, else where x8 pointed at entry. So a member that is no floating point
 * tells.
 */
static const struct loc *in_general(const struct type *type, struct halves *halves,
				    const struct arch *arch, struct arena *arena)
{
	if (type->size > HALF * HALVES || !has(halves, CLASS_INTEGER) || has(halves, CLASS_X87) ||
	    has(halves, CLASS_MEMORY))
		return nowhere(ABSENT_UNSUPPORTED, arena);
	halves->of[0] = halves->of[1] = CLASS_INTEGER;
	return in_registers(type, halves, arch, arena);
}

const struct loc *returned_loc(const struct type *type, const struct arch *arch,
			       struct arena *arena)
{
	struct halves halves = {0};

	type = type_strip(type);
	if (type->kind == TYPE_VOID)
		return NULL;
	if (!type->size)
		return nowhere(ABSENT_UNSUPPORTED, arena);
	classify(type, 0, &halves);
	if (has(&halves, CLASS_UNKNOWN))
		return nowhere(ABSENT_UNSUPPORTED, arena);
	if (is_aggregate(type) && !arch->splits_structs)
		return in_general(type, &halves, arch, arena);
	if (!is_aggregate(type) && halves.of[0] == CLASS_X87)
		return in_register(arch->return_real_dwarf, arena);
	if (type->kind == TYPE_VECTOR)
		return in_register(arch->return_vector_dwarf, arena);
	if (type->size > HALF * HALVES || has(&halves, CLASS_MEMORY))
		return loc_at_register(arch->return_dwarf, arena);
	if (has(&halves, CLASS_X87))
		return nowhere(ABSENT_UNSUPPORTED, arena);
	return in_registers(type, &halves, arch, arena);
}

const struct loc *returned_later(void)
{
	static const struct loc later = {.absence = ABSENT_TAIL_CALL};

	return &later;
}
