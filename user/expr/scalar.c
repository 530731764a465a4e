/* SPDX-License-Identifier: BSD-2-Clause */
#include "expr/expr_private.h"

#include <string.h>

bool scalar_is_integer(const struct type *type)
{
	const struct type *bare = type_strip(type);

	return type_is_integer(bare) &&
	       (bare->size == 1 || bare->size == 2 || bare->size == 4 || bare->size == 8);
}

bool scalar_is_float(const struct type *type)
{
	return type_strip(type)->kind == TYPE_FLOAT;
}

bool scalar_is_pointer(const struct type *type)
{
	return type_strip(type)->kind == TYPE_POINTER;
}

bool scalar_is_signed(const struct type *type)
{
	const struct type *bare = type_strip(type);

	return bare->kind != TYPE_POINTER && bare->kind != TYPE_BOOL && bare->is_signed;
}

u64 scalar_wrap(const struct type *type, u64 value)
{
	const struct type *bare = type_strip(type);
	unsigned shift;

	if (bare->size >= 8 || !bare->size)
		return value;
	shift = 64 - 8 * (unsigned)bare->size;
	if (scalar_is_signed(bare))
		return (u64)((s64)(value << shift) >> shift);
	return value << shift >> shift;
}

/* INT64_MIN / -1 wraps to itself, INT64_MIN % -1 is 0: neither may trap. */
static u64 divide(enum expr_op op, bool is_signed, u64 a, u64 b)
{
	if (!is_signed)
		return op == OP_DIV ? a / b : a % b;
	if ((s64)b == -1)
		return op == OP_DIV ? -a : 0;
	return (u64)(op == OP_DIV ? (s64)a / (s64)b : (s64)a % (s64)b);
}

static u64 shift_right(bool is_signed, u64 a, u64 count)
{
	return is_signed ? (u64)((s64)a >> count) : a >> count;
}

bool scalar_binary(enum expr_op op, const struct type *type, u64 a, u64 b, u64 *result)
{
	u64 count = b & (8 * type_strip(type)->size - 1);
	bool is_signed = scalar_is_signed(type);
	u64 value = 0;

	switch (op) {
	case OP_ADD: value = a + b; break;
	case OP_SUB: value = a - b; break;
	case OP_MUL: value = a * b; break;
	case OP_AND: value = a & b; break;
	case OP_XOR: value = a ^ b; break;
	case OP_OR: value = a | b; break;
	case OP_SHL: value = a << count; break;
	case OP_SHR: value = shift_right(is_signed, a, count); break;
	case OP_DIV:
	case OP_MOD:
		if (!b)
			return false;
		value = divide(op, is_signed, a, b);
		break;
	default: break;
	}
	*result = scalar_wrap(type, value);
	return true;
}

bool scalar_compare(enum expr_op op, bool is_signed, u64 a, u64 b)
{
	/* Flipping the sign bit makes the unsigned order the signed one. */
	u64 flip = is_signed ? 1ULL << 63 : 0;
	u64 x = a ^ flip, y = b ^ flip;

	switch (op) {
	case OP_LT: return x < y;
	case OP_LE: return x <= y;
	case OP_GT: return x > y;
	case OP_GE: return x >= y;
	case OP_EQ: return x == y;
	default: return x != y;
	}
}

bool scalar_compare_real(enum expr_op op, long double a, long double b)
{
	switch (op) {
	case OP_LT: return a < b;
	case OP_LE: return a <= b;
	case OP_GT: return a > b;
	case OP_GE: return a >= b;
	case OP_EQ: return a == b;
	default: return a != b;
	}
}

bool scalar_real(const struct type *type, const u8 *bytes, long double *value)
{
	u64 size = type_strip(type)->size;
	float single;
	double full;

	if (size == sizeof(single)) {
		memcpy(&single, bytes, sizeof(single));
		*value = single;
	} else if (size == sizeof(full)) {
		memcpy(&full, bytes, sizeof(full));
		*value = full;
	} else {
#ifdef __x86_64__
		if (size != sizeof(*value))
			return false;
		memcpy(value, bytes, sizeof(*value));
#else
		return false;
#endif
	}
	return true;
}

long double scalar_to_real(const struct type *from, u64 value, const struct type *to)
{
	bool is_signed = scalar_is_signed(from);
	u64 size = type_strip(to)->size;

	if (size == sizeof(float))
		return is_signed ? (float)(s64)value : (float)value;
	if (size == sizeof(double))
		return is_signed ? (double)(s64)value : (double)value;
	return is_signed ? (long double)(s64)value : (long double)value;
}

const struct type *scalar_promote(const struct type *type, unsigned bit_size)
{
	const struct type *bare = type_strip(type);
	bool is_signed = scalar_is_signed(bare);

	if (bit_size && (bit_size < 32 || (bit_size == 32 && is_signed)))
		return type_basic(TYPE_BASIC_INT);
	if (bit_size == 32)
		return type_basic(TYPE_BASIC_UINT);
	if (bare->size < 4)
		return type_basic(TYPE_BASIC_INT);
	if (bare->size == 4)
		return type_basic(is_signed ? TYPE_BASIC_INT : TYPE_BASIC_UINT);
	return type_basic(is_signed ? TYPE_BASIC_LONG : TYPE_BASIC_ULONG);
}

const struct type *scalar_common(const struct type *a, const struct type *b)
{
	const struct type *x = type_strip(a), *y = type_strip(b);

	if (x->kind == TYPE_FLOAT && y->kind == TYPE_FLOAT)
		return x->size >= y->size ? x : y;
	if (x->kind == TYPE_FLOAT || y->kind == TYPE_FLOAT)
		return x->kind == TYPE_FLOAT ? x : y;
	if (x->size != y->size)
		return x->size > y->size ? x : y;
	return scalar_is_signed(x) ? y : x;
}
