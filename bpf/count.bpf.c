// SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause)
/*
 * Counters. Most of the time nothing is asked but how often, and then a hit is one look-up and one
 * addition: a program that does nothing at all is hardly cheaper.
 */
#include "follow.bpf.h"
#include "gate.bpf.h"
#include "key.bpf.h"
#include "stack.bpf.h"

char license_text[] SEC("license") = "Dual BSD/GPL";

enum { KEY_BYTES = sizeof(struct count_key) };

_inline_ int count_place(u32 place)
{
	u64 *hits = bpf_map_lookup_elem(&place_hits, &place);

	if (hits)
		__sync_fetch_and_add(hits, 1);
	return 0;
}

_inline_ int count_plain(struct pt_regs *ctx, u64 word)
{
	u64 cookie;

	if (word & PROGRAM_ONE_PLACE)
		cookie = PROGRAM_PLACE(word);
	else
		cookie = bpf_get_attach_cookie(ctx);
	if (knob_swaps && !swap_counts(word, cookie))
		return 0;
	return count_place(cookie);
}

_inline_ int count_outside(struct pt_regs *ctx)
{
	struct hit hit;

	return hit_find(ctx, &hit) ? hit_count(&hit, HIT_OVER_LIMIT) : 0;
}

/* The gate is asked only where something could close it. */
_inline_ bool count_gate(struct hit *hit)
{
	hit->number = 0;
	if (knob_gate)
		return gate_open(hit);
	if (hit->word & PROGRAM_NEEDS_HITS)
		hit->number = fetch_and_increment(&hit->probe->hits) + 1;
	return true;
}

/* A chunk of its own behind the stack, whose room is always the same. */
static __attribute__((noinline)) int key_append(struct record *record, const struct hit *hit,
						const struct bay_value *values)
{
	struct count_key key;
	struct record_chunk *chunk = &record->chunks[1];

	key_fill(&key, hit, values);
	__builtin_memcpy((void *)record + knob_data_at + knob_stack_bytes, &key, KEY_BYTES);
	chunk->address = 0;
	chunk->len = KEY_BYTES;
	chunk->offset = knob_stack_bytes;
	chunk->state = CHUNK_OK;
	chunk->kind = CHUNK_KEY;
	chunk->node = 0;
	return 0;
}

_inline_ int take_stack(struct pt_regs *ctx, const struct bay_value *values, const struct hit *hit)
{
	struct record *record = record_reserve();

	if (!record)
		return hit_count(hit, HIT_BUFFER_FULL);
	if (knob_gate && !gate_claim(hit)) {
		bpf_ringbuf_discard(record, BPF_RB_NO_WAKEUP);
		return hit_count(hit, HIT_OVER_LIMIT);
	}
	record_fill(record, ctx, hit);
	stack_copy(record, ctx);
	key_append(record, hit, values);
	record->head.n_chunks = 2;
	record_submit(record, knob_stack_bytes + KEY_BYTES);
	return count_place(hit->place_index);
}

_inline_ int count_hit(struct pt_regs *ctx, const struct bay_env *env, const struct hit *hit)
{
	struct bay_value values[COUNT_KEYS + 1];

	if (hit->word & PROGRAM_HAS_VALUES)
		bay_values(ctx, env, values);
	if (knob_stacks)
		return take_stack(ctx, values, hit);
	if (knob_gate && !gate_claim(hit))
		return hit_count(hit, HIT_OVER_LIMIT);
	if (knob_rows)
		row_add(hit, values);
	return count_place(hit->place_index);
}

SEC("snapline/count")
int count(struct pt_regs *ctx)
{
	struct bay_env env;
	struct hit hit;

	if (!process_wanted())
		return 0;
	if (incomplete)
		return count_outside(ctx);
	if (knob_plain)
		return count_plain(ctx, program_word());
	if (!hit_find(ctx, &hit))
		return 0;
	if (!count_gate(&hit))
		return hit_count(&hit, HIT_OVER_LIMIT);
	if (hit.word & (PROGRAM_HAS_CONDITION | PROGRAM_HAS_VALUES))
		env_fill(&env, ctx, &hit);
	if (hit.word & PROGRAM_HAS_CONDITION) {
		u64 answer = bay_condition(ctx, &env);

		if (answer == BAY_FALSE)
			return hit_count(&hit, HIT_CONDITION_FALSE);
		if (answer != BAY_TRUE)
			return hit_count(&hit, HIT_CONDITION_ERROR);
	}
	if (knob_gate && gate_expired(&hit))
		return hit_count(&hit, HIT_OVER_LIMIT);
	if (knob_gate && !gate_rate(&hit))
		return hit_count(&hit, HIT_RATE_LIMITED);
	return count_hit(ctx, &env, &hit);
}
