/* SPDX-License-Identifier: BSD-2-Clause */
/* Scalars and strings against what gdb 13.1 printed for the same bytes. */
#include "unit.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "value/text.h"

static const struct value_limits limits = {
	.depth = 2, .elements = 32, .string_bytes = 32, .repeats = 10, .nodes = 10000};

static void assert_string_as(const char *bytes, size_t len, bool cut, bool utf8,
			     const char *expected)
{
	_cleanup_(strbuf_free) struct strbuf out = {0};
	struct value_limits own = limits;

	own.ascii = !utf8;
	text_string(&out, (const u8 *)bytes, len, (struct char_form){1, ""}, cut, &own);
	assert_string_equal(out.text, expected);
}

static void test_strings_of_arrays(void **state)
{
	static const char text[20] = "hello", mid[30] = "ab\0\0\0\0\0\0\0\0\0\0\0\0\0zz";
	static const char zeros[40], few[8] = "abc";

	assert_string_as(text, 20, false, false, "\"hello\", '\\000' <repeats 14 times>");
	assert_string_as(text, 5, false, false, "\"hello\"");
	assert_string_as(mid, 30, false, false,
			 "\"ab\", '\\000' <repeats 13 times>, \"zz\", '\\000' <repeats 12 times>");
	assert_string_as(zeros, 16, false, false, "'\\000' <repeats 15 times>");
	assert_string_as(zeros, 1, false, false, "\"\"");
	assert_string_as(few, 8, false, false, "\"abc\\000\\000\\000\\000\"");
}

static void test_strings_are_cut(void **state)
{
	assert_string_as("0123456789012345678901234567890123456789", 41, false, false,
			 "\"01234567890123456789012345678901\"...");
	assert_string_as("abc", 3, true, false, "\"abc\"...");
	assert_string_as("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 50, true, false,
			 "'a' <repeats 50 times>...");
}

static void test_nothing_reaches_the_terminal(void **state)
{
	assert_string_as("\1"
			 "1\a\e\n\\\"'\x7f\xc8"
			 "9",
			 12, false, false, "\"\\0011\\a\\033\\n\\\\\\\"'\\177\\3109\"");
	assert_string_as("\xe2\x80\xaex\xc2\x85y", 8, false, true,
			 "\"\\342\\200\\256x\\302\\205y\"");
	assert_string_as("\xf8\x88\x80x\xed\xa0\x80y\xc0\x80z\xf4\x90\x80\x80w", 17, false, true,
			 "\"\\370\\210\\200x\\355\\240\\200y\\300\\200z\\364\\220\\200\\200w\"");
}

static void test_utf8(void **state)
{
	assert_string_as("h\xc3\xa9 \xe2\x82\xac", 8, false, true, "\"h\xc3\xa9 \xe2\x82\xac\"");
	assert_string_as("h\xc3\xa9", 4, false, false, "\"h\\303\\251\"");
	assert_string_as("ab\xe2\x82", 4, false, true, "\"ab\", <incomplete sequence \\342\\202>");
}

static void assert_decoded(const void *bytes, size_t len, u8 width, const char *expected)
{
	struct arena *arena = arena_new();
	struct char_form form = {width, "u"};
	size_t decoded_len = 0;
	const char *decoded = text_decode(bytes, len, form, arena, &decoded_len);

	if (expected) {
		assert_non_null(decoded);
		assert_string_equal(decoded, expected);
		assert_int_equal(decoded_len, strlen(expected));
	} else {
		assert_null(decoded);
	}
	arena_free(arena);
}

static void test_wide_text_becomes_utf8(void **state)
{
	static const u16 euro[] = {0x20ac, 0x4141}, pair[] = {0xd83d, 0xde00},
			 alone[] = {0xd83d, 65};
	static const u32 wide[] = {0x1f600, 65}, none[] = {0x110000};

	assert_decoded(euro, 4, 2, "\xe2\x82\xac\xe4\x85\x81");
	assert_decoded(pair, 4, 2, "\xf0\x9f\x98\x80");
	assert_decoded(alone, 4, 2, NULL);
	assert_decoded(wide, 8, 4,
		       "\xf0\x9f\x98\x80"
		       "A");
	assert_decoded(none, 4, 4, NULL);
	assert_decoded("a\xff", 2, 1, "a\xff");
}

