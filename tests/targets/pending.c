// SPDX-License-Identifier: BSD-2-Clause
// Calls in which the process becomes two, or another: fork, vfork, clone and exec while they are pending. Each child
// returns through the same functions and tells by its status that all was right.
#define _GNU_SOURCE
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>
#include "common.h"

enum { ROUNDS = 20, STACK = 128 << 10, RIGHT = 42 };

static char stack[STACK] __attribute__((aligned(16)));
static int dead;

static NOINLINE int judge(pid_t child)
{
	int status = -1;

	return child < 0 || waitpid(child, &status, __WALL) != child || !WIFEXITED(status) ||
	       WEXITSTATUS(status) != RIGHT;
}

/* Returns twice. */
static NOINLINE pid_t forks(int round)
{
	pid_t child = fork();

	KEEP(round);
	return child;
}

static NOINLINE pid_t around(int round)
{
	pid_t child = forks(round);

	KEEP(round);
	return child;
}

static NOINLINE int simple(int value)
{
	KEEP(value);
	return value + 1;
}

/* The child lives in the parent's memory and stack; it calls and leaves. */
static NOINLINE pid_t vforks(int round)
{
	pid_t child = vfork();

	if (child == 0)
		_exit(simple(RIGHT - 1));
	KEEP(round);
	return child;
}

static int in_clone(void *unused)
{
	return simple(RIGHT - 1);
}

/* The same memory, another stack, another process; both go on at once. */
static NOINLINE pid_t clones(int round)
{
	pid_t child = clone(in_clone, stack + STACK, CLONE_VM | SIGCHLD, &round);

	dead += judge(child);
	return child;
}

/* Never returns: the file again, with the other word. */
static NOINLINE void becomes(char *self)
{
	char *argv[] = {self, "again", NULL};

	execv("/proc/self/exe", argv);
	_exit(1);
}

int main(int argc, char **argv)
{
	if (argc > 1) {
		int sum = 0;

		for (int i = 0; i < ROUNDS; i++)
			sum += simple(i);
		return sum == ROUNDS * (ROUNDS + 1) / 2 ? RIGHT : 1;
	}
	for (int i = 0; i < ROUNDS; i++) {
		pid_t child = around(i);

		if (child == 0)
			_exit(simple(RIGHT - 1));
		dead += judge(child);
		dead += judge(vforks(i));
		clones(i);
		child = fork();
		if (child == 0)
			becomes(argv[0]);
		dead += judge(child);
	}
	printf("dead %d\n", dead);
	return dead != 0;
}
