/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
/*
 * What a counter keeps. Hits of each place have a counter on every CPU. With keys (--by) or a
 * histogram there are rows besides: a bounded hash by the key, whose values of hits are exact, as
 * adds are atomic; hits that found no room for a new key are in the probe's overflow.
 */
#ifndef SNAPLINE_COUNT_H
#define SNAPLINE_COUNT_H

#include <linux/types.h>

enum {
	COUNT_KEYS = 4,	   /* values of a key */
	COUNT_STRINGS = 2, /* of them strings */
	COUNT_STRING_BYTES = 64,
	COUNT_CUT = 0x80, /* in a state: the string is longer */
	COUNT_NO_ROW = 0xffffffff,
};

/*
 * A value is text if its slot (bay.h) is of kind VALUE_STRING; of size 0 it is the thread's name.
 * Texts are numbered by themselves; of one that could not be read the number is the address.
 * Without any, the map's keys end before them.
 */
struct count_key {
	__u32 probe;
	__u32 pid; /* where values are code addresses, which mean something in one process; else 0
		    */
	__u8 states[COUNT_KEYS]; /* enum value_state, COUNT_CUT */
	__u32 unused;
	__u64 numbers[COUNT_KEYS];
	char strings[COUNT_STRINGS][COUNT_STRING_BYTES];
};

struct count_row {
	__u64 hits;
	__u32 slot; /* of its histogram; COUNT_NO_ROW: none */
	__u32 unused;
	__u64 absent; /* hits whose number for the histogram could not be had */
};

_Static_assert(sizeof(struct count_key) == 176, "count_key has no padding");

#endif
