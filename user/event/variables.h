/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The last step of an event: what the frames' variables were. A variable that could not be had is a
 * value with the reason; only damaged debug information is an error.
 */
#ifndef SNAPLINE_VARIABLES_H
#define SNAPLINE_VARIABLES_H

#include "event/event.h"

/* All that evaluating an expression or building a value in one frame needs. In the event's arena.
 */
struct frame_context {
	struct loc_context loc;
	struct value_context value;
	/* private */
	struct event *event;
	struct frame *frame;
	const struct value_limits *limits;
	unsigned nesting; /* callers entered for entry values, and implicit pointers */
	bool has_site;
	const struct dw_call_site *site; /* in the caller; NULL: not known */
};
struct error *frame_context(struct event *event, struct frame *frame,
			    const struct value_limits *limits,
			    struct frame_context **context) _must_use_;

/* "main+4" for an address in a module of the event: value_context's symbol callback. */
const char *frame_symbol(void *frame_context, u64 address, bool functions_only,
			 struct arena *arena);

/* Fills frame->variables of every frame: innermost block first, as in the debug information. */
struct error *event_values(struct event *event, const struct value_limits *limits) _must_use_;

#endif
