/* SPDX-License-Identifier: BSD-2-Clause */
/* Reports of counters: as bytes and back, as a table, as a listing, as JSON. */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "event/report.h"
#include "out/sink.h"

static struct arena *arena;
static struct plan plan;
static struct spec spec;
static struct place_spec place_specs[2];

static int begin(void **state)
{
	static struct plan_module module = {.path = "/bin/prog", .shown = "/bin/prog"};

	arena = arena_new();
	spec.places = place_specs;
	spec.n_places = 2;
	spec.count.by[0] = "kind";
	spec.count.by[1] = "name";
	spec.count.n_by = 2;
	plan = (struct plan){.arena = arena, .spec = &spec, .n_probes = 2, .n_places = 3};
	plan.probes = arena_array(arena, struct plan_probe, 2);
	plan.probes[0].text = "work";
	plan.probes[1].text = "prog.c:*";
	place_specs[1].form = PLACE_ALL;
	plan.places = arena_array(arena, struct place, 3);
	for (u32 i = 0; i < 3; i++)
		plan.places[i] = (struct place){
			.index = i,
			.probe = i > 0,
			.module = &module,
			.asked = 0x1000 + i,
			.function = "work",
			.file = "/nowhere/prog.c",
			.line = 10 + i,
		};
	return 0;
}

static int end(void **state)
{
	arena_free(arena);
	return 0;
}

static struct count_report keyed_report(void)
{
	struct count_report report;
	struct report_row *rows = arena_array(arena, struct report_row, 3);
	struct key_value *by = arena_array(arena, struct key_value, 4);

	report_describe(&plan, arena, &report);
	by[0] = (struct key_value){.kind = KEY_IS_SYMBOL, .text = "READ"};
	by[1] = (struct key_value){
		.kind = KEY_IS_TEXT, .text = "\"a\\033\"", .string = "a\033", .is_cut = true};
	by[2] = (struct key_value){
		.kind = KEY_IS_NUMBER, .is_signed = true, .number = (u64)-7, .text = "-7"};
	by[3] = (struct key_value){
		.kind = KEY_IS_MISSING, .status = "bad_address", .text = "<cannot be read>"};
	rows[0] = (struct report_row){.hits = 750, .before = 500, .by = &by[0]};
	rows[1] = (struct report_row){.hits = 200, .by = &by[2], .is_out = true};
	rows[2] = (struct report_row){.hits = 50, .is_overflow = true};
	rows[0].histogram = arena_alloc(arena, sizeof(*rows[0].histogram));
	histogram_add(&rows[0].histogram->positive, 1000);
	histogram_add(&rows[0].histogram->negative, 24);
	rows[0].histogram->absent = 748;
	report.histogram = "delta";
	report.rows = rows;
	report.n_rows = 3;
	report.seconds = 2.5;
	report.is_interval = true;
	return report;
}

/* What a renderer writes. */
static char *rendered(const char *format, const struct count_report *report)
{
	struct event event = {.kind = EVENT_COUNT, .count = report};
	struct sink_options options = {.err = stderr};
	struct sink *sink;
	char *text;
	size_t len;

	options.out = open_memstream(&text, &len);
	assert_null(sink_new(format, &options, &sink));
	assert_null(sink_event(sink, &event));
	assert_null(sink_end(sink));
	fclose(options.out);
	return text;
}

static void has(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("\"%s\" is not in:\n%s", part, text);
}

static void test_table(void **state)
{
	struct count_report report = keyed_report();
	char *text = rendered("text", &report);

	has(text, "           hits        hits/s       %  kind  name");
	has(text, "            750         100.0   75.0%  READ  \"a\\033\"");
	has(text, "            200          80.0   20.0%  -7    <cannot be read>");
	has(text, "  prog.c:10  until it was taken out\n");
	has(text, "<more keys than --keys>");
	has(text, "delta: sum 976  mean 488  could not be had in 748 hits");
	free(text);
}

static void test_json(void **state)
{
	struct count_report report = keyed_report();
	char *text = rendered("json", &report);

	has(text, "{\"event\":\"count\",\"probe\":\"work\"");
	has(text, "\"by\":{\"kind\":\"READ\",\"name\":\"a\\u001b\"},\"cut\":true");
	has(text, "\"by\":{\"kind\":-7,\"name\":null},\"missing\":{\"name\":\"bad_address\"}");
	has(text, "\"hits\":200,\"by\":{\"kind\":-7,\"name\":null},\"missing\":{\"name\":\"bad_address\"},"
		  "\"taken_out\":true");
	has(text, "\"overflow\":true");
	has(text, "\"count\":2,\"sum\":976,\"mean\":488.0,\"min\":-24,\"max\":1000,\"absent\":748,"
		  "\"buckets\":[[-24,-24,1],[992,1023,1]]");
	has(text, "\"interval\":true,\"rate\":100.0");
	free(text);
}

static void test_listing(void **state)
{
	struct report_row rows[2] = {{.probe = 1, .place = 1, .hits = 1234567},
				     {.probe = 1, .place = 2}};
	struct count_report report;
	char *text;

	report_describe(&plan, arena, &report);
	report.n_by = 0;
	report.rows = rows;
	report.n_rows = 2;
	text = rendered("text", &report);
	has(text, "/nowhere/prog.c  (the source isn't there");
	has(text, "      1,234,567     11\n");
	has(text, "              0     12\n");
	free(text);
}

static void test_bytes_and_back(void **state)
{
	struct count_report report = keyed_report(), copy;
	struct strbuf bytes = {0};
	char *one, *two;

	report_write(&report, &bytes);
	assert_null(report_read(bytes.text, bytes.len, &plan, arena, &copy));
	copy.histogram = report.histogram;
	for (int i = 0; i < 2; i++) {
		one = rendered(i ? "json" : "text", &report);
		two = rendered(i ? "json" : "text", &copy);
		assert_string_equal(one, two);
		free(one);
		free(two);
	}
	strbuf_free(&bytes);
}

/* A report that is cut off or has other bytes in it is refused or read, and nothing else. */
static void test_damaged_bytes(void **state)
{
	struct count_report report = keyed_report(), copy;
	struct strbuf bytes = {0};
	unsigned seed = 3;

	report_write(&report, &bytes);
	for (size_t len = 0; len < bytes.len; len++) {
		struct error *err = report_read(bytes.text, len, &plan, arena, &copy);

		assert_non_null(err);
		error_free(err);
	}
	for (int round = 0; round < 2000; round++) {
		char *other = malloc(bytes.len);

		memcpy(other, bytes.text, bytes.len);
		other[(size_t)rand_r(&seed) % bytes.len] = (char)rand_r(&seed);
		error_free(report_read(other, bytes.len, &plan, arena, &copy));
		free(other);
	}
	strbuf_free(&bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),	      cmocka_unit_test(test_json),
		cmocka_unit_test(test_listing),	      cmocka_unit_test(test_bytes_and_back),
		cmocka_unit_test(test_damaged_bytes),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
