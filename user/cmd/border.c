/* SPDX-License-Identifier: BSD-2-Clause */
#include "cmd/border.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/host.h"
#include "load/keeper.h"
#include "load/remote.h"

enum { LOOK_MS = 1000, ANSWER_SECONDS = 10 };
#define STUCK_NS 120000000000ull

/* The keeper's view of the worker. */
struct border {
	struct keeper *keeper;
	int socket;
	pid_t worker;
	bool only_reads;
	clockid_t clock; /* its CPU time */
	u64 heard_ns;	 /* what that was at the last request */
	u64 stuck_ns;
	bool is_stuck;
	bool broke;   /* the form of requests, while it lived */
	int passed;   /* bits of the signals that it has been sent */
	int ended_by; /* a signal that came again; 0: none */
};

/* Bits of the signals that wait to be passed on. */
static volatile sig_atomic_t passed_on;

static void on_signal(int signal)
{
	passed_on |= 1 << signal;
}

static void catch_unless_ignored(int signal)
{
	struct sigaction action = {.sa_handler = on_signal}, before;

	if (sigaction(signal, NULL, &before) == 0 && before.sa_handler == SIG_DFL)
		sigaction(signal, &action, NULL);
}

static void catch_signals(void)
{
	struct sigaction action = {.sa_handler = on_signal};

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	catch_unless_ignored(SIGHUP);
	catch_unless_ignored(SIGTSTP);
	signal(SIGPIPE, SIG_IGN);
}

/* Ctrl-Z and fg: what belongs to us stops and goes on with us. */
static void stop_both(const struct border *border)
{
	kill(border->worker, SIGSTOP);
	raise(SIGSTOP);
	kill(border->worker, SIGCONT);
}

/*
 * The worker has a process group of its own, so that a terminal's Ctrl-C doesn't come twice. What
 * comes a second time ends both, whatever the worker does.
 */
static void pass_signals_on(struct border *border)
{
	static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
	int came = passed_on;

	passed_on &= ~came;
	for (size_t i = 0; i < ARRAY_LEN(signals); i++) {
		int bit = 1 << signals[i];

		if (!(came & bit))
			continue;
		if (border->passed & bit)
			border->ended_by = signals[i];
		border->passed |= bit;
		kill(border->worker, signals[i]);
	}
	if (came & 1 << SIGTSTP)
		stop_both(border);
}

static u64 cpu_time(const struct border *border)
{
	u64 time = clock_read(border->clock);

	return time ? time : border->heard_ns;
}

/* Until the worker hangs up, breaks the form, computes on and on, or has to end. */
static void serve(struct border *border)
{
	struct pollfd asked = {.fd = border->socket, .events = POLLIN};

	while (!border->is_stuck && !border->ended_by) {
		int ready = poll(&asked, 1, LOOK_MS);

		if (ready > 0 && !keeper_answer(border->keeper)) {
			border->broke = !poll(&asked, 1, 0) || !(asked.revents & POLLHUP);
			return;
		}
		if (ready > 0)
			border->heard_ns = cpu_time(border);
		else if (cpu_time(border) - border->heard_ns > border->stuck_ns)
			border->is_stuck = true;
		keeper_look(border->keeper);
		pass_signals_on(border);
	}
}

static int await(pid_t worker)
{
	int status = 0;

	kill(worker, SIGKILL); /* if it has ended, nothing; its status stays what it is */
	while (waitpid(worker, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}

/* Ends as the worker was ended: by Ctrl-C, by a reader that is gone. */
static void end_by_signal(int number)
{
	static const int common[] = {SIGINT, SIGTERM, SIGPIPE, SIGHUP};

	for (size_t i = 0; i < ARRAY_LEN(common); i++) {
		if (common[i] != number)
			continue;
		signal(number, SIG_DFL);
		raise(number);
	}
}

static struct error *why_ended(const struct border *border, int status)
{
	const char *file = keeper_last_file(border->keeper), *comma = file ? ", the last was " : "";
	struct error *err;

	file = file ? file : "";
	if (border->is_stuck)
		err = error_new(ERROR_FAILED,
				"the process that reads files came to no end, it was killed%s%s",
				comma, file);
	else if (border->broke)
		err = error_new(ERROR_FAILED,
				"the process that reads files asked for what doesn't exist, it was "
				"ended%s%s",
				comma, file);
	else if (WIFSIGNALED(status))
		err = error_new(ERROR_FAILED, "the process that reads files crashed (%s)%s%s",
				strsignal(WTERMSIG(status)), comma, file);
	else
		err = error_new(ERROR_FAILED, "the process that reads files gave up%s%s", comma,
				file);
	return error_cure(
		err,
		"%sA damaged or hostile file can do this; if it is neither, please report "
		"it.",
		border->only_reads ? "" : "Probes are taken out, the target runs on. ");
}

static void __attribute__((noreturn)) keep(struct border *border)
{
	struct error *err = NULL;
	int status;

	catch_signals();
	serve(border);
	status = await(border->worker);
	if (border->ended_by)
		end_by_signal(border->ended_by);
	if (!keeper_is_done(border->keeper) && WIFSIGNALED(status) && !border->is_stuck &&
	    !border->broke)
		end_by_signal(WTERMSIG(status));
	if (!keeper_is_done(border->keeper) || !WIFEXITED(status))
		err = why_ended(border, status);
	keeper_free(border->keeper);
	if (err)
		error_print(err, stderr);
	exit(err ? (int)err->kind : WEXITSTATUS(status));
}

/* The keeper waits for the worker only so long while a request or an answer is under way. */
static void bound_waiting(int socket)
{
	struct timeval most = {.tv_sec = ANSWER_SECONDS};

	setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &most, sizeof(most));
	setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &most, sizeof(most));
}

