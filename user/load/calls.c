/* SPDX-License-Identifier: BSD-2-Clause */
/* The threads of LOAD_CALLS and their open calls (include/pair.h). */
#include <stdlib.h>

#include <bpf/bpf.h>

#include "load/object.h"
#include "load/session.h"

/* Sums up what `see` says of each thread. */
static u64 visit_threads(struct load_session *session,
			 u64 (*see)(int map, u64 id, const struct thread_calls *thread))
{
	int map = object_map(session->object, "threads");
	struct thread_calls *thread = malloc(sizeof(*thread));
	u64 id, next, sum = 0;
	bool more;

	if (!thread)
		error_no_memory();
	more = !bpf_map_get_next_key(map, NULL, &id);
	for (u32 i = 0; more && i < session->config.tictoc.max_open; i++) {
		/* Before this one may be taken out. */
		more = !bpf_map_get_next_key(map, &id, &next);
		if (!bpf_map_lookup_elem(map, &id, thread))
			sum += see(map, id, thread);
		id = next;
	}
	free(thread);
	return sum;
}

static u64 open_of(int map, u64 id, const struct thread_calls *thread)
{
	return min_u64(thread->n, OPEN_CALLS);
}

static u64 left_of(int map, u64 id, const struct thread_calls *thread)
{
	if (!tictoc_has_ended(thread->tid, false, thread->seen) || bpf_map_delete_elem(map, &id))
		return 0;
	return open_of(map, id, thread);
}

u64 calls_open(struct load_session *session)
{
	return visit_threads(session, open_of);
}

u64 calls_sweep(struct load_session *session)
{
	return visit_threads(session, left_of);
}
