/* SPDX-License-Identifier: BSD-2-Clause */
/* Tic-toc without a kernel: the condition's two ends, record files, what renderers say. */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/show.h"
#include "event/recording.h"
#include "plan/tictoc.h"

static struct spec *parse(struct arena *arena, int argc, char **argv)
{
	struct spec *spec = NULL;
	struct error *err = spec_parse(argc, argv, arena, &spec);

	assert_null(err);
	return spec;
}

#define PARSE(arena, ...) \
	parse(arena, (int)ARRAY_LEN(((char *[]){__VA_ARGS__})), (char *[]){__VA_ARGS__, NULL})

static void check_split(const char *condition, const char *tic, const char *toc)
{
	struct arena *arena = arena_new();
	struct spec spec = {.condition = condition};
	const char *text;

	assert_null(plan_tictoc_condition(&spec, PROBE_TIC, arena, &text));
	if (tic)
		assert_string_equal(text, tic);
	else
		assert_null(text);
	assert_null(plan_tictoc_condition(&spec, PROBE_TOC, arena, &text));
	if (toc)
		assert_string_equal(text, toc);
	else
		assert_null(text);
	arena_free(arena);
}

/* What belongs to the other end becomes 1, and every name stays where it was written. */
static void test_a_condition_has_two_ends(void **state)
{
	check_split("n == 5", "n == 5", NULL);
	check_split("$elapsed > 5", NULL, "$elapsed > 5");
	check_split("n == 5 && $elapsed > 9", "n == 5 && 1           ", "1      && $elapsed > 9");
	check_split("$return < 0 && a && b", "1           && a && b", "$return < 0 && 1 && 1");
	check_split("a || $elapsed > 1", NULL, "a || $elapsed > 1");
}

static void test_modes(void **state)
{
	struct arena *arena = arena_new();

	assert_int_equal(plan_tictoc_mode(PARSE(arena, "tictoc", "-x", "a", "f")), PAIR_FUNCTION);
	assert_int_equal(plan_tictoc_mode(PARSE(arena, "tictoc", "-x", "a", "f", "g")),
			 PAIR_THREAD);
	assert_int_equal(
		plan_tictoc_mode(PARSE(arena, "tictoc", "-x", "a", "--key", "id", "f", "g")),
		PAIR_KEY);
	arena_free(arena);
}

static void test_slower_takes_durations_and_shares(void **state)
{
	struct arena *arena = arena_new();
	struct spec *spec = PARSE(arena, "tictoc", "-x", "a", "--slower", "5ms", "f");

	assert_true(spec->tictoc.is_slower);
	assert_true(spec->tictoc.slower_ns == 5000000);
	spec = PARSE(arena, "tictoc", "-x", "a", "--slower", "p99.9", "f");
	assert_true(spec->tictoc.quantile > 0.9989 && spec->tictoc.quantile < 0.9991);
	spec = PARSE(arena, "tictoc", "-x", "a", "-f", "trace", "f");
	assert_true(spec->tictoc.is_trace && spec->limits.rate == 0);
	spec = PARSE(arena, "tictoc", "-x", "a", "-f", "trace", "--rate", "7", "f");
	assert_true(spec->limits.rate == 7);
	arena_free(arena);
}

static void refuse(char *option, char *value)
{
	struct arena *arena = arena_new();
	struct spec *spec = NULL;
	char *argv[] = {"tictoc", "-x", "a", option, value, "f", NULL};
	struct error *err = spec_parse(6, argv, arena, &spec);

	assert_non_null(err);
	assert_int_equal(err->kind, ERROR_USAGE);
	error_free(err);
	arena_free(arena);
}

static void test_wrong_options(void **state)
{
	refuse("--slower", "p0");
	refuse("--slower", "p100");
	refuse("--slower", "p9x");
	refuse("--slower", "soon");
	refuse("--key", "id");
	refuse("--open", "0");
	refuse("g", "h");
}

/* A plan as far as histograms need it. */
static struct plan *small_plan(struct arena *arena, struct spec *spec)
{
	struct plan *plan = arena_alloc(arena, sizeof(*plan));

