// SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause)
/*
 * Tic-toc: one program that runs at both ends. A tic leaves its time in a hash of open pairs; the
 * toc that deletes it there, and nobody else, has the pair.
 *
 * The key of a call is its process and its CFA, which is the same at the entry and at each return
 * of one call, and differs between all calls that are open: stacks lie apart. The thread is no part
 * of it, as a coroutine can be on another one when it returns. A tic that finds its own key taken
 * knows that the earlier call is gone: it left by an exception, longjmp, or a tail call.
 *
 * Go also moves stacks, to another goroutine's old place too. There the key is the goroutine, and
 * the distance of the CFA from the upper end of its stack, which every move preserves. What the
 * register that names the goroutine points to has to be one whose stack the call is on: Go before
 * 1.17 kept it elsewhere.
 */
#include "gate.bpf.h"
#include "follow.bpf.h"
#include "memory.bpf.h"
#include "pairs.bpf.h"
#include "tic_values.bpf.h"

char license_text[] SEC("license") = "Dual BSD/GPL";

enum { INSERT_TRIES = 3 };

_inline_ u64 frame_of(struct pt_regs *ctx, const struct place_config *place)
{
	u64 sp = ctx->slot[REGS_SP], fp = ctx->slot[REGS_FP];

	/* Else clang would choose between two addresses in ctx, which the verifier refuses. */
	asm volatile("" : "+r"(sp), "+r"(fp));
	return (place->cfa_is_fp ? fp : sp) + place->cfa_offset;
}

/* How struct g of Go's runtime begins (src/runtime/runtime2.go). */
struct goroutine {
	u64 stack_low, stack_high;
};

_inline_ bool key_goroutine(struct pair_key *key, struct pt_regs *ctx, const struct hit *hit)
{
	u64 address = ctx->slot[REGS_GO], frame = ctx->slot[REGS_SP];
	struct goroutine goroutine;

	if (knob_pair_mode == PAIR_FUNCTION)
		frame = frame_of(ctx, hit->place);
	if (bpf_probe_read_user(&goroutine, sizeof(goroutine), (void *)address) ||
	    frame <= goroutine.stack_low || frame > goroutine.stack_high)
		return false;
	key->a = address;
	if (knob_pair_mode == PAIR_FUNCTION)
		key->b = goroutine.stack_high - frame;
	key->goroutine_of = bpf_get_current_pid_tgid() >> 32;
	return true;
}

/* All but PAIR_KEY's value, which the bay makes. False: it can't be told whose call it is. */
_inline_ bool key_fill(struct pair_key *key, struct pt_regs *ctx, const struct hit *hit)
{
	u64 thread = bpf_get_current_pid_tgid();

	key->a = thread;
	key->b = 0;
	key->pair = hit->place->pair;
	key->goroutine_of = 0;
	if (knob_pair_mode == PAIR_KEY)
		key->b = thread >> 32;
	else if (hit->place->by_goroutine)
		return key_goroutine(key, ctx, hit);
	else if (knob_pair_mode == PAIR_FUNCTION) {
		key->a = thread >> 32;
		key->b = frame_of(ctx, hit->place);
	}
	return true;
}

/* An earlier call at the same CFA can't be alive any more: it has no toc to wait for. */
_inline_ int reject(struct pt_regs *ctx, const struct hit *hit, enum hit_class class)
{
	struct pair_key key;

	if (knob_pair_mode == PAIR_FUNCTION && knob_selects && key_fill(&key, ctx, hit)) {
		if (!bpf_map_delete_elem(&pairs, &key))
			count(TICTOC_LEFT);
		if (knob_slower && knob_captures)
			bpf_map_delete_elem(&captured, &key);
	}
	return hit_count(hit, class);
}

_inline_ int insert(const struct pair_key *key, const struct pair_open *open)
{
	for (int i = 0; i < INSERT_TRIES; i++) {
		if (!bpf_map_update_elem(&pairs, key, open, BPF_NOEXIST))
			return 0;
		/* Full, or taken: only what is there can be replaced. */
		if (!bpf_map_update_elem(&pairs, key, open, BPF_EXIST))
			return count(knob_pair_mode == PAIR_FUNCTION ? TICTOC_LEFT
								     : TICTOC_OVERWRITTEN);
	}
	if (knob_slower && knob_captures)
		bpf_map_delete_elem(&captured, key);
	return count(TICTOC_LOST);
}

