/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The mappings of processes that may be gone before their record is read. Software events of the
 * kernel (perf_event_open, PERF_TYPE_SOFTWARE, COUNT_SW_DUMMY with mmap2, comm and task records)
 * say what is mapped, forked and ended; this keeps it for a while after a process has ended.
 *
 * Mappings that existed before watch_start() aren't told: the caller reads /proc when it first sees
 * a process that is alive, and asks here when it is gone. Pids are those of the caller's namespace.
 */
#ifndef SNAPLINE_WATCH_H
#define SNAPLINE_WATCH_H

#include "base/error.h"

struct watch_map {
	u64 start, len;
	u64 offset;	  /* in the file */
	const char *path; /* as the process sees it */
	u32 dev_major, dev_minor;
	u64 inode; /* 0, and dev 0: told by build-id instead */
	u8 build_id[20];
	u8 build_id_len; /* 0: unknown */
	bool executable;
};

struct watch;

/* n_pids 0: every process. Only executable mappings are told. ERROR_PRIVILEGE if not permitted. */
struct error *watch_start(const int *pids, size_t n_pids, struct watch **watch) _must_use_;
/* Takes in what the kernel has said. Cheap if that is nothing. */
void watch_poll(struct watch *watch);
/*
 * What was mapped in pid at ktime (CLOCK_MONOTONIC), oldest first. False if nothing is known of it.
 * Valid until the next watch_poll().
 */
bool watch_maps(struct watch *watch, int pid, u64 ktime, const struct watch_map **maps, size_t *n);
/* When the process ended; false: not that we know. */
bool watch_ended(struct watch *watch, int pid, u64 *ktime);
u64 watch_lost(const struct watch *watch); /* records the kernel dropped */
void watch_free(struct watch *watch);

#endif
