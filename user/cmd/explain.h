/* SPDX-License-Identifier: BSD-2-Clause */
/* What explain says of a place, and the two forms in which it does. */
#ifndef SNAPLINE_EXPLAIN_H
#define SNAPLINE_EXPLAIN_H

#include "cmd/files.h"
#include "cmd/seen.h"

struct explained {
	const struct plan *plan;
	const struct place *place;
	const char *probe;	/* as the user wrote it */
	const char *build_id;	/* NULL: none */
	const char *asked_text; /* the instruction */
	const char *probed_text;
	const char *asked_cost;
	const char *probed_cost;
	u64 hit_ns;		/* of a hit at the probed instruction, on this machine; 0: not measured */
	double most_hits;	/* a second that --max-overhead allows of a busy CPU; 0: any */
	struct seen_frame *frames;
	size_t n_frames;
};

struct explain_form {
	struct error *(*place)(const struct explained *explained, struct arena *arena);
	struct error *(*program)(const struct plan *plan, u32 program, unsigned verbose,
				 struct arena *arena);
	struct error *(*note)(const char *text);
};

extern const struct explain_form explain_text, explain_json;

/* explain_tictoc.c: the whole, and in text what a place has besides. */
struct error *explain_tictoc(const struct plan *plan, bool as_json) _must_use_;
void explain_tictoc_place(const struct plan *plan, const struct place *place, struct arena *arena);

#endif
