/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel: loads the programs of bpf/ with generated instructions in their bays, attaches them,
 * and hands over what they write. The only room that includes libbpf. Only plain data crosses this
 * header: instructions, tables, numbers, records.
 *
 * A session has the states  started -> attached (any number of times) -> stopped -> freed.
 * One thread uses it.
 */
#ifndef SNAPLINE_LOAD_H
#define SNAPLINE_LOAD_H

#include "base/error.h"
#include "gen/gen.h"
#include "base/histogram.h"
#include "bay.h"
#include "buckets.h"
#include "count.h"
#include "record.h"
#include "pair.h"

/* What the kernel offers and permits, found by trying on an own child, never by version. */
struct load_features {
	bool privileged;      /* programs load at all; if not, `why` */
	bool btf;	      /* /sys/kernel/btf/vmlinux */
	bool perf_links;      /* perf_event_open with a uprobe */
	bool multi_links;     /* uprobe_multi, 6.6 */
	bool multi_pids;      /* ... of a process see all its threads, 6.10 */
	bool cookies;	      /* 5.15: places share programs */
	bool ring_buffer;     /* 5.8 */
	bool sleepable;	      /* uprobe.s with the find_vma check: faulting allowed */
	bool loop_helper;     /* bpf_loop(), 5.17 */
	bool fetch_add;	      /* atomic fetch and add, 5.12: exact -n in the kernel */
	bool signed_division; /* 6.6 */
	bool bounded_loops;   /* 5.3 */
	bool misses;	      /* recursion_misses of a program are readable, 6.7 */
	bool emulated_nop;    /* a probe on a one-byte nop is emulated, measured on an own child */
	const char *no_session; /* a clause; NULL: there are session links */
	char why[256];	      /* first refusal, a sentence with its cure; "" if none */
};
/* Never fails: what can't be tried is false and `why` says so. Loads a few small programs: 10 ms.
 */
void load_probe_features(struct load_features *features);
/* After it, for doctor, in half a second: `misses`, `multi_pids`, `emulated_nop`, `no_session`. */
void load_measure_features(struct load_features *features);
/*
 * Are session links there (6.13), and do they leave the program alive that returns through them,
 * also with a seccomp filter? Tried on an own child. False: *why is a clause.
 */
bool load_try_sessions(const char **why);

/* What a hit whose program does nothing takes on this machine, by the instruction. */
struct load_costs {
	bool known; /* false: nothing may be attached */
	u64 emulated_ns, stepped_ns;
};
/* Measured on an own child when first asked for (20 ms); the child may outlive the call. */
void load_measure_costs(struct load_costs *costs);

/* Places whose instructions are the same share one program. */
struct load_program {
	struct gen_code condition;	    /* n 0: always true */
	struct gen_code roots;		    /* n 0: no roots */
	u32 root_nodes[SNAPLINE_MAX_ROOTS]; /* root i is an object of this read table node; 0: none
					     */
	u32 n_roots;
	struct gen_code values; /* n 0: none */
	struct value_slot value_slots[SNAPLINE_MAX_VALUES];
	u32 n_values;
	bool is_toc; /* tic-toc: runs at TOC */
};

struct load_place {
	u32 index;	  /* record_head.place; unique, below LOAD_MAX_PLACES */
	u32 probe;	  /* index of the user's PLACE: limits and counts are per probe */
	u32 program;	  /* index into programs */
	const char *path; /* by which this process opens the file */
	const char *shown; /* in messages; NULL: path */
	u64 offset;	  /* file offset of the probed instruction */
	u64 pc;		  /* bias = ip - pc */
	u32 pair;	  /* tic-toc of functions: which one; its CFA there: */
	s32 cfa_offset;
	bool cfa_is_fp; /* from the frame pointer; else from the stack pointer */
	bool by_goroutine; /* tic-toc by thread or function: not by the thread */
};

enum {
	LOAD_MAX_PLACES = 65536,
	LOAD_MAX_PROBES = 4096,
	LOAD_MAX_PIDS = 16384,
};

/* Per probe, the same for all. 0: none, always. */
struct load_limits {
	u64 hits;	 /* emitted at most; user space keeps it exactly */
	u64 duration_ns; /* from load_attach(); later hits are over_limit */
	u64 rate;	 /* emitted a second; see gate.bpf.h for its precision */
	u64 skip;	 /* the first N hits are over_limit */
	u64 sample;	 /* of each N hits after that, N - 1 are over_limit */
};

enum load_filter {
	LOAD_ANY,    /* every process that runs the code */
	LOAD_PIDS,   /* pids[], and load_add_pid(); attached to those only, LOAD_CALLS to all */
	LOAD_FOLLOW, /* the same and their descendants; attached to all, checked in the program */
	/*
	 * pids[], their descendants, and all that execute binary_path, until they execute another
	 */
	LOAD_BINARY,
	LOAD_SET,    /* pids[] and load_add_pid(); attached to all, checked in the program */
};

