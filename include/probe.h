/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
/* What user space tells the programs of bpf/ about places and probes, and what they count. */
#ifndef SNAPLINE_PROBE_H
#define SNAPLINE_PROBE_H

#include <linux/types.h>

/* A place: where it is in its file, and to which of the user's probes it belongs. */
struct place_config {
	__u64 pc;    /* bias = ip - pc */
	__u32 probe; /* index into probe_state and probe_counts */
	/* Tic-toc of functions (pair.h): */
	__u32 pair;	  /* which function */
	__s32 cfa_offset; /* its CFA is so many bytes from ... */
	__u32 cfa_is_fp;  /* ... the frame pointer; 0: the stack pointer */
	__u32 by_goroutine; /* not by the thread, also between two places */
	__u32 unused;
};

/* Of a probe, shared by all CPUs; a cache line pair of its own. */
struct probe_state {
	__u64 hits;	    /* runs after the process check */
	__u64 closed;	    /* not 0: the gate is closed; user space and the programs close it */
	__u64 claimed;	    /* hits that were given a number below the limit */
	__u64 window_start; /* of the rate, bpf_ktime_get_ns() */
	__u64 window_count; /* emitted in this window */
	/* Of a log: lines that were not written, so that the next one can say so. */
	__u64 suppressed; /* by the rate */
	__u64 lost;	  /* by a full ring */
	__u64 expires; /* bpf_ktime_get_ns() from which on hits are over the limit; 0: not known */
	__u64 unused[8];
};

/*
 * In the attach cookie of a link of several places, above the place's index. A link that has to
 * lose places is replaced by one that differs from it in this bit (bpf/swap.bpf.h).
 */
#define COOKIE_SWAPPED (1ull << 32)

/*
 * While links are replaced: the number of the replacement times SWAP_STEP, and by what the newer
 * ones are known. Else SWAP_NONE.
 */
enum {
	SWAP_NONE = 0,
	SWAP_TO_FLAGGED = 1, /* by COOKIE_SWAPPED; without it, that they don't have it */
	SWAP_TO_WIDE = 2,    /* by PROGRAM_IS_WIDE alone */
	SWAP_STEP = 4,
};

/* The class of a hit (DESIGN.md, "Accounting"), in the order in which they are asked. */
enum hit_class {
	HIT_OVER_LIMIT,
	HIT_CONDITION_ERROR,
	HIT_CONDITION_FALSE,
	HIT_RATE_LIMITED,
	HIT_BUFFER_FULL,
	HIT_EMITTED,
	HIT_CLASSES,
};

/* Of a probe, on one CPU. */
struct probe_counts {
	__u64 hits[HIT_CLASSES];
	__u64 faulted; /* reads that faulted memory in; outside the sum */
	__u64 unused;
};

/* How a program knows its processes. */
enum process_mode {
	PROCESS_ANY,
	PROCESS_ONE, /* one pid, which user space may change; 0: the set */
	PROCESS_SET,
};

/*
 * What differs between the programs of one session, in one word that the loader writes into their
 * instructions (bay.h, BAY_PROGRAM).
 */
#define PROGRAM_NEEDS_PROCESS (1ull << 0) /* bay_env: pid, tid */
#define PROGRAM_NEEDS_TIME (1ull << 1)
#define PROGRAM_NEEDS_COMM (1ull << 2)
#define PROGRAM_NEEDS_THREAD (1ull << 3) /* thread_pointer */
#define PROGRAM_NEEDS_HITS (1ull << 4)	 /* the number of the hit */
#define PROGRAM_HAS_CONDITION (1ull << 8)
#define PROGRAM_HAS_ROOTS (1ull << 9)
#define PROGRAM_HAS_VALUES (1ull << 11)
#define PROGRAM_ONE_PLACE (1ull << 10) /* the place is PROGRAM_PLACE, else the attach cookie */
#define PROGRAM_IS_TOC (1ull << 12)    /* of tic-toc: runs at TOC */
#define PROGRAM_IS_WIDE (1ull << 13)   /* of links of all processes, in place of those of each */
#define PROGRAM_INDEX(word) (((word) >> 16) & 0xffff)
#define PROGRAM_PLACE(word) ((word) >> 32)
#define PROGRAM_WORD(index, place, flags) \
	((__u64)(place) << 32 | (__u64)((index)&0xffff) << 16 | (flags))

#endif
