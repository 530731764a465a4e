/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The ring buffers of the session (kernel/bpf/ringbuf.c), merged by time. A record waits here 20 ms
 * for older ones of other rings; one that was reserved but is not yet committed stops its own ring
 * only. What waits is bounded; when that is full the oldest goes without waiting.
 */
#ifndef SNAPLINE_RINGS_H
#define SNAPLINE_RINGS_H

#include "base/error.h"
#include "record.h"

struct rings;

/* Rings as one process has made them and another maps them. */
struct ring_set {
	size_t n;		       /* at most SNAPLINE_MAX_RINGS */
	int fds[SNAPLINE_MAX_RINGS];   /* BPF ring buffer maps, */
	u64 bytes[SNAPLINE_MAX_RINGS]; /* a power of two each */
};

/* The descriptors are closed by rings_free(), on failure here. */
struct error *rings_new(const struct ring_set *set, struct rings **rings) _must_use_;
/*
 * Takes in what is there, but not more often than each half millisecond unless `at_once`: a record
 * that comes to an empty ring costs the thread that hit an interrupt (kernel/bpf/ringbuf.c,
 * bpf_ringbuf_commit()), so they are let gather.
 */
void rings_take(struct rings *rings, bool at_once);
/* Waits at most timeout_ms for something, and takes it in. False: interrupted or woken. */
bool rings_wait(struct rings *rings, int timeout_ms, int wake_fd);
/*
 * The oldest record if it has waited long enough, or if `all`; NULL: none. Trimmed and checked; the
 * caller frees it.
 */
struct record_head *rings_pop(struct rings *rings, bool all);
/* Milliseconds until rings_pop() has one; -1: nothing waits. */
int rings_next_ms(const struct rings *rings);
/* What was taken out so far that isn't a record, and was left out. */
u64 rings_foreign(const struct rings *rings);
/* For another process that reads them instead. */
void rings_show(const struct rings *rings, struct ring_set *set);
void rings_free(struct rings *rings);

#endif
