/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/perf_event.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "load/link.h"
#include "load/session.h"
#include "load/uapi.h"

static int sys_bpf(int command, void *attr, size_t size)
{
	return syscall(SYS_bpf, command, attr, size);
}

int link_uprobe_type(void)
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

int link_open_uprobe(int type, const char *path, u64 offset, int pid)
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

int link_multi(int prog_fd, u32 type, const char *path, const u64 *offsets, const u64 *cookies,
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

/* The link keeps the event. */
int link_perf(int prog_fd, int uprobe_fd, const u64 *cookie)
{
	LIBBPF_OPTS(bpf_link_create_opts, opts, .perf_event.bpf_cookie = cookie ? *cookie : 0);
	int fd;

	if (uprobe_fd < 0)
		return uprobe_fd;
	if (!cookie && !ioctl(uprobe_fd, PERF_EVENT_IOC_SET_BPF, prog_fd))
		return uprobe_fd;
	fd = cookie ? bpf_link_create(prog_fd, uprobe_fd, BPF_PERF_EVENT, &opts) : -errno;
	close(uprobe_fd);
	return fd;
}

int link_empty_program(u32 attach_type)
{
	struct bpf_insn insns[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K},
		{.code = BPF_JMP | BPF_EXIT},
	};
	LIBBPF_OPTS(bpf_prog_load_opts, opts, .expected_attach_type = attach_type);

	return bpf_prog_load(BPF_PROG_TYPE_KPROBE, "snapline_try", "Dual BSD/GPL", insns,
			     ARRAY_LEN(insns), &opts);
}

int link_empty(const char *path, u64 offset, int pid)
{
	bool multi = link_multi_supported();
	int prog = link_empty_program(multi ? TRACE_UPROBE_MULTI : 0), link;

	if (prog < 0)
		return prog;
	if (multi)
		link = link_multi(prog, TRACE_UPROBE_MULTI, path, &offset, NULL, 1, pid);
	else
		link = link_perf(prog, link_open_uprobe(link_uprobe_type(), path, offset, pid),
				 NULL);
	close(prog); /* the link keeps it */
	return link;
}

static void never_called(void)
{
	asm volatile("nop");
}

void link_settle(void)
{
	int prog = link_empty_program(TRACE_UPROBE_MULTI), link = -1;
	u64 offset;

	if (prog >= 0 && trial_offset(never_called, &offset))
		link = link_multi(prog, TRACE_UPROBE_MULTI, "/proc/self/exe", &offset, NULL, 1,
				  getpid());
	if (link >= 0)
		close(link);
	if (prog >= 0)
		close(prog);
}

/* The permission is asked before the path: with one that can't be, nothing is ever attached. */
bool link_perf_permitted(void)
{
	int fd = link_open_uprobe(link_uprobe_type(), "/", 0, -1);

	if (fd >= 0)
		close(fd);
	return fd != -EACCES && fd != -EPERM && fd != -ENOSYS;
}

/* A kernel that has them gets as far as the path, which is no file. */
bool link_multi_supported(void)
{
	int prog = link_empty_program(TRACE_UPROBE_MULTI);
	u64 offset = 0;
	int fd;

	if (prog < 0)
		return false;
	fd = link_multi(prog, TRACE_UPROBE_MULTI, "/", &offset, NULL, 1, -1);
	if (fd >= 0)
		close(fd);
	close(prog);
	return fd >= 0 || fd == -EBADF;
}
