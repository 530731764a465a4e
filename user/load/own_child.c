/* SPDX-License-Identifier: BSD-2-Clause */
#include "load/own_child.h"

#include <errno.h>
#include <sys/wait.h>
#include <unistd.h>

void own_child_begin(struct sigaction *before)
{
	const struct sigaction waits = {.sa_handler = SIG_DFL};

	sigaction(SIGCHLD, &waits, before);
}

void own_child_end(const struct sigaction *before)
{
	sigaction(SIGCHLD, before, NULL);
}

bool own_child_ask(void (*act)(int answer), void *got, size_t len)
{
	struct sigaction before;
	int answer[2], pid;
	bool good;

	if (pipe(answer))
		return false;
	own_child_begin(&before);
	pid = fork();
	if (!pid) {
		if (!fork())
			act(answer[1]);
		_exit(0);
	}
	close(answer[1]);
	if (pid > 0)
		TEMP_FAILURE_RETRY(waitpid(pid, NULL, 0));
	good = pid > 0 && TEMP_FAILURE_RETRY(read(answer[0], got, len)) == (ssize_t)len;
	close(answer[0]);
	own_child_end(&before);
	return good;
}