/* What the values mean: a part of the key, a histogram, what the tic is asked to keep. */
_inline_ bool tic_values(struct scratch *scratch, struct pt_regs *ctx, const struct bay_env *env,
			 const struct hit *hit, struct pair_key *key, struct pair_open *open)
{
	u32 n_by = knob_by_at_toc ? 0 : knob_by;

	values_read(scratch, ctx, env, hit, knob_keys + n_by + knob_captures);
	if (knob_keys) {
		if (scratch->tic.values[0].state != VALUE_OK)
			return false;
		key->a = scratch->tic.values[0].bits;
	}
	if (n_by) {
		row_key_fill(scratch, hit);
		open->row = row_find(&scratch->row);
	}
	/* No room: the toc finds nothing, and says so. */
	if (knob_slower && knob_captures)
		bpf_map_update_elem(&captured, key, &scratch->tic, BPF_ANY);
	return true;
}

_inline_ int tic(struct pt_regs *ctx, struct hit *hit)
{
	struct pair_open open = {};
	struct pair_key key;
	struct bay_env env;

	if (!gate_open(hit))
		return reject(ctx, hit, HIT_OVER_LIMIT);
	env_fill(&env, ctx, hit);
	if (hit->word & PROGRAM_HAS_CONDITION) {
		u64 answer = bay_condition(ctx, &env);

		if (answer == BAY_FALSE)
			return reject(ctx, hit, HIT_CONDITION_FALSE);
		if (answer != BAY_TRUE)
			return reject(ctx, hit, HIT_CONDITION_ERROR);
	}
	if (!key_fill(&key, ctx, hit))
		return hit_count(hit, HIT_CONDITION_ERROR);
	if (hit->word & PROGRAM_HAS_VALUES) {
		struct scratch *scratch = scratch_take();
		bool good;

		if (!scratch)
			return count(TICTOC_LOST);
		good = tic_values(scratch, ctx, &env, hit, &key, &open);
		scratch_give(scratch);
		if (!good)
			return reject(ctx, hit, HIT_CONDITION_ERROR);
	}
	open.hit = hit->number;
	open.place = hit->place_index;
	open.pid = current_pid_here();
	open.tid = current_tid_here();
	open.time = bpf_ktime_get_ns();
	return insert(&key, &open);
}

/* What the pair was, behind the memory of the snapshot. Returns the bytes of data in use. */
_inline_ u32 tic_part_write(struct record *record, u32 used, const struct pair_key *key,
			    const struct pair_open *open, u64 elapsed)
{
	struct tic_part part = {
		.elapsed = elapsed,
		.tic_time = open->time,
		.tic_hit = open->hit,
		.tic_pid = open->pid,
		.tic_tid = open->tid,
		.tic_place = open->place,
	};
	u64 n = record->head.n_chunks, at = (used + 7) & ~7u;
	void *data = (void *)record + knob_data_at;
	struct record_chunk *chunk = &record->chunks[n & CHUNK_MASK];
	struct tic_values *values = NULL;

	/* The verifier lost the bounds; without roots there is room for two chunks. */
	if (at > knob_data_limit + SNAPLINE_MAX_READ || n >= SNAPLINE_MAX_CHUNKS)
		return used;
	if (knob_captures)
		values = bpf_map_lookup_elem(&captured, key);
	part.has_values = values != NULL;
	chunk->address = 0;
	chunk->len = sizeof(part) + (values ? sizeof(*values) : 0);
	chunk->offset = at;
	chunk->state = CHUNK_OK;
	chunk->kind = CHUNK_TIC;
	chunk->node = 0;
	record->head.n_chunks = n + 1;
	bpf_probe_read_kernel(data + at, sizeof(part), &part);
	if (values)
		bpf_probe_read_kernel(data + at + sizeof(part), sizeof(*values), values);
	else if (knob_captures)
		count(TICTOC_UNCAPTURED);
	return at + chunk->len;
}

_inline_ void slow(struct pt_regs *ctx, const struct bay_env *env, struct hit *hit,
		   const struct pair_key *key, const struct pair_open *open, enum walk_mode mode)
{
	struct record *record;
	u32 used;

	count(TICTOC_SLOW);
	if (!gate_rate(hit)) {
		count(TICTOC_SLOW_RATE);
		return;
	}
	record = record_reserve();
	if (!record) {
		count(TICTOC_SLOW_FULL);
		return;
	}
	record_fill(record, ctx, hit);
	used = copy_memory(record, ctx, env, hit, mode);
	record_submit(record, tic_part_write(record, used, key, open, env->elapsed));
	count(TICTOC_SLOW_EMITTED);
}

