/* SPDX-License-Identifier: BSD-2-Clause */
#include "cmd/cmd.h"
#include "cmd/run.h"
#include "cmd/show.h"

static struct error *show_record(struct run *run, const struct record_head *record)
{
	_cleanup_(event_freep) struct event *event = NULL;
	struct error *err =
		show_decode(session_decoder(run->session), record, record->size, NULL, 0, &event);

	if (err)
		return err;
	if (run->recording)
		recording_add(run->recording, record, event);
	return sink_event(run->sink, event);
}

static struct error *show_records(struct run *run)
{
	const struct record_head *record;
	struct error *err;

	do {
		err = session_next(run->session, &record);
		if (!err)
			err = record ? show_record(run, record)
				     : show_notice(run->sink, session_notice(run->session));
	} while (!err);
	return err == &error_end ? NULL : err;
}

struct error *cmd_snap(const struct spec *spec, struct arena *arena)
{
	struct run run = {0};
	struct error *err = run_start(&run, spec, arena);

	if (!err)
		err = show_records(&run);
	if (!err)
		err = run_summaries(&run);
	return run_finish(&run, err);
}
