/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Counters as a table, the widest column last:
 *
 *	      hits    hits/s  place
 *	   104,858  10,485.8  lookupCommand  server.c:3012
 *
 *	      hits       %  c->cmd->name
 *	    52,341   50.1%  "get"
 */
#include "out/report.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "out/pen.h"
#include "out/render.h"

enum { HITS_WIDTH = 15, RATE_WIDTH = 14, SHARE_WIDTH = 8, KEY_WIDTH = 40 };

/* What one report's table has. */
struct table {
	struct pen *pen;
	const struct count_report *report;
	u64 total;
	u32 widths[8]; /* of keys */
};

static u32 text_width(const char *text)
{
	struct pen measure = {.out = NULL};

	pen_put(&measure, PEN_PLAIN, text);
	return measure.column;
}

static void pad_to(struct pen *pen, u32 column)
{
	while (pen->column < column)
		pen_put(pen, PEN_PLAIN, " ");
}

static bool in_table(const struct count_report *report, const struct report_row *row)
{
	return !report->is_listing[row->probe] || row->by || row->is_overflow;
}

static void measure(struct table *table)
{
	const struct count_report *report = table->report;

	for (size_t k = 0; k < report->n_by && k < ARRAY_LEN(table->widths); k++)
		table->widths[k] = text_width(report->by[k]);
	for (size_t i = 0; i < report->n_rows; i++) {
		const struct report_row *row = &report->rows[i];

		if (in_table(report, row))
			table->total += row->hits;
		for (size_t k = 0; row->by && k < report->n_by && k < ARRAY_LEN(table->widths); k++)
			table->widths[k] = (u32)min_u64(
				max_u64(table->widths[k], text_width(row->by[k].text)), KEY_WIDTH);
	}
}

static void put_clock(struct pen *pen, u64 time_ns)
{
	time_t seconds = (time_t)(time_ns / 1000000000);
	struct tm local;
	char text[16];

	if (!localtime_r(&seconds, &local) || !strftime(text, sizeof(text), "%H:%M:%S", &local))
		return;
	pen_put(pen, PEN_TITLE, text);
	pen_newline(pen, 0);
}

static bool names_probe(const struct count_report *report)
{
	return !report->n_by || report->n_probes > 1;
}

static void put_head(const struct table *table)
{
	const struct count_report *report = table->report;
	struct pen *pen = table->pen;

	pen_printf(pen, PEN_DIM, "%*s", HITS_WIDTH, "hits");
	if (report->is_interval)
		pen_printf(pen, PEN_DIM, "%*s", RATE_WIDTH, "hits/s");
	if (report->n_by)
		pen_printf(pen, PEN_DIM, "%*s", SHARE_WIDTH, "%");
	for (size_t k = 0; k < report->n_by; k++) {
		u32 end = pen->column + 2 + table->widths[k];

		pen_printf(pen, PEN_DIM, "  %s", report->by[k]);
		if (k + 1 < report->n_by || names_probe(report))
			pad_to(pen, end);
	}
	if (names_probe(report))
		pen_put(pen, PEN_DIM, "  place");
	pen_newline(pen, 0);
}

static void put_keys(const struct table *table, const struct report_row *row)
{
	const struct count_report *report = table->report;
	struct pen *pen = table->pen;

	if (row->is_overflow)
		pen_put(pen, PEN_DIM, "  <more keys than --keys>");
	for (size_t k = 0; row->by && k < report->n_by; k++) {
		bool is_missing = row->by[k].kind == KEY_IS_MISSING;
		u32 end = pen->column + 2 + table->widths[k];

		pen_put(pen, PEN_PLAIN, "  ");
		pen_put(pen, is_missing ? PEN_DIM : PEN_PLAIN, row->by[k].text);
		if (k + 1 < report->n_by || names_probe(report))
			pad_to(pen, end);
	}
}