/* What the programs do at a hit: which compiled object is loaded. */
enum load_instrument {
	LOAD_SNAP,
	LOAD_LOG,
	LOAD_COUNT,
	LOAD_TICTOC,
	LOAD_CALLS, /* tic-toc of functions by session links: places are tics; load_try_sessions() */
};

/* What LOAD_TICTOC and LOAD_CALLS want besides. The probes are PROBE_TIC and PROBE_TOC. */
struct load_tictoc {
	enum tictoc_mode mode;
	bool selects;	   /* a tic can be rejected: condition, skip, sample */
	u32 n_keys;	   /* values at each end, in this order: --key (0 or 1), */
	u32 n_by;	   /* --by, at TIC or at TOC, */
	u32 n_captures;	   /* and what is kept from TIC for slow pairs */
	bool by_at_toc;
	bool slower;	   /* slow pairs are emitted, at limits.rate */
	u64 slower_ns;	   /* pairs of at least so long; UINT64_MAX: none yet */
	u32 max_open;	   /* pairs (LOAD_CALLS: threads); what finds no room is lost */
	u32 max_rows;	   /* of --by; what finds no room is one more */
};

enum load_links { LOAD_LINKS_AUTO, LOAD_LINKS_PERF, LOAD_LINKS_MULTI };

/* Of LOAD_COUNT (include/count.h). All 0: hits of places are counted, and nothing else. */
struct load_counting {
	u32 keys;	/* rows at most; 0: no rows */
	u32 n_values;	/* values of a key: the first of each program's */
	bool strings;	/* some of them are text */
	bool pids;	/* some are code addresses: keys hold the process */
	bool histogram; /* the value behind them is the number */
	bool is_signed; /* it can be negative */
	bool stacks;	/* each hit is a record with its stack and key, instead of a row */
};

struct load_config {
	enum load_instrument instrument;
	struct load_counting counting;
	const struct load_program *programs;
	size_t n_programs;
	const struct load_place *places;
	size_t n_places;
	const struct read_node *nodes; /* nodes[0] is none */
	size_t n_nodes;
	const struct read_edge *edges;
	size_t n_edges;
	u32 n_probes;
	struct load_limits limits;
	enum load_filter filter;
	const int *pids; /* as this process's pid namespace calls them */
	size_t n_pids;
	const u64 *pid_ticks; /* NULL, or proc_start_time() of each: one that has another by now is gone */
	const char *binary_path; /* LOAD_BINARY: the file */
	u32 stack_bytes;       /* copied from sp - red zone; 0: none; at most 256 KiB */
	u32 data_bytes;	       /* for what the walk reads; 0: 32 KiB; at most 256 KiB */
	u32 buffer_bytes;      /* of each CPU's ring; 0: 4 MiB; rounded up to a power of two */
	bool fault;	       /* may fault plain memory in, if the kernel can (DESIGN.md) */
	bool budget;	       /* load_use() and load_detach() will be called */
	bool paused;	       /* starts with the gate closed: load_resume() opens it */
	bool old_kernel;       /* for tests: use nothing that is newer than 5.10 */
	enum load_links links; /* AUTO, but for tests */
	struct load_tictoc tictoc;
	unsigned verbose; /* 1: the verifier's log of a failure; 2: libbpf's messages too, on stderr
			   */
};

/* A key and what was counted under it. */
struct load_count_row {
	struct count_key key;
	u64 hits;
	u64 absent;			     /* of them without a number */
	const struct histogram_cells *cells; /* NULL: none; two: of positive and negative numbers */
};

/* Of one probe: DESIGN.md, "Accounting". hits = the sum of the six classes below. */
struct load_counts {
	u64 hits, over_limit, condition_error, condition_false, rate_limited, buffer_full, emitted;
	u64 faulted; /* reads that faulted memory in; outside the sum */
};

struct load_session;

/* Loads; attaches nothing. ERROR_PRIVILEGE says what to grant or which feature is missing. */
struct error *load_start(const struct load_config *config,
			 struct load_session **session) _must_use_;
/* Adds a process to the filter (LOAD_PIDS: also attaches to it, if load_attach() was called). */
struct error *load_add_pid(struct load_session *session, int pid) _must_use_;
enum load_again {
	LOAD_NOT_AGAIN,	  /* there was no need */
	LOAD_AGAIN,	  /* new links of that process */
	LOAD_AGAIN_WIDER, /* links of all processes that run the files */
};
/*
 * LOAD_PIDS: the process's first thread has ended, or is another one now, which has executed a
 * program. Links go by that thread, so others are made.
 */
struct error *load_attach_again(struct load_session *session, int pid,
				enum load_again *how) _must_use_;
