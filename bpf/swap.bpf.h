/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
/*
 * A link of several places can't lose one: it is replaced by a new link of those that stay, and
 * closed once that stands. Until then both run at each hit, one after the other on the same
 * thread, the newer one first (kernel/events/uprobes.c, consumer_add(), puts it at the head of the
 * list). So that the hit is counted once, the newer one leaves a mark for its thread and place, and
 * the older one goes by it:
 *
 *	newer, older	the newer counts and marks; the older finds the mark, takes it, is silent
 *	older alone	(the newer isn't at this place yet) finds no mark, counts
 *	newer alone	(the older is gone already) counts; its mark stays, and misleads nobody
 *
 * A mark for the thread alone wouldn't do: where several places share an address, all that are
 * newer run before the first that is older. User space forgets all marks before each swap.
 */
#ifndef SNAPLINE_SWAP_BPF_H
#define SNAPLINE_SWAP_BPF_H

#include "maps.bpf.h"

/* False: the hit is counted by the other link. */
_inline_ bool swap_counts(u64 cookie)
{
	u32 newer = cookie & COOKIE_SWAPPED ? SWAP_TO_FLAGGED : SWAP_TO_PLAIN, now = swap, set = 1;
	u64 mark = bpf_get_current_pid_tgid() << 32 | (u32)cookie;

	if (!now)
		return true;
	if (now == newer) /* no room: then the older one counts */
		return !bpf_map_update_elem(&swap_marks, &mark, &set, BPF_ANY);
	return bpf_map_delete_elem(&swap_marks, &mark);
}

#endif
