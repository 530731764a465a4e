/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
/*
 * The record while it is written: one reservation of a ring, always of the same size.
 *
 *   head | chunks | scratch of the walk | data: stack, then what the walk read | slack
 *
 * The chunks are also the walk's work list (bpf/walk.bpf.h). Without roots there is one chunk and
 * no scratch. A read starts at the data limit at the latest and is at most SNAPLINE_MAX_READ long,
 * which with the NUL of a cut string is the slack. User space trims it to record.h's form as it
 * takes it from the ring.
 */
#ifndef SNAPLINE_LAYOUT_H
#define SNAPLINE_LAYOUT_H

#include "bay.h"
#include "record.h"

enum { SEEN_SLOTS = 1024 };

struct walk {
	__u32 next;    /* chunk that is read next */
	__u32 used;    /* bytes of data */
	__u32 retry;   /* chunk that is looked at next for faulting */
	__u32 faulted; /* reads that faulted */
	/* The object whose edges are followed now. */
	__u32 data, len; /* its bytes */
	__u32 first_edge, n_edges, edge;
	__u32 element, elements, stride;
	__u16 seen[SEEN_SLOTS]; /* hash of (address, node) to chunk; garbage is harmless */
};

struct record {
	struct record_head head;
	struct record_chunk chunks[SNAPLINE_MAX_CHUNKS];
	struct bay_root roots[SNAPLINE_MAX_ROOTS];
	struct walk walk;
};

_Static_assert(sizeof(struct record_head) == 496, "record_head has no padding");
_Static_assert(sizeof(struct log_head) == 96, "log_head has no padding");
_Static_assert(sizeof(struct bay_value) == 16, "bay_value has no padding");
_Static_assert(sizeof(struct record_chunk) == 24, "record_chunk has no padding");
_Static_assert(sizeof(struct record) % 8 == 0, "data starts aligned");

#endif
