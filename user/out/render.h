/* SPDX-License-Identifier: BSD-2-Clause */
/* What the renderers share: their table entries, and writing with an error for a closed pipe. */
#ifndef SNAPLINE_RENDER_H
#define SNAPLINE_RENDER_H

#include "base/json.h"
#include "base/strbuf.h"
#include "out/pen.h"
#include "out/sink.h"

struct tictoc_pair;

extern const struct sink_type sink_text; /* text.c */
extern const struct sink_type sink_json; /* json.c */
extern const struct sink_type sink_trace; /* trace.c */

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

/* json.c: the value of a variable alone; "time"; an array of whole variables. */
void render_json_value(struct json *json, const struct value *value);
void render_json_time(struct json *json, u64 time_ns);
void render_json_variables(struct json *json, const char *key, struct value *const *values,
			   size_t n, struct arena *arena);

/* text.c and json.c: the end of a summary. */
void text_taken_out(struct pen *pen, const struct taken_out *out);
void json_overhead(struct json *json, bool known, double overhead, const struct taken_out *out);

/* text_tictoc.c and json_tictoc.c: EVENT_TICTOC, EVENT_PAIRS, and the pair of a snapshot. */
struct error *text_tictoc(struct sink *sink, const struct event *event) _must_use_;
struct error *text_pairs(struct sink *sink, const struct event *event) _must_use_;
struct error *text_erase_live(struct sink *sink) _must_use_;
void text_pair(struct pen *pen, const struct tictoc_pair *pair);
void json_tictoc(struct json *json, const struct event *event);
void json_pairs(struct json *json, const struct event *event);
void json_pair(struct json *json, const struct event *event);

#endif
