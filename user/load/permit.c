/* SPDX-License-Identifier: BSD-2-Clause */
#include "load/permit_private.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <linux/magic.h>

#include "base/host.h"

enum {
	HELD_MOST = 4096,    /* files that are probed */
	ELSEWHERE_MOST = 64, /* processes whose maps are searched for a file */
};

/* The parts of a path that matter. */
struct way {
	enum way_kind {
		WAY_PLAIN,
		WAY_PROCESS, /* /proc/PID/rest */
		WAY_KEPT,    /* /proc/self/fd/HANDLE/rest */
		WAY_SELF,    /* /proc/self/rest */
		WAY_PROC,    /* /proc, or what else is in it */
	} kind;
	int number; /* PID, HANDLE */
	const char *rest;
};

static bool starts_with(const char *text, const char *start)
{
	return strncmp(text, start, strlen(start)) == 0;
}

static bool take_number(const char **at, int *number)
{
	char *end;
	long value = strtol(*at, &end, 10);

	if (end == *at || **at < '0' || **at > '9' || value > INT_MAX)
		return false;
	*number = (int)value;
	*at = end;
	return true;
}

static struct way way_of(const char *path)
{
	static const char proc[] = "/proc", kept[] = "/proc/self/fd/", self[] = "/proc/self/";
	struct way way = {WAY_PROC, 0, path};
	const char *at;

	at = path + strlen(proc);
	if (!starts_with(path, proc) || (*at && *at != '/'))
		return (struct way){WAY_PLAIN, 0, path};
	at = path + strlen(kept);
	if (starts_with(path, kept) && take_number(&at, &way.number) && *at == '/')
		return (struct way){WAY_KEPT, way.number, at + 1};
	if (starts_with(path, self))
		return (struct way){WAY_SELF, 0, path + strlen(self)};
	at = path + strlen(proc) + 1;
	if (path[strlen(proc)] == '/' && take_number(&at, &way.number) && *at == '/')
		return (struct way){WAY_PROCESS, way.number, at + 1};
	return way;
}

static u64 start_time_of(int pid)
{
	u64 ticks = 0;

	if (pid)
		error_free(proc_start_time(pid, &ticks));
	return ticks;
}

static const char *record_of(const struct permit_terms *terms, struct arena *arena)
{
	char real[PATH_MAX];

	if (!terms->only_reads || !terms->spec->file || !realpath(terms->spec->file, real))
		return NULL;
	return arena_strdup(arena, real);
}

struct permit *permit_new(const struct permit_terms *terms)
{
	struct arena *arena = arena_new();
	struct permit *permit = arena_alloc(arena, sizeof(*permit));

	permit->arena = arena;
	permit->terms = *terms;
	permit->launched_time = start_time_of(terms->launched);
	permit->worker_time = start_time_of(terms->worker);
	permit->record = record_of(terms, arena);
	if (permit->record)
		snprintf(permit->last_file, sizeof(permit->last_file), "%s", terms->spec->file);
	return permit;
}

const struct permit_terms *permit_terms(const struct permit *permit)
{
	return &permit->terms;
}

void permit_set_load(struct permit *permit, struct load_session *load)
{
	permit->load = load;
}

void permit_free(struct permit *permit)
{
	if (!permit)
		return;
	for (size_t i = 0; i < permit->n_kept; i++)
		close(permit->kept[i]);
	for (size_t i = 0; i < permit->n_held; i++)
		close(permit->held[i].fd);
	for (size_t i = 0; i < RECENT_MOST; i++)
		if (permit->recent[i].pid)
			close(permit->recent[i].fd);
	arena_free(permit->arena);
}

const char *permit_last_file(const struct permit *permit)
{
	return *permit->last_file ? permit->last_file : NULL;
}

static int own_path(int fd, char path[HOST_KEPT_BYTES])
{
	return snprintf(path, HOST_KEPT_BYTES, "/proc/self/fd/%d", fd);
}

