/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From DWARF expressions to struct loc. libdw reads the operators; here references become what they
 * refer to (types, nested expressions, DIE offsets), addresses out of tables become addresses,
 * branch targets become indices, and GNU's forms become DWARF 5's.
 */
#include <string.h>

#include "dwarf/die.h"

enum { MAX_OPS = 4096, MAX_NESTING = 8 };

static const struct {
	u8 gnu, standard;
} gnu_forms[] = {
	{DW_OP_GNU_entry_value, DW_OP_entry_value},
	{DW_OP_GNU_implicit_pointer, DW_OP_implicit_pointer},
	{DW_OP_GNU_const_type, DW_OP_const_type},
	{DW_OP_GNU_regval_type, DW_OP_regval_type},
	{DW_OP_GNU_deref_type, DW_OP_deref_type},
	{DW_OP_GNU_convert, DW_OP_convert},
	{DW_OP_GNU_reinterpret, DW_OP_reinterpret},
	{DW_OP_GNU_push_tls_address, DW_OP_form_tls_address},
	{DW_OP_GNU_addr_index, DW_OP_addrx},
	{DW_OP_GNU_const_index, DW_OP_constx},
};

static u8 standard_form(u8 atom)
{
	for (size_t i = 0; i < ARRAY_LEN(gnu_forms); i++)
		if (gnu_forms[i].gnu == atom)
			return gnu_forms[i].standard;
	return atom;
}

struct decoder {
	struct dw *dw;
	Dwarf_Attribute *attr; /* the expression's, NULL in call frame information */
	const Dwarf_Op *ops;
	size_t n;
	struct arena *arena;
	int nesting;
};

static struct loc *decode(struct decoder *decoder);

struct loc *dw_loc_absent(enum absence why, struct arena *arena)
{
	struct loc *loc = arena_alloc(arena, sizeof(*loc));

	loc->absence = why;
	return loc;
}

struct loc *dw_loc_of_one(struct loc_op op, struct arena *arena)
{
	struct loc *loc = arena_alloc(arena, sizeof(*loc));

	loc->ops = arena_memdup(arena, &op, sizeof(op));
	loc->n_ops = 1;
	return loc;
}

struct loc *dw_loc_variable(u64 die, struct arena *arena)
{
	return dw_loc_of_one((struct loc_op){.opcode = DW_OP_GNU_variable_value, .a = (s64)die},
			  arena);
}

/* DW_OP_skip and DW_OP_bra count bytes from the end of the operation, which is three long. */
static bool resolve_branch(struct decoder *decoder, const Dwarf_Op *from, struct loc_op *op)
{
	u64 target = from->offset + 3 + (u64)(s64)(s16)from->number;

	for (size_t i = 0; i < decoder->n; i++) {
		if (decoder->ops[i].offset == target) {
			op->a = (s64)i;
			return true;
		}
	}
	op->a = (s64)decoder->n;
	return decoder->n && target > decoder->ops[decoder->n - 1].offset;
}

static bool resolve_address(struct decoder *decoder, const Dwarf_Op *from, struct loc_op *op)
{
	Dwarf_Attribute attr;
	Dwarf_Addr address;
	Dwarf_Word word;

	if (!decoder->attr || dwarf_getlocation_attr(decoder->attr, from, &attr) != 0)
		return false;
	if (dwarf_formaddr(&attr, &address) == 0)
		op->a = (s64)address;
	else if (dwarf_formudata(&attr, &word) == 0)
		op->a = (s64)word;
	else
		return false;
	op->opcode = op->opcode == DW_OP_addrx ? DW_OP_addr : DW_OP_const8u;
	return true;
}

static bool resolve_block(struct decoder *decoder, const Dwarf_Op *from, struct loc_op *op)
{
	Dwarf_Attribute attr;
	Dwarf_Block block;
	bool ok;

	if (!decoder->attr)
		return false;
	if (op->opcode == DW_OP_implicit_value)
		ok = dwarf_getlocation_implicit_value(decoder->attr, from, &block) == 0;
	else
		ok = dwarf_getlocation_attr(decoder->attr, from, &attr) == 0 &&
		     dwarf_formblock(&attr, &block) == 0;
	if (!ok)
		return false;
	op->block = block.data;
	op->block_len = block.length;
	return true;
}

