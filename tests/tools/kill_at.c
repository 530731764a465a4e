/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Kills a program while a given system call of the command that looks into it begins.
 *
 *	kill_at N zombie|reaped PROGRAM... -- COMMAND...
 *
 * Starts PROGRAM, then COMMAND with PROGRAM's process id in place of the word PID, and counts the system
 * calls of COMMAND's processes together, of equal calls in a row the first three. Before the Nth runs,
 * PROGRAM is killed; it is a zombie from then on, or gone. COMMAND is to end by itself. Prints
 * "N zombie call NUMBER status S"; S is -1 if it didn't within 30 seconds, NUMBER is -1 if the Nth call
 * didn't come within five, and PROGRAM was killed then. Both are longer by $SLOW, as in tests/live/run.py.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <linux/ptrace.h>

struct kill_at {
	long left; /* system calls until the kill */
	long last; /* the call before, and how often in a row */
	int repeats;
	int program;
	bool reap, killed;
	long call; /* the one that was beginning */
};

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec * 1e-9;
}

/* Returns when it is executed. */
static int start_program(char **argv)
{
	int executed[2], pid;
	char byte;

	if (pipe2(executed, O_CLOEXEC) < 0 || (pid = fork()) < 0)
		return -1;
	if (pid == 0) {
		execvp(argv[0], argv);
		_exit(127);
	}
	close(executed[1]);
	while (read(executed[0], &byte, 1) < 0 && errno == EINTR)
		;
	close(executed[0]);
	return pid;
}

static int start_command(char **argv)
{
	const long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL | PTRACE_O_TRACEFORK |
			     PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE;
	int pid = fork(), status;

	if (pid == 0) {
		ptrace(PTRACE_TRACEME, 0, 0, 0);
		raise(SIGSTOP);
		execvp(argv[0], argv);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, __WALL) != pid ||
	    ptrace(PTRACE_SETOPTIONS, pid, 0, options) < 0 ||
	    ptrace(PTRACE_SYSCALL, pid, 0, 0L) < 0)
		return -1;
	return pid;
}

static void end_program(struct kill_at *at, long call)
{
	siginfo_t info;

	kill(at->program, SIGKILL);
	waitid(P_PID, (id_t)at->program, &info, WEXITED | (at->reap ? 0 : WNOWAIT));
	at->killed = true;
	at->call = call;
}

static void entered(struct kill_at *at, int tid)
{
	struct ptrace_syscall_info info;

	if (ptrace(PTRACE_GET_SYSCALL_INFO, tid, (void *)sizeof(info), &info) < 0 ||
	    info.op != PTRACE_SYSCALL_INFO_ENTRY)
		return;
	at->repeats = (long)info.entry.nr == at->last ? at->repeats + 1 : 0;
	at->last = (long)info.entry.nr;
	if (at->repeats < 3 && --at->left == 0)
		end_program(at, at->last);
}

static bool is_event(int status)
{
	return status >> 16 || WSTOPSIG(status) == SIGSTOP || WSTOPSIG(status) == SIGTRAP;
}

/* A stop of a thread of the command: it goes on. */
static void stopped(struct kill_at *at, int tid, int status)
{
	int signal = 0;

	if (WSTOPSIG(status) == (SIGTRAP | 0x80)) {
		if (!at->killed)
			entered(at, tid);
	} else if (!is_event(status)) {
		signal = WSTOPSIG(status);
	}
	ptrace(at->killed ? PTRACE_CONT : PTRACE_SYSCALL, tid, 0, (long)signal);
}

static void tick(int signal)
{
	(void)signal;
}

/* waitpid() returns ten times a second at least. */
static void start_ticking(void)
{
	struct itimerval tenth = {{0, 100000}, {0, 100000}};
	struct sigaction action = {.sa_handler = tick};

	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &tenth, NULL);
}

/* The status of the command, -1 if it came to no end. */
static int follow(struct kill_at *at, int command)
{
	const char *slow = getenv("SLOW");
	double begin = now(), factor = slow ? atoi(slow) : 1;

	while (now() - begin < 30 * factor) {
		int status, tid = waitpid(-1, &status, __WALL);

		if (tid > 0 && WIFSTOPPED(status))
			stopped(at, tid, status);
		else if (tid == command)
			return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
		if (!at->killed && now() - begin > 5 * factor)
			end_program(at, -1);
	}
	kill(command, SIGKILL);
	return -1;
}

static int usage(void)
{
	fprintf(stderr, "usage: kill_at N zombie|reaped PROGRAM... -- COMMAND...\n");
	return 2;
}

static int failed(void)
{
	perror("kill_at");
	return 1;
}

int main(int argc, char **argv)
{
	struct kill_at at = {.last = -1, .call = -1};
	char pid[16], **command = argv + 3;
	int status, first;

	while (command < argv + argc && strcmp(*command, "--") != 0)
		command++;
	if (argc < 6 || command >= argv + argc - 1)
		return usage();
	*command++ = NULL;
	at.left = atol(argv[1]);
	at.reap = strcmp(argv[2], "reaped") == 0;
	at.program = start_program(argv + 3);
	if (at.program < 0)
		return failed();
	snprintf(pid, sizeof(pid), "%d", at.program);
	for (char **word = command; *word; word++)
		if (strcmp(*word, "PID") == 0)
			*word = pid;
	first = start_command(command);
	if (first < 0) {
		kill(at.program, SIGKILL);
		return failed();
	}
	start_ticking();
	status = follow(&at, first);
	printf("%s %s call %ld status %d\n", argv[1], argv[2], at.call, status);
	return 0;
}
