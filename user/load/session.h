/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of this room share; nobody outside includes it. */
#ifndef SNAPLINE_SESSION_H
#define SNAPLINE_SESSION_H

#include "base/arena.h"
#include "load/load.h"
#include "load/rings.h"
#include "probe.h"

struct bpf_object;
struct bpf_program;

/* A program as libbpf has relocated it, ready to be patched and loaded as often as needed. */
struct program_image {
	struct bpf_insn *insns;
	size_t n;
	void *func_info;
	u32 func_info_size, n_func_info;
	int btf_fd;
};

struct session_place {
	struct load_place place;
	u32 prog; /* index in the session's progs */
	bool out; /* load_detach() */
};

enum { NO_PROG = UINT32_MAX };

/* What a program is loaded from. */
struct prog_source {
	u32 program; /* of config.programs */
	u32 place;   /* whose alone it is, if one_place */
	bool one_place;
	bool is_wide; /* PROGRAM_IS_WIDE */
};

/* A program that is loaded, and what its runs took when that was measured last. */
struct prog {
	int fd;
	struct prog_source source;
	u32 wide;	  /* the same with PROGRAM_IS_WIDE; NO_PROG: not loaded */
	u64 run_ns, runs; /* as the kernel had them then (BPF_ENABLE_STATS) */
	u64 own_runs;	  /* hits of its places since then */
	u64 mean_ns;	  /* of a hit; 0: not known */
};

/* Of the kernel: ends with its descriptor. */
struct link {
	int fd;
	int pid;     /* whose alone it is; -1: of all */
	u32 *places; /* their indices, malloc'ed; NULL: none, it follows processes */
	u32 n_places;
	u64 flag; /* COOKIE_SWAPPED or 0: in its cookies */
};

struct load_session {
	struct arena *arena;
	struct load_config config; /* its arrays are copies in the arena */
	struct load_info info;
	bool is_remote; /* the keeper has the kernel side, under the same calls (remote.h) */
	u64 *remote_hits, *remote_own_ns; /* load_use() of such */
	struct bpf_object *object;
	struct program_image image;
	struct prog *progs; /* one a program that is loaded; without cookies one a place */
	size_t n_progs, prog_capacity;
	u32 *prog_of; /* of config.programs[i], where its places share it; NO_PROG: not loaded yet */
	struct session_place *places; /* by load_place.index; path NULL: none */
	size_t place_capacity;
	u32 *order; /* indices of places, in the order they were added */
	size_t n_places;
	int *pids;
	size_t n_pids, pid_capacity;
	int binary_fd; /* LOAD_BINARY; 0: none */
	struct link *links;
	size_t n_links, link_capacity;
	int uprobe_type; /* of perf_event_attr */
	bool perf;	 /* perf links may be made */
	bool each_alone; /* each place has a link of its own */
	/*
	 * Each process is linked by itself. By a session link it is not, as where the kernel leaves
	 * the process out for us the program isn't asked, and a return is made of it all the same.
	 */
	bool by_pid;
	bool untold; /* that it was given up: load_attach_again() says it */
	u32 multi_type; /* attach type of programs and their multi links; 0: none */
	s32 is_return;	/* LOAD_CALLS: BTF id of bpf_session_is_return() */
	bool cookies;
	bool attached, stopped;
	u64 expires;		    /* CLOCK_MONOTONIC; 0: never */
	struct probe_state *states; /* mapped: config.n_probes of them */
	size_t states_len;
	u64 *delivered;	     /* records handed over, by probe */
	u64 *trimmed;	     /* records that came behind the limit, by probe */
	u32 n_swaps;	     /* links that were replaced */
	u64 pairs_left;	     /* tic-toc: open pairs that a sweep took out */
	struct usage *usage; /* NULL: nobody has asked */
	struct rings *rings;
	struct record_head *current; /* what load_next() gave last */
};

/* session.c: a process of the filter, that started at `expected` (ticks; 0: any), or nothing. */
struct error *session_add_pid(struct load_session *session, int pid, u64 expected) _must_use_;

/* The place's texts are the session's. */
void session_keep_place(struct load_session *session, struct load_place *place);
/* load.c: maps the states of the probes, of which fd is the map. */
struct error *session_map_states(struct load_session *session, int fd) _must_use_;
int session_states_fd(const struct load_session *session);

