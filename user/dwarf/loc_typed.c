/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Arithmetic on typed stack entries (DWARF 5, sections 2.5.1.4 and 2.5.1.6). Integers wrap at their
 * size. The generic type is signed, but shifts right and takes remainders as unsigned, as the
 * standard leaves it and gdb does.
 */
#include "dwarf/loc_machine.h"

#include <math.h>
#include <string.h>
#include <dwarf.h>

enum { GENERIC_SIZE = 8 };

u64 slot_size(const struct slot *slot)
{
	return slot->type ? slot->type->size : GENERIC_SIZE;
}

static bool is_float(const struct type *type)
{
	return type && type->kind == TYPE_FLOAT;
}

static bool is_signed(const struct type *type)
{
	return !type || type->is_signed;
}

static bool is_computable(const struct type *type)
{
	if (!type)
		return true;
	if (is_float(type))
		return type->size == sizeof(float) || type->size == sizeof(double);
	return (type_is_integer(type) || type->kind == TYPE_POINTER) && type->size >= 1 &&
	       type->size <= sizeof(u128);
}

static struct slot make(const struct type *type, u128 bits)
{
	u64 width = (type ? type->size : GENERIC_SIZE) * 8;

	if (width < 128)
		bits &= ((u128)1 << width) - 1;
	return (struct slot){type, bits};
}

static s128 signed_bits(const struct slot *slot)
{
	unsigned shift = 128 - (unsigned)slot_size(slot) * 8;

	return (s128)(slot->bits << shift) >> shift;
}

static double real(const struct slot *slot)
{
	double wide;
	float narrow;

	if (slot->type->size == sizeof(float)) {
		memcpy(&narrow, &slot->bits, sizeof(narrow));
		return narrow;
	}
	memcpy(&wide, &slot->bits, sizeof(wide));
	return wide;
}

static struct slot from_real(const struct type *type, double value)
{
	struct slot slot = {type, 0};
	float narrow = (float)value;

	if (type->size == sizeof(float))
		memcpy(&slot.bits, &narrow, sizeof(narrow));
	else
		memcpy(&slot.bits, &value, sizeof(value));
	return slot;
}

struct slot slot_generic(u64 value)
{
	return (struct slot){NULL, value};
}

bool slot_from_bytes(const struct type *type, const u8 *bytes, size_t len, struct slot *slot)
{
	u128 bits = 0;

	type = type ? type_strip(type) : NULL;
	if (!is_computable(type) || len > sizeof(bits))
		return false;
	memcpy(&bits, bytes, len);
	*slot = make(type, bits);
	return true;
}

u64 slot_number(const struct slot *slot)
{
	if (is_float(slot->type) || !is_signed(slot->type))
		return (u64)slot->bits;
	return (u64)signed_bits(slot);
}

static bool float_binary(u8 opcode, const struct slot *left, const struct slot *right,
			 struct slot *result)
{
	double a = real(left), b = real(right);

	switch (opcode) {
	case DW_OP_plus: *result = from_real(left->type, a + b); return true;
	case DW_OP_minus: *result = from_real(left->type, a - b); return true;
	case DW_OP_mul: *result = from_real(left->type, a * b); return true;
	case DW_OP_div: *result = from_real(left->type, a / b); return true;
	case DW_OP_eq: *result = slot_generic(a == b); return true;
	case DW_OP_ne: *result = slot_generic(a != b); return true;
	case DW_OP_lt: *result = slot_generic(a < b); return true;
	case DW_OP_le: *result = slot_generic(a <= b); return true;
	case DW_OP_gt: *result = slot_generic(a > b); return true;
	case DW_OP_ge: *result = slot_generic(a >= b); return true;
	default: return false;
	}
}

static bool compare(u8 opcode, const struct slot *left, const struct slot *right,
		    struct slot *result)
{
	bool less, equal = left->bits == right->bits;

	less = is_signed(left->type) ? signed_bits(left) < signed_bits(right)
				     : left->bits < right->bits;
	switch (opcode) {
	case DW_OP_eq: *result = slot_generic(equal); return true;
	case DW_OP_ne: *result = slot_generic(!equal); return true;
	case DW_OP_lt: *result = slot_generic(less); return true;
	case DW_OP_le: *result = slot_generic(less || equal); return true;
	case DW_OP_gt: *result = slot_generic(!less && !equal); return true;
	case DW_OP_ge: *result = slot_generic(!less); return true;
	default: return false;
	}
}

