/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Places are taken out. One that has its links alone loses them. A link that it shares is replaced
 * by one of the others, and for a moment both stand; bpf/swap.bpf.h says how each hit is counted
 * once then.
 */
#include <stdlib.h>
#include <string.h>

#include "load/link.h"
#include "load/remote.h"
#include "load/session.h"

/* Their order matters at the end. */
static void remove_link(struct load_session *session, size_t at)
{
	session->n_links--;
	memmove(&session->links[at], &session->links[at + 1],
		(session->n_links - at) * sizeof(*session->links));
}

static struct error *swap_link(struct load_session *session, size_t at, const u32 *rest, u32 n)
{
	struct link old = session->links[at];
	struct error *err;
	bool made;

	swap_begin(session, old.flag ? 0 : SWAP_TO_FLAGGED);
	err = attach_instead(session, &old, rest, n, &made);
	/* Or one that is behind the newer programs already would find the older ones gone. */
	link_settle();
	if (made)
		session->links[at] = session->links[--session->n_links];
	else
		remove_link(session, at);
	link_close(&old);
	swap_end(session);
	return err;
}

static struct error *thin_link(struct load_session *session, size_t at)
{
	struct link link = session->links[at];
	u32 *rest = calloc(link.n_places + 1, sizeof(*rest)), n = 0;
	struct error *err = NULL;

	if (!rest)
		error_no_memory();
	for (u32 i = 0; i < link.n_places; i++)
		if (!session->places[link.places[i]].out)
			rest[n++] = link.places[i];
	if (n && n < link.n_places) {
		err = swap_link(session, at, rest, n);
	} else if (!n && link.n_places) {
		remove_link(session, at);
		link_close(&link);
	}
	free(rest);
	return err;
}

/* From the last link on, as load_stop(): tics before their tocs. */
struct error *load_detach(struct load_session *session, const u32 *places, size_t n)
{
	struct error *err;

	if (session->is_remote)
		return remote_call(WIRE_DETACH, places, n * sizeof(*places), NULL, 0);
	for (size_t i = 0; i < n; i++)
		if (places[i] < session->place_capacity)
			session->places[places[i]].out = true;
	err = attach_stale(session);
	for (size_t i = session->n_links; i-- > 0 && !err;)
		err = thin_link(session, i);
	return err;
}
