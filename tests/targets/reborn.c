// SPDX-License-Identifier: BSD-2-Clause
// Starts a program under a process number of choice, as reuse of numbers would.
// usage: reborn PID PROGRAM [ARGUMENT...]
#define _GNU_SOURCE
#include <errno.h>
#include <linux/sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "common.h"

int main(int argc, char **argv)
{
	pid_t wanted = argc > 2 ? (pid_t)atoi(argv[1]) : 0;
	struct clone_args args = {
		.exit_signal = SIGCHLD,
		.set_tid = (uint64_t)(uintptr_t)&wanted,
		.set_tid_size = 1,
	};
	long child;
	int status;

	if (wanted <= 0)
		return 2;
	child = syscall(SYS_clone3, &args, sizeof(args));
	if (child == 0) {
		execv(argv[2], argv + 2);
		_exit(127);
	}
	if (child < 0) {
		printf("not here: %s\n", strerror(errno));
		return 3;
	}
	waitpid((pid_t)child, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
