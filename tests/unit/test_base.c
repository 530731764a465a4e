/* SPDX-License-Identifier: BSD-2-Clause */
#include "unit.h"

#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <wctype.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/image.h"
#include "base/strbuf.h"
#include "base/utf8.h"

static void test_arena_push_keeps_elements(void **state)
{
	struct arena *arena = arena_new();
	int *items = NULL;
	size_t count = 0;

	for (int i = 0; i < 1000; i++)
		*arena_push(arena, items, count) = i;
	assert_int_equal(count, 1000);
	for (int i = 0; i < 1000; i++)
		assert_int_equal(items[i], i);
	arena_free(arena);
}

static void test_image_reads_across_ranges(void **state)
{
	struct arena *arena = arena_new();
	struct image *image = image_new(arena);
	enum image_origin origin;
	char buffer[9] = "";

	image_add(image, 0x1000, "abcd", 4, IMAGE_HIT);
	image_add(image, 0x1004, "efgh", 4, IMAGE_LATE);
	image_add(image, 0x1002, "XXXX", 4, IMAGE_FILE);
	assert_int_equal(image_read(image, 0x1000, buffer, 8, &origin), PRESENT);
	assert_string_equal(buffer, "abcdefgh");
	assert_int_equal(origin, IMAGE_LATE);
	assert_int_equal(image_read(image, 0x1000, buffer, 4, &origin), PRESENT);
	assert_int_equal(origin, IMAGE_HIT);
	arena_free(arena);
}

static void test_image_says_why_bytes_are_absent(void **state)
{
	struct arena *arena = arena_new();
	struct image *image = image_new(arena);
	char buffer[8] = "same";

	image_add(image, 0x1000, "abcd", 4, IMAGE_HIT);
	image_add_absent(image, 0x1004, 4, ABSENT_NOT_RESIDENT);
	assert_int_equal(image_read(image, 0x1002, buffer, 4, NULL), ABSENT_NOT_RESIDENT);
	assert_int_equal(image_read(image, 0x2000, buffer, 4, NULL), ABSENT_NOT_CAPTURED);
	assert_string_equal(buffer, "same");
	assert_int_equal(image_read(image, UINT64_MAX - 1, buffer, 4, NULL), ABSENT_BAD_ADDRESS);
	arena_free(arena);
}

static enum absence reader(void *context, u64 address, void *bytes, size_t len,
			   enum image_origin *origin)
{
	enum absence *answer = context;

	memset(bytes, 'x', len);
	*origin = IMAGE_LATE;
	return *answer;
}

static void test_image_keeps_the_reason_of_the_hit(void **state)
{
	struct arena *arena = arena_new();
	struct image *image = image_new(arena);
	enum absence answer = ABSENT_PROCESS_GONE;
	enum image_origin origin;
	size_t len = 4;
	char buffer[8];

	image_add_absent(image, 0x1000, 4, ABSENT_NOT_RESIDENT);
	image_add_absent(image, 0x2000, 4, ABSENT_BAD_ADDRESS);
	image_set_reader(image, reader, &answer);
	assert_int_equal(image_read(image, 0x1000, buffer, 4, NULL), ABSENT_NOT_RESIDENT);
	assert_int_equal(image_read_run(image, 0x1000, buffer, &len, &origin), ABSENT_NOT_RESIDENT);
	assert_int_equal(image_read(image, 0x2000, buffer, 4, NULL), ABSENT_BAD_ADDRESS);
	assert_int_equal(image_read(image, 0x3000, buffer, 4, NULL), ABSENT_PROCESS_GONE);
	answer = ABSENT_BAD_ADDRESS;
	assert_int_equal(image_read(image, 0x1000, buffer, 4, NULL), ABSENT_BAD_ADDRESS);
	answer = PRESENT;
	assert_int_equal(image_read_run(image, 0x2000, buffer, &len, &origin), ABSENT_BAD_ADDRESS);
	assert_int_equal(image_read(image, 0x1000, buffer, 4, &origin), PRESENT);
	assert_int_equal(origin, IMAGE_LATE);
	arena_free(arena);
}

