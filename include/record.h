/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
/*
 * What the kernel side writes and the user side reads. Fixed width, host byte order; each struct
 * stands once. A record is one reservation of a ring buffer: header, then parts.
 */
#ifndef SNAPLINE_RECORD_H
#define SNAPLINE_RECORD_H

#include <linux/types.h>

#include "bay.h"

#define SNAPLINE_RECORD_MAGIC 0x50414e53 /* "SNAP" */
#define SNAPLINE_LOG_MAGIC 0x20474f4c	 /* "LOG " */

enum {
	SNAPLINE_SLOTS = 34, /* u64s of saved pt_regs: arm64 has 34, x86-64 21 */
	SNAPLINE_COMM = 16,
	SNAPLINE_MAX_CHUNKS = 512,
	SNAPLINE_MAX_CPUS = 16,			    /* with ring buffers of their own */
	SNAPLINE_MAX_RINGS = 2 * SNAPLINE_MAX_CPUS, /* a near and a far one each */
	SNAPLINE_MAX_RETURNS = 8,
};

/*
 * A return address that a pending return probe, another tool's, has replaced by the
 * address of its trampoline (kernel/events/uprobes.c, struct return_instance).
 */
struct record_return {
	__u64 stack;   /* the stack pointer at the function's entry */
	__u64 address; /* what stood on the stack, or in the link register */
};

/* Header of a snapshot; all records begin with its members up to ktime. */
struct record_head {
	__u32 magic;
	__u32 size;  /* bytes in use, header included; the rest of the reservation is garbage */
	__u32 place; /* index of the place in the plan */
	__u32 cpu;
	__u64 ktime; /* bpf_ktime_get_ns(): CLOCK_MONOTONIC */
	__u64 boottime;
	__u32 pid, tid; /* as snapline's pid namespace calls them; 0: not visible there */
	__u32 global_pid, global_tid;
	__u64 start_time;     /* of the process, ns since boot: tells a pid from its reuse */
	__u64 thread_pointer; /* fs base, tpidr */
	__u64 hit;	      /* number of this hit at this probe, from 1 */
	char comm[SNAPLINE_COMM];
	__u64 regs[SNAPLINE_SLOTS];
	struct record_return returns[SNAPLINE_MAX_RETURNS]; /* newest first; 0: no more */
	__u32 n_chunks;
	__u32 data_offset; /* of the chunks' bytes, from the start of the record */
};

/* A log line: this, then n_values values, then the bytes that some of them have. */
struct log_head {
	__u32 magic;
	__u32 size;  /* of the whole record */
	__u32 place; /* index of the place in the plan */
	__u32 cpu;
	__u64 ktime; /* bpf_ktime_get_ns(): CLOCK_MONOTONIC */
	__u32 pid, tid;
	__u64 start_time; /* of the process, ns since boot */
	__u64 ip;	  /* of the probe */
	__u64 hit;
	__u64 suppressed; /* hits of this probe so far that the rate left out */
	__u64 lost;	  /* ... that had no room in the ring */
	char comm[SNAPLINE_COMM];
	__u32 n_values;
	__u32 data_offset; /* of the values' bytes, from the start of the record */
};

enum chunk_state {
	CHUNK_OK = 0,
	CHUNK_NOT_RESIDENT = 1, /* could not be read without faulting, and was not faulted */
	CHUNK_BAD_ADDRESS = 2,	/* no such memory */
	CHUNK_FAULTED = 3,	/* read, after faulting it in */
	CHUNK_NO_ROOM = 4,	/* the record was full */
};

/* Of a chunk; from CHUNK_TIC on it is no memory of the process. */
enum chunk_kind {
	CHUNK_STACK = 0,
	CHUNK_POINTEE = 1,
	CHUNK_STRING = 2,
	CHUNK_TIC = 3, /* what tic-toc knows of the pair (pair.h) */
	CHUNK_KEY = 4, /* struct count_key */
};

/* One piece of memory. */
struct record_chunk {
	__u64 address;
	__u32 len;
	__u32 offset; /* of its bytes, from data_offset */
	__u16 state;  /* enum chunk_state */
	__u16 kind;   /* enum chunk_kind */
	__u32 node;   /* read table node */
};

#endif
