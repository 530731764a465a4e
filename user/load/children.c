/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Breakpoints are copied with memory: a child that is forked has its parent's. A perf link takes them out
 * where the child hits one (kernel/trace/trace_uprobe.c, uprobe_perf_func()), a multi link never does, and
 * each hit costs the child a trap for nothing. But whenever one consumer of a uprobe goes, the kernel takes
 * the breakpoint out of every process that no other one wants (kernel/events/uprobes.c,
 * register_for_each_vma()). So here one comes and goes that nobody has use for: of a process that has
 * ended and is not waited for, which has no memory.
 */
#include <sys/wait.h>
#include <unistd.h>

#include "load/link.h"
#include "load/remote.h"
#include "load/session.h"
#include "load/uapi.h"

static int make_zombie(void)
{
	siginfo_t info;
	pid_t pid = fork();

	if (!pid)
		_exit(0);
	if (pid > 0)
		waitid(P_PID, pid, &info, WEXITED | WNOWAIT);
	return pid;
}

static bool is_of(const struct link *link, int pid)
{
	return !link->perf && link->pid == pid && link->n_places;
}

/* Every process has links of the same places: those of one will do. -1: there are none. */
static int any_pid(const struct load_session *session)
{
	for (size_t i = 0; i < session->n_links; i++) {
		const struct link *link = &session->links[i];

		if (link->pid >= 0 && is_of(link, link->pid))
			return link->pid;
	}
	return -1;
}

static void come_and_go(struct load_session *session, int prog, int zombie, int pid)
{
	for (size_t i = 0; i < session->n_links; i++) {
		const struct link *link = &session->links[i];
		int fd = -1;

		if (is_of(link, pid))
			fd = link_places(session, prog, link->places, link->n_places, 0, zombie);
		if (fd >= 0)
			close(fd);
	}
}

void load_clear_children(struct load_session *session)
{
	int pid, prog, zombie;

	if (session->is_remote) {
		remote_get(WIRE_CLEAR_CHILDREN, NULL, 0, NULL, 0);
		return;
	}
	pid = session->by_pid ? any_pid(session) : -1;
	if (pid < 0)
		return;
	prog = link_empty_program(TRACE_UPROBE_MULTI);
	zombie = make_zombie();
	if (prog >= 0 && zombie > 0)
		come_and_go(session, prog, zombie, pid);
	if (zombie > 0)
		waitpid(zombie, NULL, 0);
	if (prog >= 0)
		close(prog);
}
