/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Log lines: from a record to a message with its values. A line costs no allocation where its
 * values are numbers and strings; trees of values are made only where the text needs one, or where
 * the renderer shows them.
 */
#ifndef SNAPLINE_LOG_H
#define SNAPLINE_LOG_H

#include "event/decode.h"

struct log_decoder;

/* with_values: event->values is filled. The decoder has to stay. */
struct log_decoder *log_decoder_new(struct decoder *decoder, bool with_values);
/* Is it a log line? */
bool log_is_record(const void *bytes, size_t len);
/* The event and all in it is valid until the next call. */
struct error *log_decode(struct log_decoder *log, const void *bytes, size_t len,
			 const struct event **event) _must_use_;
void log_decoder_free(struct log_decoder *log);

#endif
