/* SPDX-License-Identifier: BSD-2-Clause */
#include "proc/proc_private.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/host.h"
#include "base/strbuf.h"

struct error error_process_gone = {
	.kind = ERROR_NOT_FOUND, .text = (char *)"the process is gone", .is_static = true};

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static struct error *proc_error(int pid, const char *name)
{
	if (errno == ENOENT || errno == ESRCH)
		return &error_process_gone;
	if (errno == EACCES || errno == EPERM)
		return error_cure(
			error_errno(ERROR_PRIVILEGE, "process %d: reading its %s", pid, name),
			"Run snapline as root, or with CAP_SYS_PTRACE.");
	return error_errno(ERROR_FAILED, "process %d: reading its %s", pid, name);
}

struct error *proc_read_file(int pid, const char *name, struct arena *arena, char **text,
			     size_t *len)
{
	struct strbuf _cleanup_(strbuf_free) content = {0};
	char path[64], block[4096];
	int _cleanup_(close_fd) fd = -1;
	ssize_t got;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	fd = host_open(path);
	if (fd < 0)
		return proc_error(pid, name);
	while ((got = read(fd, block, sizeof(block))) != 0) {
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return proc_error(pid, name);
		if (content.len > PROC_FILE_MAX)
			return error_new(ERROR_FAILED, "process %d: its %s is too long", pid, name);
		strbuf_add(&content, block, (size_t)got);
	}
	/* What it says of an address space that ended while it was read is cut off there. */
	if (content.len && pread(fd, block, 1, 0) <= 0) {
		errno = ESRCH;
		return proc_error(pid, name);
	}
	*text = arena_strndup(arena, content.text ? content.text : "", content.len);
	*len = content.len;
	return NULL;
}

int proc_status_number(int pid, const char *field)
{
	struct arena _cleanup_(arena_freep) *arena = arena_new();
	struct error _cleanup_(error_freep) *err = NULL;
	const char *line;
	char *text;
	size_t len;

	err = proc_read_file(pid, "status", arena, &text, &len);
	line = err ? NULL : strstr(text, arena_printf(arena, "\n%s:", field));
	return line ? atoi(line + strlen(field) + 2) : -1;
}

int proc_tracer(int pid)
{
	int tracer = proc_status_number(pid, "TracerPid");

	return tracer > 0 ? tracer : 0;
}

struct error *proc_exe(int pid, struct arena *arena, const char **path)
{
	static const char deleted[] = " (deleted)";
	char link[64], target[4096];
	ssize_t len, tail = sizeof(deleted) - 1;

	snprintf(link, sizeof(link), "/proc/%d/exe", pid);
	len = host_read_link(link, target, sizeof(target));
	if (len < 0)
		return proc_error(pid, "executable");
	if (len > tail && memcmp(target + len - tail, deleted, (size_t)tail) == 0)
		len -= tail;
	*path = arena_strndup(arena, target, (size_t)len);
	return NULL;
}

struct error *proc_comm(int pid, struct arena *arena, const char **comm)
{
	char *text;
	size_t len;
	struct error *err = proc_read_file(pid, "comm", arena, &text, &len);

	if (err)
		return err;
	if (len && text[len - 1] == '\n')
		text[len - 1] = '\0';
	*comm = text;
	return NULL;
}

/* "12 (any) name) S 1 ...": the fields count from behind the last parenthesis (man 5 proc). */
bool proc_stat_parse(const char *text, struct proc_stat *stat)
{
	enum { PF_EXITING = 0x4, PF_KTHREAD = 0x00200000 }; /* include/linux/sched.h */
	const char *close = strrchr(text, ')');
	unsigned long long start, memory;
	unsigned flags;
	long user, system;
	int parent;
	char state;

	if (!close || sscanf(close + 1,
			     " %c %d %*d %*d %*d %*d %u %*u %*u %*u %*u %*u %*u %ld %ld %*d %*d "
			     "%*d %*d %llu %llu",
			     &state, &parent, &flags, &user, &system, &start, &memory) != 7)
		return false;
	*stat = (struct proc_stat){
		.state = state,
		.parent = parent,
		.is_kernel = (flags & PF_KTHREAD) != 0,
		.is_ending = (flags & PF_EXITING) != 0,
		.has_memory = memory != 0,
		.start_time = start,
		.children_ticks = (u64)(user + system),
	};
	return true;
}

