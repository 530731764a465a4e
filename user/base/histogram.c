/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/histogram.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

enum { BAR_WIDTH = 50, OCTAVES = 64 };

u32 histogram_bucket(u64 value)
{
	u32 bit;

	if (value < HISTOGRAM_SUBS)
		return (u32)value;
	bit = 63 - (u32)__builtin_clzll(value);
	return (bit - HISTOGRAM_SUB_BITS + 1) * HISTOGRAM_SUBS +
	       ((value >> (bit - HISTOGRAM_SUB_BITS)) & (HISTOGRAM_SUBS - 1));
}

u64 histogram_lower(u32 bucket)
{
	u32 octave = bucket / HISTOGRAM_SUBS, sub = bucket % HISTOGRAM_SUBS;

	if (octave == 0)
		return bucket;
	return (u64)(HISTOGRAM_SUBS + sub) << (octave - 1);
}

u64 histogram_upper(u32 bucket)
{
	return bucket + 1 < HISTOGRAM_BUCKETS ? histogram_lower(bucket + 1) - 1 : UINT64_MAX;
}

void histogram_add(struct histogram *histogram, u64 value)
{
	histogram->min = histogram->count ? min_u64(histogram->min, value) : value;
	histogram->max = max_u64(histogram->max, value);
	histogram->count++;
	histogram->sum += value;
	histogram->buckets[histogram_bucket(value)]++;
}

/* An extreme that isn't in the outermost bucket was lost: then the bucket's bound stands for it. */
static void repair_extremes(struct histogram *histogram)
{
	u32 first = 0, last = HISTOGRAM_BUCKETS - 1;

	while (first < last && !histogram->buckets[first])
		first++;
	while (last > first && !histogram->buckets[last])
		last--;
	if (histogram_bucket(histogram->min) != first)
		histogram->min = histogram_lower(first);
	if (histogram_bucket(histogram->max) != last)
		histogram->max = histogram_upper(last);
}

static void merge_one(struct histogram *histogram, const struct histogram_cells *cells)
{
	u64 count = 0;

	for (u32 i = 0; i < HISTOGRAM_BUCKETS; i++) {
		histogram->buckets[i] += cells->buckets[i];
		count += cells->buckets[i];
	}
	if (!count)
		return;
	histogram->min = histogram->count ? min_u64(histogram->min, ~cells->inverted_min)
					  : ~cells->inverted_min;
	histogram->max = max_u64(histogram->max, cells->max);
	histogram->count += count;
	histogram->sum += cells->sum;
}

void histogram_merge_cells(struct histogram *histogram, const struct histogram_cells *cells,
			   size_t n)
{
	for (size_t i = 0; i < n; i++)
		merge_one(histogram, &cells[i]);
	if (histogram->count)
		repair_extremes(histogram);
}

void histogram_merge(struct histogram *histogram, const struct histogram *other)
{
	if (!other->count)
		return;
	for (u32 i = 0; i < HISTOGRAM_BUCKETS; i++)
		histogram->buckets[i] += other->buckets[i];
	histogram->min = histogram->count ? min_u64(histogram->min, other->min) : other->min;
	histogram->max = max_u64(histogram->max, other->max);
	histogram->count += other->count;
	histogram->sum += other->sum;
}

double histogram_mean(const struct histogram *histogram)
{
	return histogram->count ? (double)histogram->sum / (double)histogram->count : 0;
}

u64 histogram_mean_floor(const struct histogram *histogram)
{
	return histogram->count ? histogram->sum / histogram->count : 0;
}

/* Counts near 2^64 are rounded up to it, which is no u64. */
static u64 rank_of(double q, u64 count)
{
	double rank = ceil(q * (double)count);

	return rank < (double)count ? max_u64((u64)rank, 1) : count;
}

u64 histogram_quantile(const struct histogram *histogram, double q)
{
	u64 rank = rank_of(q, histogram->count), seen = 0, middle;
	u32 bucket = 0;

	if (!histogram->count)
		return 0;
	while (bucket < HISTOGRAM_BUCKETS - 1 && (seen += histogram->buckets[bucket]) < rank)
		bucket++;
	middle = histogram_lower(bucket) + (histogram_upper(bucket) - histogram_lower(bucket)) / 2;
	return max_u64(min_u64(middle, histogram->max), histogram->min);
}

/* 0 for the value 0, else 1 + the highest bit. */
static u32 octave_of(u64 value)
{
	return value ? 64 - (u32)__builtin_clzll(value) : 0;
}

static void draw_bar(struct strbuf *out, u64 count, u64 most)
{
	size_t width = most ? (size_t)((double)count / (double)most * BAR_WIDTH + 0.5) : 0;

	if (count && !width)
		width = 1;
	strbuf_puts(out, "  |");
	for (size_t i = 0; i < width; i++)
		strbuf_putc(out, '@');
	strbuf_putc(out, '\n');
}

static void draw_octave(struct strbuf *out, u32 octave, u64 count,
			void (*label)(struct strbuf *out, u64 value))
{
	_cleanup_(strbuf_free) struct strbuf from = {0}, to = {0};

	label(&from, octave ? 1ull << (octave - 1) : 0);
	if (octave < OCTAVES)
		label(&to, octave ? 1ull << octave : 1);
	strbuf_printf(out, "  [%9s, %9s) %12" PRIu64, from.text, to.text ? to.text : "...", count);
}

void histogram_draw(const struct histogram *histogram, void (*label)(struct strbuf *out, u64 value),
		    struct strbuf *out)
{
	u64 counts[OCTAVES + 1] = {0}, most = 0;

	if (!histogram->count)
		return;
	for (u32 i = 0; i < HISTOGRAM_BUCKETS; i++)
		counts[octave_of(histogram_lower(i))] += histogram->buckets[i];
	for (u32 i = 0; i <= OCTAVES; i++)
		most = max_u64(most, counts[i]);
	for (u32 i = octave_of(histogram->min); i <= octave_of(histogram->max); i++) {
		draw_octave(out, i, counts[i], label);
		draw_bar(out, counts[i], most);
	}
}

/* Three digits that count: 1.25, 12.5, 125. */
static void put_three(struct strbuf *out, double value, const char *unit)
{
	strbuf_printf(out, "%.*f %s", value < 9.995 ? 2 : value < 99.95 ? 1 : 0, value, unit);
}

void histogram_label_time(struct strbuf *out, u64 ns)
{
	static const struct {
		u64 factor;
		const char *name;
	} units[] = {{1000000000, "s"}, {1000000, "ms"}, {1000, "us"}};

	for (size_t i = 0; i < ARRAY_LEN(units); i++) {
		/* 999.7 us is 1.00 ms, not 1000 us */
		if ((double)ns >= 0.9995 * (double)units[i].factor && ns >= 1000) {
			put_three(out, (double)ns / (double)units[i].factor, units[i].name);
			return;
		}
	}
	strbuf_printf(out, "%" PRIu64 " ns", ns);
}

void histogram_label_number(struct strbuf *out, u64 number)
{
	strbuf_printf(out, "%" PRIu64, number);
}
