/* SPDX-License-Identifier: BSD-2-Clause */
/* The programs by which the kernel side follows processes (bpf/follow.bpf.h). */
#include <errno.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "load/object.h"
#include "load/session.h"

static struct error *follow_by(struct load_session *session, const char *program)
{
	int fd = bpf_raw_tracepoint_open(NULL, object_program(session->object, program));

	if (fd < 0)
		return kernel_error(-fd, "cannot follow processes");
	link_keep(session, &(struct link){.fd = fd, .pid = -1}, NULL, 0);
	return NULL;
}

/*
 * Shows the kernel side which file is meant: one of our descriptors, while we fork. It stays open,
 * so that no other file gets its inode.
 */
static struct error *show_binary(struct load_session *session)
{
	pid_t child;

	session->binary_fd = open(session->config.binary_path, O_RDONLY | O_CLOEXEC);
	if (session->binary_fd < 0)
		return error_errno(ERROR_FAILED, "cannot open %s", session->config.binary_path);
	object_set(session->object, "binary_fd", (u64)session->binary_fd);
	object_set(session->object, "binary_teacher", (u64)getpid());
	child = fork();
	if (child == 0)
		_exit(0);
	if (child < 0)
		return error_errno(ERROR_FAILED, "starting a process");
	while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
		;
	return NULL;
}

struct error *attach_follow(struct load_session *session)
{
	enum load_filter filter = session->config.filter;
	struct error *err = NULL;

	if (filter != LOAD_FOLLOW && filter != LOAD_BINARY)
		return NULL;
	err = follow_by(session, "follow_fork");
	if (!err)
		err = follow_by(session, "follow_exit");
	if (err || filter == LOAD_FOLLOW)
		return err;
	err = follow_by(session, "binary_fork");
	if (!err)
		err = show_binary(session);
	return err ? err : follow_by(session, "binary_exec");
}