_inline_ bool is_slow(u64 elapsed)
{
	u32 zero = 0;
	u64 *least = knob_slower ? bpf_map_lookup_elem(&slower, &zero) : NULL;

	return least && elapsed >= *least;
}

/* The pair is ours: is it wanted, and where does it count? */
_inline_ void finish(struct pt_regs *ctx, struct bay_env *env, struct hit *hit,
		     const struct pair_key *key, const struct pair_open *open, enum walk_mode mode)
{
	if (hit->word & PROGRAM_HAS_CONDITION) {
		u64 answer = bay_condition(ctx, env);

		if (answer != BAY_TRUE) {
			count_pair(answer == BAY_FALSE ? HIT_CONDITION_FALSE : HIT_CONDITION_ERROR);
			return;
		}
	}
	if (!claim_pair()) {
		count_pair(HIT_OVER_LIMIT);
		return;
	}
	add_time(open->row, env->elapsed);
	count_pair(HIT_EMITTED);
	if (is_slow(env->elapsed))
		slow(ctx, env, hit, key, open, mode);
}

_inline_ bool toc_key(struct pt_regs *ctx, const struct bay_env *env, const struct hit *hit,
		      struct pair_key *key)
{
	struct scratch *scratch = scratch_take();
	bool good;

	if (!scratch)
		return false;
	values_read(scratch, ctx, env, hit, knob_keys);
	good = scratch->tic.values[0].state == VALUE_OK;
	key->a = scratch->tic.values[0].bits;
	scratch_give(scratch);
	return good;
}

/* The histogram, if it is known only here; after $elapsed, which it may go by. */
_inline_ u32 toc_row(struct pt_regs *ctx, const struct bay_env *env, const struct hit *hit)
{
	struct scratch *scratch = scratch_take();
	u32 row;

	if (!scratch)
		return ROW_OVERFLOW;
	values_read(scratch, ctx, env, hit, knob_keys + knob_by);
	row_key_fill(scratch, hit);
	row = row_find(&scratch->row);
	scratch_give(scratch);
	return row;
}

_inline_ int toc(struct pt_regs *ctx, struct hit *hit, u64 now, enum walk_mode mode)
{
	struct pair_open open, *found;
	struct pair_key key;
	struct bay_env env;

	hit->number = fetch_and_increment(&hit->probe->hits) + 1;
	env_fill(&env, ctx, hit);
	if (!key_fill(&key, ctx, hit) || (knob_keys && !toc_key(ctx, &env, hit, &key)))
		return count(TICTOC_KEY_ERROR);
	found = bpf_map_lookup_elem(&pairs, &key);
	if (!found)
		return count(TICTOC_TOC_ALONE);
	open = *found;
	if (bpf_map_delete_elem(&pairs, &key))
		return count(TICTOC_TOC_ALONE);
	/* Clocks of two CPUs are one here, but a tic can be newer than the toc that finds it. */
	env.elapsed = now > open.time ? now - open.time : 0;
	if (knob_by && knob_by_at_toc)
		open.row = toc_row(ctx, &env, hit);
	finish(ctx, &env, hit, &key, &open, mode);
	if (knob_slower && knob_captures)
		bpf_map_delete_elem(&captured, &key);
	return 0;
}

_inline_ int tictoc(struct pt_regs *ctx, enum walk_mode mode)
{
	struct hit hit;
	u64 now;

	if (!process_wanted())
		return 0;
	now = bpf_ktime_get_ns();
	if (!hit_find(ctx, &hit))
		return 0;
	return hit.word & PROGRAM_IS_TOC ? toc(ctx, &hit, now, mode) : tic(ctx, &hit);
}

/* One of these is loaded: the last that the kernel takes and that is wanted. */
SEC("snapline/unrolled")
int tictoc_unrolled(struct pt_regs *ctx)
{
	return tictoc(ctx, WALK_UNROLLED);
}

SEC("snapline/loop")
int tictoc_loop(struct pt_regs *ctx)
{
	return tictoc(ctx, WALK_LOOP);
}

SEC("snapline/faulting")
int tictoc_faulting(struct pt_regs *ctx)
{
	return tictoc(ctx, WALK_FAULTING);
}