	plan->arena = arena;
	plan->spec = spec;
	plan->probes = arena_array(arena, struct plan_probe, TICTOC_PROBES);
	plan->n_probes = TICTOC_PROBES;
	plan->probes[PROBE_TIC].text = "serve";
	plan->probes[PROBE_TOC].text = "serve%return";
	return plan;
}

static struct tictoc_row small_row(u64 by)
{
	struct tictoc_row row = {.key.bits = {by}};

	for (u64 i = 1; i <= 100; i++)
		histogram_add(&row.histogram, i * 1000);
	return row;
}

static const struct pairs_accounting small_sum = {
	.hits = 110,
	.pairs = 100,
	.open = 1,
	.overwritten = 2,
	.left = 3,
	.lost = 4,
	.seconds = 1.5,
	.missed_known = true,
};

static char *rendered(const char *format, const struct plan *plan, const struct tictoc_row *row)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);
	struct sink_options options = {.out = out, .err = out};
	struct sink *sink;

	assert_null(sink_new(format, &options, &sink));
	if (row)
		assert_null(show_row(sink, plan, row));
	else
		assert_null(show_pairs(sink, plan, &small_sum));
	assert_null(sink_end(sink));
	fclose(out);
	return text;
}

static void shows(const char *format, const struct plan *plan, const struct tictoc_row *row,
		  const char *expected)
{
	char *text = rendered(format, plan, row);

	if (!strstr(text, expected))
		print_error("%s\n", text);
	assert_non_null(strstr(text, expected));
	free(text);
}

static void test_renderers(void **state)
{
	struct arena *arena = arena_new();
	struct plan *plan = small_plan(arena, PARSE(arena, "tictoc", "-x", "a", "serve"));
	struct tictoc_row row = small_row(0);

	row.is_overflow = true;
	shows("text", plan, &row, "serve: 100 pairs\n  min 1.00 us  mean 50.5 us");
	shows("text", plan, NULL,
	      "serve: tics 110 = pairs 100 + open 1 + overwritten 2 + left 3 + lost 4  1.5 s\n");
	shows("json", plan, &row, "\"by\":null,\"overflow\":false,\"count\":100,\"sum\":5050000");
	shows("json", plan, NULL, "{\"event\":\"summary\",\"probe\":\"serve\",\"tics\":110");
	plan = small_plan(arena, PARSE(arena, "tictoc", "-x", "a", "--by", "kind", "serve"));
	row = small_row(7);
	shows("text", plan, &row, "kind = 7\n");
	shows("json", plan, &row, "\"by\":{\"kind\":7}");
	row.key.errors = 1;
	shows("json", plan, &row, "\"by\":{\"kind\":null}");
	row.is_overflow = true;
	shows("json", plan, &row, "\"overflow\":true");
	arena_free(arena);
}

static void test_records_come_back(void **state)
{
	struct arena *arena = arena_new();
	struct plan *plan =
		small_plan(arena, PARSE(arena, "tictoc", "-x", "a", "--by", "n", "serve"));
	struct tictoc_row row = small_row(42);
	struct recording *recording;
	struct replay_item item;
	struct replay *replay;
	const char *text;
	char path[] = "/tmp/tictoc-XXXXXX";
	size_t len;
	s64 offset;

	close(mkstemp(path));
	assert_null(recording_create(path, plan, 5, &recording));
	recording_tictoc(recording, &row);
	recording_pairs(recording, &small_sum);
	assert_null(recording_close(recording));
	assert_null(replay_open(fopen(path, "r"), path, &replay, &text, &len, &offset));
	assert_null(replay_next(replay, NULL, &item));
	assert_non_null(item.row);
	assert_memory_equal(item.row, &row, sizeof(row));
	assert_null(replay_next(replay, NULL, &item));
	assert_non_null(item.pairs);
	assert_memory_equal(item.pairs, &small_sum, sizeof(small_sum));
	assert_ptr_equal(replay_next(replay, NULL, &item), &error_end);
	replay_close(replay);
	unlink(path);
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_condition_has_two_ends),
		cmocka_unit_test(test_modes),
		cmocka_unit_test(test_slower_takes_durations_and_shares),
		cmocka_unit_test(test_wrong_options),
		cmocka_unit_test(test_renderers),
		cmocka_unit_test(test_records_come_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
