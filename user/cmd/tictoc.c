/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "cmd/cmd.h"
#include "cmd/run.h"
#include "cmd/show.h"

/* What one run of tictoc holds. */
struct tictoc {
	struct run run;
	bool is_live;		     /* the terminal shows the histogram as it grows */
	u64 started_ns, looked_ns, swept_ns;
};

enum {
	EVERY_NS = 500000000,	   /* the terminal, the threshold of --slower p99 */
	SWEEP_NS = 1000000000 * 2, /* open pairs of threads that have ended */
	ENOUGH_PAIRS = 100,	   /* for a quantile to say something */
};

static struct error *show_record(struct tictoc *tictoc, const struct record_head *record)
{
	_cleanup_(event_freep) struct event *event = NULL;
	struct error *err = show_decode(session_decoder(tictoc->run.session), record, record->size,
					NULL, 0, &event);

	if (err)
		return err;
	if (tictoc->run.recording)
		recording_add(tictoc->run.recording, record, event);
	return sink_event(tictoc->run.sink, event);
}

static int by_time(const void *a, const void *b)
{
	const struct load_tictoc_row *x = a, *y = b;

	if (x->is_overflow != y->is_overflow)
		return x->is_overflow - y->is_overflow;
	return x->histogram.sum < y->histogram.sum   ? 1
	       : x->histogram.sum > y->histogram.sum ? -1
						     : 0;
}

static struct error *show_row_event(struct tictoc *tictoc, const struct tictoc_row *row, bool live)
{
	const struct value_limits limits = show_limits(&tictoc->run.spec->limits);
	_cleanup_(event_freep) struct event *event = tictoc_row_event(tictoc->run.plan, row, &limits);

	event->tictoc->is_live = live;
	return sink_event(tictoc->run.sink, event);
}

/* At most so many fit a terminal. */
static struct error *show_rows(struct tictoc *tictoc, bool live)
{
	enum { LIVE_MOST = 15 };
	struct arena *arena = arena_new();
	struct load_tictoc_row *rows;
	struct tictoc_row *row = arena_alloc(arena, sizeof(*row));
	double seconds = (double)(clock_now() - tictoc->started_ns) / 1e9;
	struct error *err = NULL;
	size_t n;

	load_tictoc_rows(session_load(tictoc->run.session), arena, &rows, &n);
	if (n)
		qsort(rows, n, sizeof(*rows), by_time);
	for (size_t i = 0; i < n && !err && !(live && i == LIVE_MOST); i++) {
		*row = (struct tictoc_row){rows[i].key, rows[i].is_overflow, i == 0, seconds,
					   rows[i].histogram};
		if (tictoc->run.recording && !live)
			recording_tictoc(tictoc->run.recording, row);
		err = show_row_event(tictoc, row, live);
	}
	arena_free(arena);
	return err;
}

/* --slower p99: what has been slow so far. */
static void move_threshold(struct tictoc *tictoc)
{
	struct arena *arena = arena_new();
	struct histogram *all = arena_alloc(arena, sizeof(*all));
	struct load_tictoc_row *rows;
	size_t n;

	load_tictoc_rows(session_load(tictoc->run.session), arena, &rows, &n);
	for (size_t i = 0; i < n; i++)
		histogram_merge(all, &rows[i].histogram);
	if (all->count >= ENOUGH_PAIRS)
		load_set_slower(session_load(tictoc->run.session),
				histogram_quantile(all, tictoc->run.spec->tictoc.quantile));
	arena_free(arena);
}

/* What has to be done now and then, whether there are records or not. */
static struct error *look(struct tictoc *tictoc)
{
	u64 now = clock_now();

	if (now - tictoc->looked_ns < EVERY_NS)
		return NULL;
	tictoc->looked_ns = now;
	if (now - tictoc->swept_ns >= SWEEP_NS) {
		load_sweep_pairs(session_load(tictoc->run.session));
		tictoc->swept_ns = clock_now();
	}
	if (tictoc->run.spec->tictoc.quantile > 0)
		move_threshold(tictoc);
	return tictoc->is_live ? show_rows(tictoc, true) : NULL;
}

static struct error *show_records(struct tictoc *tictoc)
{
	const struct record_head *record;
	const char *notice;
	struct error *err;

	do {
		err = session_next(tictoc->run.session, &record);
		if (!err && record)
			err = show_record(tictoc, record);
		if (!err)
			session_ticked(tictoc->run.session);
		notice = err ? NULL : session_notice(tictoc->run.session);
		if (notice)
			err = show_notice(tictoc->run.sink, notice);
		if (!err)
			err = look(tictoc);
	} while (!err);
	return err == &error_end ? NULL : err;
}

static void sum_up(struct tictoc *tictoc, struct pairs_accounting *sum)
{
	struct load_session *load = session_load(tictoc->run.session);
	struct accounting tics, tocs;
	struct load_pairs pairs;

	load_sweep_pairs(load);
	load_pairs(load, &pairs);
	session_accounting(tictoc->run.session, PROBE_TIC, &tics);
	session_accounting(tictoc->run.session, PROBE_TOC, &tocs);
	*sum = (struct pairs_accounting){
		.hits = tics.hits,
		.pairs = tics.emitted,
		.open = pairs.open,
		.overwritten = pairs.overwritten,
		.left = pairs.left,
		.lost = pairs.lost,
		.over_limit = tics.over_limit,
		.condition_error = tics.condition_error,
		.condition_false = tics.condition_false,
		.toc_hits = tocs.hits + (tictoc->run.plan->returns == RETURNS_SESSION ? tics.emitted : 0),
		.toc_alone = pairs.toc_alone,
		.key_error = pairs.key_error,
		.slow = pairs.slow,
		.slow_rate = pairs.slow_rate,
		.slow_full = pairs.slow_full,
		.slow_emitted = pairs.slow_emitted,
		.uncaptured = pairs.uncaptured,
		.missed_known = tics.missed_known,
		.missed = tics.missed,
		.seconds = tics.seconds,
		.overhead_known = tics.overhead_known,
		.overhead = tics.overhead,
		.taken_out = tics.taken_out,
	};
}

static struct error *show_results(struct tictoc *tictoc)
{
	struct pairs_accounting sum;
	struct error *err = show_rows(tictoc, false);

	if (err)
		return err;
	sum_up(tictoc, &sum);
	if (tictoc->run.recording)
		recording_pairs(tictoc->run.recording, &sum);
	return show_pairs(tictoc->run.sink, tictoc->run.plan, &sum);
}

static void start_clocks(struct tictoc *tictoc)
{
	const struct spec *spec = tictoc->run.spec;

	session_set_tick(tictoc->run.session, EVERY_NS);
	tictoc->started_ns = tictoc->looked_ns = tictoc->swept_ns = clock_now();
	tictoc->is_live = spec->format == FORMAT_TEXT && !spec->quiet && isatty(STDOUT_FILENO);
}

struct error *cmd_tictoc(const struct spec *spec, struct arena *arena)
{
	struct tictoc tictoc = {0};
	struct error *err = run_start(&tictoc.run, spec, arena);

	if (!err) {
		start_clocks(&tictoc);
		err = show_records(&tictoc);
	}
	if (!err)
		err = show_results(&tictoc);
	return run_finish(&tictoc.run, err);
}
