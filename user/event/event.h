/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A record joined with its plan: what renderers see. The three steps fill one struct:
 * event_decode() the header, registers and memory; event_unwind() the frames; event_values() the
 * trees.
 */
#ifndef SNAPLINE_EVENT_H
#define SNAPLINE_EVENT_H

#include "base/arena.h"
#include "base/image.h"
#include "dwarf/dw.h"
#include "record.h"
#include "value/value.h"

enum event_kind { EVENT_SNAPSHOT, EVENT_LOG, EVENT_SUMMARY, EVENT_NOTICE, EVENT_COUNT,
		  EVENT_TICTOC, EVENT_PAIRS };

/* A module mapped in the process of the event. */
struct event_module {
	const char *path;    /* as the process sees it */
	u64 start, end;      /* run-time range, .bss included */
	u64 map_start;       /* of the first mapping that is known */
	u64 bias;            /* ip - pc */
	struct dw *dw;       /* NULL: the file could not be had; why in `missing` */
	const char *missing;
};

struct event_place {
	const char *function; /* NULL: unknown */
	const char *file;     /* NULL: unknown */
	unsigned line;
	u64 pc;               /* address as in the file */
	const char *module;
	const struct build_id *build_id;
};

struct frame {
	unsigned n;
	const char *function;      /* NULL: unknown */
	u64 function_offset;       /* pc - symbol, where only the symbol table is known */
	const char *file;          /* NULL: unknown */
	unsigned line;
	u64 ip;                    /* run-time address; for outer frames the return address */
	u64 pc;                    /* address as in the file, 0 without module */
	const struct event_module *module; /* NULL: none */
	bool is_inlined;
	bool is_tail_call;         /* not on the stack: the function ended in a jump to the inner one */
	bool is_signal;            /* signal trampoline, vdso ... */
	bool is_call;              /* ip is a return address: look up ip - 1 */
	bool late;                 /* found with memory that was read after the hit */
	bool is_guess;             /* found by the frame pointer, without call frame information */
	struct frame_regs *regs;   /* shared by an inlined frame and its outer one */
	bool has_cfa;
	u64 cfa;
	const struct dw_frame *dw_frame; /* scopes and variables; NULL without debug information */
	struct value **variables;
	size_t n_variables;
};

/* What --max-overhead has taken out of a probe. */
struct taken_out {
	u32 places, of; /* so many of its places; 0 of 0: nothing was watched */
	double seconds; /* from the start to the last of them */
};

/* Every hit is in exactly one class (DESIGN.md, "Accounting"). */
struct accounting {
	u64 hits, over_limit, condition_error, condition_false, rate_limited, buffer_full, emitted;
	bool missed_known;
	u64 missed;
	u64 faulted;       /* reads that had to fault memory in */
	double seconds;
	bool overhead_known; /* false: the probe wasn't watched */
	double overhead;     /* what its hits took, in percent of the target's own CPU time */
	struct taken_out taken_out;
};

struct process;
struct count_report; /* report.h */
struct tictoc_event;

struct event {
	enum event_kind kind;
	const char *probe;         /* the place as the user wrote it */
	u32 place_index;           /* in the plan */
	u64 id;                    /* 1, 2, ... in the order of output */
	u64 time_ns;               /* since the epoch */
	u64 ktime_ns;              /* CLOCK_MONOTONIC */
	u32 pid, tid, cpu;
	u64 hit;                   /* number of this hit at its probe, from 1 */
	const char *comm;
	struct event_place place;
	struct frame_regs *regs;
	struct image *image;
	struct process *process;   /* process.h */
	struct event_module *modules;
	size_t n_modules;
	u64 thread_pointer;
	const struct record_return *returns; /* pending return probes of other tools */
	size_t n_returns;
	struct frame *frames;
	size_t n_frames;
	const char *stack_end;     /* why unwinding ended */
	bool left_modules;         /* unwinding came to an address in no module that is known */
	bool stack_cut;            /* --frames or --stack ended it */
	struct value **captures;
	size_t n_captures;
	bool show_regs;
	/* LOG */
	const char *message;       /* with its values; bytes of the target as they are */
	size_t message_len;
	struct value **values;     /* one for each of the message, if they were asked for */
	size_t n_values;
	u64 suppressed, lost;      /* lines of this probe that are missing before this one: by the */
				   /* rate, by a full ring */
	struct accounting accounting; /* SUMMARY */
	const char *notice;        /* NOTICE: a sentence */
	const struct count_report *count; /* COUNT */
	/* TICTOC, PAIRS; of a SNAPSHOT that ends a pair, the pair (tictoc.h). Else NULL. */
	struct tictoc_event *tictoc;
	struct arena *arena;       /* everything above lives here */
};

#endif
