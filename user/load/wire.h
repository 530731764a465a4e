/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the worker asks the keeper, and how it is written (keeper.h says who they are). Each request
 * is one message: its number, then fixed structs and NUL-terminated texts in the order named here.
 * Each answer is one message too: WIRE_OK and what was asked for, or how it failed.
 */
#ifndef SNAPLINE_WIRE_H
#define SNAPLINE_WIRE_H

#include "base/channel.h"
#include "base/cursor.h"
#include "load/load.h"

enum wire_request {
	/* Of base/host.h: a path, or what the function takes. */
	WIRE_OPEN,
	WIRE_CREATE,
	WIRE_STAT,
	WIRE_READ_LINK,
	WIRE_REAL_PATH,
	WIRE_LIST,
	WIRE_KEEP,
	WIRE_LET_GO,
	WIRE_READ_MEMORY,   /* struct wire_memory */
	WIRE_READ_RESIDENT, /* the same; answered by the bytes and a text. The last of these */
	/* Of processes: */
	WIRE_WATCH,   /* a CPU (u32); answered by a descriptor of perf_event_open() */
	WIRE_COMMAND, /* answered by struct wire_ended */
	/* Of load/load.h, in its order: */
	WIRE_COSTS,
	WIRE_START, /* a config; answered by struct wire_started, the rings, the map of states */
	WIRE_ADD_PID,
	WIRE_ATTACH_AGAIN, /* answered by *how (u32) */
	WIRE_CLEAR_CHILDREN,
	WIRE_FOLLOWS,
	WIRE_ATTACH,	  /* answered by when time is up (u64, CLOCK_MONOTONIC; 0: never) */
	WIRE_ATTACH_MORE, /* places */
	WIRE_ATTACHED,
	WIRE_USE,    /* answered by struct wire_use, hits and own_ns, by index */
	WIRE_DETACH, /* indices (u32) */
	WIRE_STOP,
	WIRE_COUNTS,	 /* struct wire_counts */
	WIRE_PLACE_HITS, /* answered for all places, by index */
	WIRE_COUNT_ROWS,
	WIRE_MISSED,
	WIRE_PAIRS,
	WIRE_SWEEP,
	WIRE_SET_SLOWER,
	WIRE_TICTOC_ROWS,
	WIRE_INFO,
	/* All is done: what ends without it has crashed. */
	WIRE_BYE,
	WIRE_REQUESTS,
};

enum wire_answer {
	WIRE_OK,
	WIRE_ERRNO, /* u32 */
	WIRE_ERROR, /* kind (u32), text, cure or "" */
};

enum {
	WIRE_MOST_BYTES = 64 << 20,  /* of a request */
	WIRE_MOST_ANSWER = 1 << 30,  /* the worker believes the keeper */
	WIRE_MOST_MEMORY = 16 << 20, /* of one WIRE_READ_MEMORY */
};

struct wire_memory {
	u64 address, len;
	s32 pid;
	u32 unused;
};

struct wire_ended {
	s32 ended, status;
};

struct wire_started {
	struct load_info info;
	u64 ring_bytes[SNAPLINE_MAX_RINGS];
};
_Static_assert(SNAPLINE_MAX_RINGS + 1 <= CHANNEL_FDS, "one answer has all descriptors");

struct wire_use {
	u64 time_ns, cpu_ns;
	u64 n;
};

struct wire_counts {
	u64 trimmed;
	u32 probe, unused;
};

/* Of WIRE_COUNT_ROWS, one a row; two histogram_cells follow it if it has some. At the end `lost`.
 */
struct wire_row {
	struct count_key key;
	u64 hits, absent;
	u64 has_cells;
};

void wire_put_u32(struct strbuf *out, u32 value);
void wire_put_text(struct strbuf *out, const char *text); /* NULL as "" */
void wire_put_places(struct strbuf *out, const struct load_place *places, size_t n);
void wire_put_config(struct strbuf *out, const struct load_config *config);

/* Everything in the arena. False: that is none; numbers are bounded, what they mean isn't checked.
 */
bool wire_get_places(struct cursor *in, struct arena *arena, struct load_place **places, size_t *n);
bool wire_get_config(struct cursor *in, struct arena *arena, struct load_config *config);

/* An answer of WIRE_ERRNO or WIRE_ERROR as an error; NULL for WIRE_OK. */
struct error *wire_error(const struct parcel *answer) _must_use_;
/* Makes it the answer; err ends. */
void wire_put_error(struct parcel *answer, struct error *err);

#endif
