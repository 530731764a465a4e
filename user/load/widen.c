/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A link of a process goes by its first thread, and is of no use once that has ended: the memory in
 * which it keeps breakpoints is that thread's. The others may go on without it (pthread_exit() in
 * main()), and then links of all processes take the place of all that stand; the programs sort out
 * whose hit it is. Or one of them executes another program and is the first thread from then on:
 * its links are made anew.
 */
#include "load/link.h"
#include "load/object.h"
#include "load/remote.h"
#include "load/session.h"
#include "proc/proc.h"

static bool is_headless(int pid)
{
	return proc_lives(pid) && proc_thread(pid) != pid;
}

static bool any_is_headless(const struct load_session *session)
{
	for (size_t i = 0; i < session->n_pids; i++)
		if (is_headless(session->pids[i]))
			return true;
	return false;
}

/* From the last on, as load_stop(): tics before their tocs. */
static void close_links(struct load_session *session, size_t from, size_t to)
{
	for (size_t i = to; i-- > from;)
		link_close(&session->links[i]);
	for (size_t i = to; i < session->n_links; i++)
		session->links[from + i - to] = session->links[i];
	session->n_links -= to - from;
}

/* Of those that stood before, the first n. */
static void close_links_of(struct load_session *session, int pid, size_t n)
{
	size_t at = 0;

	for (size_t i = 0; i < n; i++) {
		if (session->links[at].pid == pid)
			close_links(session, at, at + 1);
		else
			at++;
	}
}

static struct error *widen(struct load_session *session)
{
	size_t n_old = session->n_links;
	struct error *err = NULL;

	swap_begin(session, SWAP_TO_WIDE);
	if (n_old)
		err = session_load_wide(session);
	if (!err)
		err = attach_process(session, -1);
	link_settle();
	if (err)
		close_links(session, n_old, session->n_links);
	else
		close_links(session, 0, n_old);
	swap_end(session);
	if (err)
		return err;
	session->by_pid = false;
	object_set(session->object, "one_pid", 0); /* the set knows when each was started */
	return NULL;
}

struct error *attach_widened(struct load_session *session, bool *done)
{
	*done = session->by_pid && any_is_headless(session);
	return *done ? widen(session) : NULL;
}

struct error *attach_stale(struct load_session *session)
{
	struct error *err;
	bool widened;

	for (size_t i = 0; i < session->n_pids && session->by_pid; i++)
		if (proc_ended(session->pids[i]))
			close_links_of(session, session->pids[i], session->n_links);
	err = attach_widened(session, &widened);
	session->untold |= widened;
	return err;
}

static struct error *attach_anew(struct load_session *session, int pid, enum load_again *how)
{
	size_t n_old = session->n_links;
	bool still;
	struct error *err = session_has_still(session, pid, &still);

	if (err || !still)
		return err;
	*how = LOAD_AGAIN;
	err = attach_process(session, pid);
	if (!err)
		close_links_of(session, pid, n_old);
	return err;
}

struct error *load_attach_again(struct load_session *session, int pid, enum load_again *how)
{
	bool widened = session->untold;
	struct error *err = NULL;

	*how = LOAD_NOT_AGAIN;
	if (session->is_remote) {
		u32 answer = 0;

		err = remote_call(WIRE_ATTACH_AGAIN, &pid, sizeof(pid), &answer, sizeof(answer));
		*how = answer;
		return err;
	}
	session->untold = false;
	if (session->by_pid && session->attached)
		err = attach_widened(session, &widened);
	if (widened)
		*how = LOAD_AGAIN_WIDER;
	else if (!err && session->by_pid && session->attached)
		err = attach_anew(session, pid, how);
	return err;
}
