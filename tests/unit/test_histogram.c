/* SPDX-License-Identifier: BSD-2-Clause */
#include "unit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/histogram.h"

static u64 next_random(u64 *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/* As times are: all magnitudes alike often. */
static u64 random_value(u64 *state)
{
	return next_random(state) >> (next_random(state) % 64);
}

static void test_buckets_tile_all_values(void **state)
{
	assert_int_equal(histogram_lower(0), 0);
	for (u32 i = 0; i + 1 < HISTOGRAM_BUCKETS; i++) {
		assert_true(histogram_upper(i) + 1 == histogram_lower(i + 1));
		assert_int_equal(histogram_bucket(histogram_lower(i)), i);
		assert_int_equal(histogram_bucket(histogram_upper(i)), i);
	}
	assert_int_equal(histogram_bucket(UINT64_MAX), HISTOGRAM_BUCKETS - 1);
	assert_true(histogram_upper(HISTOGRAM_BUCKETS - 1) == UINT64_MAX);
	assert_int_equal(histogram_bucket(1000), 111);
}

static void test_a_bucket_is_narrow(void **state)
{
	for (u32 i = 1; i < HISTOGRAM_BUCKETS; i++) {
		double lower = (double)histogram_lower(i), upper = (double)histogram_upper(i);

		assert_true((upper - lower) / 2 <= lower / 32);
	}
}

static int by_value(const void *a, const void *b)
{
	u64 x = *(const u64 *)a, y = *(const u64 *)b;

	return x < y ? -1 : x > y;
}

static void check_quantiles(const u64 *sorted, size_t n, const struct histogram *histogram)
{
	static const double quantiles[] = {0,	 0.001, 0.01, 0.1,   0.25, 0.5,
					   0.75, 0.9,	0.99, 0.999, 1};
	u64 before = 0;

	for (size_t i = 0; i < ARRAY_LEN(quantiles); i++) {
		size_t rank = (size_t)ceil(quantiles[i] * (double)n);
		double exact = (double)sorted[rank ? rank - 1 : 0];
		u64 found = histogram_quantile(histogram, quantiles[i]);

		assert_true(fabs((double)found - exact) <= exact / 32 + 1e-9);
		assert_true(found >= histogram->min && found <= histogram->max);
		assert_true(found >= before);
		before = found;
	}
}

/* As hostile record files have them: doubles round both up to 2^64. */
static void test_the_largest_numbers(void **state)
{
	static struct histogram histogram;

	histogram_add(&histogram, UINT64_MAX);
	assert_true(histogram_mean_floor(&histogram) == UINT64_MAX);
	histogram.count = UINT64_MAX;
	histogram.buckets[HISTOGRAM_BUCKETS - 1] = UINT64_MAX;
	assert_true(histogram_quantile(&histogram, 1) == UINT64_MAX);
	assert_true(histogram_mean_floor(&histogram) == 1);
}

static void test_quantiles_against_sorted_values(void **state)
{
	u64 seed = 88172645463325252ull;

	for (int round = 0; round < 300; round++) {
		size_t n = 1 + next_random(&seed) % (round % 10 ? 50 : 5000);
		u64 *values = malloc(n * sizeof(*values)), sum = 0;
		struct histogram *histogram = calloc(1, sizeof(*histogram));

		for (size_t i = 0; i < n; i++) {
			values[i] = random_value(&seed);
			sum += values[i];
			histogram_add(histogram, values[i]);
		}
		qsort(values, n, sizeof(*values), by_value);
		assert_int_equal(histogram->count, n);
		assert_true(histogram->sum == sum);
		assert_true(histogram->min == values[0] && histogram->max == values[n - 1]);
		check_quantiles(values, n, histogram);
		free(histogram);
		free(values);
	}
}

static void add_to_cells(struct histogram_cells *cells, u64 value)
{
	cells->buckets[histogram_bucket(value)]++;
	cells->sum += value;
	cells->max = max_u64(cells->max, value);
	cells->inverted_min = max_u64(cells->inverted_min, ~value);
}

static void test_stripes_sum_up(void **state)
{
	struct histogram_cells *cells = calloc(3, sizeof(*cells));
	struct histogram *merged = calloc(1, sizeof(*merged)), *whole = calloc(1, sizeof(*whole));
	u64 seed = 4711;

	for (int i = 0; i < 10000; i++) {
		u64 value = random_value(&seed);

		add_to_cells(&cells[i % 2], value);
		histogram_add(whole, value);
	}
	histogram_merge_cells(merged, cells, 3);
	assert_memory_equal(merged, whole, sizeof(*merged));
	histogram_merge(merged, whole);
	assert_int_equal(merged->count, 20000);
	free(cells);
	free(merged);
	free(whole);
}

/* Two CPUs wrote max or min at once. */
static void test_lost_extremes_become_bounds(void **state)
{
	struct histogram_cells *cells = calloc(1, sizeof(*cells));
	struct histogram *histogram = calloc(1, sizeof(*histogram));

	add_to_cells(cells, 1000);
	add_to_cells(cells, 5);
	add_to_cells(cells, 1000000);
	cells->max = 1000;
	cells->inverted_min = ~1000ull;
	histogram_merge_cells(histogram, cells, 1);
	assert_int_equal(histogram->min, 5);
	assert_true(histogram->max >= 1000000 && histogram->max < 1000000 * 17 / 16);
	free(cells);
	free(histogram);
}

static void test_nothing_is_zero(void **state)
{
	struct histogram *histogram = calloc(1, sizeof(*histogram));
	_cleanup_(strbuf_free) struct strbuf out = {0};

	assert_int_equal(histogram_quantile(histogram, 0.5), 0);
	assert_true(histogram_mean(histogram) == 0);
	histogram_draw(histogram, histogram_label_time, &out);
	assert_int_equal(out.len, 0);
	free(histogram);
}

static void test_drawing(void **state)
{
	struct histogram *histogram = calloc(1, sizeof(*histogram));
	_cleanup_(strbuf_free) struct strbuf out = {0};

	for (int i = 0; i < 10; i++)
		histogram_add(histogram, 1500);
	histogram_add(histogram, 5000);
	histogram_draw(histogram, histogram_label_time, &out);
	assert_string_equal(out.text, "  [  1.02 us,   2.05 us)           10  "
				      "|@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@\n"
				      "  [  2.05 us,   4.10 us)            0  |\n"
				      "  [  4.10 us,   8.19 us)            1  |@@@@@\n");
	free(histogram);
}

static void check_label(u64 ns, const char *expected)
{
	_cleanup_(strbuf_free) struct strbuf out = {0};

	histogram_label_time(&out, ns);
	assert_string_equal(out.text, expected);
}

static void test_labels_of_times(void **state)
{
	check_label(0, "0 ns");
	check_label(999, "999 ns");
	check_label(1000, "1.00 us");
	check_label(12345, "12.3 us");
	check_label(999499, "999 us");
	check_label(999700, "1.00 ms");
	check_label(5000000, "5.00 ms");
	check_label(61000000000, "61.0 s");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_buckets_tile_all_values),
		cmocka_unit_test(test_a_bucket_is_narrow),
		cmocka_unit_test(test_quantiles_against_sorted_values),
		cmocka_unit_test(test_the_largest_numbers),
		cmocka_unit_test(test_stripes_sum_up),
		cmocka_unit_test(test_lost_extremes_become_bounds),
		cmocka_unit_test(test_nothing_is_zero),
		cmocka_unit_test(test_drawing),
		cmocka_unit_test(test_labels_of_times),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
