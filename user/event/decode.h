/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From a record to an event, first step: header, registers and memory. A record may come from a
 * file that somebody made up: every length in it is checked against its size.
 */
#ifndef SNAPLINE_DECODE_H
#define SNAPLINE_DECODE_H

#include "event/event.h"
#include "event/process.h"
#include "plan/plan.h"
#include "record.h"

/* What decoding needs besides the record; the same for all events of a session. */
struct decoder {
	const struct plan *plan;
	struct processes *processes;
	s64 realtime_offset; /* ns to add to CLOCK_MONOTONIC for the time since the epoch */
	bool live;           /* the process may be read after the hit */
	u64 next_id;
};

/* Memory that was read after the hit and is in the record file beside the record. */
struct late_memory {
	u64 address;
	const u8 *bytes;
	size_t len;
};

/* The clock offset of this system now. */
s64 decoder_realtime_offset(void);

/*
 * The bytes have to stay as long as the event. `event` lives in an arena of its own, event->arena;
 * the caller ends it with event_free().
 */
struct error *event_decode(struct decoder *decoder, const void *bytes, size_t len,
			   const struct late_memory *late, size_t n_late,
			   struct event **event) _must_use_;
/* Parts of it, for records of another form: the place, and what is mapped in the process. */
void event_fill_place(struct event *event, const struct plan *plan, const struct place *place);
void event_fill_modules(struct event *event, const struct decoder *decoder, u64 start_time,
			const struct place *place, u64 ip);
void event_free(struct event *event);
void event_freep(struct event **event); /* for _cleanup_() */

#endif