/* ring_maps.c: how many and how large, once record_bytes is known; then the maps. */
void ring_maps_knobs(struct load_session *session);
struct error *ring_maps_make(struct load_session *session) _must_use_;

/* load_stop() without its records, which another process reads. */
void session_close_links(struct load_session *session);
/* Is it in the set that the programs look up? */
bool session_has_pid(const struct load_session *session, int pid);
/* And is that number still the same process's? */
struct error *session_has_still(const struct load_session *session, int pid,
				bool *still) _must_use_;

/* program.c: open the object (object.h), load its maps and take the instructions. */
struct error *program_open(struct load_session *session) _must_use_;
struct error *program_take(struct load_session *session) _must_use_;
/* attach_type: of its links, 0 for perf links. */
struct error *program_load(struct load_session *session, const struct prog_source *source,
			   u32 attach_type, int *fd) _must_use_;
/* session.c: places get their programs anew, as those of links of all processes. */
struct error *session_load_wide(struct load_session *session) _must_use_;
/* swap.c: links are made between these two in place of others, which are closed before the end. */
void swap_begin(struct load_session *session, u32 newer);
void swap_end(struct load_session *session);

/* tictoc.c: is it either kind of tic-toc? Knobs and map sizes, before the object is loaded. */
bool tictoc_is_ours(const struct load_session *session);
void tictoc_prepare(struct load_session *session);
/* Has that thread (or process) ended, of which something is kept from `since` (ns, monotonic)? */
bool tictoc_has_ended(u32 id, bool is_process, u64 since);
/* calls.c, of LOAD_CALLS: open calls; those of ended threads, taken out and counted. */
u64 calls_open(struct load_session *session);
u64 calls_sweep(struct load_session *session);

/* count.c: nothing is asked of a hit but its place. */
bool count_is_plain(const struct load_config *config);
/* What LOAD_COUNT has besides; nothing for other instruments. */
void count_set_knobs(struct load_session *session);
void count_set_sizes(struct load_session *session);
/* While its probes are attached and closed one by one, a counter's hits are over_limit. */
void count_set_incomplete(struct load_session *session, bool incomplete);
/* Emitted hits of the place of that index. */
u64 count_place_hits(struct load_session *session, u32 place);
/* Adds what is kept by place. */
void count_emitted(struct load_session *session, u32 probe, struct load_counts *counts);

/* cpu_time.c: of the filter's processes, in ns since the first call. */
struct cpu_time *cpu_time_new(void);
u64 cpu_time_read(struct cpu_time *cpu, struct load_session *session);
void cpu_time_free(struct cpu_time *cpu);

/* usage.c: at the end, whether load_use() was called or not. */
void usage_free(struct load_session *session);
u32 usage_indices(const struct load_session *session); /* length of what load_use() gives */

/* attach.c: which kind of links, before anything is loaded. */
struct error *attach_choose(struct load_session *session) _must_use_;
/* Those places in that process; -1: in all. */
struct error *attach_places(struct load_session *session, const struct load_place *places, size_t n,
			    int pid) _must_use_;
/* Every place in one more process. */
struct error *attach_process(struct load_session *session, int pid) _must_use_;
/* widen.c: links of all processes, if one of by_pid has lost its first thread (*done). */
struct error *attach_widened(struct load_session *session, bool *done) _must_use_;
/* The same, and links of processes that have ended are dropped. */
struct error *attach_stale(struct load_session *session) _must_use_;
/* What LOAD_FOLLOW and LOAD_BINARY hear from the kernel; nothing for the other filters. */
struct error *attach_follow(struct load_session *session) _must_use_;
/*
 * One more link, of places of an old one that is of several; its cookies differ by the flag. *made:
 * false if the process has ended.
 */
struct error *attach_instead(struct load_session *session, const struct link *old,
			     const u32 *places, u32 n, bool *made) _must_use_;
/* Of the session from now on; with its own copy of the places. */
void link_keep(struct load_session *session, const struct link *link, const u32 *places, u32 n);
void link_close(struct link *link);
/* A multi link at places of one file, pid -1: of all processes; descriptor or negative errno. */
int link_places(struct load_session *session, int prog_fd, const u32 *places, u32 n, u64 flags,
		int pid);
/* trial.c: where own code is in this program's file. */
bool trial_offset(const void *code, u64 *offset);
/* The error for a refusal of the kernel: privilege, missing feature, or what errno says. */
struct error *kernel_error(int code, const char *what) _must_use_;

#endif
