/* SPDX-License-Identifier: BSD-2-Clause */
#include "proc/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

struct launch {
	char *const *argv;
	pid_t pid;
	int pidfd;
	int go;	     /* one byte here lets the child run */
	int outcome; /* errno of exec arrives here; closed by a successful one */
	bool ended;
	int status;
};

static bool is_executable(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

/* Why a path that was named can't be run. */
static struct error *why_not(const char *path)
{
	struct stat st;

	if (stat(path, &st) != 0)
		return error_errno(ERROR_NOT_FOUND, "the command %s can't be started", path);
	if (S_ISDIR(st.st_mode))
		return error_new(ERROR_NOT_FOUND, "the command %s is a directory", path);
	return error_cure(error_new(ERROR_NOT_FOUND, "the command %s is not executable", path),
			  "chmod +x %s", path);
}

static struct error *search_path(const char *name, struct arena *arena, const char **path)
{
	const char *env = getenv("PATH");
	char *rest = arena_strdup(arena, env ? env : "/bin:/usr/bin"), *folder;

	while ((folder = strsep(&rest, ":"))) {
		const char *found = arena_printf(arena, "%s/%s", *folder ? folder : ".", name);

		if (is_executable(found)) {
			*path = found;
			return NULL;
		}
	}
	return error_cure(error_new(ERROR_NOT_FOUND, "there is no command %s in PATH", name),
			  "Name it with its path, like ./%s.", name);
}

struct error *launch_find(const char *name, struct arena *arena, const char **path)
{
	if (!*name)
		return error_new(ERROR_USAGE, "the command to start is empty");
	if (!strchr(name, '/'))
		return search_path(name, arena, path);
	if (!is_executable(name))
		return why_not(name);
	*path = arena_strdup(arena, name);
	return NULL;
}

/* The interpreter that a script's first line names, NULL if it isn't a script. */
static const char *interpreter_of(const char *path, struct arena *arena)
{
	char head[256] = "", *name;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t len = fd < 0 ? 0 : read(fd, head, sizeof(head) - 1);

	if (fd >= 0)
		close(fd);
	if (len < 3 || strncmp(head, "#!", 2) != 0)
		return NULL;
	head[strcspn(head, "\n")] = '\0';
	name = head + 2 + strspn(head + 2, " \t");
	name[strcspn(name, " \t")] = '\0';
	return *name ? arena_strdup(arena, name) : NULL;
}

struct error *launch_binary(const char *name, struct arena *arena, const char **binary,
			    bool *is_script)
{
	enum { NESTED_MAX = 4 }; /* as the kernel's BINPRM_MAX_RECURSION */
	const char *path, *interpreter;
	struct error *err = launch_find(name, arena, &path);
	int depth = 0;

	if (err)
		return err;
	while (depth < NESTED_MAX && (interpreter = interpreter_of(path, arena))) {
		if (!is_executable(interpreter))
			return error_prefix(why_not(interpreter), "%s is a script", path);
		path = interpreter;
		depth++;
	}
	*binary = path;
	*is_script = depth > 0;
	return NULL;
}

static void default_signals(void)
{
	sigset_t none;

	for (int signal_number = 1; signal_number < NSIG; signal_number++) {
		struct sigaction action;

		if (sigaction(signal_number, NULL, &action) != 0 || action.sa_handler == SIG_DFL)
			continue;
		/* what we were started with ignored (nohup) stays so; SIGPIPE only we ignore */
		if (action.sa_handler == SIG_IGN && signal_number != SIGPIPE)
			continue;
		signal(signal_number, SIG_DFL);
	}
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static void __attribute__((noreturn)) child(char *const *argv, int go, int outcome)
{
	ssize_t got;
	char byte;
	int why;

	default_signals();
	do
		got = read(go, &byte, 1);
	while (got < 0 && errno == EINTR);
	if (got != 1) /* snapline has given up, or is dead */
		_exit(127);
	execvp(argv[0], argv);
	why = errno;
	got = write(outcome, &why, sizeof(why));
	_exit(127);
}

struct error *launch_start(char *const *argv, struct launch **launch)
{
	int go[2], outcome[2];
	struct launch *started;
	pid_t pid;

	/* a socket, as writing to a pipe whose reader was killed would raise SIGPIPE */
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, go) != 0)
		return error_errno(ERROR_FAILED, "making a socket");
	if (pipe2(outcome, O_CLOEXEC) != 0) {
		close(go[0]);
		close(go[1]);
		return error_errno(ERROR_FAILED, "making a pipe");
	}
	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		/* or the child would hold its own gate open when snapline dies */
		close(go[1]);
		close(outcome[0]);
		child(argv, go[0], outcome[1]);
	}
	close(go[0]);
	close(outcome[1]);
	if (pid < 0) {
		close(go[1]);
		close(outcome[0]);
		return error_errno(ERROR_FAILED, "starting a process");
	}
	started = calloc(1, sizeof(*started));
	if (!started)
		error_no_memory();
	*started =
		(struct launch){argv, pid, (int)syscall(SYS_pidfd_open, pid, 0), go[1], outcome[0]};
	*launch = started;
	return NULL;
}

int launch_pid(const struct launch *launch)
{
	return launch->pid;
}

int launch_fd(const struct launch *launch)
{
	return launch->pidfd;
}

bool launch_has_fd(const struct launch *launch, int fd)
{
	return fd == launch->pidfd || fd == launch->go || fd == launch->outcome;
}

struct error *launch_release(struct launch *launch)
{
	ssize_t done;
	int why = 0;

	do
		done = send(launch->go, "g", 1, MSG_NOSIGNAL);
	while (done < 0 && errno == EINTR);
	close(launch->go);
	launch->go = -1;
	do
		done = read(launch->outcome, &why, sizeof(why));
	while (done < 0 && errno == EINTR);
	if (done != sizeof(why))
		return NULL;
	errno = why;
	return error_errno(ERROR_NOT_FOUND, "the command %s can't be started", launch->argv[0]);
}

bool launch_ended(struct launch *launch, int *status)
{
	if (!launch->ended)
		launch->ended = waitpid(launch->pid, &launch->status, WNOHANG) == launch->pid;
	if (launch->ended)
		*status = launch->status;
	return launch->ended;
}

void launch_forward(const struct launch *launch, const siginfo_t *info)
{
	/* The terminal signals the whole process group, by the kernel. */
	if (launch->ended || (info->si_signo == SIGINT && info->si_code == SI_KERNEL))
		return;
	if (launch->pidfd >= 0)
		syscall(SYS_pidfd_send_signal, launch->pidfd, info->si_signo, NULL, 0);
}

void launch_free(struct launch *launch)
{
	if (!launch)
		return;
	if (launch->go >= 0) {
		close(launch->go);
		while (!launch->ended && waitpid(launch->pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	if (launch->outcome >= 0)
		close(launch->outcome);
	if (launch->pidfd >= 0)
		close(launch->pidfd);
	free(launch);
}

void launch_freep(struct launch **launch)
{
	launch_free(*launch);
}