/* What the worker maps of the kernel's rings may count as locked memory, for a user with many such.
 */
static void allow_rings(void)
{
	struct rlimit limit = {RLIM_INFINITY, RLIM_INFINITY};

	if (setrlimit(RLIMIT_MEMLOCK, &limit) == 0 || getrlimit(RLIMIT_MEMLOCK, &limit) != 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_MEMLOCK, &limit);
}

/* What we were started with besides stdin, stdout and stderr is not for the worker. */
static void close_others(const int kept[2], const struct launch *launch)
{
	DIR *open_ones = opendir("/proc/self/fd");
	struct dirent *entry;

	while (open_ones && (entry = readdir(open_ones))) {
		int fd = atoi(entry->d_name);

		if (fd > STDERR_FILENO && fd != kept[0] && fd != kept[1] &&
		    fd != dirfd(open_ones) && !(launch && launch_has_fd(launch, fd)))
			close(fd);
	}
	if (open_ones)
		closedir(open_ones);
}

static struct error *become_worker(int socket, pid_t keeper, const struct border_limits *limits)
{
	int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
	struct error *err;

	if (nothing >= 0)
		dup2(nothing, STDIN_FILENO); /* that is the command's */
	setpgid(0, 0);
	signal(SIGTTOU, SIG_IGN);
	tzset(); /* this and the next read files */
	host_cpus();
	host_cpus_online();
	allow_rings();
	err = sandbox_enter(&limits->sandbox);
	if (err)
		return err;
	if (getppid() != keeper)
		_exit(ERROR_FAILED);
	remote_use(socket);
	return NULL;
}

static struct error *cross(struct permit_terms terms, struct launch *launch, int fd,
			   const struct border_limits *limits)
{
	struct border border = {.stuck_ns = limits->stuck_ns ? limits->stuck_ns : STUCK_NS};
	pid_t keeper = getpid();
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
		return error_errno(ERROR_FAILED, "making a socket");
	fflush(NULL);
	border.worker = fork();
	if (border.worker < 0)
		return error_errno(ERROR_FAILED, "starting a process");
	if (border.worker == 0) {
		close(ends[0]);
		close_others((const int[]){ends[1], fd}, launch);
		return become_worker(ends[1], keeper, limits);
	}
	close(ends[1]);
	bound_waiting(ends[0]);
	terms.worker = border.worker;
	border.only_reads = terms.only_reads;
	border.socket = ends[0];
	border.keeper = keeper_new(&terms, launch, ends[0]);
	proc_leave_out(border.worker);
	clock_getcpuclockid(border.worker, &border.clock);
	keep(&border);
}

struct error *border_cross(const struct spec *spec, const struct target *target,
			   struct launch *launch, const struct border_limits *limits)
{
	const struct permit_terms terms = {
		.spec = spec,
		.target = target,
		.launched = launch ? launch_pid(launch) : 0,
	};

	return cross(terms, launch, -1, limits);
}

struct error *border_cross_to_read(const struct spec *spec, const struct target *target, int fd)
{
	const struct target none = {.spec = &spec->target};
	const struct permit_terms terms = {
		.spec = spec,
		.target = target ? target : &none,
		.only_reads = true,
	};
	const struct border_limits limits = {};

	return sandbox_has_rights() ? cross(terms, NULL, fd, &limits) : NULL;
}

void border_done(void)
{
	remote_bye();
}