/*
 * The operand is an offset in the unit; 0 is the generic type. dwarf_getlocation_die() of elfutils
 * 0.188 doesn't know the operators that name a register and a type.
 */
static bool resolve_type(struct decoder *decoder, u64 offset, struct loc_op *op)
{
	Dwarf_Die unit, die;

	if (offset == 0)
		return true;
	if (!decoder->attr ||
	    !dwarf_cu_die(decoder->attr->cu, &unit, NULL, NULL, NULL, NULL, NULL, NULL))
		return false;
	offset += dwarf_dieoffset(&unit) - dwarf_cuoffset(&unit);
	if (!dwarf_offdie(dwarf_cu_getdwarf(decoder->attr->cu), offset, &die))
		return false;
	op->type = dw_type_at(decoder->dw, &die);
	return true;
}

static bool resolve_die(struct decoder *decoder, const Dwarf_Op *from, struct loc_op *op)
{
	Dwarf_Die die;

	if (!decoder->attr || dwarf_getlocation_die(decoder->attr, from, &die) != 0)
		return false;
	op->a = (s64)dw_die_offset(decoder->dw, &die);
	return true;
}

static bool resolve_inner(struct decoder *decoder, Dwarf_Attribute *attr, struct loc_op *op)
{
	struct decoder inner = *decoder;
	Dwarf_Op *ops;

	if (decoder->nesting >= MAX_NESTING || dwarf_getlocation(attr, &ops, &inner.n) != 0)
		return false;
	inner.attr = attr;
	inner.ops = ops;
	inner.nesting++;
	op->inner = decode(&inner);
	return true;
}

static bool resolve_entry(struct decoder *decoder, const Dwarf_Op *from, struct loc_op *op)
{
	Dwarf_Attribute attr;

	return decoder->attr && dwarf_getlocation_attr(decoder->attr, from, &attr) == 0 &&
	       resolve_inner(decoder, &attr, op);
}

static bool resolve_call(struct decoder *decoder, const Dwarf_Op *from, struct loc_op *op)
{
	Dwarf_Attribute attr;
	Dwarf_Die die;

	if (!decoder->attr || dwarf_getlocation_die(decoder->attr, from, &die) != 0)
		return false;
	op->opcode = DW_OP_call4;
	/* a DIE without a location: the call does nothing (DWARF 5, 2.5.1.5) */
	return !die_attr(&die, DW_AT_location, &attr) || resolve_inner(decoder, &attr, op);
}

void dw_loc_bind(struct dw *dw, struct loc_op *op, const char *name, struct arena *arena)
{
	struct elf_binding binding;

	if (elf_file_binding_at(dw->file, (u64)op->a, name, &binding))
		op->binding = arena_memdup(arena, &binding, sizeof(binding));
}

static bool decode_op(struct decoder *decoder, const Dwarf_Op *from, struct loc_op *op)
{
	op->opcode = standard_form(from->atom);
	op->a = (s64)from->number;
	op->b = (s64)from->number2;
	switch (op->opcode) {
	case DW_OP_bra:
	case DW_OP_skip: return resolve_branch(decoder, from, op);
	case DW_OP_const1s: op->a = (s8)op->a; return true;
	case DW_OP_const2s: op->a = (s16)op->a; return true;
	case DW_OP_const4s: op->a = (s32)op->a; return true;
	case DW_OP_addrx:
	case DW_OP_constx: return resolve_address(decoder, from, op);
	case DW_OP_implicit_value: return resolve_block(decoder, from, op);
	case DW_OP_const_type:
		return resolve_block(decoder, from, op) && resolve_type(decoder, from->number, op);
	case DW_OP_convert:
	case DW_OP_reinterpret: return resolve_type(decoder, from->number, op);
	case DW_OP_regval_type:
	case DW_OP_deref_type:
	case DW_OP_xderef_type: return resolve_type(decoder, from->number2, op);
	case DW_OP_entry_value: return resolve_entry(decoder, from, op);
	case DW_OP_implicit_pointer:
	case DW_OP_GNU_variable_value:
	case DW_OP_GNU_parameter_ref: return resolve_die(decoder, from, op);
	case DW_OP_call2:
	case DW_OP_call4:
	case DW_OP_call_ref: return resolve_call(decoder, from, op);
	default: return true;
	}
}

