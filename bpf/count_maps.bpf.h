/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
/* The maps and knobs of counters (include/count.h). */
#ifndef SNAPLINE_COUNT_MAPS_BPF_H
#define SNAPLINE_COUNT_MAPS_BPF_H

#include "buckets.h"
#include "count.h"
#include "value_maps.bpf.h"

const volatile bool knob_plain = false; /* no limit, condition, key: places are all there is */
const volatile bool knob_gate = true;	/* there is a limit */
const volatile u32 knob_keys = 0;	/* values of a key */
const volatile bool knob_rows = false;
const volatile bool knob_strings = false;
const volatile bool knob_key_pid = false;
const volatile bool knob_histogram = false; /* of the value behind those of the key */
const volatile bool knob_signed = false;
const volatile bool knob_stacks = false;
const volatile u32 knob_slots = 0; /* histograms */

/* Not 0: some probes don't stand yet, or no longer. Places are counted for the same time, so that their
 * numbers can be compared. */
volatile u32 incomplete = 0;

/* Histograms that are given away. */
volatile u64 slots_taken = 0;

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u64);
} place_hits SEC(".maps");

/* Without strings, user space makes the keys end before them. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(struct count_key)); /* no type, as it changes */
	__type(value, struct count_row);
} rows SEC(".maps");

/* Of a probe: hits that found no room for a new key. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u64);
} overflow SEC(".maps");

/* Of slot s: element 2 * s, and 2 * s + 1 for the magnitudes of negative numbers. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct histogram_cells);
} histograms SEC(".maps");

#endif
