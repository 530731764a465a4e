/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
/*
 * The values of tic-toc at one end of a pair, in the order key, by, captures: computed by the bay,
 * then what addresses stand for is copied into scratch memory. And the histogram that --by means.
 */
#ifndef SNAPLINE_TIC_VALUES_BPF_H
#define SNAPLINE_TIC_VALUES_BPF_H

#include "env.bpf.h"
#include "tictoc_maps.bpf.h"

#define FIRST_MAPPED 4096ull	 /* below: never mapped (vm.mmap_min_addr is more) */
#define END_OF_USER (1ull << 56) /* above: kernel or not canonical, on every CPU */

/* NULL: all are in use. */
_inline_ struct scratch *scratch_take(void)
{
	for (u32 i = 0; i < SCRATCH_SLOTS; i++) {
		u32 index = i;
		struct scratch *scratch = bpf_map_lookup_elem(&scratches, &index);

		if (!scratch)
			return NULL;
		if (!fetch_and_increment(&scratch->busy))
			return scratch;
		__sync_fetch_and_add(&scratch->busy, -1);
	}
	return NULL;
}

_inline_ void scratch_give(struct scratch *scratch)
{
	__sync_fetch_and_add(&scratch->busy, -1);
}

/* Returns the length; the caller gives an offset below TIC_DATA, behind which there is slack. */
_inline_ long comm_copy(struct tic_values *tic, u64 at)
{
	char comm[SNAPLINE_COMM];

	bpf_get_current_comm(comm, sizeof(comm));
	return bpf_probe_read_kernel_str(tic->data + at, sizeof(comm), comm) - 1;
}

_inline_ void value_copy(struct tic_values *tic, u32 i, const struct value_slot *slot)
{
	struct bay_value *value = &tic->values[i];
	u64 at = slot->at, size = slot->size;
	long got;

	value->len = 0;
	if (value->state != VALUE_OK || slot->kind == VALUE_SCALAR)
		return;
	if (at >= TIC_DATA || size >= TIC_SLACK || slot->kind == VALUE_INNER) {
		value->state = VALUE_UNREADABLE;
		return;
	}
	if (slot->kind == VALUE_STRING && !size) {
		got = comm_copy(tic, at);
	} else if (slot->kind == VALUE_STRING) {
		got = bpf_probe_read_user_str(tic->data + at, size + 1, (void *)value->bits);
		got = got > 0 ? got - 1 : -1;
	} else {
		got = bpf_probe_read_user(tic->data + at, size, (void *)value->bits) ? -1
										     : (long)size;
	}
	if (got >= 0)
		value->len = got;
	else if (value->bits < FIRST_MAPPED || value->bits >= END_OF_USER)
		value->state = VALUE_BAD_ADDRESS;
	else
		value->state = VALUE_NOT_RESIDENT;
}

/* n is a constant by then. */
_inline_ void values_read(struct scratch *scratch, struct pt_regs *ctx, const struct bay_env *env,
			  const struct hit *hit, u32 n)
{
	u32 first = PROGRAM_INDEX(hit->word) * SNAPLINE_MAX_VALUES;

	bay_values(ctx, env, scratch->tic.values);
	for (u32 i = 0; i < SNAPLINE_MAX_VALUES && i < n; i++) {
		u32 index = first + i;
		struct value_slot *slot = bpf_map_lookup_elem(&value_slots, &index);

		if (slot)
			value_copy(&scratch->tic, i, slot);
	}
}

/* Strings are told from numbers by their table; a string's bytes go to its place in the key. */
_inline_ void row_key_fill(struct scratch *scratch, const struct hit *hit)
{
	u32 first = PROGRAM_INDEX(hit->word) * SNAPLINE_MAX_VALUES + knob_keys, texts = 0;
	struct row_key *key = &scratch->row;

	__builtin_memset(key, 0, sizeof(*key));
	for (u32 i = 0; i < TICTOC_MAX_BY && i < knob_by; i++) {
		struct bay_value *value =
			&scratch->tic.values[(i + knob_keys) % SNAPLINE_MAX_VALUES];
		u32 index = first + i;
		struct value_slot *slot = bpf_map_lookup_elem(&value_slots, &index);
		u64 at;

		if (value->state != VALUE_OK) {
			key->errors |= value->state << (8 * i);
			continue;
		}
		if (!slot || slot->kind != VALUE_STRING) {
			key->bits[i] = value->bits;
			continue;
		}
		at = slot->at;
		key->bits[i] = value->len;
		if (at < TIC_DATA && texts < TICTOC_MAX_TEXTS)
			bpf_probe_read_kernel_str(key->text[texts], TICTOC_TEXT,
						  scratch->tic.data + at);
		texts++;
	}
}

/* The row of the histograms; ROW_OVERFLOW if there is no room for one more. */
_inline_ u32 row_find(const struct row_key *key)
{
	u32 zero = 0, row, *known = bpf_map_lookup_elem(&rows, key);
	struct row_state *state;

	if (known)
		return *known;
	state = bpf_map_lookup_elem(&row_states, &zero);
	if (!state || state->used + 1 >= knob_rows)
		return ROW_OVERFLOW;
	row = fetch_and_increment(&state->used) + 1;
	if (row >= knob_rows)
		return ROW_OVERFLOW;
	/* Another CPU may have been first: then that one's row counts, and this one stays empty. */
	bpf_map_update_elem(&rows, key, &row, BPF_NOEXIST);
	known = bpf_map_lookup_elem(&rows, key);
	return known ? *known : ROW_OVERFLOW;
}

#endif
