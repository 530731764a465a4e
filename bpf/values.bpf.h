/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
/*
 * After bay_values(): copies what the values point to, each to its own place in the data, as the
 * table says (bay.h, struct value_slot). The reservation holds knob_value_bytes more than the last
 * place, and a NUL, so that a bound on each of the two is enough for the verifier.
 */
#ifndef SNAPLINE_VALUES_BPF_H
#define SNAPLINE_VALUES_BPF_H

#include "fault.bpf.h"
#include "hit.bpf.h"
#include "value_maps.bpf.h"

#define FIRST_MAPPED 4096ull	 /* below: never mapped (vm.mmap_min_addr is more) */
#define END_OF_USER (1ull << 56) /* above: kernel or not canonical, on every CPU */

/* Bytes that came; a string's with its NUL; 0: none. */
_inline_ u64 value_read(void *to, u64 len, u64 address, bool is_string)
{
	long got;

	if (is_string) {
		got = bpf_probe_read_user_str(to, len + 1, (void *)address);
		return got > 0 ? got : 0;
	}
	return bpf_probe_read_user(to, len, (void *)address) ? 0 : len;
}

/* Faults its pages in, if they are plain memory: sleepable programs only. */
_inline_ u64 value_read_faulting(void *to, u64 len, u64 address, bool is_string, u32 *state)
{
	u64 next = (address | (PAGE_BYTES - 1)) + 1, got;
	u64 kind = vma_kind(address, is_string ? 1 : len);

	if (kind == VMA_NONE)
		*state = VALUE_BAD_ADDRESS;
	if (kind != VMA_PLAIN)
		return 0;
	if (!is_string)
		return bpf_copy_from_user(to, len, (void *)address) ? 0 : len;
	if (bpf_copy_from_user(to, 1, (void *)address))
		return 0;
	got = value_read(to, len, address, true);
	if (got || next > address + len || vma_kind(next, 1) != VMA_PLAIN)
		return got;
	return bpf_copy_from_user(to, 1, (void *)next) ? 0 : value_read(to, len, address, true);
}

/* Returns 1 if it had to fault. */
_inline_ u32 value_copy(void *data, struct bay_value *value, const struct value_slot *slot,
			bool may_fault)
{
	bool is_string = slot->kind != VALUE_BYTES;
	u64 at = slot->at, len = slot->size, got;
	/* Without looking at its mapping nothing more is known. */
	u32 state = may_fault ? VALUE_NOT_RESIDENT : VALUE_UNREADABLE, faulted = 0;

	if (at > knob_data_limit || !len || len > knob_value_bytes)
		return 0;
	if (value->bits < FIRST_MAPPED || value->bits >= END_OF_USER) {
		value->state = VALUE_BAD_ADDRESS;
		return 0;
	}
	got = value_read(data + at, len, value->bits, is_string);
	if (!got && may_fault) {
		got = value_read_faulting(data + at, len, value->bits, is_string, &state);
		faulted = got != 0;
	}
	if (!got) {
		value->state = state;
		return 0;
	}
	/* The NUL isn't counted; of a cut string it is the helper's, behind the last byte. */
	value->len = is_string ? got - 1 : got;
	return faulted;
}

/* The pointer of an inner string is in the bytes of another value. */
_inline_ bool value_find_inner(void *data, struct bay_value *values, struct bay_value *value,
			       const struct value_slot *slot)
{
	u64 from = slot->from, offset = slot->offset;

	value->state = VALUE_UNREADABLE;
	value->bits = 0;
	value->len = 0;
	if (from >= SNAPLINE_MAX_VALUES || from >= knob_values || values[from].state)
		return false;
	if (offset > knob_data_limit || knob_value_bytes < sizeof(u64))
		return false;
	value->bits = *(u64 *)(data + offset);
	value->state = VALUE_OK;
	return true;
}

/* Returns the number of reads that faulted. */
_inline_ u64 values_copy(void *data, struct bay_value *values, const struct hit *hit,
			 bool may_fault)
{
	u32 first = PROGRAM_INDEX(hit->word) * SNAPLINE_MAX_VALUES;
	u64 faulted = 0;

	for (u32 i = 0; i < SNAPLINE_MAX_VALUES && i < knob_values; i++) {
		u32 index = first + i;
		struct value_slot *slot = bpf_map_lookup_elem(&value_slots, &index);

		if (!slot || slot->kind == VALUE_SCALAR)
			continue;
		if (slot->kind == VALUE_INNER && !value_find_inner(data, values, &values[i], slot))
			continue;
		if (!values[i].state)
			faulted += value_copy(data, &values[i], slot, may_fault);
	}
	return faulted;
}

#endif
