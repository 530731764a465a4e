/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The mappings of processes that may be gone before their record is read. Software events of the
 * kernel (perf_event_open, PERF_TYPE_SOFTWARE, COUNT_SW_DUMMY with mmap2, comm and task records)
 * say what is mapped, forked and ended; this keeps it for a minute after a process has ended.
 *
 * Only executable mappings. The kernel doesn't tell what is unmapped: where two overlap the later
 * one holds. Of a process that was there before watch_start() nothing is known until it forks or
 * executes or maps something, unless it is one of `pids`. Pids are those of the caller's namespace.
 */
#ifndef SNAPLINE_WATCH_H
#define SNAPLINE_WATCH_H

#include "base/error.h"

struct watch_map {
	u64 start, len;
	u64 offset;	  /* in the file */
	const char *path; /* as the process sees it */
	u32 dev_major, dev_minor;
	u64 inode;
	bool executable;
};

struct watch;

/* The descriptor of one CPU's events, or negative errno; for the process that hands it over. */
int watch_open(int cpu);

/*
 * These processes and their descendants; everyone: all others too, those from before as soon as
 * they map something. ERROR_PRIVILEGE if not permitted.
 */
struct error *watch_start(bool everyone, const int *pids, size_t n_pids,
			  struct watch **watch) _must_use_;
/*
 * Called by watch_poll(), each may be NULL: for a new executable mapping; for a process whose first
 * thread has ended while the process goes on, in other threads or as what one of those has
 * executed; for one that has forked. Of any process if everyone is watched.
 */
struct watch_calls {
	void (*mapped)(void *context, int pid, const struct watch_map *map);
	void (*headless)(void *context, int pid);
	void (*forked)(void *context);
	void *context;
};
void watch_call(struct watch *watch, const struct watch_calls *calls);
/* Takes in what the kernel has said. Cheap if that is nothing. */
void watch_poll(struct watch *watch);
/*
 * What was mapped in pid at ktime (CLOCK_MONOTONIC), oldest first. False if nothing is known of it.
 * Valid until the next watch_poll().
 */
bool watch_maps(struct watch *watch, int pid, u64 ktime, const struct watch_map **maps, size_t *n);
/*
 * When pid's mappings of files had last changed by ktime, as far as known: 0 if not since
 * watch_start(). What was read from /proc holds for all times that have the same answer.
 */
u64 watch_changed(const struct watch *watch, int pid, u64 ktime);
/* When the process ended; false: not that we know. */
bool watch_ended(struct watch *watch, int pid, u64 *ktime);
u64 watch_lost(const struct watch *watch); /* records the kernel dropped */
void watch_free(struct watch *watch);

#endif
