/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
/* One hit: its place, its probe, its number, and the class in which it ends. */
#ifndef SNAPLINE_HIT_BPF_H
#define SNAPLINE_HIT_BPF_H

#include "bay.bpf.h"
#include "own_stack.bpf.h"
#include "swap.bpf.h"

struct hit {
	u64 word; /* program_word() */
	u32 place_index;
	struct place_config *place;
	struct probe_state *probe;
	u64 number; /* of this hit at its probe, from 1 */
	u64 time; /* by which its rate was judged, and which its record has; 0: no rate is asked */
};

_inline_ void count_run(u32 place)
{
	u64 *runs = bpf_map_lookup_elem(&place_runs, &place);

	if (runs)
		__sync_fetch_and_add(runs, 1);
}

/* False if another link counts it, or if user space gave no such place: it never does. */
_inline_ bool hit_find(struct pt_regs *ctx, struct hit *hit)
{
	u64 cookie;

	stay_on_own_stack();
	hit->time = 0;
	hit->word = program_word();
	if (hit->word & PROGRAM_ONE_PLACE)
		cookie = PROGRAM_PLACE(hit->word);
	else
		cookie = bpf_get_attach_cookie(ctx);
	if (knob_swaps && !swap_counts(hit->word, cookie))
		return false;
	hit->place_index = cookie;
	if (knob_budget)
		count_run(hit->place_index);
	hit->place = bpf_map_lookup_elem(&places, &hit->place_index);
	if (!hit->place)
		return false;
	hit->probe = bpf_map_lookup_elem(&probes, &hit->place->probe);
	return hit->probe;
}

/* Adds are atomic also on per-CPU maps: another uprobe program can preempt this one. */
_inline_ int hit_count(const struct hit *hit, enum hit_class class)
{
	struct probe_counts *mine = bpf_map_lookup_elem(&counts, &hit->place->probe);

	if (mine)
		__sync_fetch_and_add(&mine->hits[class], 1);
	return 0;
}

_inline_ void hit_count_faulted(const struct hit *hit, u64 n)
{
	struct probe_counts *mine = bpf_map_lookup_elem(&counts, &hit->place->probe);

	if (mine && n)
		__sync_fetch_and_add(&mine->faulted, n);
}

#endif
