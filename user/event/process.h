/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The processes that records come from, and the files that are mapped in them. Both are kept: a file
 * is opened once for all processes, a process's maps are read when its first record comes and again
 * when an address is in none of its modules. Live processes are read from /proc; those of a record
 * file are put in with processes_add().
 */
#ifndef SNAPLINE_PROCESS_H
#define SNAPLINE_PROCESS_H

#include "event/event.h"
#include "proc/proc.h"

struct processes;

struct process {
	int pid;
	u64 start_time; /* ns since boot, from the record: tells a pid from its reuse */
	bool gone;      /* its maps could not be read: it ended before */
	struct event_module *modules; /* sorted by start */
	size_t n_modules;
	const struct proc_map *maps; /* what the modules were made of, for record files */
	size_t n_maps;
	const u8 *vdso;
	size_t vdso_len;
};

struct processes *processes_new(const struct arch *arch, bool live);
void processes_free(struct processes *processes);
void processes_freep(struct processes **processes);

/* A file that is open already (the plan's), so that it isn't opened twice. */
void processes_know_file(struct processes *processes, const char *path, struct dw *dw);

/* The process, read from /proc when it is new. Never NULL: one that is gone has no modules. */
struct process *processes_get(struct processes *processes, int pid, u64 start_time);
/* Reads its maps again; false if it is gone or unchanged. */
bool processes_refresh(struct processes *processes, struct process *process);
/*
 * A process that isn't read from /proc: from a record file, or from the kernel's mmap events. The
 * maps and the vdso's bytes (may be NULL) have to stay; processes_arena() is a place for them.
 */
struct process *processes_add(struct processes *processes, int pid, u64 start_time,
			      const struct proc_map *maps, size_t n_maps, const void *vdso,
			      size_t vdso_len);

struct arena *processes_arena(struct processes *processes);

/* The module that covers a run-time address; NULL if none does. */
const struct event_module *module_at(const struct event_module *modules, size_t n, u64 address);

#endif
