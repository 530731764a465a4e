/* SPDX-License-Identifier: BSD-2-Clause */
/* The --capture expressions of a snapshot, evaluated in frame 0. */
#ifndef SNAPLINE_CAPTURES_H
#define SNAPLINE_CAPTURES_H

#include "event/event.h"
#include "plan/plan.h"

/* Fills event->captures, one for each --capture, and $return; after event_unwind(). */
struct error *event_captures(struct event *event, const struct plan *plan,
			     const struct value_limits *limits) _must_use_;

#endif