static struct loc *decode(struct decoder *decoder)
{
	struct loc *loc = arena_alloc(decoder->arena, sizeof(*loc));
	struct loc_op *ops;

	if (decoder->n == 0)
		return dw_loc_absent(ABSENT_OPTIMIZED_OUT, decoder->arena);
	if (decoder->n > MAX_OPS)
		return dw_loc_absent(ABSENT_UNSUPPORTED, decoder->arena);
	ops = arena_array(decoder->arena, struct loc_op, decoder->n);
	for (size_t i = 0; i < decoder->n; i++) {
		if (!decode_op(decoder, &decoder->ops[i], &ops[i]))
			return dw_loc_absent(ABSENT_UNSUPPORTED, decoder->arena);
		if (ops[i].opcode == DW_OP_addr)
			dw_loc_bind(decoder->dw, &ops[i], NULL, decoder->arena);
	}
	loc->ops = ops;
	loc->n_ops = decoder->n;
	return loc;
}

struct loc *dw_decode(struct dw *dw, Dwarf_Attribute *attr, const Dwarf_Op *ops, size_t n,
		      struct arena *arena)
{
	struct decoder decoder = {dw, attr, ops, n, arena, 0};

	return decode(&decoder);
}

static bool is_entry(struct dw *dw, u64 pc, struct arena *arena)
{
	struct dw_instance instance;
	Dwarf_Die function;

	return dw_subprogram_at(dw, pc, &function) &&
	       dw_instance_of(dw, &function, arena, &instance) && instance.entry == pc;
}

/*
 * libdw 0.188 ends a list at an operator that it doesn't know (DW_OP_GNU_uninit), but can still
 * find the other entries one by one.
 */
static struct loc *decode_known(struct dw *dw, Dwarf_Attribute *attr, u64 pc, struct arena *arena)
{
	Dwarf_Op *ops;
	size_t n;
	int found = dwarf_getlocation_addr(attr, pc, &ops, &n, 1);

	if (found <= 0)
		return dw_loc_absent(found ? ABSENT_UNSUPPORTED : ABSENT_OPTIMIZED_OUT, arena);
	return dw_decode(dw, attr, ops, n, arena);
}

/*
 * The first entry of the list that covers pc. gcc writes an empty range at a function's entry for
 * what holds only before the statements that have no instruction there; gdb 13 takes it
 * (dwarf2_find_location_expression()), and so do we.
 */
struct loc *dw_decode_attr(struct dw *dw, Dwarf_Attribute *attr, u64 pc, struct arena *arena)
{
	Dwarf_Addr base, start, end;
	ptrdiff_t at = 0;
	Dwarf_Op *ops;
	size_t n;

	if (!dw_locations_fit(dw, attr))
		return dw_loc_absent(ABSENT_UNSUPPORTED, arena);
	for (size_t i = 0; i < DW_MAX_RANGES; i++) {
		at = dwarf_getlocations(attr, at, &base, &start, &end, &ops, &n);
		if (at < 0)
			return decode_known(dw, attr, pc, arena);
		if (at == 0)
			break;
		if ((pc >= start && pc < end) ||
		    (start == end && pc == start && is_entry(dw, pc, arena)))
			return dw_decode(dw, attr, ops, n, arena);
	}
	return dw_loc_absent(ABSENT_OPTIMIZED_OUT, arena);
}
