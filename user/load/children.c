/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Breakpoints are copied with memory: a child that is forked has its parent's. A perf link takes
 * them out where the child hits one (kernel/trace/trace_uprobe.c, uprobe_perf_func()), a multi link
 * never does, and each hit costs the child a trap for nothing. But whenever one consumer of a
 * uprobe goes, the kernel takes the breakpoint out of every process that no other one wants
 * (kernel/events/uprobes.c, register_for_each_vma()). So here one comes and goes that nobody has
 * use for: of a process that has ended and is not waited for, which has no memory.
 */
#include <errno.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "load/link.h"
#include "load/own_child.h"
#include "load/remote.h"
#include "load/session.h"
#include "load/uapi.h"

/* Its pid; waitpid() ends it. 0: it can't be had. */
static pid_t make_zombie(void)
{
	siginfo_t info;
	pid_t pid = fork();

	if (!pid)
		_exit(0);
	if (pid < 0 || TEMP_FAILURE_RETRY(waitid(P_PID, pid, &info, WEXITED | WNOWAIT)))
		return 0;
	return pid;
}

static bool comes_and_goes(struct load_session *session, const struct link *link, int prog,
			   int zombie)
{
	int fd = link_places(session, prog, link->places, link->n_places, 0, zombie);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

/* Places that several processes have links of need it once. */
static bool is_first(const struct load_session *session, size_t at)
{
	const struct link *link = &session->links[at];

	for (size_t i = 0; i < at; i++) {
		const struct link *other = &session->links[i];

		if (other->pid >= 0 && other->n_places == link->n_places &&
		    !memcmp(other->places, link->places, link->n_places * sizeof(u32)))
			return false;
	}
	return true;
}

static bool clear_children(struct load_session *session)
{
	int prog = link_empty_program(TRACE_UPROBE_MULTI);
	struct sigaction before;
	bool good = prog >= 0;
	pid_t zombie;

	own_child_begin(&before);
	zombie = make_zombie();
	good = good && zombie;
	for (size_t i = 0; i < session->n_links && good; i++) {
		const struct link *link = &session->links[i];

		if (link->pid >= 0 && link->n_places && is_first(session, i))
			good = comes_and_goes(session, link, prog, zombie);
	}
	if (zombie)
		TEMP_FAILURE_RETRY(waitpid(zombie, NULL, 0));
	own_child_end(&before);
	if (prog >= 0)
		close(prog);
	return good;
}

bool load_clear_children(struct load_session *session)
{
	u32 good;

	if (session->is_remote) {
		remote_get(WIRE_CLEAR_CHILDREN, NULL, 0, &good, sizeof(good));
		return good;
	}
	return !session->by_pid || !session->info.multi || clear_children(session);
}
