/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
/*
 * The key of a hit, and the row that it belongs to. Functions are not inlined for the sake of the
 * stack: 512 bytes hold the caller's frame and one of these at a time.
 */
#ifndef SNAPLINE_KEY_BPF_H
#define SNAPLINE_KEY_BPF_H

#include "count_maps.bpf.h"
#include "histogram.bpf.h"
#include "hit.bpf.h"
#include "process.bpf.h"

_inline_ struct value_slot *value_slot(const struct hit *hit, u32 value)
{
	u32 at = PROGRAM_INDEX(hit->word) * SNAPLINE_MAX_VALUES + value;

	return bpf_map_lookup_elem(&value_slots, &at);
}

/* The state; the bytes behind the NUL stay zero, so that equal strings are equal keys. */
_inline_ u8 key_string(char *bytes, u64 address, u32 size)
{
	u64 room = (u64)size + 1;
	char next = 0;
	long len;

	/* Else the bound is on a copy of it, which the verifier sees only from 6.4 on. */
	asm volatile("" : "+r"(room));
	if (room > COUNT_STRING_BYTES)
		room = COUNT_STRING_BYTES;
	len = bpf_probe_read_user_str(bytes, room, (void *)address);
	if (len < 0)
		return address < PAGE_BYTES ? VALUE_BAD_ADDRESS : VALUE_NOT_RESIDENT;
	if (len < COUNT_STRING_BYTES || size < COUNT_STRING_BYTES)
		return VALUE_OK;
	bpf_probe_read_user(&next, 1, (void *)(address + COUNT_STRING_BYTES - 1));
	return next ? COUNT_CUT : VALUE_OK;
}

_inline_ u8 key_text(char *bytes, const struct bay_value *value, u32 size)
{
	if (size)
		return key_string(bytes, value->bits, size);
	return bpf_get_current_comm(bytes, SNAPLINE_COMM) ? VALUE_UNREADABLE : VALUE_OK;
}

_inline_ void key_fill(struct count_key *key, const struct hit *hit, const struct bay_value *values)
{
	u32 strings = 0;

	__builtin_memset(key, 0, sizeof(*key));
	key->probe = hit->place->probe;
	if (knob_key_pid)
		key->pid = current_pid_here();
#pragma unroll
	for (u32 i = 0; i < COUNT_KEYS; i++) {
		struct value_slot *slot;

		if (i >= knob_keys)
			break;
		slot = value_slot(hit, i);
		if (!slot)
			break;
		key->states[i] = values[i].state;
		if (slot->kind != VALUE_STRING) {
			key->numbers[i] = values[i].bits;
			continue;
		}
		if (values[i].state == VALUE_OK && strings < COUNT_STRINGS && knob_strings)
			key->states[i] = key_text(key->strings[strings], &values[i], slot->size);
		/* User space may find the text in the file. */
		if (key->states[i] == VALUE_NOT_RESIDENT) {
			key->numbers[i] = values[i].bits;
			key->pid = current_pid_here();
		}
		strings++;
	}
}

_inline_ void row_overflow(const struct hit *hit)
{
	u64 *hits = bpf_map_lookup_elem(&overflow, &hit->place->probe);

	if (hits)
		__sync_fetch_and_add(hits, 1);
}

/* Two CPUs that bring a new key at once may both take a slot, and one is lost: there are spare
 * ones.
 */
_inline_ struct count_row *row_new(const struct count_key *key)
{
	struct count_row fresh = {.slot = COUNT_NO_ROW};
	u64 slot;

	if (knob_histogram) {
		slot = fetch_and_increment((u64 *)&slots_taken);
		if (slot < knob_slots)
			fresh.slot = slot;
	}
	bpf_map_update_elem(&rows, key, &fresh, BPF_NOEXIST);
	return bpf_map_lookup_elem(&rows, key);
}

_inline_ void row_histogram(struct count_row *row, const struct bay_value *value)
{
	struct histogram_cells *cells;
	u32 at = 2 * row->slot;
	s64 number = value->bits;

	if (value->state != VALUE_OK || row->slot == COUNT_NO_ROW) {
		__sync_fetch_and_add(&row->absent, 1);
		return;
	}
	if (knob_signed && number < 0) {
		number = -number;
		at++;
	}
	cells = bpf_map_lookup_elem(&histograms, &at);
	if (cells)
		histogram_add(cells, number);
}

static __attribute__((noinline)) int row_add(const struct hit *hit, const struct bay_value *values)
{
	struct count_key key;
	struct count_row *row;

	key_fill(&key, hit, values);
	row = bpf_map_lookup_elem(&rows, &key);
	if (!row)
		row = row_new(&key);
	if (!row) {
		row_overflow(hit);
		return 0;
	}
	__sync_fetch_and_add(&row->hits, 1);
	if (knob_histogram)
		row_histogram(row, &values[knob_keys]);
	return 0;
}

#endif
