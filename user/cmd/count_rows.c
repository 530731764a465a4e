/* SPDX-License-Identifier: BSD-2-Clause */
#include "cmd/count_rows.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/map.h"
#include "cmd/count_keys.h"
#include "cmd/show.h"

/* Rows by what they show, so that equal ones (one function in two processes) become one. */
struct tally {
	struct arena *arena;
	struct map names, rows; /* a row by the one copy of its name */
	struct report_row **all;
	size_t n;
};

struct counter {
	const struct plan *plan;
	struct session *session;
	const struct place **first; /* of each probe */
	struct tally stacks;	    /* over the whole session */
	struct tally last;	    /* the rows of the report before */
	struct arena *arena;	    /* of the counter */
	bool has_keys, has_stacks;
	double seconds; /* of the report before */
	struct count_report blank, report;
};

static void tally_init(struct tally *tally)
{
	*tally = (struct tally){.arena = arena_new()};
	map_init(&tally->names, tally->arena);
	map_init(&tally->rows, tally->arena);
}

static void put_name(struct strbuf *name, const struct report_row *row, size_t n_by)
{
	strbuf_printf(name, "%u %u %d", row->probe, row->place, row->is_overflow);
	for (size_t i = 0; row->by && i < n_by; i++)
		strbuf_printf(name, "\n%d %s", row->by[i].kind, row->by[i].text);
}

static u64 tally_key(struct tally *tally, const struct report_row *row, size_t n_by)
{
	_cleanup_(strbuf_free) struct strbuf name = {0};

	put_name(&name, row, n_by);
	return (u64)(uintptr_t)map_intern(&tally->names, name.text, name.len);
}

static const char *copy_text(const char *text, struct arena *arena)
{
	return text ? arena_strdup(arena, text) : NULL;
}

static struct key_value *copy_values(const struct key_value *from, size_t n, struct arena *arena)
{
	struct key_value *values = arena_memdup(arena, from, n * sizeof(*from));

	for (size_t i = 0; i < n; i++) {
		values[i].text = copy_text(from[i].text, arena);
		values[i].string = copy_text(from[i].string, arena);
		values[i].frames = arena_array(arena, const char *, from[i].n_frames + 1);
		for (size_t j = 0; j < from[i].n_frames; j++)
			values[i].frames[j] = copy_text(from[i].frames[j], arena);
	}
	return values;
}

static void tally_new_row(struct tally *tally, u64 key, const struct report_row *like, size_t n_by)
{
	struct report_row *row = arena_memdup(tally->arena, like, sizeof(*like));

	if (like->by)
		row->by = copy_values(like->by, n_by, tally->arena);
	map_put(&tally->rows, key, row);
	*arena_push(tally->arena, tally->all, tally->n) = row;
}

static void tally_add(struct tally *tally, const struct report_row *like, size_t n_by)
{
	u64 key = tally_key(tally, like, n_by);
	struct report_row *row = map_get(&tally->rows, key);

	if (!row) {
		tally_new_row(tally, key, like, n_by);
		return;
	}
	row->hits += like->hits;
	row->is_out |= like->is_out;
	if (!like->histogram)
		return;
	histogram_merge(&row->histogram->positive, &like->histogram->positive);
	histogram_merge(&row->histogram->negative, &like->histogram->negative);
	row->histogram->absent += like->histogram->absent;
}

struct counter *counter_new(const struct plan *plan, struct session *session)
{
	struct arena *arena = arena_new();
	struct counter *counter = arena_alloc(arena, sizeof(*counter));

	*counter = (struct counter){.plan = plan, .session = session, .arena = arena};
	counter->first = arena_array(arena, const struct place *, plan->n_probes);
	report_describe(plan, arena, &counter->blank);
	for (size_t i = plan->n_places; i-- > 0;)
		counter->first[plan->places[i].probe] = &plan->places[i];
	for (size_t i = 0; i < plan->spec->count.n_by; i++)
		counter->has_stacks |= strcmp(plan->spec->count.by[i], "$stack") == 0;
	counter->has_keys = plan->spec->count.n_by || plan->spec->count.histogram;
	tally_init(&counter->stacks);
	tally_init(&counter->last);
	return counter;
}

void counter_free(struct counter *counter)
{
	if (!counter)
		return;
	arena_free(counter->stacks.arena);
	arena_free(counter->last.arena);
	arena_free(counter->arena);
}

/* The place of a probe that has only one. */
static u32 only_place(const struct counter *counter, u32 probe)
{
	u32 found = REPORT_NO_PLACE;

	for (u32 i = 0; i < counter->plan->n_places; i++) {
		if (counter->plan->places[i].probe != probe)
			continue;
		if (found != REPORT_NO_PLACE)
			return REPORT_NO_PLACE;
		found = i;
	}
	return found;
}

static const struct count_key *record_key(const struct record_head *record)
{
	const struct record_chunk *chunks = (const void *)(record + 1);

	for (u32 i = 0; i < record->n_chunks; i++)
		if (chunks[i].kind == CHUNK_KEY && chunks[i].len == sizeof(struct count_key))
			return (const void *)((const u8 *)record + record->data_offset +
					      chunks[i].offset);
	return NULL;
}

struct error *counter_add(struct counter *counter, const struct record_head *record)
{
	_cleanup_(event_freep) struct event *event = NULL;
	struct decoder *decoder = session_decoder(counter->session);
	const struct count_key *key = record_key(record);
	struct report_row row = {.hits = 1};
	struct error *err = show_frames(decoder, record, record->size, NULL, 0, &event);

