/* SPDX-License-Identifier: BSD-2-Clause */
#include "cmd/cmd.h"
#include "cmd/files.h"
#include "cmd/session.h"
#include "cmd/show.h"
#include "event/recording.h"

/* What one run of snap holds. */
struct snap {
	const struct spec *spec;
	struct plan *plan;
	struct session *session;
	struct sink *sink;
	struct recording *recording; /* NULL without -o */
};

static struct error *show_notes(struct snap *snap)
{
	struct error *err = NULL;

	for (size_t i = 0; i < snap->plan->n_notes && !err; i++)
		err = show_notice(snap->sink, snap->plan->notes[i]);
	return err;
}

static struct error *open_recording(struct snap *snap)
{
	if (!snap->spec->output)
		return NULL;
	return recording_create(snap->spec->output, snap->plan,
				session_decoder(snap->session)->realtime_offset, &snap->recording);
}

static struct error *show_record(struct snap *snap, const struct record_head *record)
{
	_cleanup_(event_freep) struct event *event = NULL;
	struct error *err =
		show_decode(session_decoder(snap->session), record, record->size, NULL, 0, &event);

	if (err)
		return err;
	if (snap->recording)
		recording_add(snap->recording, record, event);
	return sink_event(snap->sink, event);
}

static struct error *show_records(struct snap *snap)
{
	const struct record_head *record;
	struct error *err;

	do {
		err = session_next(snap->session, &record);
		if (!err)
			err = record ? show_record(snap, record)
				     : show_notice(snap->sink, session_notice(snap->session));
	} while (!err);
	return err == &error_end ? NULL : err;
}

static struct error *show_summaries(struct snap *snap)
{
	struct accounting accounting;
	struct error *err = NULL;

	for (u32 i = 0; i < snap->plan->n_probes && !err; i++) {
		session_accounting(snap->session, i, &accounting);
		if (snap->recording)
			recording_summary(snap->recording, i, &accounting);
		err = show_summary(snap->sink, snap->plan->probes[i].text, &accounting);
	}
	return err;
}

/* Everything is closed, whatever went wrong; the first error is the one that is told. */
static struct error *finish(struct snap *snap, struct error *err)
{
	struct error *later;

	if (!err && snap->session)
		err = session_end(snap->session);
	if (snap->recording) {
		later = recording_close(snap->recording);
		err ? error_free(later) : (void)(err = later);
	}
	if (snap->sink) {
		later = sink_end(snap->sink);
		err ? error_free(later) : (void)(err = later);
	}
	session_free(snap->session);
	plan_free(snap->plan);
	return err;
}

struct error *cmd_snap(const struct spec *spec, struct arena *arena)
{
	struct target *target = NULL;
	struct gen_features features;
	struct snap snap = {.spec = spec};
	struct error *err;

	err = target_find(&spec->target, arena, &target);
	if (!err)
		err = session_gen_features(&features);
	if (!err)
		err = target_plan(spec, target, &features, &snap.plan);
	if (!err)
		err = show_open(spec, &snap.sink);
	if (!err)
		err = show_notes(&snap);
	if (!err)
		err = session_start(snap.plan, target, &snap.session);
	if (!err)
		err = open_recording(&snap);
	if (!err)
		err = show_records(&snap);
	if (!err)
		err = show_summaries(&snap);
	return finish(&snap, err);
}
