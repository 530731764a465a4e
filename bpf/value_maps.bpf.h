/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
/* The table of the values (bay.h), for the programs that have some. */
#ifndef SNAPLINE_VALUE_MAPS_BPF_H
#define SNAPLINE_VALUE_MAPS_BPF_H

#include "maps.bpf.h"

/* Of program p, value i: element p * SNAPLINE_MAX_VALUES + i. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct value_slot);
} value_slots SEC(".maps");

#endif
