/* SPDX-License-Identifier: BSD-2-Clause */
#include "cmd/cmd.h"
#include "cmd/count_rows.h"
#include "cmd/run.h"
#include "cmd/show.h"

/* What one run of count holds. */
struct counting {
	struct run run;
	struct counter *counter;
};

static struct error *show_report(struct counting *counting, bool is_interval)
{
	const struct count_report *report;
	struct error *err = counter_report(counting->counter, is_interval, &report);

	if (err)
		return err;
	if (counting->run.recording)
		recording_count(counting->run.recording, report);
	return show_count(counting->run.sink, report);
}

static struct error *count_hits(struct counting *counting)
{
	const struct record_head *record;
	const char *notice;
	struct error *err;

	session_set_tick(counting->run.session, counting->run.spec->count.interval_ns);
	do {
		err = session_next(counting->run.session, &record);
		if (!err && record)
			err = counter_add(counting->counter, record);
		else if (!err && session_ticked(counting->run.session))
			err = show_report(counting, true);
		else if (!err && (notice = session_notice(counting->run.session)))
			err = show_notice(counting->run.sink, notice);
	} while (!err);
	return err == &error_end ? show_report(counting, false) : err;
}

struct error *cmd_count(const struct spec *spec, struct arena *arena)
{
	struct counting counting = {0};
	struct error *err = run_start(&counting.run, spec, arena);

	if (!err) {
		counting.counter = counter_new(counting.run.plan, counting.run.session);
		err = count_hits(&counting);
	}
	if (!err)
		err = run_summaries(&counting.run);
	counter_free(counting.counter);
	return run_finish(&counting.run, err);
}
