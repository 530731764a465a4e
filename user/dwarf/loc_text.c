/* SPDX-License-Identifier: BSD-2-Clause */
/* The shape of a location, and its words for people. */
#include "dwarf/loc.h"

#include <dwarf.h>

#include "elf/elf_file.h"

static bool has_op(const struct loc *loc, u8 opcode)
{
	for (size_t i = 0; i < loc->n_ops; i++)
		if (loc->ops[i].opcode == opcode)
			return true;
	return false;
}

static bool is_register_op(u8 opcode)
{
	return (opcode >= DW_OP_reg0 && opcode <= DW_OP_reg31) || opcode == DW_OP_regx;
}

static bool is_based_op(u8 opcode)
{
	return (opcode >= DW_OP_breg0 && opcode <= DW_OP_breg31) || opcode == DW_OP_bregx;
}

static bool is_constant_op(u8 opcode)
{
	return (opcode >= DW_OP_lit0 && opcode <= DW_OP_lit31) ||
	       (opcode >= DW_OP_const1u && opcode <= DW_OP_consts);
}

static enum loc_shape shape_of_one(const struct loc_op *op)
{
	if (is_register_op(op->opcode))
		return LOC_REGISTER;
	if (is_based_op(op->opcode) || op->opcode == DW_OP_fbreg)
		return LOC_REG_MEMORY;
	if (op->opcode == DW_OP_addr)
		return LOC_STATIC;
	return op->opcode == DW_OP_implicit_value ? LOC_CONSTANT : LOC_COMPUTED;
}

enum loc_shape loc_shape(const struct loc *loc)
{
	if (loc->absence != PRESENT || loc->n_ops == 0)
		return LOC_ABSENT;
	if (has_op(loc, DW_OP_piece) || has_op(loc, DW_OP_bit_piece))
		return LOC_PIECES;
	if (has_op(loc, DW_OP_entry_value) || has_op(loc, DW_OP_GNU_parameter_ref))
		return LOC_ENTRY;
	if (has_op(loc, DW_OP_implicit_pointer) || has_op(loc, DW_OP_GNU_variable_value))
		return LOC_OTHER;
	if (has_op(loc, DW_OP_form_tls_address))
		return LOC_TLS;
	if (has_op(loc, DW_OP_stack_value))
		return loc->n_ops == 2 && is_constant_op(loc->ops[0].opcode) ? LOC_CONSTANT
									     : LOC_VALUE;
	return loc->n_ops == 1 ? shape_of_one(loc->ops) : LOC_COMPUTED;
}

u64 loc_below_base(const struct loc *loc)
{
	bool is_based = loc->absence == PRESENT && loc->n_ops && loc->ops[0].opcode == DW_OP_fbreg;

	return is_based && loc->ops[0].a < 0 ? -(u64)loc->ops[0].a : 0;
}

static const char *register_name(const struct arch *arch, u64 reg, struct arena *arena)
{
	const char *name = NULL;

	if (reg < ARCH_MAX_DWARF_REGS && arch->dwarf_slot[reg] >= 0)
		for (size_t i = 0; i < arch->n_names && !name; i++)
			if (arch->names[i].slot == arch->dwarf_slot[reg] &&
			    arch->names[i].size == arch->pointer_size)
				name = arch->names[i].name;
	if (!name && arch->dwarf_name)
		name = arch->dwarf_name((unsigned)reg);
	return name ? name : arena_printf(arena, "register %llu", (unsigned long long)reg);
}

static u64 register_of(const struct loc_op *op)
{
	if (op->opcode == DW_OP_regx || op->opcode == DW_OP_bregx)
		return (u64)op->a;
	return op->opcode - (is_register_op(op->opcode) ? DW_OP_reg0 : DW_OP_breg0);
}

static const char *memory_text(const struct loc_op *op, const struct arch *arch,
			       struct arena *arena)
{
	bool is_frame = op->opcode == DW_OP_fbreg;
	s64 offset = op->opcode == DW_OP_bregx ? op->b : op->a;
	const char *base = is_frame ? "frame base" : register_name(arch, register_of(op), arena);

	return arena_printf(arena, "at %s%+lld", base, (long long)offset);
}

static s64 constant_of(const struct loc_op *op)
{
	if (op->opcode >= DW_OP_lit0 && op->opcode <= DW_OP_lit31)
		return op->opcode - DW_OP_lit0;
	return op->a;
}

static const char *constant_text(const struct loc_op *op, struct arena *arena)
{
	if (op->opcode == DW_OP_implicit_value)
		return arena_printf(arena, "constant of %zu bytes", op->block_len);
	return arena_printf(arena, "constant %lld", (long long)constant_of(op));
}

static const char *static_text(const struct loc_op *op, struct arena *arena)
{
	if (!op->binding)
		return arena_printf(arena, "at 0x%llx", (unsigned long long)op->a);
	if (!op->binding->slot)
		return "where the dynamic linker has it in each process";
	return arena_printf(arena, "where the word at 0x%llx says",
			    (unsigned long long)op->binding->slot);
}

static const char *entry_text(const struct loc *loc, const struct arch *arch, struct arena *arena)
{
	for (size_t i = 0; i < loc->n_ops; i++) {
		const struct loc *inner = loc->ops[i].inner;

		if (loc->ops[i].opcode == DW_OP_entry_value && inner && inner->n_ops &&
		    (is_register_op(inner->ops[0].opcode) || is_based_op(inner->ops[0].opcode)))
			return arena_printf(arena, "%sentry value of %s",
					    loc->n_ops > 2 ? "computed from the " : "",
					    register_name(arch, register_of(inner->ops), arena));
	}
	return "from the caller's call site";
}

const char *loc_text(const struct loc *loc, const struct arch *arch, struct arena *arena)
{
	const struct loc_op *op = loc->ops;

	switch (loc_shape(loc)) {
	case LOC_ABSENT:
		return loc->absence == PRESENT ? absence_text(ABSENT_OPTIMIZED_OUT)
					       : absence_text(loc->absence);
	case LOC_REGISTER:
		return arena_printf(arena, "in %s", register_name(arch, register_of(op), arena));
	case LOC_REG_MEMORY: return memory_text(op, arch, arena);
	case LOC_STATIC: return static_text(op, arena);
	case LOC_TLS: return "thread-local";
	case LOC_CONSTANT: return constant_text(op, arena);
	case LOC_VALUE: return arena_printf(arena, "computed (%zu operations)", loc->n_ops - 1);
	case LOC_COMPUTED:
		return arena_printf(arena, "in memory, address computed (%zu operations)",
				    loc->n_ops);
	case LOC_PIECES: return "in pieces";
	case LOC_ENTRY: return entry_text(loc, arch, arena);
	case LOC_OTHER: break;
	}
	return has_op(loc, DW_OP_implicit_pointer) ? "pointer to a variable that has no address"
						   : "value of another variable";
}
