/* SPDX-License-Identifier: BSD-2-Clause */
#include "cmd/run.h"

#include <unistd.h>

#include "cmd/border.h"
#include "cmd/files.h"
#include "cmd/host.h"
#include "cmd/show.h"

static struct error *open_output(struct run *run)
{
	run->patient.fd = STDOUT_FILENO;
	run->out = patient_open(&run->patient);
	return show_open(run->spec, run->out, &run->sink);
}

static struct error *show_notes(struct run *run)
{
	struct error *err = NULL;

	for (size_t i = 0; i < run->plan->n_notes && !err; i++)
		err = show_notice(run->sink, run->plan->notes[i]);
	return err;
}

static struct error *open_recording(struct run *run)
{
	if (!run->spec->output)
		return NULL;
	return recording_create(run->spec->output, run->plan,
				session_decoder(run->session)->realtime_offset, &run->recording);
}

struct error *run_start(struct run *run, const struct spec *spec, struct arena *arena)
{
	const struct border_limits limits = {};
	struct target *target = NULL;
	struct plan_host host = {0};
	struct error *err;

	run->spec = spec;
	err = target_find(&spec->target, arena, &target);
	if (!err)
		err = session_gen_features(&host.features);
	if (!err)
		host_try_returns(spec, target, arena, &host);
	if (!err && spec->target.command)
		err = launch_start(spec->target.command, &run->launch);
	if (!err)
		err = border_cross(spec, target, run->launch, &limits);
	if (!err)
		host_read_returns(spec, target, arena, &host);
	if (!err)
		err = target_plan(spec, target, &host, &run->plan);
	if (!err)
		err = open_output(run);
	if (!err)
		err = show_notes(run);
	if (!err)
		err = session_start(run->plan, target, run->launch, &run->session);
	if (err)
		return err;
	run->patient.meanwhile = session_watch;
	run->patient.context = run->session;
	return open_recording(run);
}

struct error *run_summaries(struct run *run)
{
	struct accounting accounting;
	struct error *err = NULL;

	for (u32 i = 0; i < run->plan->n_probes && !err; i++) {
		session_accounting(run->session, i, &accounting);
		if (run->recording)
			recording_summary(run->recording, i, &accounting);
		err = show_summary(run->sink, run->plan->probes[i].text, &accounting);
	}
	return err;
}

static void keep_first(struct error **err, struct error *later)
{
	if (*err)
		error_free(later);
	else
		*err = later;
}

struct error *run_finish(struct run *run, struct error *err)
{
	if (!err && run->session)
		err = session_end(run->session);
	if (run->recording)
		keep_first(&err, recording_close(run->recording));
	if (run->sink)
		keep_first(&err, sink_end(run->sink));
	if (run->out)
		fclose(run->out);
	session_free(run->session);
	plan_free(run->plan);
	launch_free(run->launch);
	return err;
}
