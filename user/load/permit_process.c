/* SPDX-License-Identifier: BSD-2-Clause */
#include "load/permit_private.h"

#include <errno.h>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "load/session.h"

enum { ANCESTORS_MOST = 64 }; /* between a process and the one that is followed */

static bool is_initial(const struct permit *permit, int pid, u64 start_time)
{
	const struct target *target = permit->terms.target;

	for (size_t i = 0; i < target->n_processes; i++)
		if (target->processes[i].pid == pid)
			return target->processes[i].start_time == start_time;
	if (pid == permit->terms.launched)
		return start_time == permit->launched_time;
	return pid == permit->terms.worker && start_time == permit->worker_time;
}

static bool is_known(const struct permit *permit, int pid, u64 start_time)
{
	for (size_t i = 0; i < permit->n_known && i < KNOWN_MOST; i++)
		if (permit->known[i].pid == pid && permit->known[i].start_time == start_time)
			return true;
	return false;
}

static bool is_descendant(const struct permit *permit, struct proc_stat stat)
{
	for (int i = 0; i < ANCESTORS_MOST && stat.parent > 1; i++) {
		int pid = stat.parent;
		struct error *err = proc_stat(pid, &stat);

		error_free(err);
		if (err)
			return false;
		if (is_initial(permit, pid, stat.start_time) ||
		    is_known(permit, pid, stat.start_time))
			return true;
	}
	return false;
}

static bool is_followed(const struct permit *permit, int pid, const struct proc_stat *stat)
{
	const struct target_spec *spec = permit->terms.target->spec;

	if (spec->kind != TARGET_COMMAND && !spec->follow)
		return false;
	return is_descendant(permit, *stat) || (permit->load && session_has_pid(permit->load, pid));
}

static bool runs_binary(const struct permit *permit, int pid)
{
	const struct target *target = permit->terms.target;

	return target->spec->kind == TARGET_BINARY && target->n_files &&
	       proc_uses_file(pid, target->files[0].path);
}

static bool is_the_targets(struct permit *permit, int thread)
{
	int pid = thread > 0 ? proc_process_of(thread) : 0;
	struct proc_stat stat;
	struct error *err;

	if (pid <= 0 || pid == getpid())
		return false;
	err = proc_stat(pid, &stat);
	error_free(err);
	if (err)
		return false;
	if (is_initial(permit, pid, stat.start_time) || is_known(permit, pid, stat.start_time))
		return true;
	if (!is_followed(permit, pid, &stat) && !runs_binary(permit, pid))
		return false;
	permit->known[permit->n_known++ % KNOWN_MOST] = (struct known){pid, stat.start_time};
	return true;
}

/* While a process lives its number is its own. */
static bool lives(int pidfd)
{
	struct pollfd end = {.fd = pidfd, .events = POLLIN};

	return poll(&end, 1, 0) == 0;
}

/*
 * Memory is asked for over and over. The descriptor stands for whoever had the number when it was
 * opened; only if that one lives behind the judgement, too, was it the one that was judged.
 */
bool permit_process(struct permit *permit, int thread)
{
	struct recent *recent = &permit->recent[(unsigned)thread % RECENT_MOST];
	bool permitted;
	int fd;

	if (thread > 0 && recent->pid == thread && lives(recent->fd))
		return true;
	fd = thread > 0 ? (int)syscall(SYS_pidfd_open, thread, 0) : -1; /* none of a mere thread */
	permitted = is_the_targets(permit, thread);
	if (fd < 0)
		return permitted;
	if (!permitted || !lives(fd)) {
		close(fd);
		return permitted;
	}
	if (recent->pid)
		close(recent->fd);
	*recent = (struct recent){thread, fd};
	return true;
}

int permit_process_code(struct permit *permit, int pid)
{
	if (permit_process(permit, pid))
		return 0;
	return proc_exists(pid) ? -EACCES : -ENOENT; /* asked last: it may have ended meanwhile */
}

bool permit_debugger(const struct permit *permit, int pid)
{
	const struct target *target = permit->terms.target;

	if (permit->terms.launched && proc_tracer(permit->terms.launched) == pid)
		return true;
	for (size_t i = 0; i < target->n_processes; i++)
		if (proc_tracer(target->processes[i].pid) == pid)
			return true;
	for (size_t i = 0; i < permit->n_known && i < KNOWN_MOST; i++)
		if (proc_tracer(permit->known[i].pid) == pid)
			return true;
	return false;
}
