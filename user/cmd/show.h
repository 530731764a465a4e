/* SPDX-License-Identifier: BSD-2-Clause */
/* From a record to the reader's eyes; what snap and replay share. */
#ifndef SNAPLINE_SHOW_H
#define SNAPLINE_SHOW_H

#include "event/decode.h"
#include "event/tictoc.h"
#include "out/sink.h"

/* The renderer that the spec names, on stderr and `out`, which leads to standard output. */
struct error *show_open(const struct spec *spec, FILE *out, struct sink **sink) _must_use_;
/* Decodes a record to the end: frames, values, captures. The caller ends it with event_free(). */
struct error *show_decode(struct decoder *decoder, const void *record, size_t len,
			  const struct late_memory *late, size_t n_late,
			  struct event **event) _must_use_;
/* Frames alone. */
struct error *show_frames(struct decoder *decoder, const void *record, size_t len,
			  const struct late_memory *late, size_t n_late,
			  struct event **event) _must_use_;
struct error *show_summary(struct sink *sink, const char *probe,
			   const struct accounting *accounting) _must_use_;
struct error *show_count(struct sink *sink, const struct count_report *report) _must_use_;
struct value_limits show_limits(const struct limits *limits);
struct error *show_row(struct sink *sink, const struct plan *plan,
		       const struct tictoc_row *row) _must_use_;
struct error *show_pairs(struct sink *sink, const struct plan *plan,
			 const struct pairs_accounting *sum) _must_use_;
struct error *show_notice(struct sink *sink, const char *text) _must_use_;

#endif
