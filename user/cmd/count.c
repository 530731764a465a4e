/* SPDX-License-Identifier: BSD-2-Clause */
#include "cmd/cmd.h"
#include "cmd/count_rows.h"
#include "cmd/files.h"
#include "cmd/show.h"
#include "event/recording.h"

/* What one run of count holds. */
struct counting {
	const struct spec *spec;
	struct plan *plan;
	struct session *session;
	struct counter *counter;
	struct sink *sink;
	struct recording *recording; /* NULL without -o */
};

static struct error *show_notes(struct counting *counting)
{
	struct error *err = NULL;

	for (size_t i = 0; i < counting->plan->n_notes && !err; i++)
		err = show_notice(counting->sink, counting->plan->notes[i]);
	return err;
}

static struct error *open_recording(struct counting *counting)
{
	if (!counting->spec->output)
		return NULL;
	return recording_create(counting->spec->output, counting->plan,
				session_decoder(counting->session)->realtime_offset,
				&counting->recording);
}

static struct error *show_report(struct counting *counting, bool is_interval)
{
	const struct count_report *report;
	struct error *err = counter_report(counting->counter, is_interval, &report);

	if (err)
		return err;
	if (counting->recording)
		recording_count(counting->recording, report);
	return show_count(counting->sink, report);
}

static struct error *count_hits(struct counting *counting)
{
	const struct record_head *record;
	const char *notice;
	struct error *err;

	session_set_tick(counting->session, counting->spec->count.interval_ns);
	do {
		err = session_next(counting->session, &record);
		if (!err && record)
			err = counter_add(counting->counter, record);
		else if (!err && session_ticked(counting->session))
			err = show_report(counting, true);
		else if (!err && (notice = session_notice(counting->session)))
			err = show_notice(counting->sink, notice);
	} while (!err);
	return err == &error_end ? show_report(counting, false) : err;
}

static struct error *show_summaries(struct counting *counting)
{
	struct accounting accounting;
	struct error *err = NULL;

	for (u32 i = 0; i < counting->plan->n_probes && !err; i++) {
		session_accounting(counting->session, i, &accounting);
		if (counting->recording)
			recording_summary(counting->recording, i, &accounting);
		err = show_summary(counting->sink, counting->plan->probes[i].text, &accounting);
	}
	return err;
}

/* Everything is closed, whatever went wrong; the first error is the one that is told. */
static struct error *finish(struct counting *counting, struct error *err)
{
	struct error *later;

	if (!err && counting->session)
		err = session_end(counting->session);
	if (counting->recording) {
		later = recording_close(counting->recording);
		err ? error_free(later) : (void)(err = later);
	}
	if (counting->sink) {
		later = sink_end(counting->sink);
		err ? error_free(later) : (void)(err = later);
	}
	counter_free(counting->counter);
	session_free(counting->session);
	plan_free(counting->plan);
	return err;
}

struct error *cmd_count(const struct spec *spec, struct arena *arena)
{
	struct target *target = NULL;
	struct gen_features features;
	struct counting counting = {.spec = spec};
	struct error *err;

	err = target_find(&spec->target, arena, &target);
	if (!err)
		err = session_gen_features(&features);
	if (!err)
		err = target_plan(spec, target, &features, &counting.plan);
	if (!err)
		err = show_open(spec, &counting.sink);
	if (!err)
		err = show_notes(&counting);
	if (!err)
		err = session_start(counting.plan, target, &counting.session);
	if (!err)
		err = open_recording(&counting);
	if (!err) {
		counting.counter = counter_new(counting.plan, counting.session);
		err = count_hits(&counting);
	}
	if (!err)
		err = show_summaries(&counting);
	return finish(&counting, err);
}