struct error *proc_stat(int pid, struct proc_stat *stat)
{
	struct arena _cleanup_(arena_freep) *arena = arena_new();
	char *text;
	size_t len;
	struct error *err = proc_read_file(pid, "stat", arena, &text, &len);

	if (err)
		return err;
	if (!proc_stat_parse(text, stat))
		return error_new(ERROR_FAILED, "/proc/%d/stat can't be understood", pid);
	return NULL;
}

/* The clock of a process by its pid: include/linux/posix-timers.h, make_process_cpuclock(). */
u64 proc_cpu_time(int pid)
{
	enum { CPUCLOCK_SCHED = 2 };
	clockid_t clock = (clockid_t)((~(unsigned)pid << 3) | CPUCLOCK_SCHED);

	return clock_read(clock);
}

struct error *proc_start_time(int pid, u64 *ticks)
{
	struct proc_stat stat;
	struct error *err = proc_stat(pid, &stat);

	if (!err)
		*ticks = stat.start_time;
	return err;
}

int proc_process_of(int tid)
{
	int pid = proc_status_number(tid, "Tgid");

	return pid > 0 ? pid : tid;
}

bool proc_exists(int pid)
{
	char path[32];
	struct stat st;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	return host_stat(path, &st) == 0;
}

/* It will end and not run its program any more: exit() of another thread, or a signal. */
static bool is_killed(int tid)
{
	struct arena _cleanup_(arena_freep) *arena = arena_new();
	char *text;
	size_t len;
	struct error _cleanup_(error_freep) *err =
		proc_read_file(tid, "status", arena, &text, &len);
	const char *pending = err ? NULL : strstr(text, "\nSigPnd:");

	return pending && strtoull(pending + 8, NULL, 16) & (1ull << (SIGKILL - 1));
}

/* Also if that can't be read. */
static bool thread_lives(int tid)
{
	struct proc_stat stat;
	struct error *err = proc_stat(tid, &stat);

	if (err) {
		bool gone = err == &error_process_gone;

		error_free(err);
		return !gone;
	}
	if (stat.is_kernel)
		return true;
	return stat.state != 'Z' && stat.state != 'X' && stat.has_memory && !stat.is_ending &&
	       !is_killed(tid);
}

/* 0: none */
static int living_thread(int pid)
{
	_cleanup_(strbuf_free) struct strbuf names = {0};
	const char *name = NULL;
	char path[64];
	int found = 0;

	if (thread_lives(pid))
		return pid;
	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	host_list(path, &names);
	while (!found && (name = host_next_name(&names, name))) {
		int tid = atoi(name);

		if (tid > 0 && tid != pid && thread_lives(tid))
			found = tid;
	}
	return found;
}

bool proc_lives(int pid)
{
	return living_thread(pid) != 0;
}

bool proc_ended(int pid)
{
	struct pollfd ended = {.fd = (int)syscall(SYS_pidfd_open, pid, 0), .events = POLLIN};
	bool has_ended;

	if (ended.fd < 0)
		return errno == ESRCH || living_thread(pid) == 0; /* pid may be another thread's */
	has_ended = poll(&ended, 1, 0) > 0;
	close(ended.fd);
	return has_ended;
}

int proc_thread(int pid)
{
	int tid = living_thread(pid);

	return tid ? tid : pid;
}

u64 proc_pid_namespace(int pid)
{
	char path[32];
	struct stat st;

	snprintf(path, sizeof(path), "/proc/%d/ns/pid", pid);
	return host_stat(path, &st) == 0 ? st.st_ino : 0;
}
