/* SPDX-License-Identifier: BSD-2-Clause */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "value/text.h"

static void put_number(struct strbuf *out, u64 number, bool is_signed)
{
	if (is_signed)
		strbuf_printf(out, "%" PRId64, (s64)number);
	else
		strbuf_printf(out, "%" PRIu64, number);
}

/* Enumerators joined by |; bits that none has are named as unknown. */
static void put_flags(struct strbuf *out, const struct type_enumerator *all, size_t n, u64 number)
{
	bool first = true;

	if (!number) {
		strbuf_putc(out, '0');
		return;
	}
	for (size_t i = 0; i < n; i++) {
		if (!((u64)all[i].value & number))
			continue;
		strbuf_printf(out, "%s%s", first ? "(" : " | ", all[i].name);
		number &= ~(u64)all[i].value;
		first = false;
	}
	if (number)
		strbuf_printf(out, "%sunknown: 0x%" PRIx64, first ? "(" : " | ", number);
	strbuf_putc(out, ')');
}

static void put_enum(struct strbuf *out, const struct type *type, u64 number)
{
	const struct type_enumerator *all;
	size_t n = type_enumerators(type, &all);

	for (size_t i = 0; i < n; i++) {
		if ((u64)all[i].value == number && all[i].name) {
			strbuf_puts(out, all[i].name);
			return;
		}
	}
	if (type->is_flag_enum)
		put_flags(out, all, n, number);
	else
		put_number(out, number, type->is_signed);
}

void text_integer(struct strbuf *out, const struct type *type, u64 number,
		  const struct value_limits *limits)
{
	const struct type *stripped = type_strip(type);
	struct char_form form = text_char_form(type);

	switch (stripped->kind) {
	case TYPE_BOOL:
		if (number > 1)
			put_number(out, number, false);
		else
			strbuf_puts(out, number ? "true" : "false");
		break;
	case TYPE_ENUM: put_enum(out, stripped, number); break;
	default:
		put_number(out, number, stripped->is_signed);
		if (form.width) {
			strbuf_putc(out, ' ');
			text_char(out, number, form, limits);
		}
		break;
	}
}

void text_int128(struct strbuf *out, const u8 *bytes, bool is_signed)
{
	unsigned __int128 number;
	char digits[48];
	size_t at = sizeof(digits);
	bool negative;

	memcpy(&number, bytes, sizeof(number));
	negative = is_signed && (__int128)number < 0;
	if (negative)
		number = -number;
	do {
		digits[--at] = (char)('0' + (int)(number % 10));
		number /= 10;
	} while (number);
	if (negative)
		digits[--at] = '-';
	strbuf_add(out, digits + at, sizeof(digits) - at);
}

/* The formats of IEEE 754 and x87, and the digits that tell any two values apart. */
struct float_format {
	u8 mantissa_bits; /* stored ones: with x87's explicit integer bit */
	u8 exponent_bits;
	const char *print;
};

static const struct float_format *float_format(const struct type *type)
{
	static const struct float_format half = {10, 5, "%.5Lg"}, single = {23, 8, "%.9Lg"},
					 twice = {52, 11, "%.17Lg"}, x87 = {64, 15, "%.21Lg"},
					 quad = {112, 15, NULL};
	bool is_quad = type->name && (strstr(type->name, "128") || strstr(type->name, "quad"));

	switch (type->size) {
	case 2: return type->name && strstr(type->name, "bf") ? NULL : &half;
	case 4: return &single;
	case 8: return &twice;
	case 10:
	case 12: return &x87;
	case 16: return is_quad ? &quad : &x87;
	default: return NULL;
	}
}

static void put_nan(struct strbuf *out, const u8 *bytes, const struct float_format *format)
{
	u32 sign_bit = format->mantissa_bits + format->exponent_bits;
	u64 low = 0, high = 0;

	if (format->mantissa_bits <= 64) {
		memcpy(&low, bytes, min_u64(8, (sign_bit + 8) / 8));
		if (format->mantissa_bits < 64)
			low &= (1ULL << format->mantissa_bits) - 1;
	} else {
		memcpy(&low, bytes, 8);
		memcpy(&high, bytes + 8, 8);
		high &= (1ULL << (format->mantissa_bits - 64)) - 1;
	}
	strbuf_puts(out, bytes[sign_bit / 8] >> (sign_bit % 8) & 1 ? "-nan(0x" : "nan(0x");
	if (high)
		strbuf_printf(out, "%" PRIx64 "%016" PRIx64 ")", high, low);
	else
		strbuf_printf(out, "%" PRIx64 ")", low);
}

/* By hand, as compilers differ in having a type for it. */
static long double half_value(const u8 *bytes)
{
	u16 bits = (u16)(bytes[0] | bytes[1] << 8);
	int exponent = bits >> 10 & 31;
	long double mantissa = bits & 0x3ff, value;

	if (exponent == 31)
		value = mantissa != 0 ? NAN : INFINITY;
	else if (exponent)
		value = ldexpl(mantissa + 1024, exponent - 25);
	else
		value = ldexpl(mantissa, -24);
	return bits >> 15 ? -value : value;
}

static long double real_value(const struct type *type, const u8 *bytes)
{
	long double value = 0;
	double twice;
	float single;

	switch (type->size) {
	case 2: return half_value(bytes);
	case 4: memcpy(&single, bytes, 4); return single;
	case 8: memcpy(&twice, bytes, 8); return twice;
	default: memcpy(&value, bytes, 10); return value;
	}
}

/* x87 has patterns that are no number: the integer bit has to go with the exponent. */
static bool is_invalid(const u8 *bytes, const struct float_format *format)
{
	if (format->mantissa_bits != 64)
		return false;
	return (bytes[7] >> 7) != (bytes[8] || (bytes[9] & 0x7f));
}

static void put_quad(struct strbuf *out, const u8 *bytes, long double *real)
{
	_Float128 value;
	char text[64];

	memcpy(&value, bytes, sizeof(value));
	strfromf128(text, sizeof(text), "%.36g", value);
	strbuf_puts(out, text);
	*real = (long double)value;
}

bool text_real(struct strbuf *out, const struct type *type, const u8 *bytes, long double *real)
{
	const struct float_format *format = float_format(type);
	struct strbuf digits = {0};

	if (!format)
		return false;
	if (!format->print)
		put_quad(&digits, bytes, real);
	else
		*real = real_value(type, bytes);
	if (is_invalid(bytes, format)) {
		strbuf_puts(out, "<invalid float value>");
	} else if (isnan(*real)) {
		put_nan(out, bytes, format);
	} else if (!format->print) {
		strbuf_puts(out, digits.text);
	} else {
		/* The table above is the only source of formats. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		strbuf_printf(out, format->print, *real);
#pragma GCC diagnostic pop
	}
	strbuf_free(&digits);
	return true;
}
