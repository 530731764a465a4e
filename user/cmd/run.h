/* SPDX-License-Identifier: BSD-2-Clause */
/* What every instrument's command does around its own loop: from the spec to a session's end. */
#ifndef SNAPLINE_RUN_H
#define SNAPLINE_RUN_H

#include "cmd/patient.h"
#include "cmd/session.h"
#include "event/recording.h"
#include "out/sink.h"

struct run {
	const struct spec *spec;
	struct launch *launch; /* of COMMAND; NULL: none */
	struct plan *plan;
	struct session *session;
	struct patient patient; /* standard output */
	FILE *out;
	struct sink *sink;
	struct recording *recording; /* NULL without -o */
};

/* All is in place; a command starts with the first session_next(). On failure: run_finish(). */
struct error *run_start(struct run *run, const struct spec *spec, struct arena *arena) _must_use_;
/* The summary of each probe, shown and recorded; when the session is over. */
struct error *run_summaries(struct run *run) _must_use_;
/* Closes everything, whatever went wrong; of err and what goes wrong now, the first is returned. */
struct error *run_finish(struct run *run, struct error *err) _must_use_;

#endif