	if (err)
		return err;
	if (!key)
		return error_new(ERROR_FAILED, "damaged record: its key is missing");
	row.probe = counter->plan->places[record->place].probe;
	row.place = only_place(counter, row.probe);
	row.by = count_key_values(counter->plan, counter->first[row.probe], key, decoder->processes,
				  event, counter->stacks.arena);
	tally_add(&counter->stacks, &row, counter->plan->spec->count.n_by);
	return NULL;
}

static struct report_histogram *histogram_of(const struct load_count_row *row, struct arena *arena)
{
	struct report_histogram *histogram;

	if (!row->cells)
		return NULL;
	histogram = arena_alloc(arena, sizeof(*histogram));
	histogram_merge_cells(&histogram->positive, &row->cells[0], 1);
	histogram_merge_cells(&histogram->negative, &row->cells[1], 1);
	histogram->absent = row->absent;
	return histogram;
}

static void add_keyed(struct counter *counter, const struct load_count_row *from,
		      struct tally *tally)
{
	struct report_row row = {.probe = from->key.probe, .hits = from->hits};
	size_t n_by = counter->plan->spec->count.n_by;

	row.place = only_place(counter, row.probe);
	row.histogram = histogram_of(from, tally->arena);
	if (n_by)
		row.by = count_key_values(counter->plan, counter->first[row.probe], &from->key,
					  session_decoder(counter->session)->processes, NULL,
					  tally->arena);
	tally_add(tally, &row, n_by);
}

/* Of each probe: is a part of it out? */
static bool *probes_out(const struct counter *counter, struct arena *arena)
{
	const struct plan *plan = counter->plan;
	bool *out = arena_array(arena, bool, plan->n_probes + 1);

	for (u32 i = 0; i < plan->n_places; i++)
		out[plan->places[i].probe] |= session_is_out(counter->session, i);
	return out;
}

static void mark_rows(const struct counter *counter, struct tally *tally)
{
	const bool *out = probes_out(counter, tally->arena);

	for (size_t i = 0; i < tally->n; i++)
		tally->all[i]->is_out |= out[tally->all[i]->probe];
}

static struct error *add_kernel_rows(struct counter *counter, struct tally *tally)
{
	struct load_count_row *rows;
	size_t n;
	u64 *lost;
	struct error *err =
		load_count_rows(session_load(counter->session), tally->arena, &rows, &n, &lost);

	for (size_t i = 0; i < n && !err; i++)
		if (rows[i].key.probe < counter->plan->n_probes)
			add_keyed(counter, &rows[i], tally);
	for (u32 i = 0; i < counter->plan->n_probes && !err; i++) {
		struct report_row row = {.probe = i, .hits = lost[i], .is_overflow = true};

		row.place = only_place(counter, i);
		if (lost[i])
			tally_add(tally, &row, 0);
	}
	return err;
}

static void add_places(struct counter *counter, struct tally *tally)
{
	const struct plan *plan = counter->plan;
	u64 *hits = arena_array(tally->arena, u64, plan->n_places);

	load_place_hits(session_load(counter->session), hits, (u32)plan->n_places);
	for (u32 i = 0; i < plan->n_places; i++) {
		struct report_row row = {
			.probe = plan->places[i].probe,
			.place = i,
			.hits = hits[i],
			.is_out = session_is_out(counter->session, i),
		};

		tally_add(tally, &row, 0);
	}
}

static void add_stacks(struct counter *counter, struct tally *tally)
{
	for (size_t i = 0; i < counter->stacks.n; i++)
		tally_add(tally, counter->stacks.all[i], counter->plan->spec->count.n_by);
}

static int by_hits(const void *a, const void *b)
{
	const struct report_row *x = a, *y = b;

	if (x->is_overflow != y->is_overflow)
		return x->is_overflow ? 1 : -1;
	if (x->hits != y->hits)
		return x->hits > y->hits ? -1 : 1;
	return strcmp(x->by ? x->by[0].text : "", y->by ? y->by[0].text : "");
}

/* The rows as an array, with what the report before had of each. */
static void settle_rows(struct counter *counter, struct tally *tally, struct count_report *report)
{
	size_t n_by = counter->plan->spec->count.n_by;

	report->rows = arena_array(tally->arena, struct report_row, tally->n + 1);
	for (size_t i = 0; i < counter->last.n; i++) {
		const struct report_row *last = counter->last.all[i];
		struct report_row *row = map_get(&tally->rows, tally_key(tally, last, n_by));

		if (row)
			row->before = last->hits;
	}
	for (size_t i = 0; i < tally->n; i++)
		report->rows[report->n_rows++] = *tally->all[i];
	if (counter->has_keys)
		qsort(report->rows, report->n_rows, sizeof(*report->rows), by_hits);
}

struct error *counter_report(struct counter *counter, bool is_interval,
			     const struct count_report **report)
{
	double seconds = session_seconds(counter->session);
	struct error *err = NULL;
	struct tally tally;

	tally_init(&tally);
	if (counter->has_stacks)
		add_stacks(counter, &tally);
	else if (counter->has_keys)
		err = add_kernel_rows(counter, &tally);
	else
		add_places(counter, &tally);
	if (counter->has_keys)
		mark_rows(counter, &tally);
	counter->report = counter->blank;
	counter->report.is_interval = is_interval;
	counter->report.seconds = is_interval ? seconds - counter->seconds : seconds;
	counter->report.time_ns =
		clock_now() + (u64)session_decoder(counter->session)->realtime_offset;
	settle_rows(counter, &tally, &counter->report);
	counter->seconds = seconds;
	arena_free(counter->last.arena);
	counter->last = tally;
	*report = &counter->report;
	return err;
}
