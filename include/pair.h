/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
/*
 * Tic-toc between the kernel side and the user side: open pairs, keys of histograms, what is
 * counted, and what a snapshot of a slow pair carries.
 */
#ifndef SNAPLINE_PAIR_H
#define SNAPLINE_PAIR_H

#include "bay.h"
#include "buckets.h"

/* The probes of a session: everything at TIC is counted at probe 0, everything at TOC at 1. */
enum tictoc_probe { PROBE_TIC, PROBE_TOC, TICTOC_PROBES };

enum tictoc_mode {
	PAIR_FUNCTION, /* entry to return of one call: a is the process, b the call's CFA */
	PAIR_THREAD,   /* two places, on the same thread: a is the thread, b 0 */
	PAIR_KEY,      /* two places, the same value: a is the value, b the process */
};

/* In Go, a of a call is its goroutine and b how far its CFA is from the stack's end. */
struct pair_key {
	__u64 a, b;
	__u32 pair; /* place_config.pair: which function */
	__u32 goroutine_of; /* the process; 0: not by goroutine */
};

/* An open pair: a tic that waits for its toc. */
struct pair_open {
	__u64 time;	/* CLOCK_MONOTONIC, ns */
	__u64 hit;	/* number of the tic */
	__u32 pid, tid; /* as our pid namespace calls them */
	__u32 row;   /* of the histograms */
	__u32 place; /* of the tic */
};

/*
 * Calls of functions by session links (bpf/calls.bpf.c): those that a thread has open, the
 * outermost first. The kernel keeps no more return addresses than that for a thread
 * (MAX_URETPROBE_DEPTH, kernel/events/uprobes.c).
 */
enum { OPEN_CALLS = 64 };

struct open_call {
	__u64 time; /* CLOCK_MONOTONIC, ns */
	__u64 cfa;
	__u64 row; /* of the histograms */
};

struct thread_calls {
	__u64 born;	/* start_boottime: tells a thread from a later one of that number */
	__u64 seen;	/* CLOCK_MONOTONIC: when it was first met */
	__u32 pid, tid; /* as our pid namespace calls them */
	__u64 n;
	struct open_call calls[OPEN_CALLS];
};

/* What is counted besides the classes of probe 0 (probe.h), where `emitted` are the pairs. */
enum tictoc_class {
	TICTOC_OVERWRITTEN, /* a newer tic came before the toc */
	TICTOC_LEFT,	    /* function: the call was left without a return that is seen */
	TICTOC_LOST,	    /* no room for one more open pair */
	TICTOC_TOC_ALONE,   /* a toc without a tic; outside the sum */
	TICTOC_KEY_ERROR,   /* a toc whose key could not be read; outside the sum */
	TICTOC_SLOW,	    /* pairs that --slower asks for = the three below */
	TICTOC_SLOW_RATE,
	TICTOC_SLOW_FULL,
	TICTOC_SLOW_EMITTED,
	TICTOC_UNCAPTURED, /* slow ones whose values at TIC found no room */
	TICTOC_CLASSES,
};

struct tictoc_counts {
	__u64 n[TICTOC_CLASSES];
};

enum {
	TICTOC_MAX_BY = 4,
	TICTOC_MAX_TEXTS = 2, /* of them strings */
	TICTOC_TEXT = 64,     /* bytes of a string in a key; longer ones are one if these are */
	TIC_DATA = 2048,      /* bytes of what was captured at TIC */
	TIC_SLACK = 512,      /* the longest single read of it */
	ROW_OVERFLOW = 0,     /* of the histograms: all without --by; else what found no room */
};

/* --by: what tells one histogram from another. Zero where there is nothing. */
struct row_key {
	__u64 bits[TICTOC_MAX_BY]; /* scalars; of a string its number of bytes */
	char text[TICTOC_MAX_TEXTS][TICTOC_TEXT];
	__u32 errors; /* a byte for each value, its enum value_state; 0: it is there */
	__u32 unused;
};

/* The values at TIC, until TOC. */
struct tic_values {
	struct bay_value values[SNAPLINE_MAX_VALUES];
	__u8 data[TIC_DATA + TIC_SLACK];
};

/* In the record of a slow pair, as a chunk of kind CHUNK_TIC; then struct tic_values if has_values.
 */
struct tic_part {
	__u64 elapsed;	/* ns */
	__u64 tic_time; /* CLOCK_MONOTONIC */
	__u64 tic_hit;
	__u32 tic_pid, tic_tid;
	__u32 has_values;
	__u32 tic_place;
};

#endif