static void test_distance_is_bounded(void **state)
{
	assert_int_equal(str_distance("main", "mian", 5), 2);
	assert_int_equal(str_distance("main", "main", 5), 0);
	assert_int_equal(str_distance("main", "processCommand", 3), 3);
}

static void test_path_suffix_matches_components(void **state)
{
	assert_true(str_path_suffix("/src/redis/server.c", "server.c"));
	assert_true(str_path_suffix("/src/redis/server.c", "redis/server.c"));
	assert_false(str_path_suffix("/src/redis/server.c", "erver.c"));
}

static void test_error_keeps_span_and_cure(void **state)
{
	struct error *err = error_new(ERROR_USAGE, "bad %s", "thing");

	err = error_prefix(err, "here");
	err = error_span(error_cure(err, "mend it"), "a + ?", 4, 1);
	assert_string_equal(err->text, "here: bad thing");
	assert_string_equal(err->cure, "mend it");
	assert_int_equal(err->span_start, 4);
	error_free(err);
}

static void test_characters_that_are_not_shown(void **state)
{
	static const u32 shown[] = {' ', '~', 0xa1, 0xe9, 0x20ac, 0xfffd, 0x1f600, 0x2f800},
			 hidden[] = {0,	       0x1f,	 0x7f,	    0x9b,   0xad,    0x378,
				     0xfff,    0x200b,	 0x202e,    0x2029, 0xd800,  0xe000,
				     0xfdd0,   0xfe0f,	 0xfeff,    0xffff, 0xe0001, 0xe01ef,
				     0x100000, 0x110000, 0xffffffff};

	for (size_t i = 0; i < ARRAY_LEN(shown); i++)
		assert_true(utf8_is_printable(shown[i]));
	for (size_t i = 0; i < ARRAY_LEN(hidden); i++)
		assert_false(utf8_is_printable(hidden[i]));
}

/* Debuggers ask the C library, whose Unicode may be newer than ours, but isn't older. */
static void test_what_is_shown_the_c_library_prints_too(void **state)
{
	locale_t locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);

	if (!locale)
		return;
	for (u32 code = 0; code <= 0x10ffff; code++)
		if (utf8_is_printable(code) && !iswprint_l((wint_t)code, locale))
			fail_msg("U+%04X", code);
	freelocale(locale);
}

static void test_nothing_steers_the_terminal(void **state)
{
	struct error *err = error_new(ERROR_NOT_FOUND, "no function \033[2J");
	struct strbuf safe = {0};
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	utf8_put_safe(&safe, "\033]0;title\a\n\tna\xc3\xafve \xff\xe2\x80\xae");
	assert_string_equal(safe.text, "\\033]0;title\\007\n\tna\xc3\xafve \\377\\342\\200\\256");
	error_print(error_cure(error_span(err, "\033[2J", 0, 4), "try \r"), out);
	fclose(out);
	assert_string_equal(text,
			    "snapline: no function \\033[2J\n  \\033[2J\n  ^~~~\n  try \\015\n");
	error_free(err);
	strbuf_free(&safe);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_arena_push_keeps_elements),
		cmocka_unit_test(test_image_reads_across_ranges),
		cmocka_unit_test(test_image_says_why_bytes_are_absent),
		cmocka_unit_test(test_image_keeps_the_reason_of_the_hit),
		cmocka_unit_test(test_distance_is_bounded),
		cmocka_unit_test(test_path_suffix_matches_components),
		cmocka_unit_test(test_error_keeps_span_and_cure),
		cmocka_unit_test(test_characters_that_are_not_shown),
		cmocka_unit_test(test_what_is_shown_the_c_library_prints_too),
		cmocka_unit_test(test_nothing_steers_the_terminal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