/* Where a descriptor's file lies; "" if nobody can say. */
static void place_of(int fd, char place[PATH_MAX])
{
	char path[HOST_KEPT_BYTES];
	ssize_t len;

	own_path(fd, path);
	len = readlink(path, place, PATH_MAX - 1);
	place[len > 0 ? len : 0] = '\0';
}

static bool is_same(const struct stat *info, const struct target_file *file)
{
	return info->st_dev == file->dev && info->st_ino == file->inode;
}

static bool is_mapped(const struct permit *permit, const struct stat *info, const char *place)
{
	const struct target *target = permit->terms.target;

	if (permit->terms.launched && proc_uses_inode(permit->terms.launched, info, place))
		return true;
	for (size_t i = 0; i < target->n_processes && i < ELSEWHERE_MOST; i++)
		if (proc_uses_inode(target->processes[i].pid, info, place))
			return true;
	return false;
}

/* In the folder of file, or in its .debug. */
static bool is_beside(const char *place, const char *file)
{
	const char *slash = strrchr(file, '/');
	size_t len = slash ? (size_t)(slash - file) + 1 : 0;
	const char *rest = place + len;

	if (!len || strncmp(place, file, len) != 0)
		return false;
	if (starts_with(rest, ".debug/"))
		rest += strlen(".debug/");
	return !strchr(rest, '/');
}

static bool is_of_target(const struct permit *permit, const struct stat *info, const char *place)
{
	const struct target *target = permit->terms.target;

	if (starts_with(place, "/usr/lib/debug/") ||
	    (permit->record && is_beside(place, permit->record)))
		return true;
	for (size_t i = 0; i < target->n_files; i++)
		if (is_same(info, &target->files[i]) || is_beside(place, target->files[i].path) ||
		    is_beside(place, target->files[i].shown))
			return true;
	for (size_t i = 0; i < target->n_processes; i++)
		if (is_same(info, &target->processes[i].exe))
			return true;
	return is_mapped(permit, info, place);
}

static bool is_linker_config(const char *place)
{
	return starts_with(place, "/etc/ld.so.conf");
}

static bool is_elf(int fd)
{
	char magic[SELFMAG];

	return pread(fd, magic, sizeof(magic), 0) == sizeof(magic) &&
	       memcmp(magic, ELFMAG, SELFMAG) == 0;
}

/* 0 if whose number (of a process, of a handle) the way has may be asked for at all. */
static int right_of_way(struct permit *permit, const struct way *way)
{
	switch (way->kind) {
	case WAY_PLAIN: return way->rest[0] == '/' || permit->record ? 0 : -EACCES;
	case WAY_PROCESS: return permit_process_code(permit, way->number);
	case WAY_KEPT:
		for (size_t i = 0; i < permit->n_kept; i++)
			if (permit->kept[i] == way->number)
				return 0;
		return -EACCES;
	default: return -EACCES;
	}
}

/* Of a process what leads to files: its executable, its root, what it has mapped. */
static bool leads_to_file(const struct way *way)
{
	return way->kind != WAY_PROCESS || strcmp(way->rest, "exe") == 0 ||
	       starts_with(way->rest, "root/") ||
	       (starts_with(way->rest, "map_files/") && !strstr(way->rest, ".."));
}

/* /proc answers by who opens, and that is us: only what is named as such is given out of it. */
static bool is_in_proc(int fd)
{
	struct statfs fs;

	return fstatfs(fd, &fs) != 0 || fs.f_type == PROC_SUPER_MAGIC;
}

