/* SPDX-License-Identifier: BSD-2-Clause */
/* Which links a session makes, for which processes. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "arch/arch.h"
#include "base/grow.h"
#include "load/link.h"
#include "load/remote.h"
#include "load/session.h"
#include "load/tries.h"
#include "load/uapi.h"
#include "proc/proc.h"

enum {
	FEW_LINKS = 8, /* closing each waits for a grace period */
};

/*
 * Of one process multi links cost least (link.h), of all processes either kind. Where multi links
 * of a process don't see its threads, they are of all processes if there is no other way.
 */
static void choose(struct load_session *session)
{
	const struct load_config *config = &session->config;
	bool pids = config->filter == LOAD_PIDS, whole;
	bool few = config->n_places * (pids ? max_u64(config->n_pids, 1) : 1) <= FEW_LINKS;
	bool may_perf = session->perf && config->links == LOAD_LINKS_AUTO;
	bool multi = link_multi_supported() && (pids || !few || !may_perf);

	whole = !multi || !pids || try_multi_pids();
	if (!whole && may_perf)
		multi = false;
	session->info.multi = multi;
	session->multi_type = multi ? TRACE_UPROBE_MULTI : 0;
	session->each_alone = few && config->links == LOAD_LINKS_AUTO;
	session->by_pid = pids && (whole || !multi);
}

struct error *attach_choose(struct load_session *session)
{
	const struct load_config *config = &session->config;

	session->uprobe_type = link_uprobe_type();
	session->perf = session->uprobe_type >= 0 && link_perf_permitted();
	session->cookies = !config->old_kernel && try_cookie();
	session->by_pid = config->filter == LOAD_PIDS;
	if (config->instrument == LOAD_CALLS) {
		session->by_pid = false;
		session->info.multi = true;
		session->multi_type = TRACE_UPROBE_SESSION;
		session->is_return = try_kernel_function("bpf_session_is_return");
		return NULL;
	}
	if (config->links == LOAD_LINKS_PERF || config->old_kernel)
		return NULL;
	choose(session);
	if (session->info.multi || (session->perf && config->links == LOAD_LINKS_AUTO))
		return NULL;
	if (config->links == LOAD_LINKS_MULTI)
		return error_new(ERROR_PRIVILEGE, "this kernel has no uprobe_multi links (6.6)");
	return kernel_error(EPERM, "perf_event_open is not permitted");
}

void link_keep(struct load_session *session, const struct link *made, const u32 *places, u32 n)
{
	struct link link = *made;

	link.n_places = n;
	if (n) {
		link.places = malloc(n * sizeof(*places));
		if (!link.places)
			error_no_memory();
		memcpy(link.places, places, n * sizeof(*places));
	}
	session->links = grow(session->links, session->n_links, &session->link_capacity,
			      sizeof(*session->links));
	session->links[session->n_links++] = link;
}

void link_close(struct link *link)
{
	close(link->fd);
	free(link->places);
}

static struct error *attach_error(int code, const struct load_place *place)
{
	char what[512];

	snprintf(what, sizeof(what), "cannot attach to %s at offset 0x%llx",
		 place->shown ? place->shown : place->path, (unsigned long long)place->offset);
	if (code == arch_native()->refused || code == EOPNOTSUPP)
		return error_new(ERROR_NOT_FOUND, "%s: the kernel refuses the instruction there",
				 what);
	return kernel_error(code, what);
}

static int attach_perf(struct load_session *session, const struct load_place *place, int pid)
{
	int prog = session->progs[session->places[place->index].prog].fd;
	int uprobe = link_open_uprobe(session->uprobe_type, place->path, place->offset, pid);
	const u64 cookie = place->index;

	return link_perf(prog, uprobe, session->cookies ? &cookie : NULL);
}

