/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Places of a probe that can't be had, told by reason: one reason may keep out thousands, where a
 * file was inlined everywhere.
 */
#ifndef SNAPLINE_LEFT_OUT_H
#define SNAPLINE_LEFT_OUT_H

#include "plan/resolve.h"

enum { LEFT_OUT_LINES = 8 };

/* Those of one reason. */
struct left_out {
	const char *reason;
	u64 pc; /* of the first */
	size_t n;
	unsigned lines[LEFT_OUT_LINES]; /* the first of them, each once */
	size_t n_lines;
	bool more_lines; /* than are named */
};

/* Of one probe; empty if zeroed. */
struct left_outs {
	struct left_out *reasons;
	size_t n;
};

void left_out_add(struct left_outs *all, struct arena *arena, const struct resolved *found,
		  const char *reason);
/* A note for each reason. */
void left_out_tell(const struct left_outs *all, struct plan *plan, const char *probe);

#endif
