/* SPDX-License-Identifier: BSD-2-Clause */
/* What the renderers share: their table entries, and writing with an error for a closed pipe. */
#ifndef SNAPLINE_RENDER_H
#define SNAPLINE_RENDER_H

#include "base/strbuf.h"
#include "out/sink.h"

extern const struct sink_type sink_text; /* text.c */
extern const struct sink_type sink_json; /* json.c */

/* Writes and flushes; ERROR_FAILED if the reader is gone or the disk is full. */
struct error *render_write(FILE *out, const struct strbuf *text) _must_use_;
/* Leaves it in the stream's buffer; sink_flush() follows when nothing else comes. */
struct error *render_write_later(FILE *out, const struct strbuf *text) _must_use_;

/* The text renderer's events that have a file of their own. */
struct error *text_log(const struct sink *sink, const struct event *event) _must_use_; /* text_log.c */

/* The classes of a hit, in the order of the sum. */
#define HIT_CLASSES(X)     \
	X(over_limit)      \
	X(condition_error) \
	X(condition_false) \
	X(rate_limited)    \
	X(buffer_full)     \
	X(emitted)

#endif
