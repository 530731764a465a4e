/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
/*
 * A link of several places can't lose one: it is replaced by a new link of those that stay, and
 * closed once that stands. Until then both run at each hit, one after the other on the same
 * thread, the newer one first (kernel/events/uprobes.c, consumer_add(), puts it at the head of the
 * list). So that the hit is counted once, the newer one leaves a mark for its thread, and the older
 * one goes by it:
 *
 *	newer, older	the newer counts and marks; the older finds the mark, takes it, is silent
 *	older alone	(the newer isn't at this place yet) finds no mark, counts
 *	newer alone	(the older is gone already) counts; its mark is overwritten by the next one
 *
 * User space forgets all marks before each swap.
 */
#ifndef SNAPLINE_SWAP_BPF_H
#define SNAPLINE_SWAP_BPF_H

#include "maps.bpf.h"

/* False: the hit is counted by the other link. */
_inline_ bool swap_counts(u64 cookie)
{
	u32 newer = cookie & COOKIE_SWAPPED ? SWAP_TO_FLAGGED : SWAP_TO_PLAIN, now = swap;
	u32 thread = bpf_get_current_pid_tgid(), place = cookie, *mark;

	if (!now)
		return true;
	if (now == newer) /* no room: then the older one counts */
		return !bpf_map_update_elem(&swap_marks, &thread, &place, BPF_ANY);
	mark = bpf_map_lookup_elem(&swap_marks, &thread);
	if (!mark || *mark != place)
		return true;
	bpf_map_delete_elem(&swap_marks, &thread);
	return false;
}

#endif
