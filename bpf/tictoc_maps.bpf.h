/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
/* Maps and knobs of tic-toc. */
#ifndef SNAPLINE_TICTOC_MAPS_BPF_H
#define SNAPLINE_TICTOC_MAPS_BPF_H

#include "value_maps.bpf.h"
#include "pair.h"

enum { SCRATCH_SLOTS = 8 }; /* programs that can be under way on one CPU */

const volatile u32 knob_pair_mode = PAIR_FUNCTION;
const volatile bool knob_selects = false; /* a tic can be rejected */
const volatile u32 knob_keys = 0;	  /* 1: the first value is --key */
const volatile u32 knob_by = 0;		  /* --by expressions: the values that follow */
const volatile bool knob_by_at_toc = false;
const volatile u32 knob_captures = 0; /* values behind them, at TIC */
const volatile bool knob_slower = false;
const volatile u32 knob_stripes = 1; /* of each histogram; a power of two */
const volatile u32 knob_rows = 1;

/* Pairs that took at least so many ns are slow; user space moves it. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u64);
} slower SEC(".maps");

/* Open pairs. Bounded, and never forgets: what finds no room is counted. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, struct pair_key);
	__type(value, struct pair_open);
} pairs SEC(".maps");

/* What was captured at the tic of an open pair. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, struct pair_key);
	__type(value, struct tic_values);
} captured SEC(".maps");

/* --by: from a key to its row of the histograms. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, struct row_key);
	__type(value, u32);
} rows SEC(".maps");

/* Element row * knob_stripes + stripe. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct histogram_cells);
} histograms SEC(".maps");

/* Rows that are given out. */
struct row_state {
	u64 used;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct row_state);
} row_states SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct tictoc_counts);
} tictoc_counts SEC(".maps");

/* Of calls.bpf.c, by pid_tgid. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, u64);
	__type(value, struct thread_calls);
} threads SEC(".maps");

/* Too large for the stack. A program can be preempted by another on its CPU, so it takes a free
 * one. */
struct scratch {
	u64 busy;
	struct tic_values tic;
	struct row_key row;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, SCRATCH_SLOTS);
	__type(key, u32);
	__type(value, struct scratch);
} scratches SEC(".maps");

#endif
