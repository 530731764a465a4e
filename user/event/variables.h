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
	unsigned nesting;	   /* callers entered for entry values, and implicit pointers */
	bool has_site;		   /* site is looked up */
	enum absence site_absence; /* why there is none */
	struct dw_call_site *site; /* in the caller */
	struct frame *caller;
};
struct error *frame_context(struct event *event, struct frame *frame,
			    const struct value_limits *limits,
			    struct frame_context **context) _must_use_;

/* Fills frame->variables of every frame: innermost block first, as in the debug information. */
struct error *event_values(struct event *event, const struct value_limits *limits) _must_use_;

#endif
