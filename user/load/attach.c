/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Links. A perf link (perf_event_open of the uprobe PMU, then BPF_LINK_CREATE) is one place in one
 * process or in all; a uprobe_multi link is all places of one file that share a program. Both end
 * with their file descriptor, so nothing is left behind when this process dies. perf_event_open
 * with a pid takes a thread and filters by its memory, so any thread of a process will do.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/perf_event.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "arch/arch.h"
#include "base/grow.h"
#include "load/object.h"
#include "load/remote.h"
#include "load/session.h"
#include "load/uapi.h"
#include "proc/proc.h"

static int sys_bpf(int command, void *attr, size_t size)
{
	return syscall(SYS_bpf, command, attr, size);
}

int attach_uprobe_type(void)
{
	FILE *file = fopen("/sys/bus/event_source/devices/uprobe/type", "re");
	int type;

	if (!file)
		return -errno;
	if (fscanf(file, "%d", &type) != 1)
		type = -EINVAL;
	fclose(file);
	return type;
}

/* pid -1: every process. Negative errno. */
static int open_uprobe(int type, const char *path, u64 offset, int pid)
{
	struct perf_event_attr attr = {
		.size = sizeof(attr),
		.type = type,
		.uprobe_path = (u64)(uintptr_t)path,
		.probe_offset = offset,
	};
	int fd = syscall(SYS_perf_event_open, &attr, pid, pid < 0 ? 0 : -1, -1,
			 PERF_FLAG_FD_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static void push_link(struct load_session *session, int fd, int pid, const u32 *places, u32 n)
{
	struct link link = {.fd = fd, .pid = pid, .n_places = n};

	if (n) {
		link.places = malloc(n * sizeof(*places));
		if (!link.places)
			error_no_memory();
		memcpy(link.places, places, n * sizeof(*places));
	}
	session->links = grow(session->links, session->n_links, &session->link_capacity,
			      sizeof(*session->links));
	session->links[session->n_links++] = link;
}

void link_close(struct link *link)
{
	close(link->fd);
	free(link->places);
}

/* A process whose first thread has exited is still there in the others. */
static int open_uprobe_thread(struct load_session *session, const struct load_place *place, int pid)
{
	int fd = open_uprobe(session->uprobe_type, place->path, place->offset, pid);
	int tid;

	if (fd != -ESRCH || pid < 0)
		return fd;
	tid = proc_thread(pid);
	return tid == pid ? fd : open_uprobe(session->uprobe_type, place->path, place->offset, tid);
}

static int prog_fd(const struct load_session *session, u32 place)
{
	return session->progs[session->places[place].prog].fd;
}

static int link_perf(struct load_session *session, const struct load_place *place, int pid)
{
	LIBBPF_OPTS(bpf_link_create_opts, opts, .perf_event.bpf_cookie = place->index);
	int event = open_uprobe_thread(session, place, pid), prog = prog_fd(session, place->index);
	int link;

	if (event < 0)
		return event;
	if (!session->cookies) {
		if (ioctl(event, PERF_EVENT_IOC_SET_BPF, prog))
			goto failed;
		return event;
	}
	/* The link keeps the event. */
	link = bpf_link_create(prog, event, BPF_PERF_EVENT, &opts);
	if (link < 0) {
		errno = -link;
		goto failed;
	}
	close(event);
	return link;
failed:
	link = -errno;
	close(event);
	return link;
}

int attach_multi(int prog_fd, u32 type, const char *path, const u64 *offsets, const u64 *cookies,
		 u32 n, int pid)
{
	struct bpf_link_create_multi attr = {
		.prog_fd = prog_fd,
		.attach_type = type,
		.path = (u64)(uintptr_t)path,
		.offsets = (u64)(uintptr_t)offsets,
		.cookies = (u64)(uintptr_t)cookies,
		.cnt = n,
		.pid = pid < 0 ? 0 : pid,
	};
	int fd = sys_bpf(BPF_LINK_CREATE, &attr, sizeof(attr));

	return fd < 0 ? -errno : fd;
}

static struct error *attach_error(int code, const struct load_place *place)
{
	char what[512];

	snprintf(what, sizeof(what), "cannot attach to %s at offset 0x%llx",
		 place->shown ? place->shown : place->path, (unsigned long long)place->offset);
	if (code == arch_native()->refused || code == EOPNOTSUPP)
		return error_new(ERROR_NOT_FOUND, "%s: the kernel refuses the instruction there",
				 what);
	return kernel_error(code, what);
}

static struct error *attach_each(struct load_session *session, const struct load_place *places,
				 size_t n, int pid)
{
	for (size_t i = 0; i < n; i++) {
		int fd = link_perf(session, &places[i], pid);

		if (fd == -ESRCH)
			return NULL;
		if (fd < 0)
			return attach_error(-fd, &places[i]);
		push_link(session, fd, pid, &places[i].index, 1);
	}
	return NULL;
}

/*
 * A uprobe_multi link goes by the first thread of a process. Where that has ended a link of all
 * processes does, which the program sorts out; beside other links it would count theirs twice.
 */
static struct error *multi_pid(const struct load_session *session, int pid, int *link_pid)
{
	*link_pid = pid;
	if (pid < 0 || proc_thread(pid) == pid)
		return NULL;
	if (session->n_pids > 1)
		return error_new(
			ERROR_FAILED,
			"process %d has lost its first thread: it can only be probed alone", pid);
	*link_pid = -1;
	return NULL;
}

/* One link of those places, which have a program and a file in common. */
static int link_places(struct load_session *session, const u32 *places, u32 n, u64 flags, int pid)
{
	u64 *offsets = calloc(n, sizeof(*offsets)), *cookies = calloc(n, sizeof(*cookies));
	int fd;

	if (!offsets || !cookies)
		error_no_memory();
	for (u32 i = 0; i < n; i++) {
		offsets[i] = session->places[places[i]].place.offset;
		cookies[i] = places[i] | flags;
	}
	fd = attach_multi(prog_fd(session, places[0]), session->multi_type,
			  session->places[places[0]].place.path, offsets, cookies, n, pid);
	free(offsets);
	free(cookies);
	return fd;
}

static bool share_link(const struct load_session *session, const struct load_place *a,
		       const struct load_place *b)
{
	return session->places[a->index].prog == session->places[b->index].prog &&
	       !strcmp(a->path, b->path);
}

/* Places that go into one link with places[first]. */
static struct error *attach_group(struct load_session *session, const struct load_place *places,
				  size_t n, size_t first, bool *done, int pid)
{
	u32 *group = calloc(n, sizeof(*group)), count = 0;
	int fd = 0, link_pid;
	struct error *err;

	if (!group)
		error_no_memory();
	for (size_t i = first; i < n; i++) {
		if (done[i] || !share_link(session, &places[first], &places[i]))
			continue;
		group[count++] = places[i].index;
		done[i] = true;
	}
	err = multi_pid(session, pid, &link_pid);
	if (!err)
		fd = link_places(session, group, count, 0, link_pid);
	if (!err && fd >= 0)
		push_link(session, fd, pid, group, count);
	free(group);
	if (err || fd >= 0 || fd == -ESRCH)
		return err;
	return attach_error(-fd, &places[first]);
}

struct error *attach_instead(struct load_session *session, const struct link *old,
			     const u32 *places, u32 n)
{
	u64 flag = old->flag ^ COOKIE_SWAPPED;
	int link_pid, fd;
	struct error *err = multi_pid(session, old->pid, &link_pid);

	if (err)
		return err;
	fd = link_places(session, places, n, flag, link_pid);
	if (fd < 0)
		return attach_error(-fd, &session->places[places[0]].place);
	push_link(session, fd, old->pid, places, n);
	session->links[session->n_links - 1].flag = flag;
	return NULL;
}

struct error *attach_places(struct load_session *session, const struct load_place *places, size_t n,
			    int pid)
{
	struct error *err = NULL;
	bool *done;

	if (!session->info.multi)
		return attach_each(session, places, n, pid);
	done = calloc(n + 1, sizeof(*done));
	if (!done)
		error_no_memory();
	for (size_t i = 0; i < n && !err; i++) {
		if (!done[i])
			err = attach_group(session, places, n, i, done, pid);
	}
	free(done);
	return err;
}

int attach_one(int prog_fd, const char *path, u64 offset, int pid)
{
	int event = open_uprobe(attach_uprobe_type(), path, offset, pid);

	if (event >= 0 && ioctl(event, PERF_EVENT_IOC_SET_BPF, prog_fd)) {
		int code = -errno;

		close(event);
		return code;
	}
	return event;
}

int load_empty(u32 attach_type)
{
	struct bpf_insn insns[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K},
		{.code = BPF_JMP | BPF_EXIT},
	};
	LIBBPF_OPTS(bpf_prog_load_opts, opts, .expected_attach_type = attach_type);

	return bpf_prog_load(BPF_PROG_TYPE_KPROBE, "snapline_try", "Dual BSD/GPL", insns,
			     ARRAY_LEN(insns), &opts);
}

int attach_empty(const char *path, u64 offset, int pid)
{
	bool perf = attach_perf_permitted();
	int prog = load_empty(perf ? 0 : TRACE_UPROBE_MULTI), link;

	if (prog < 0)
		return prog;
	link = perf ? attach_one(prog, path, offset, pid)
		    : attach_multi(prog, TRACE_UPROBE_MULTI, path, &offset, NULL, 1, pid);
	close(prog); /* the link keeps it */
	return link;
}

static void never_called(void)
{
	asm volatile("nop");
}

void attach_settle(void)
{
	int prog = load_empty(TRACE_UPROBE_MULTI), link = -1;
	u64 offset;

	if (prog >= 0 && trial_offset(never_called, &offset))
		link = attach_multi(prog, TRACE_UPROBE_MULTI, "/proc/self/exe", &offset, NULL, 1,
				    getpid());
	if (link >= 0)
		close(link);
	if (prog >= 0)
		close(prog);
}

struct error *attach_process(struct load_session *session, int pid)
{
	struct load_place *places = calloc(session->n_places + 1, sizeof(*places));
	struct error *err;
	size_t n = 0;

	if (!places)
		error_no_memory();
	for (size_t i = 0; i < session->n_places; i++) {
		const struct session_place *place = &session->places[session->order[i]];

		if (!place->out)
			places[n++] = place->place;
	}
	err = attach_places(session, places, n, pid);
	free(places);
	return err;
}

struct error *load_attach_again(struct load_session *session, int pid)
{
	size_t kept = 0;

	if (session->is_remote)
		return remote_call(WIRE_ATTACH_AGAIN, &pid, sizeof(pid), NULL, 0);
	if (!session_links_by_pid(session) || !session->attached)
		return NULL;
	for (size_t i = 0; i < session->n_links; i++) {
		if (session->links[i].pid == pid)
			link_close(&session->links[i]);
		else
			session->links[kept++] = session->links[i];
	}
	session->n_links = kept;
	return attach_process(session, pid);
}

static struct error *follow_by(struct load_session *session, const char *program)
{
	int fd = bpf_raw_tracepoint_open(NULL, object_program(session->object, program));

	if (fd < 0)
		return kernel_error(-fd, "cannot follow processes");
	push_link(session, fd, -1, NULL, 0);
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

/* The permission is asked before the path: with one that can't be, nothing is ever attached. */
bool attach_perf_permitted(void)
{
	int fd = open_uprobe(attach_uprobe_type(), "/", 0, -1);

	if (fd >= 0)
		close(fd);
	return fd != -EACCES && fd != -EPERM && fd != -ENOSYS;
}

/* A kernel that has them gets as far as the path, which is no file. */
bool attach_multi_supported(void)
{
	int prog = load_empty(TRACE_UPROBE_MULTI);
	u64 offset = 0;
	int fd;

	if (prog < 0)
		return false;
	fd = attach_multi(prog, TRACE_UPROBE_MULTI, "/", &offset, NULL, 1, -1);
	if (fd >= 0)
		close(fd);
	close(prog);
	return fd >= 0 || fd == -EBADF;
}
