/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The bytes of one object, and what is known of them: which are missing and why, which were read
 * after the hit, which are a pointer that exists only in the debug information.
 */
#ifndef SNAPLINE_SOURCE_H
#define SNAPLINE_SOURCE_H

#include "value/value.h"

/* As gdb's max-value-size: of bigger objects only the beginning is looked at. */
enum { SOURCE_MAX_BYTES = 64 * 1024 };

/* A part of the object that isn't simply there. */
struct span {
	u64 offset, size;
	enum absence absence; /* PRESENT: only late */
	const char *text;     /* more exact reason, or NULL */
	bool late;
	bool is_pointer; /* implicit pointer to die + pointer_offset */
	u64 die;
	s64 pointer_offset;
};

struct source {
	u8 *bytes;
	u64 size;    /* of bytes; at most SOURCE_MAX_BYTES */
	u64 address; /* run-time address; 0: not one run of memory */
	struct span *spans;
	size_t n_spans;
};

void source_from_memory(struct source *source, u64 address, u64 size,
			const struct value_context *context);
void source_from_bytes(struct source *source, const u8 *bytes, size_t len, u64 size,
		       const struct value_context *context);
void source_from_loc(struct source *source, const struct loc *loc, u64 size,
		     const struct value_context *context);

/* The state of a part of the object. */
struct span_state {
	bool any_absent;
	bool all_absent; /* every byte; `why` holds for the first */
	bool mixed;	 /* not all that is absent is so for one reason */
	bool any_late, all_late;
	const struct span *why; /* the first absent span in it, or NULL */
};
void source_state(const struct source *source, u64 offset, u64 size, struct span_state *state);
/* How many of the size bytes from offset on come before the first that is absent. */
u64 source_present(const struct source *source, u64 offset, u64 size);
/* Same bytes, or missing in the same way? */
bool source_equal(const struct source *source, u64 a, u64 b, u64 size);

#endif