int link_places(struct load_session *session, int prog_fd, const u32 *places, u32 n, u64 flags,
		int pid)
{
	u64 *offsets = calloc(n, sizeof(*offsets)), *cookies = calloc(n, sizeof(*cookies));
	int fd;

	if (!offsets || !cookies)
		error_no_memory();
	for (u32 i = 0; i < n; i++) {
		offsets[i] = session->places[places[i]].place.offset;
		cookies[i] = places[i] | flags;
	}
	fd = link_multi(prog_fd, session->multi_type, session->places[places[0]].place.path,
			offsets, cookies, n, pid);
	free(offsets);
	free(cookies);
	return fd;
}

/* One link of those places, which have a program and a file in common. */
static int attach_multi(struct load_session *session, const u32 *places, u32 n, u64 flags, int pid)
{
	int prog = session->progs[session->places[places[0]].prog].fd;

	if (pid >= 0 && proc_ended(pid))
		return -ESRCH; /* the kernel takes one that isn't waited for */
	return link_places(session, prog, places, n, flags, pid);
}

/* Keeps a link that was made. A process that is gone is left out. */
static struct error *attached(struct load_session *session, const struct link *link,
			      const u32 *places, u32 n)
{
	if (link->fd >= 0)
		link_keep(session, link, places, n);
	else if (link->fd != -ESRCH)
		return attach_error(-link->fd, &session->places[places[0]].place);
	return NULL;
}

static struct error *attach_each(struct load_session *session, const struct load_place *places,
				 size_t n, int pid)
{
	struct link link = {.pid = pid};
	struct error *err = NULL;

	for (size_t i = 0; i < n && !err; i++) {
		u32 index = places[i].index;

		link.fd = session->info.multi ? attach_multi(session, &index, 1, 0, pid)
					      : attach_perf(session, &places[i], pid);
		err = attached(session, &link, &index, 1);
		if (link.fd == -ESRCH)
			break;
	}
	return err;
}

static bool share_link(const struct load_session *session, const struct load_place *a,
		       const struct load_place *b)
{
	return session->places[a->index].prog == session->places[b->index].prog &&
	       !strcmp(a->path, b->path);
}

/* Places that go into one link with places[first]. */
static struct error *attach_group(struct load_session *session, const struct load_place *places,
				  size_t n, size_t first, bool *done, int pid)
{
	u32 *group = calloc(n, sizeof(*group)), count = 0;
	struct link link = {.pid = pid};
	struct error *err;

	if (!group)
		error_no_memory();
	for (size_t i = first; i < n; i++) {
		if (done[i] || !share_link(session, &places[first], &places[i]))
			continue;
		group[count++] = places[i].index;
		done[i] = true;
	}
	link.fd = attach_multi(session, group, count, 0, pid);
	err = attached(session, &link, group, count);
	free(group);
	return err;
}

struct error *attach_instead(struct load_session *session, const struct link *old,
			     const u32 *places, u32 n, bool *made)
{
	struct link link = {.pid = old->pid, .flag = old->flag ^ COOKIE_SWAPPED};

	link.fd = attach_multi(session, places, n, link.flag, old->pid);
	*made = link.fd >= 0;
	return attached(session, &link, places, n);
}

static struct error *attach_groups(struct load_session *session, const struct load_place *places,
				   size_t n, int pid)
{
	bool *done = calloc(n + 1, sizeof(*done));
	struct error *err = NULL;

	if (!done)
		error_no_memory();
	for (size_t i = 0; i < n && !err; i++) {
		if (!done[i])
			err = attach_group(session, places, n, i, done, pid);
	}
	free(done);
	return err;
}

struct error *attach_places(struct load_session *session, const struct load_place *places, size_t n,
			    int pid)
{
	if (!session->info.multi || session->each_alone)
		return attach_each(session, places, n, pid);
	return attach_groups(session, places, n, pid);
}

struct error *attach_process(struct load_session *session, int pid)
{
	struct load_place *places = calloc(session->n_places + 1, sizeof(*places));
	struct error *err;
	size_t n = 0;

	if (!places)
		error_no_memory();
	for (size_t i = 0; i < session->n_places; i++) {
		const struct session_place *place = &session->places[session->order[i]];

		if (!place->out)
			places[n++] = place->place;
	}
	err = attach_places(session, places, n, pid);
	free(places);
	return err;
}
