/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
/*
 * Links are replaced: one of several places, which can't lose one, by a link of those that stay;
 * links of single processes by links of all. The older ones are closed once every thread sees the
 * newer. Until then both run at each hit, one after the other on the same thread, the newer one
 * first (kernel/events/uprobes.c, consumer_add(), puts it at the head of the list). So that the hit
 * is counted once, the newer one leaves a mark for its thread and place, and the older one goes by
 * it:
 *
 *	newer, older	the newer counts and marks; the older finds the mark, takes it, is silent
 *	older alone	(the newer isn't at this place yet) finds no mark, counts
 *	newer alone	(the older is gone already) counts; its mark stays, and misleads nobody
 *
 * A mark for the thread alone wouldn't do: where several places share an address, all that are
 * newer run before the first that is older. User space forgets all marks before each swap, but a
 * thread that was preempted may leave one after that: so a mark counts in its own swap alone.
 */
#ifndef SNAPLINE_SWAP_BPF_H
#define SNAPLINE_SWAP_BPF_H

#include "maps.bpf.h"

_inline_ bool swap_is_newer(u32 now, u64 word, u64 cookie)
{
	if (now & SWAP_TO_WIDE)
		return word & PROGRAM_IS_WIDE;
	return !(cookie & COOKIE_SWAPPED) == !(now & SWAP_TO_FLAGGED);
}

/* A program of one place has that for a cookie; its link is replaced by a wide one only. */
_inline_ bool swap_counts(u64 word, u64 cookie)
{
	u64 mark = bpf_get_current_pid_tgid() << 32 | (u32)cookie;
	u32 now = swap, *seen;

	if (now == SWAP_NONE || ((word & PROGRAM_ONE_PLACE) && !(now & SWAP_TO_WIDE)))
		return true;
	if (swap_is_newer(now, word, cookie)) /* no room: the older one counts */
		return !bpf_map_update_elem(&swap_marks, &mark, &now, BPF_ANY);
	seen = bpf_map_lookup_elem(&swap_marks, &mark);
	if (!seen || *seen != now)
		return true;
	bpf_map_delete_elem(&swap_marks, &mark);
	return false;
}

#endif
