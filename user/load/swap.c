/* SPDX-License-Identifier: BSD-2-Clause */
/* Older and newer links of the same places stand at once: bpf/swap.bpf.h. */
#include <bpf/bpf.h>

#include "load/link.h"
#include "load/object.h"
#include "load/session.h"

static void forget_marks(struct load_session *session)
{
	int map = object_map(session->object, "swap_marks");
	u64 mark;

	while (!bpf_map_get_next_key(map, NULL, &mark))
		if (bpf_map_delete_elem(map, &mark))
			return;
}

void swap_begin(struct load_session *session, u32 newer)
{
	forget_marks(session);
	session->n_swaps++;
	object_set(session->object, "swap", session->n_swaps * SWAP_STEP + newer);
}

void swap_end(struct load_session *session)
{
	object_set(session->object, "swap", SWAP_NONE);
}
