/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Histograms of u64 in exponential buckets (include/buckets.h): merged from the kernel's cells,
 * asked for quantiles, drawn. Signed numbers take two, one of them of the magnitudes of the
 * negative ones.
 */
#ifndef SNAPLINE_HISTOGRAM_H
#define SNAPLINE_HISTOGRAM_H

#include "base/strbuf.h"
#include "buckets.h"

struct histogram {
	u64 count;
	u64 sum;      /* modulo 2^64 */
	u64 min, max; /* exact, or bounds of their buckets if the kernel lost them; count 0: 0 */
	u64 buckets[HISTOGRAM_BUCKETS];
};

u32 histogram_bucket(u64 value);
u64 histogram_lower(u32 bucket); /* smallest value in it */
u64 histogram_upper(u32 bucket); /* largest */

void histogram_add(struct histogram *histogram, u64 value);
/* Adds what the kernel counted in n stripes. */
void histogram_merge_cells(struct histogram *histogram, const struct histogram_cells *cells,
			   size_t n);
void histogram_merge(struct histogram *histogram, const struct histogram *other);

double histogram_mean(const struct histogram *histogram); /* count 0: 0 */
u64 histogram_mean_floor(const struct histogram *histogram); /* the same, rounded down */
/*
 * The value that a share q (0 to 1) of all values does not exceed, by nearest rank: within 1/32 of
 * the exact one, and never outside min and max. count 0: 0.
 */
u64 histogram_quantile(const struct histogram *histogram, double q);

/*
 * One line an octave, from min's to max's: bounds, count, bar. `label` writes a bound; the value 0
 * has a line of its own. At most 65 lines.
 */
void histogram_draw(const struct histogram *histogram, void (*label)(struct strbuf *out, u64 value),
		    struct strbuf *out);
/* Labels for it: "1.25 ms" and the like, three digits; and plain numbers. */
void histogram_label_time(struct strbuf *out, u64 ns);
void histogram_label_number(struct strbuf *out, u64 number);

#endif
