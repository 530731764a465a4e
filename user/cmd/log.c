/* SPDX-License-Identifier: BSD-2-Clause */
#include "cmd/cmd.h"
#include "cmd/files.h"
#include "cmd/session.h"
#include "cmd/show.h"
#include "event/log.h"
#include "event/recording.h"

/* What one run of log holds. */
struct log {
	const struct spec *spec;
	struct plan *plan;
	struct session *session;
	struct log_decoder *decoder;
	struct sink *sink;
	struct recording *recording; /* NULL without -o */
};

static struct error *show_notes(struct log *log)
{
	struct error *err = NULL;

	for (size_t i = 0; i < log->plan->n_notes && !err; i++)
		err = show_notice(log->sink, log->plan->notes[i]);
	return err;
}

static struct error *flush(void *context)
{
	return sink_flush(((struct log *)context)->sink);
}

/* Lines go out in large pieces; what is left when nothing comes is flushed. */
static void use_large_buffer(void)
{
	enum { BYTES = 256 * 1024 };

	setvbuf(stdout, NULL, _IOFBF, BYTES);
}

static struct error *open_outputs(struct log *log)
{
	struct decoder *decoder = session_decoder(log->session);

	log->decoder = log_decoder_new(decoder, log->spec->format != FORMAT_TEXT);
	session_on_idle(log->session, flush, log);
	if (!log->spec->output)
		return NULL;
	return recording_create(log->spec->output, log->plan, decoder->realtime_offset,
				&log->recording);
}

static struct error *show_line(struct log *log, const struct record_head *record)
{
	const struct event *event;
	struct error *err = log_decode(log->decoder, record, record->size, &event);

	if (err)
		return err;
	if (log->recording)
		recording_add(log->recording, record, event);
	return sink_event(log->sink, event);
}

static struct error *show_lines(struct log *log)
{
	const struct record_head *record;
	struct error *err;

	do {
		err = session_next(log->session, &record);
		if (!err)
			err = record ? show_line(log, record)
				     : show_notice(log->sink, session_notice(log->session));
	} while (!err);
	return err == &error_end ? NULL : err;
}

static struct error *show_summaries(struct log *log)
{
	struct accounting accounting;
	struct error *err = sink_flush(log->sink);

	for (u32 i = 0; i < log->plan->n_probes && !err; i++) {
		session_accounting(log->session, i, &accounting);
		if (log->recording)
			recording_summary(log->recording, i, &accounting);
		err = show_summary(log->sink, log->plan->probes[i].text, &accounting);
	}
	return err;
}

/* The first error is the one that is told. */
static void keep_first(struct error **err, struct error *later)
{
	if (*err)
		error_free(later);
	else
		*err = later;
}

static struct error *finish(struct log *log, struct error *err)
{
	if (!err && log->session)
		err = session_end(log->session);
	if (log->recording)
		keep_first(&err, recording_close(log->recording));
	if (log->sink)
		keep_first(&err, sink_end(log->sink));
	log_decoder_free(log->decoder);
	session_free(log->session);
	plan_free(log->plan);
	return err;
}

struct error *cmd_log(const struct spec *spec, struct arena *arena)
{
	struct target *target = NULL;
	struct gen_features features;
	struct log log = {.spec = spec};
	struct error *err;

	use_large_buffer();
	err = target_find(&spec->target, arena, &target);
	if (!err)
		err = session_gen_features(&features);
	if (!err)
		err = target_plan(spec, target, &features, &log.plan);
	if (!err)
		err = show_open(spec, &log.sink);
	if (!err)
		err = show_notes(&log);
	if (!err)
		err = session_start(log.plan, target, &log.session);
	if (!err)
		err = open_outputs(&log);
	if (!err)
		err = show_lines(&log);
	if (!err)
		err = show_summaries(&log);
	return finish(&log, err);
}
