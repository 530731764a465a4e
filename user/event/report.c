/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The bytes of a report in a record file: numbers of 8 bytes and strings with their NUL. What the
 * plan says (places, expressions) is not repeated.
 */
#include "event/report.h"

#include <string.h>

#include "base/cursor.h"

enum { MAX_ROWS = 1 << 21, MAX_FRAMES = 4096 };

void report_describe(const struct plan *plan, struct arena *arena, struct count_report *report)
{
	struct event_place *places = arena_array(arena, struct event_place, plan->n_places + 1);
	const char **probes = arena_array(arena, const char *, plan->n_probes + 1);
	bool *is_listing = arena_array(arena, bool, plan->n_probes + 1);

	for (size_t i = 0; i < plan->n_places; i++) {
		const struct place *from = &plan->places[i];

		places[i] = (struct event_place){
			.function = from->function,
			.file = from->file,
			.line = from->line,
			.pc = from->asked,
			.module = from->module->shown,
			.build_id = &from->module->build_id,
		};
	}
	for (size_t i = 0; i < plan->n_probes; i++) {
		probes[i] = plan->probes[i].text;
		is_listing[i] = i < plan->spec->n_places && plan->spec->places[i].form == PLACE_ALL;
	}
	*report = (struct count_report){
		.by = plan->spec->count.by,
		.n_by = plan->spec->count.n_by,
		.histogram = plan->spec->count.histogram,
		.places = places,
		.n_places = plan->n_places,
		.probes = probes,
		.n_probes = plan->n_probes,
		.is_listing = is_listing,
		.sources = plan->spec->count.sources,
	};
}

static void put(struct strbuf *out, u64 number)
{
	strbuf_add(out, &number, sizeof(number));
}

static void put_text(struct strbuf *out, const char *text)
{
	strbuf_add(out, text ? text : "", text ? strlen(text) + 1 : 1);
}

static void put_value(struct strbuf *out, const struct key_value *value)
{
	put(out, value->kind);
	put(out, value->is_signed | value->is_cut << 1);
	put(out, value->number);
	strbuf_add(out, &value->real, sizeof(value->real));
	put_text(out, value->text);
	put_text(out, value->string);
	put_text(out, value->status);
	put(out, value->n_frames);
	for (size_t i = 0; i < value->n_frames; i++)
		put_text(out, value->frames[i]);
}

static void put_histogram(struct strbuf *out, const struct histogram *histogram)
{
	put(out, histogram->count);
	put(out, histogram->sum);
	put(out, histogram->min);
	put(out, histogram->max);
	for (u32 i = 0; i < HISTOGRAM_BUCKETS; i++) {
		if (!histogram->buckets[i])
			continue;
		put(out, i);
		put(out, histogram->buckets[i]);
	}
	put(out, HISTOGRAM_BUCKETS);
}

static void put_row(struct strbuf *out, const struct count_report *report,
		    const struct report_row *row)
{
	put(out, row->probe);
	put(out, row->place);
	put(out, row->hits);
	put(out, row->before);
	put(out, row->is_overflow | (row->by != NULL) << 1 | (row->histogram != NULL) << 2 |
			 row->is_out << 3);
	for (size_t i = 0; row->by && i < report->n_by; i++)
		put_value(out, &row->by[i]);
	if (!row->histogram)
		return;
	put(out, row->histogram->absent);
	put_histogram(out, &row->histogram->positive);
	put_histogram(out, &row->histogram->negative);
}

void report_write(const struct count_report *report, struct strbuf *out)
{
	put(out, report->is_interval);
	strbuf_add(out, &report->seconds, sizeof(report->seconds));
	put(out, report->time_ns);
	put(out, report->n_rows);
	for (size_t i = 0; i < report->n_rows; i++)
		put_row(out, report, &report->rows[i]);
}

static u64 get(struct cursor *in)
{
	return cursor_unsigned(in, 8);
}

/* A number below the bound; else the report is damaged. */
static u64 get_below(struct cursor *in, u64 bound)
{
	u64 number = get(in);

	if (number < bound)
		return number;
	in->failed = true;
	return 0;
}

static double get_real(struct cursor *in)
{
	u64 bits = get(in);
	double real;

	memcpy(&real, &bits, sizeof(real));
	return real;
}

static const char *get_text(struct cursor *in, struct arena *arena)
{
	const char *text = cursor_string(in);

	return arena_strdup(arena, text ? text : "");
}

static struct key_value get_value(struct cursor *in, struct arena *arena)
{
	struct key_value value = {.kind = get_below(in, KEY_IS_MISSING + 1)};
	u64 flags = get_below(in, 4);

	value.is_signed = flags & 1;
	value.is_cut = flags & 2;
	value.number = get(in);
	value.real = get_real(in);
	value.text = get_text(in, arena);
	value.string = get_text(in, arena);
	value.status = get_text(in, arena);
	value.n_frames = get_below(in, MAX_FRAMES);
	value.frames = arena_array(arena, const char *, value.n_frames + 1);
	for (size_t i = 0; i < value.n_frames; i++)
		value.frames[i] = get_text(in, arena);
	return value;
}

static void get_histogram(struct cursor *in, struct histogram *histogram)
{
	u64 bucket;

	histogram->count = get(in);
	histogram->sum = get(in);
	histogram->min = get(in);
	histogram->max = get(in);
	while (!in->failed && (bucket = get_below(in, HISTOGRAM_BUCKETS + 1)) < HISTOGRAM_BUCKETS)
		histogram->buckets[bucket] = get(in);
}

static u32 get_place(struct cursor *in, const struct count_report *report)
{
	u64 place = get(in);

	if (place < report->n_places || place == REPORT_NO_PLACE)
		return (u32)place;
	in->failed = true;
	return REPORT_NO_PLACE;
}

static void get_row(struct cursor *in, const struct count_report *report, struct arena *arena,
		    struct report_row *row)
{
	u64 flags;

	row->probe = (u32)get_below(in, report->n_probes);
	row->place = get_place(in, report);
	row->hits = get(in);
	row->before = get(in);
	flags = get_below(in, 16);
	row->is_overflow = flags & 1;
	row->is_out = flags & 8;
	if (flags & 2)
		row->by = arena_array(arena, struct key_value, report->n_by + 1);
	for (size_t i = 0; row->by && i < report->n_by; i++)
		row->by[i] = get_value(in, arena);
	if (!(flags & 4) || in->failed)
		return;
	row->histogram = arena_alloc(arena, sizeof(*row->histogram));
	row->histogram->absent = get(in);
	get_histogram(in, &row->histogram->positive);
	get_histogram(in, &row->histogram->negative);
}

struct error *report_read(const void *bytes, size_t len, const struct plan *plan,
			  struct arena *arena, struct count_report *report)
{
	struct cursor in = cursor_new(bytes, len);
	u64 n;

	report_describe(plan, arena, report);
	report->is_interval = get_below(&in, 2);
	report->seconds = get_real(&in);
	report->time_ns = get(&in);
	n = get_below(&in, MAX_ROWS);
	while (report->n_rows < n && !in.failed)
		get_row(&in, report, arena, arena_push(arena, report->rows, report->n_rows));
	if (in.failed || cursor_left(&in))
		return error_new(ERROR_FAILED, "damaged record file: a report ends at offset %zu",
				 cursor_offset(&in));
	return NULL;
}