static bool divide(u8 opcode, const struct slot *left, const struct slot *right,
		   struct slot *result)
{
	bool as_unsigned = !is_signed(left->type) || (opcode == DW_OP_mod && !left->type);

	if (right->bits == 0)
		return false;
	if (as_unsigned) {
		*result = make(left->type, opcode == DW_OP_div ? left->bits / right->bits
							       : left->bits % right->bits);
		return true;
	}
	if (signed_bits(right) == -1) {
		*result = make(left->type, opcode == DW_OP_div ? -left->bits : 0);
		return true;
	}
	*result = make(left->type,
		       (u128)(opcode == DW_OP_div ? signed_bits(left) / signed_bits(right)
						  : signed_bits(left) % signed_bits(right)));
	return true;
}

static struct slot shift(u8 opcode, const struct slot *left, const struct slot *right)
{
	u64 width = slot_size(left) * 8;
	bool all = right->bits >= width;
	unsigned by = all ? (unsigned)width - 1 : (unsigned)right->bits;

	if (opcode == DW_OP_shra)
		return make(left->type, (u128)(signed_bits(left) >> by));
	if (all)
		return make(left->type, 0);
	return make(left->type, opcode == DW_OP_shl ? left->bits << by : left->bits >> by);
}

bool slot_binary(u8 opcode, const struct slot *left, const struct slot *right, struct slot *result)
{
	const struct type *type = left->type;
	bool is_shift = opcode == DW_OP_shl || opcode == DW_OP_shr || opcode == DW_OP_shra;

	if (is_float(left->type) != is_float(right->type) ||
	    (!is_shift && slot_size(left) != slot_size(right)))
		return false;
	if (is_float(type))
		return float_binary(opcode, left, right, result);
	switch (opcode) {
	case DW_OP_plus: *result = make(type, left->bits + right->bits); return true;
	case DW_OP_minus: *result = make(type, left->bits - right->bits); return true;
	case DW_OP_mul: *result = make(type, left->bits * right->bits); return true;
	case DW_OP_and: *result = make(type, left->bits & right->bits); return true;
	case DW_OP_or: *result = make(type, left->bits | right->bits); return true;
	case DW_OP_xor: *result = make(type, left->bits ^ right->bits); return true;
	case DW_OP_div:
	case DW_OP_mod: return divide(opcode, left, right, result);
	case DW_OP_shl:
	case DW_OP_shr:
	case DW_OP_shra: *result = shift(opcode, left, right); return true;
	default: return compare(opcode, left, right, result);
	}
}

bool slot_unary(u8 opcode, const struct slot *operand, struct slot *result)
{
	const struct type *type = operand->type;

	if (is_float(type)) {
		double value = real(operand);

		if (opcode == DW_OP_not)
			return false;
		*result = from_real(type, opcode == DW_OP_neg ? -value : fabs(value));
		return true;
	}
	switch (opcode) {
	case DW_OP_neg: *result = make(type, -operand->bits); return true;
	case DW_OP_not: *result = make(type, ~operand->bits); return true;
	case DW_OP_abs:
		*result = is_signed(type) && signed_bits(operand) < 0 ? make(type, -operand->bits)
								      : *operand;
		return true;
	default: return false;
	}
}

bool slot_convert(const struct slot *from, const struct type *type, struct slot *result)
{
	type = type ? type_strip(type) : NULL;
	if (!is_computable(type))
		return false;
	if (is_float(type)) {
		if (is_float(from->type))
			*result = from_real(type, real(from));
		else if (is_signed(from->type))
			*result = from_real(type, (double)signed_bits(from));
		else
			*result = from_real(type, (double)from->bits);
		return true;
	}
	if (is_float(from->type)) {
		double value = real(from);

		if (!(value > -0x1p63 && value < 0x1p63))
			return false;
		*result = make(type, (u128)(s128)(s64)value);
		return true;
	}
	*result = make(type, is_signed(from->type) ? (u128)signed_bits(from) : from->bits);
	return true;
}

bool slot_reinterpret(const struct slot *from, const struct type *type, struct slot *result)
{
	type = type ? type_strip(type) : NULL;
	if (!is_computable(type) || (type ? type->size : GENERIC_SIZE) != slot_size(from))
		return false;
	*result = make(type, from->bits);
	return true;
}