/* A file or folder, without the effects that opening a device has. */
static int look_at(struct permit *permit, const char *path, struct stat *info)
{
	struct way way = way_of(path);
	int fd, code = leads_to_file(&way) ? right_of_way(permit, &way) : -EACCES;

	if (code)
		return code;
	fd = open(path, O_PATH | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (!is_in_proc(fd) && fstat(fd, info) == 0)
		return fd;
	close(fd);
	return -EACCES;
}

static bool may_know(const struct permit *permit, int fd, const struct stat *info)
{
	char place[PATH_MAX];

	if (S_ISDIR(info->st_mode))
		return true;
	if (!S_ISREG(info->st_mode))
		return false;
	if (info->st_mode & S_IROTH)
		return true;
	place_of(fd, place);
	return is_of_target(permit, info, place);
}

/* Sources are text. */
static bool lists_sources(const struct permit *permit)
{
	return permit->terms.only_reads || permit->terms.spec->instrument == INSTRUMENT_COUNT;
}

/* 0, or negative errno. */
static int may_read(const struct permit *permit, int fd, const struct stat *info)
{
	char place[PATH_MAX];

	if (!may_know(permit, fd, info))
		return -EACCES;
	place_of(fd, place);
	if (is_elf(fd) || is_linker_config(place) ||
	    (lists_sources(permit) && (info->st_mode & S_IROTH)))
		return 0;
	return -ENOEXEC;
}

static int open_file(struct permit *permit, const char *path)
{
	char held[HOST_KEPT_BYTES];
	struct stat info;
	int seen = look_at(permit, path, &info), fd, code;

	if (seen < 0)
		return seen;
	if (!S_ISREG(info.st_mode)) {
		close(seen);
		return S_ISDIR(info.st_mode) ? -EISDIR : -ENOEXEC;
	}
	own_path(seen, held);
	fd = open(held, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		fd = -errno;
	close(seen);
	if (fd < 0)
		return fd;
	code = may_read(permit, fd, &info);
	if (!code)
		return fd;
	close(fd);
	return code;
}

static bool copy_all(int from, int to)
{
	static char bytes[64 << 10];
	ssize_t n;

	while ((n = read(from, bytes, sizeof(bytes))) > 0)
		if (write(to, bytes, (size_t)n) != n)
			return false;
	return n == 0;
}

/*
 * Paths in /proc are told as they are from the root folder of who reads. The worker's is empty,
 * which in a chroot would make them others than ours. Takes fd; negative errno.
 */
static int read_here(int fd)
{
	int copy = memfd_create("text", MFD_CLOEXEC), code = copy < 0 ? -errno : 0;

	if (!code && (!copy_all(fd, copy) || lseek(copy, 0, SEEK_SET) != 0)) {
		code = errno ? -errno : -EIO;
		close(copy);
	}
	close(fd);
	return code ? code : copy;
}

static bool is_text_of_process(const char *name)
{
	static const char *const names[] = {"maps", "stat", "status", "comm", "auxv"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

/* A link of /proc says nothing once the process has ended: the file by its own name. */
static void note_file(struct permit *permit, const struct way *way, const char *path, int fd)
{
	char place[PATH_MAX] = "";

	if (way->kind == WAY_PROCESS && !starts_with(way->rest, "root/"))
		place_of(fd, place);
	snprintf(permit->last_file, sizeof(permit->last_file), "%s", *place ? place : path);
}

int permit_open(struct permit *permit, const char *path)
{
	struct way way = way_of(path);
	int fd;

	if (way.kind == WAY_PROCESS && is_text_of_process(way.rest)) {
		int code = permit_process_code(permit, way.number);

		if (code && (strcmp(way.rest, "comm") != 0 || !permit_debugger(permit, way.number)))
			return code;
		fd = open(path, O_RDONLY | O_CLOEXEC);
		return fd < 0 ? -errno : read_here(fd);
	}
	fd = open_file(permit, path);
	if (fd >= 0)
		note_file(permit, &way, path, fd);
	return fd;
}

int permit_create(struct permit *permit, const char *path)
{
	const char *output = permit->terms.only_reads ? NULL : permit->terms.spec->output;
	int fd;

	if (!output || strcmp(path, output) != 0)
		return -EACCES;
	fd = host_direct.create(path);
	return fd < 0 ? -errno : fd;
}

static bool is_fact_of_process(const char *name)
{
	return strcmp(name, "stat") == 0 || strcmp(name, "root") == 0 ||
	       strcmp(name, "ns/mnt") == 0 || strcmp(name, "ns/pid") == 0;
}

int permit_stat(struct permit *permit, const char *path, struct stat *info)
{
	struct way way = way_of(path);
	bool known;
	int fd;

	if (way.kind == WAY_SELF && strcmp(way.rest, "ns/mnt") == 0)
		return stat(path, info) == 0 ? 0 : -errno;
	if (way.kind == WAY_PROCESS && is_fact_of_process(way.rest)) {
		if (stat(path, info) != 0)
			return -errno;
		return permit_process_code(permit, way.number);
	}
	fd = look_at(permit, path, info);
	if (fd < 0)
		return fd;
	known = may_know(permit, fd, info);
	close(fd);
	return known ? 0 : -EACCES;
}

/* 0 if that is what the way names, of a process of the target. */
static int right_to(struct permit *permit, const struct way *way, const char *name)
{
	if (way->kind != WAY_PROCESS || strcmp(way->rest, name) != 0)
		return -EACCES;
	return permit_process_code(permit, way->number);
}

int permit_read_link(struct permit *permit, const char *path, struct strbuf *target)
{
	struct way way = way_of(path);
	char text[PATH_MAX];
	ssize_t len;
	int code = right_to(permit, &way, "exe");

	if (code)
		return code;
	len = readlink(path, text, sizeof(text));
	if (len < 0)
		return -errno;
	strbuf_add(target, text, (size_t)len);
	return 0;
}

int permit_real_path(struct permit *permit, const char *path, struct strbuf *real)
{
	struct way way = way_of(path);
	char text[PATH_MAX];
	struct stat info;
	int code;

	if (way.kind == WAY_PROCESS && strcmp(way.rest, "root") == 0)
		code = permit_process_code(permit, way.number);
	else
		code = permit_stat(permit, path, &info);
	if (code)
		return code;
	if (!realpath(path, text))
		return -errno;
	strbuf_puts(real, text);
	return 0;
}

int permit_list(struct permit *permit, const char *path, struct strbuf *names)
{
	struct way way = way_of(path);
	bool open_to_all = strcmp(path, "/proc") == 0 || strcmp(path, "/etc/ld.so.conf.d") == 0;
	int code = open_to_all ? 0 : right_to(permit, &way, "task");

	if (code)
		return code;
	return host_direct.list(path, names) ? 0 : -errno;
}

int permit_keep(struct permit *permit, const char *path)
{
	struct way way = way_of(path);
	int fd, code = right_to(permit, &way, "root");

	if (code)
		return code;
	if (permit->n_kept == KEPT_MOST)
		return -EMFILE;
	fd = host_direct.keep(path);
	if (fd < 0)
		return -errno;
	permit->kept[permit->n_kept++] = fd;
	return fd;
}

int permit_let_go(struct permit *permit, int handle)
{
	for (size_t i = 0; i < permit->n_kept; i++) {
		if (permit->kept[i] != handle)
			continue;
		close(handle);
		permit->kept[i] = permit->kept[--permit->n_kept];
		return 0;
	}
	return -EBADF;
}

int permit_probe(struct permit *permit, const char *path, const char **held, struct stat *info)
{
	char own[HOST_KEPT_BYTES];
	struct held *slot;
	int fd;

	for (size_t i = 0; i < permit->n_held; i++) {
		if (strcmp(permit->held[i].path, path) != 0)
			continue;
		*held = permit->held[i].held;
		return fstat(permit->held[i].fd, info) == 0 ? 0 : -errno;
	}
	if (permit->n_held == HELD_MOST)
		return -EMFILE;
	fd = open_file(permit, path);
	if (fd < 0)
		return fd;
	if (!is_elf(fd) || fstat(fd, info) != 0) {
		close(fd);
		return -EACCES;
	}
	own_path(fd, own);
	slot = arena_push(permit->arena, permit->held, permit->n_held);
	*slot = (struct held){arena_strdup(permit->arena, path), arena_strdup(permit->arena, own),
			      fd};
	*held = slot->held;
	return 0;
}
