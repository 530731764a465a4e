/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Live processes, through /proc. Processes come and go: every call may find its process gone, which
 * is error_process_gone, a sentinel, unless the user named it.
 */
#ifndef SNAPLINE_PROC_H
#define SNAPLINE_PROC_H

#include <sys/stat.h>

#include "base/arena.h"
#include "base/error.h"

extern struct error error_process_gone;

struct proc_map {
	u64 start, end;
	u64 offset; /* in the file */
	bool readable, writable, executable, shared;
	u32 dev_major, dev_minor;
	u64 inode;
	const char *path; /* as the process sees it; "" for anonymous, "[stack]", "[vdso]" */
	bool deleted;	  /* the file was unlinked or replaced: path has no " (deleted)" */
};
struct error *proc_maps(int pid, struct arena *arena, struct proc_map **maps, size_t *n) _must_use_;
/* Parses the text of a maps file; for tests and records. */
struct error *proc_maps_parse(const char *text, size_t len, struct arena *arena,
			      struct proc_map **maps, size_t *n) _must_use_;

/*
 * A path by which this process can open the file of a map: through /proc/PID/root, as it stands
 * (the kernel shows a chrooted process's files from our root), or, if the file there is another one
 * by now, /proc/PID/map_files/START-END. NULL for memory without a file.
 */
const char *proc_path(int pid, const struct proc_map *map, struct arena *arena);
/* Is it a mapping of the file at path, whatever numbers the file systems show? */
bool proc_map_is(int pid, const struct proc_map *map, const char *path);
const char *proc_root(int pid, struct arena *arena); /* "/proc/PID/root"; "" if it is our own */
struct error *proc_exe(int pid, struct arena *arena, const char **path) _must_use_;
struct error *proc_comm(int pid, struct arena *arena, const char **comm) _must_use_;
/* Fields of /proc/PID/stat. */
struct proc_stat {
	char state; /* 'Z': ended, not yet waited for */
	int parent;
	bool is_kernel; /* a kernel thread: it has no program */
	bool is_ending, has_memory; /* a thread that ends loses its memory before it is 'Z' */
	u64 start_time; /* as proc_start_time() */
	u64 children_ticks; /* CPU time, 1/100 s, of children that were waited for */
};
struct error *proc_stat(int pid, struct proc_stat *stat) _must_use_;
/* CPU time in ns that all its threads have used; 0 if it is gone. */
u64 proc_cpu_time(int pid);
/* Start time in clock ticks since boot: tells a pid from its reuse. */
struct error *proc_start_time(int pid, u64 *ticks) _must_use_;
/* The process of a thread's number; the number itself if it is a process, or of none. */
int proc_process_of(int tid);
bool proc_exists(int pid);
int proc_tracer(int pid); /* the process that debugs it (ptrace); 0: none, or not known */
/* Gone, or only waited for: none of its threads lives. */
bool proc_ended(int pid);
/*
 * A thread of it is seen that lives. Neither this nor proc_ended() for moments: where the last one
 * ends, and where one executes another program and takes the number of the first.
 */
bool proc_lives(int pid);
/*
 * A thread that has the process's memory: the first one, whose number is the pid, unless it has
 * ended (pthread_exit in main()); /proc/PID shows no maps and no executable then, /proc/TID does.
 */
int proc_thread(int pid);
/* A child of ours that the two below leave out as well: it has the target's files mapped, too. */
void proc_leave_out(int pid);
/*
 * Every pid whose comm matches the glob, or that maps this file (dev and inode); our own process is
 * left out. The kernel cuts a comm after 15 bytes: a longer name matches by those.
 */
struct error *proc_by_comm(const char *glob, struct arena *arena, int **pids, size_t *n) _must_use_;
struct error *proc_by_file(const char *path, struct arena *arena, int **pids, size_t *n) _must_use_;
/* Does it execute or map this file? */
bool proc_uses_file(int pid, const char *path);
/* The same by what stat() says of the file; `name`: its path, of which the end counts. */
bool proc_uses_inode(int pid, const struct stat *info, const char *name);
/* Every living descendant. */
struct error *proc_children(int pid, struct arena *arena, int **pids, size_t *n) _must_use_;
/* Reads another process's memory, all or nothing (process_vm_readv). */
bool proc_read_memory(int pid, u64 address, void *bytes, size_t len);
/*
 * The same without waiting: *absent if not all of it is in memory now (/proc/PID/pagemap, bit 63).
 * *then: proc_stat() behind the reading, by which the caller sees whose memory that was.
 */
bool proc_read_resident(int pid, u64 address, void *bytes, size_t len, struct proc_stat *then,
			bool *absent);
/* This system's vdso as pid has it, and its address; *len 0 if it has none. */
struct error *proc_vdso(int pid, struct arena *arena, u64 *address, u8 **bytes,
			size_t *len) _must_use_;
/* auxv value (AT_SYSINFO_EHDR, AT_BASE); false if absent. */
bool proc_auxv(int pid, u64 type, u64 *value);
/* The environment for doctor: pid namespace inode, depth of nesting. */
u64 proc_pid_namespace(int pid);

#endif