/*
 * LOAD_PIDS: a process has forked. Children are not probed, but their memory may still have
 * breakpoints that were copied into it: takes them out, which takes about as long as to attach.
 * False: not of all.
 */
bool load_clear_children(struct load_session *session);
/*
 * LOAD_FOLLOW, LOAD_BINARY: does a process of the filter live? The kernel adds and removes
 * descendants.
 */
bool load_follows(struct load_session *session);
/* Attaches all places. With LOAD_PIDS a process that is gone is left out. */
struct error *load_attach(struct load_session *session) _must_use_;
/* Adds places (their programs are among those of load_start()) and attaches them. */
struct error *load_attach_more(struct load_session *session, const struct load_place *places,
			       size_t n) _must_use_;
size_t load_attached(const struct load_session *session); /* links of places that stand; 0: no process was left */
/* Opens the gate of a session that started paused: hits before it were over_limit. */
void load_resume(struct load_session *session);
/* Closes it again, at once: all further hits are over_limit. */
void load_pause(struct load_session *session);

/*
 * The next record in the order of time (records that come later than 20 ms are handed over late).
 * Waits at most timeout_ms; then, on a signal, and when wake_fd (-1: none) becomes readable,
 * *record is NULL. The record is trimmed: chunks follow the head, chunk bytes follow the chunks,
 * `size` is exact; it is valid until the next call. Of LOAD_LOG it is a struct log_head.
 * ERROR_FAILED: there was something in the rings that isn't a record, so hits are lost.
 */
struct error *load_next(struct load_session *session, int timeout_ms, int wake_fd,
			const struct record_head **record) _must_use_;
/* Every probe has emitted its limit, or time is up: nothing more will come but what load_next()
 * has. */
bool load_finished(const struct load_session *session);
/*
 * Closes the links. After it load_next() gives what is left in the rings, without waiting, then
 * NULL; then load_counts() is final.
 */
void load_stop(struct load_session *session);
/*
 * What was used so far, by the probes and by the processes of the filter; arrays by
 * load_place.index, of config.n_places, valid until the next call.
 */
struct load_use {
	u64 time_ns; /* CLOCK_MONOTONIC */
	u64 cpu_ns;  /* CPU time of the processes since the first call, hits included */
	u64 *hits;
	u64 *own_ns; /* of a hit, what the program itself takes on average; 0: not known */
};
/* Of a session with `budget`, not too often: each call looks at every process. */
void load_use(struct load_session *session, struct load_use *use);
/*
 * Takes out those places: their breakpoints are gone when it returns, what they have counted stays.
 * The other places lose no hit. On failure more of them may be out.
 */
struct error *load_detach(struct load_session *session, const u32 *places, size_t n) _must_use_;
/* Counts of one probe; while attached, a snapshot of them. */
void load_counts(struct load_session *session, u32 probe, struct load_counts *counts);
/* LOAD_COUNT: emitted hits of the places of index 0 to n - 1; exact once stopped. */
void load_place_hits(struct load_session *session, u64 *hits, u32 n);
/* The rows, in the arena and in no order; *lost[probe]: hits that found no room for a new key. */
struct error *load_count_rows(struct load_session *session, struct arena *arena, struct load_count_row **rows,
			size_t *n, u64 **lost) _must_use_;
/* Hits that the kernel did not deliver, over all programs; false: it doesn't say. */
bool load_missed(struct load_session *session, u64 *missed);
/*
 * Tic-toc. load_counts() of PROBE_TIC has the tics as hits, pairs as emitted, and the rejected in
 * three classes; hits = those + open + overwritten + left + lost.
 */
struct load_pairs {
	u64 open, overwritten, left, lost;
	u64 toc_alone, key_error;			  /* tocs without a tic, or a key */
	u64 slow, slow_rate, slow_full, slow_emitted;	  /* the first is the sum of the others */
	u64 uncaptured;
};
void load_pairs(struct load_session *session, struct load_pairs *pairs);
/* Takes out open pairs whose thread (or, with keys, process) has ended: they are `left`. */
void load_sweep_pairs(struct load_session *session);
void load_set_slower(struct load_session *session, u64 slower_ns);
/* One histogram of elapsed ns. */
struct load_tictoc_row {
	struct row_key key;
	bool is_overflow; /* what found no room, or all without --by: no key */
	struct histogram histogram;
};
/* Those with at least one pair, the overflow row last. In the arena. */
void load_tictoc_rows(struct load_session *session, struct arena *arena, struct load_tictoc_row **rows,
	       size_t *n);
/* Instructions the verifier processed and the size of the records, for -v and explain. */
struct load_info {
	u32 n_programs, n_links, record_bytes, n_rings;
	u64 verified_insns; /* of the largest program; 0: the kernel doesn't say */
	bool faulting, multi, fetch_add;
};
void load_info(const struct load_session *session, struct load_info *info);
void load_free(struct load_session *session); /* stops it if it isn't; NULL is fine */

#endif
