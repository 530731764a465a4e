/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The way to what is outside of this process: files, folders, the memory of others. Whatever parses
 * foreign bytes goes through here, so that it runs the same with rights and without. Direct at
 * first; a process that has given its rights away puts a table in place that asks another one
 * (load/remote.h). Paths are as the process with the rights has them. Failures set errno.
 */
#ifndef SNAPLINE_BASE_HOST_H
#define SNAPLINE_BASE_HOST_H

#include <stdio.h>
#include <sys/stat.h>

#include "base/strbuf.h"

enum { HOST_STAT_BYTES = 1024 }; /* its 52 numbers and a name have room in it */

struct host {
	/* A file descriptor for reading; -1. Doesn't wait, whatever kind of file it is. */
	int (*open)(const char *path);
	/* A file descriptor for writing, the file emptied or made; -1. */
	int (*create)(const char *path);
	/* 0 or -1, as stat(). */
	int (*stat)(const char *path, struct stat *info);
	/* Bytes, or -1, as readlink(). */
	ssize_t (*read_link)(const char *path, char *target, size_t size);
	/* Without symbolic links, PATH_MAX bytes; false. */
	bool (*real_path)(const char *path, char *real);
	/* The names in a folder, sorted, a NUL after each; false. */
	bool (*list)(const char *path, struct strbuf *names);
	/* Keeps a folder at hand though the path to it ends; a handle, or -1. */
	int (*keep)(const char *path);
	void (*let_go)(int handle);
	/* All or nothing (process_vm_readv). */
	bool (*read_memory)(int pid, u64 address, void *bytes, size_t len);
	/*
	 * The same, but if a page isn't in memory now (/proc/PID/pagemap, bit 63): ENODATA. stat:
	 * of HOST_STAT_BYTES, what /proc/PID/stat says behind that, so that it is known whose bytes
	 * they are.
	 */
	bool (*read_resident)(int pid, u64 address, void *bytes, size_t len, char *stat);
};

/* For the rest of this process's life. */
void host_use(const struct host *host);
extern const struct host host_direct;

int host_open(const char *path);
FILE *host_open_stream(const char *path);
int host_create(const char *path);
int host_stat(const char *path, struct stat *info);
ssize_t host_read_link(const char *path, char *target, size_t size);
bool host_real_path(const char *path, char *real);
bool host_list(const char *path, struct strbuf *names);
/* The path of a folder that is kept: "/proc/self/fd/HANDLE", for the functions above alone. */
enum { HOST_KEPT_BYTES = 32 };
int host_keep(const char *path, char kept[HOST_KEPT_BYTES]);
void host_let_go(int handle);
bool host_read_memory(int pid, u64 address, void *bytes, size_t len);
bool host_read_resident(int pid, u64 address, void *bytes, size_t len, char stat[HOST_STAT_BYTES]);

/* CPUs that the machine can have, and has now. The first answers are kept: files give them. */
u32 host_cpus(void);
u32 host_cpus_online(void);

/* The next of what host_list() gave; NULL: no more. Starts with NULL. */
const char *host_next_name(const struct strbuf *names, const char *name);

#endif
