/* SPDX-License-Identifier: BSD-2-Clause */
/* Renderers: they see events only. One more output is one file and one line in sink.c's table. */
#ifndef SNAPLINE_SINK_H
#define SNAPLINE_SINK_H

#include <stdio.h>

#include "base/error.h"
#include "event/event.h"

struct sink_options {
	FILE *out; /* events */
	int terminal; /* what `out` leads to, if that is one */
	FILE *err; /* notices and summaries of the text renderer */
	bool color;
	bool quiet;
	unsigned verbose;
};

struct sink;

struct sink_type {
	const char *name; /* -f */
	struct error *(*event)(struct sink *sink, const struct event *event);
	struct error *(*end)(struct sink *sink); /* after the last event; may be NULL */
};

struct sink {
	const struct sink_type *type;
	struct sink_options options;
	void *state;
	bool has_begun;	/* trace: something is written */
	u32 live_lines;	/* text: lines on the terminal that will be written anew */
};

/* NULL type name: text. */
struct error *sink_new(const char *name, const struct sink_options *options,
		       struct sink **sink) _must_use_;
struct error *sink_event(struct sink *sink, const struct event *event) _must_use_;
/* Log lines are written in large pieces: what is left goes out now. */
struct error *sink_flush(struct sink *sink) _must_use_;
struct error *sink_end(struct sink *sink) _must_use_; /* also frees it */

#endif
