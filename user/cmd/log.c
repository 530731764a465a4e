/* SPDX-License-Identifier: BSD-2-Clause */
#include "cmd/cmd.h"
#include "cmd/run.h"
#include "cmd/show.h"
#include "event/log.h"

/* What one run of log holds. */
struct log {
	struct run run;
	struct log_decoder *decoder;
};

static struct error *flush(void *context)
{
	return sink_flush(((struct log *)context)->run.sink);
}

static void open_decoder(struct log *log)
{
	log->decoder = log_decoder_new(session_decoder(log->run.session),
				       log->run.spec->format != FORMAT_TEXT);
	session_on_idle(log->run.session, flush, log);
}

static struct error *show_line(struct log *log, const struct record_head *record)
{
	const struct event *event;
	struct error *err = log_decode(log->decoder, record, record->size, &event);

	if (err)
		return err;
	if (log->run.recording)
		recording_add(log->run.recording, record, event);
	return sink_event(log->run.sink, event);
}

static struct error *show_lines(struct log *log)
{
	const struct record_head *record;
	struct error *err;

	do {
		err = session_next(log->run.session, &record);
		if (!err)
			err = record ? show_line(log, record)
				     : show_notice(log->run.sink, session_notice(log->run.session));
	} while (!err);
	return err == &error_end ? NULL : err;
}

struct error *cmd_log(const struct spec *spec, struct arena *arena)
{
	struct log log = {0};
	struct error *err;

	err = run_start(&log.run, spec, arena);
	if (!err) {
		open_decoder(&log);
		err = show_lines(&log);
	}
	if (!err)
		err = sink_flush(log.run.sink);
	if (!err)
		err = run_summaries(&log.run);
	err = run_finish(&log.run, err);
	log_decoder_free(log.decoder);
	return err;
}