static const char *file_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static void put_where(const struct table *table, const struct report_row *row)
{
	const struct count_report *report = table->report;
	const struct event_place *place =
		row->place < report->n_places ? &report->places[row->place] : NULL;
	const char *probe = report->probes[row->probe];
	struct pen *pen = table->pen;

	pen_printf(pen, PEN_FUNCTION, "  %s", probe);
	if (!place)
		return;
	if (place->function && strcmp(place->function, probe) != 0)
		pen_printf(pen, PEN_PLAIN, "  %s", place->function);
	if (place->file)
		pen_printf(pen, PEN_PLAIN, "  %s:%u", file_name(place->file), place->line);
	else
		pen_printf(pen, PEN_ADDRESS, "  0x%" PRIx64, place->pc);
}

static void put_drawn(struct pen *pen, const struct histogram *histogram, const char *title)
{
	struct strbuf drawing = {0};
	const char *at;

	if (!histogram->count)
		return;
	if (title) {
		pen_printf(pen, PEN_DIM, "%*s  %s", HITS_WIDTH, "", title);
		pen_newline(pen, 0);
	}
	histogram_draw(histogram, histogram_label_number, &drawing);
	for (at = drawing.text ? drawing.text : ""; *at;) {
		size_t len = strcspn(at, "\n");

		pen_printf(pen, PEN_PLAIN, "%*s  %.*s", HITS_WIDTH, "", (int)len, at);
		pen_newline(pen, 0);
		at += len + (at[len] == '\n');
	}
	strbuf_free(&drawing);
}

static void put_histogram(struct pen *pen, const struct count_report *report,
			  const struct report_histogram *histogram)
{
	const struct histogram *positive = &histogram->positive, *negative = &histogram->negative;
	u64 count = positive->count + negative->count;
	s64 sum = (s64)(positive->sum - negative->sum);

	pen_printf(pen, PEN_DIM, "%*s  %s: ", HITS_WIDTH, "", report->histogram);
	if (negative->count)
		pen_printf(pen, PEN_PLAIN, "sum %" PRId64 "  mean %.6g", sum,
			   count ? (double)sum / (double)count : 0.0);
	else
		pen_printf(pen, PEN_PLAIN, "sum %" PRIu64 "  mean %.6g", positive->sum,
			   histogram_mean(positive));
	if (histogram->absent)
		pen_printf(pen, PEN_DIM, "  could not be had in %" PRIu64 " hits",
			   histogram->absent);
	pen_newline(pen, 0);
	put_drawn(pen, negative, "negative, by magnitude");
	put_drawn(pen, positive, negative->count ? "zero and more" : NULL);
}

static void put_row(const struct table *table, const struct report_row *row)
{
	const struct count_report *report = table->report;
	struct pen *pen = table->pen;

	pen_count(pen, PEN_PLAIN, row->hits, HITS_WIDTH);
	if (report->is_interval)
		pen_printf(pen, PEN_PLAIN, "%*.1f", RATE_WIDTH,
			   report->seconds > 0 ? (double)(row->hits - row->before) / report->seconds
					       : 0.0);
	if (report->n_by)
		pen_printf(pen, PEN_DIM, "%*.1f%%", SHARE_WIDTH - 1,
			   table->total ? 100.0 * (double)row->hits / (double)table->total : 0.0);
	put_keys(table, row);
	if (names_probe(report))
		put_where(table, row);
	if (row->is_out)
		pen_put(pen, PEN_DIM, "  until it was taken out");
	pen_newline(pen, 0);
	if (row->histogram)
		put_histogram(pen, report, row->histogram);
}

static void put_table(struct table *table)
{
	const struct count_report *report = table->report;
	bool begun = false;

	measure(table);
	for (size_t i = 0; i < report->n_rows; i++) {
		if (!in_table(report, &report->rows[i]))
			continue;
		if (!begun)
			put_head(table);
		begun = true;
		put_row(table, &report->rows[i]);
	}
}

struct error *text_count(const struct sink *sink, const struct count_report *report)
{
	_cleanup_(strbuf_free) struct strbuf out = {0};
	struct pen pen = {.out = &out, .color = sink->options.color};
	struct table table = {.pen = &pen, .report = report};

	if (report->is_interval)
		put_clock(&pen, report->time_ns);
	put_table(&table);
	for (u32 i = 0; i < report->n_probes; i++)
		if (report->is_listing[i] && !report->n_by && !report->histogram)
			listing_put(&pen, report, i);
	if (report->is_interval)
		pen_newline(&pen, 0);
	return render_write(sink->options.out, &out);
}
