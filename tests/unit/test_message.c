/* SPDX-License-Identifier: BSD-2-Clause */
#include "unit.h"

#include <string.h>

#include "spec/message.h"
#include "spec/spec.h"

static struct arena *arena;

static int begin(void **state)
{
	arena = arena_new();
	return 0;
}

static int end(void **state)
{
	arena_free(arena);
	return 0;
}

static struct message *parsed(const char *text)
{
	struct message *message = NULL;
	struct error *err = message_parse(text, arena, &message);

	if (err)
		error_print(err, stderr);
	assert_null(err);
	return message;
}

static const struct {
	const char *text, *before, *expr;
	enum message_form form;
	size_t start;
} values[] = {
	{"n {n}", "n ", "n", MESSAGE_PLAIN, 3},
	{"{o->user->name:s}", "", "o->user->name", MESSAGE_STRING, 1},
	{"{flags:x}", "", "flags", MESSAGE_HEX, 1},
	{"{c:d}", "", "c", MESSAGE_DECIMAL, 1},
	{"a {{b}} {n}", "a {b}} ", "n", MESSAGE_PLAIN, 9},
	{"{{{n}", "{", "n", MESSAGE_PLAIN, 3},
	{"{a ? b : c}", "", "a ? b : c", MESSAGE_PLAIN, 1},
	{"{a ? b : x}", "", "a ? b : x", MESSAGE_PLAIN, 1},
	{"{a ? b : c:x}", "", "a ? b : c", MESSAGE_HEX, 1},
	{"{(a ? b : c):x}", "", "(a ? b : c)", MESSAGE_HEX, 1},
	{"{s == \"}:x\"}", "", "s == \"}:x\"", MESSAGE_PLAIN, 1},
	{"{s == \"\\\"}\"}", "", "s == \"\\\"}\"", MESSAGE_PLAIN, 1},
	{"{c == '}'}", "", "c == '}'", MESSAGE_PLAIN, 1},
	{"{a[b ? 1 : 2]:d}", "", "a[b ? 1 : 2]", MESSAGE_DECIMAL, 1},
	{"{ns/1000}us", "", "ns/1000", MESSAGE_PLAIN, 1},
};

static void test_values(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(values); i++) {
		struct message *message = parsed(values[i].text);

		assert_int_equal(message->n_values, 1);
		assert_string_equal(message->parts[0].before, values[i].before);
		assert_string_equal(message->parts[0].expr, values[i].expr);
		assert_int_equal(message->parts[0].form, values[i].form);
		assert_int_equal(message->parts[0].start, values[i].start);
	}
}

static void test_parts(void **state)
{
	struct message *message = parsed("order {o->id} of {o->user->name:s} took {ns/1000}us");

	assert_int_equal(message->n_parts, 4);
	assert_int_equal(message->n_values, 3);
	assert_string_equal(message->parts[1].before, " of ");
	assert_string_equal(message->parts[3].before, "us");
	assert_null(message->parts[3].expr);
	message = parsed("}plain{{");
	assert_int_equal(message->n_parts, 1);
	assert_int_equal(message->n_values, 0);
	assert_string_equal(message->parts[0].before, "}plain{");
	assert_int_equal(parsed("")->n_parts, 0);
}

static const struct {
	const char *text, *part;
	size_t start, len;
} wrong[] = {
	{"n {n", "isn't closed", 2, 1},
	{"n {", "isn't closed", 2, 1},
	{"{}", "no expression", 0, 2},
	{"a { } b", "no expression", 2, 3},
	{"{:x}", "no expression", 0, 4},
	{"{n:q}", "form is x, d or s", 3, 1},
	{"{n:}", "form is x, d or s", 3, 1},
	{"{n:08x}", "form is x, d or s", 3, 3},
	{"{s == \"x}", "quote isn't closed", 6, 1},
	{"{(n}", "isn't closed", 0, 1},
};

static void test_errors_have_their_span(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		struct message *message;
		struct error *err = message_parse(wrong[i].text, arena, &message);

		assert_non_null(err);
		assert_int_equal(err->kind, ERROR_USAGE);
		assert_non_null(strstr(err->text, wrong[i].part));
		assert_string_equal(err->source, wrong[i].text);
		assert_int_equal(err->span_start, wrong[i].start);
		assert_int_equal(err->span_len, wrong[i].len);
		error_free(err);
	}
}

static void test_the_command_line(void **state)
{
	char *argv[] = {"log", "-p", "1", "main", "n is {n}", NULL};
	char *short_argv[] = {"log", "-p", "1", "main", NULL};
	struct spec *spec;
	struct error *err;

	assert_null(spec_parse(5, argv, arena, &spec));
	assert_int_equal(spec->n_places, 1);
	assert_string_equal(spec->places[0].text, "main");
	assert_string_equal(spec->message->text, "n is {n}");
	assert_int_equal(spec->limits.hits, 0);
	assert_int_equal(spec->limits.rate, 100);
	assert_int_equal(spec->limits.stack_bytes, 0);
	err = spec_parse(4, short_argv, arena, &spec);
	assert_non_null(err);
	assert_non_null(strstr(err->text, "no message"));
	error_free(err);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_parts),
		cmocka_unit_test(test_errors_have_their_span),
		cmocka_unit_test(test_the_command_line),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