static void assert_integer(const struct type *type, u64 number, const char *expected)
{
	_cleanup_(strbuf_free) struct strbuf out = {0};

	text_integer(&out, type, number, &limits);
	assert_string_equal(out.text, expected);
}

static void test_integers(void **state)
{
	assert_integer(type_basic(TYPE_BASIC_INT), (u64)-5, "-5");
	assert_integer(type_basic(TYPE_BASIC_ULONG), UINT64_MAX, "18446744073709551615");
	assert_integer(type_basic(TYPE_BASIC_CHAR), 'l', "108 'l'");
	assert_integer(type_basic(TYPE_BASIC_CHAR), (u64)-56, "-56 '\\310'");
	assert_integer(type_basic(TYPE_BASIC_UCHAR), 200, "200 '\\310'");
	assert_integer(type_basic(TYPE_BASIC_CHAR), '\'', "39 '\\''");
	assert_integer(type_basic(TYPE_BASIC_BOOL), 1, "true");
	assert_integer(type_basic(TYPE_BASIC_BOOL), 0, "false");
	assert_integer(type_basic(TYPE_BASIC_BOOL), 2, "2");
}

static void test_enums(void **state)
{
	struct type_enumerator plain[] = {{"GA", 1}, {"GB", 5}};
	struct type_enumerator bits[] = {{"FA", 1}, {"FB", 2}, {"FC", 4}};
	struct type enum_type = {
		.kind = TYPE_ENUM, .size = 4, .enumerators = plain, .n_enumerators = 2};
	struct type flag_type = {.kind = TYPE_ENUM,
				 .size = 4,
				 .enumerators = bits,
				 .n_enumerators = 3,
				 .is_flag_enum = true};

	assert_integer(&enum_type, 5, "GB");
	assert_integer(&enum_type, 4, "4");
	assert_integer(&flag_type, 4, "FC");
	assert_integer(&flag_type, 3, "(FA | FB)");
	assert_integer(&flag_type, 9, "(FA | unknown: 0x8)");
	assert_integer(&flag_type, 8, "(unknown: 0x8)");
	assert_integer(&flag_type, 0, "0");
}

static void assert_real(size_t size, const void *bytes, const char *expected)
{
	_cleanup_(strbuf_free) struct strbuf out = {0};
	struct type type = {.kind = TYPE_FLOAT, .size = size};
	long double real;

	assert_true(text_real(&out, &type, bytes, &real));
	assert_string_equal(out.text, expected);
}

static void test_reals(void **state)
{
	float f = 0.1f, fnan = NAN;
	double d = 0.1, big = 1e300, minus_zero = -0.0, inf = -INFINITY;
	double quiet = -__builtin_nan("5");
	long double l = 0.1L, lnan = __builtin_nanl("");
	u16 half = 0x2e66, tiny = 1;

	assert_real(4, &f, "0.100000001");
	assert_real(4, &fnan, "nan(0x400000)");
	assert_real(8, &d, "0.10000000000000001");
	assert_real(8, &big, "1.0000000000000001e+300");
	assert_real(8, &minus_zero, "-0");
	assert_real(8, &inf, "-inf");
	assert_real(8, &quiet, "-nan(0x8000000000005)");
	assert_real(16, &l, "0.100000000000000000001");
	assert_real(16, &lnan, "nan(0xc000000000000000)");
	assert_real(2, &half, "0.099976");
	assert_real(2, &tiny, "5.9605e-08");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_strings_of_arrays),
		cmocka_unit_test(test_strings_are_cut),
		cmocka_unit_test(test_nothing_reaches_the_terminal),
		cmocka_unit_test(test_utf8),
		cmocka_unit_test(test_wide_text_becomes_utf8),
		cmocka_unit_test(test_integers),
		cmocka_unit_test(test_enums),
		cmocka_unit_test(test_reals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
