/* SPDX-License-Identifier: BSD-2-Clause */
/* How a function was entered: by a call, or by tail calls that came in between. */
#ifndef SNAPLINE_CALLS_H
#define SNAPLINE_CALLS_H

#include "event/event.h"

enum { CALLS_MAX_LINKS = 16 };

/* A tail call: the site and the module of the function that ended in it. */
struct call_link {
	const struct event_module *module;
	const struct dw_call_site *site;
};

/* The run-time address of the function's first instruction; false if it isn't known. */
bool calls_entry(const struct frame *frame, u64 *ip);
/* Which address a site calls; caller is NULL where its registers aren't known. */
bool calls_target(struct event *event, const struct event_module *module,
		  const struct dw_call_site *site, const struct loc_context *caller, u64 *ip);
/* Can the function at the entry be entered again by tail calls that start in it? Unknown is true.
 */
bool calls_may_reenter(struct event *event, u64 entry);
/*
 * The tail calls between the call that returns to return_pc and the function at the entry, the last
 * one first, as far as all chains that are possible have them in common. 0: none, or not known.
 */
size_t calls_between(struct event *event, const struct event_module *module, u64 return_pc,
		     u64 entry, struct call_link links[CALLS_MAX_LINKS]);

#endif
