/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
/*
 * Every map and every knob of the programs. Sizes given as 1 are set by user space before loading.
 * Knobs are constants by the time the verifier sees them: what they turn off costs nothing.
 */
#ifndef SNAPLINE_MAPS_BPF_H
#define SNAPLINE_MAPS_BPF_H

#include <stdbool.h>
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

#include "bay.h"
#include "kernel.h"
#include "probe.h"
#include "record.h"

#define _inline_ static inline __attribute__((always_inline))

enum { PAGE_BYTES = 4096 }; /* the smallest page of any CPU */

typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __u64 u64;
typedef __s64 s64;

/* Limits of every probe; 0: none (load.h, struct load_limits). */
const volatile u64 knob_limit = 0;
const volatile bool knob_expires = false; /* probe_state has when */
const volatile u64 knob_rate = 0;
const volatile u64 knob_skip = 0;
const volatile u64 knob_sample = 0;
/* Processes. */
const volatile u32 knob_process_mode = PROCESS_ANY;
const volatile u32 knob_namespace = 0;	  /* inode of our pid namespace; 0: the initial one */
const volatile bool knob_task_btf = true; /* bpf_get_current_task_btf() is there, 5.11 */
/* The record (record.bpf.h). */
const volatile u32 knob_rings = 1;	/* CPUs that have some */
const volatile u32 knob_near_bytes = 0; /* of a near ring; 0: each CPU has one ring */
const volatile u32 knob_record_bytes = 0;
const volatile u32 knob_data_at = 0;
const volatile u32 knob_stack_bytes = 0;
const volatile u32 knob_data_limit = 0; /* no read starts behind this offset in the data */
/* Places can be taken out, and hits are counted for each, whatever becomes of them. */
const volatile bool knob_budget = false;
const volatile bool knob_swaps = false; /* links can be replaced (swap.bpf.h) */
/* Values (values.bpf.h). */
const volatile u32 knob_values = 0;	 /* of the program that has the most */
const volatile u32 knob_value_bytes = 0; /* the most that is copied for one */

/* PROCESS_ONE: the pid, as our namespace calls it. */
volatile u32 one_pid = 0;
/* LOAD_BINARY: the file, as the address of its inode, which a descriptor of this process shows. */
volatile u64 binary_inode = 0;
volatile u32 binary_teacher = 0;
volatile u32 binary_fd = 0;
/* probe.h: SWAP_NONE, or while links are replaced which. */
volatile u32 swap = SWAP_NONE;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct place_config);
} places SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct probe_state);
	__uint(map_flags, BPF_F_MMAPABLE);
} probes SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct probe_counts);
} counts SEC(".maps");

/* Hits of a place, on one CPU. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u64);
} place_runs SEC(".maps");

/*
 * Of a thread (its id in the upper half) and a place: in which swap the newer link had its last
 * hit.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, u64);
	__type(value, u32);
} swap_marks SEC(".maps");

/* Processes that are looked at, by pid in our namespace, with start_boottime (0: not known). */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u64);
} pids SEC(".maps");

/* The read table (bay.h). */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct read_node);
} nodes SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct read_edge);
} edges SEC(".maps");

/* Of program p, root r: element p * SNAPLINE_MAX_ROOTS + r is its node. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u32);
} root_nodes SEC(".maps");

struct ring {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, SNAPLINE_MAX_RINGS);
	__type(key, u32);
	__array(values, struct ring);
} rings SEC(".maps");

#endif
