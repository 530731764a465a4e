/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/host.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

/* A FIFO would wait for its writer; a terminal would become ours. */
static int direct_open(const char *path)
{
	return open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
}

static int direct_create(const char *path)
{
	return open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
}

static int direct_stat(const char *path, struct stat *info)
{
	return stat(path, info);
}

static bool direct_real_path(const char *path, char *real)
{
	return realpath(path, real) != NULL;
}

static bool direct_list(const char *path, struct strbuf *names)
{
	struct dirent **entries;
	int n = scandir(path, &entries, NULL, alphasort);

	for (int i = 0; i < n; i++) {
		strbuf_add(names, entries[i]->d_name, strlen(entries[i]->d_name) + 1);
		free(entries[i]);
	}
	if (n >= 0)
		free(entries);
	return n >= 0;
}

static int direct_keep(const char *path)
{
	return open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

static void direct_let_go(int handle)
{
	close(handle);
}

static bool direct_read_memory(int pid, u64 address, void *bytes, size_t len)
{
	struct iovec local = {bytes, len};
	struct iovec remote = {(void *)(uintptr_t)address, len};
	ssize_t got = process_vm_readv(pid, &local, 1, &remote, 1, 0);

	if (got >= 0 && (size_t)got != len)
		errno = EFAULT;
	return got == (ssize_t)len;
}

static bool is_resident(int pid, u64 address, size_t len)
{
	enum { PAGE = 4096, PRESENT_BIT = 63 };
	u64 first = address / PAGE, last = (address + (len ? len - 1 : 0)) / PAGE, entry;
	bool resident = true;
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/pagemap", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	for (u64 page = first; page <= last && resident; page++)
		resident = pread(fd, &entry, sizeof(entry), (off_t)(page * sizeof(entry))) ==
				   sizeof(entry) &&
			   entry >> PRESENT_BIT;
	close(fd);
	return resident;
}

static bool read_stat(int pid, char *stat)
{
	char path[32];
	ssize_t got;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	got = read(fd, stat, HOST_STAT_BYTES - 1);
	close(fd);
	if (got <= 0) {
		errno = ESRCH;
		return false;
	}
	stat[got] = '\0';
	return true;
}

static bool direct_read_resident(int pid, u64 address, void *bytes, size_t len, char *stat)
{
	if (is_resident(pid, address, len))
		return direct_read_memory(pid, address, bytes, len) && read_stat(pid, stat);
	errno = ENODATA;
	return false;
}

const struct host host_direct = {
	.open = direct_open,
	.create = direct_create,
	.stat = direct_stat,
	.read_link = readlink,
	.real_path = direct_real_path,
	.list = direct_list,
	.keep = direct_keep,
	.let_go = direct_let_go,
	.read_memory = direct_read_memory,
	.read_resident = direct_read_resident,
};

/* What a process may do is a property of the process: hence one for all. */
static const struct host *current = &host_direct;

void host_use(const struct host *host)
{
	current = host;
}

int host_open(const char *path)
{
	return current->open(path);
}

FILE *host_open_stream(const char *path)
{
	int fd = host_open(path);

	return fd < 0 ? NULL : fdopen(fd, "r");
}

int host_create(const char *path)
{
	return current->create(path);
}

int host_stat(const char *path, struct stat *info)
{
	return current->stat(path, info);
}

ssize_t host_read_link(const char *path, char *target, size_t size)
{
	return current->read_link(path, target, size);
}

bool host_real_path(const char *path, char *real)
{
	return current->real_path(path, real);
}

bool host_list(const char *path, struct strbuf *names)
{
	return current->list(path, names);
}

int host_keep(const char *path, char kept[HOST_KEPT_BYTES])
{
	int handle = current->keep(path);

	snprintf(kept, HOST_KEPT_BYTES, "/proc/self/fd/%d", handle);
	return handle;
}

void host_let_go(int handle)
{
	current->let_go(handle);
}

bool host_read_memory(int pid, u64 address, void *bytes, size_t len)
{
	return !len || current->read_memory(pid, address, bytes, len);
}

bool host_read_resident(int pid, u64 address, void *bytes, size_t len, char stat[HOST_STAT_BYTES])
{
	return current->read_resident(pid, address, bytes, len, stat);
}

u32 host_cpus(void)
{
	static u32 cpus;

	if (!cpus)
		cpus = (u32)max_u64((u64)sysconf(_SC_NPROCESSORS_CONF), 1);
	return cpus;
}

u32 host_cpus_online(void)
{
	static u32 cpus;

	if (!cpus)
		cpus = (u32)max_u64((u64)sysconf(_SC_NPROCESSORS_ONLN), 1);
	return cpus;
}

const char *host_next_name(const struct strbuf *names, const char *name)
{
	name = name ? name + strlen(name) + 1 : names->text;
	return name && name < names->text + names->len ? name : NULL;
}
