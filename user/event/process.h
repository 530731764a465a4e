/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The processes that records come from, and the files that are mapped in them. Both are kept: a
 * file is opened once for all processes, a process's maps are read when its first record comes,
 * again after an exec or a dlopen, and again when the probed module isn't where the record says.
 * Live processes are read from /proc or, as they were then, recalled; those of a record file are
 * put in with processes_add().
 */
#ifndef SNAPLINE_PROCESS_H
#define SNAPLINE_PROCESS_H

#include "arch/arch.h"
#include "event/event.h"
#include "proc/proc.h"

struct processes;

/* Which build of a file was mapped where; in record files. */
struct file_identity {
	u64 start; /* of the module */
	struct build_id build_id;
};

/*
 * What is known of a process's memory. Nothing is copied: all has to stay as long as the processes;
 * processes_arena() is a place for it. A file that is another build than its identity says isn't
 * used.
 */
struct process_source {
	const struct proc_map *maps;
	size_t n_maps;
	const u8 *vdso; /* or NULL */
	size_t vdso_len;
	const struct file_identity *identities;
	size_t n_identities;
};

struct process {
	struct processes *owner;
	int pid;
	u64 start_time; /* ns since boot, from the record: tells a pid from its reuse */
	int thread;     /* whose /proc folder has its memory (proc_thread()) */
	bool gone;      /* it had ended, or executed another program, before its maps could be read */
	u64 changed;    /* its maps are those since then (struct process_memory_source) */
	bool recorded;  /* as it is, it stands in the record file */
	u64 learned_ns; /* when processes_learn() last did */
	struct event_module *modules; /* sorted by start */
	size_t n_modules;
	struct process_source source; /* what the modules were made of, for record files */
};

/* folder, or NULL: where files of processes that aren't live may be instead of at their path. */
struct processes *processes_new(bool live, const char *folder);
void processes_free(struct processes *processes);
void processes_freep(struct processes **processes);

/* A file that is open already (the plan's), so that it isn't opened twice. */
void processes_know_file(struct processes *processes, const char *path, struct dw *dw);

/* Where files of processes that are gone may be, if they had another root (proc_root()). */
void processes_know_root(struct processes *processes, const char *root);

/*
 * Who knows what was mapped in a process at a time that is over (load/watch.h). recall: the maps,
 * in the arena; false if nothing is known. changed: when they had last changed by then; 0: not as
 * far as known.
 */
struct process_memory_source {
	bool (*recall)(void *context, int pid, u64 ktime, struct arena *arena,
		       struct proc_map **maps, size_t *n);
	u64 (*changed)(void *context, int pid, u64 ktime);
	void *context;
};
void processes_set_source(struct processes *processes, const struct process_memory_source *source);

/*
 * The process as it was at ktime, when the record was written. Never NULL: one of which nothing is
 * known has no modules. Valid until the next call: of live ones only a bounded number is kept.
 */
struct process *processes_get(struct processes *processes, int pid, u64 start_time, u64 ktime);
/* May its memory be read now for an event of then? Not if it has ended, or executed another. */
bool process_is_as_it_was(const struct process *process);
/* The same by what proc_stat() of its thread has just said. */
bool process_is_still(const struct process *process, const struct proc_stat *now);
/* Reads its maps again; false if they are those of another time by now, or it is gone. */
bool processes_refresh(struct processes *processes, struct process *process);
/*
 * The same because unwinding left the known modules: a library may have been loaded since. At most
 * once a second a process, as code of no file (JIT) leaves them each time.
 */
bool processes_learn(struct processes *processes, struct process *process);
/* A process that isn't read from /proc: of a record file. What the source points to has to stay. */
struct process *processes_add(struct processes *processes, int pid, u64 start_time,
			      const struct process_source *source);
struct arena *processes_arena(struct processes *processes);

/*
 * Widens the module's range to what its file's segments take: of an ended process only executable
 * mappings may be known, and .bss is a mapping of no file.
 */
void module_widen(struct event_module *module);
/* The module that covers a run-time address; NULL if none does. */
const struct event_module *module_at(const struct event_module *modules, size_t n, u64 address);
/*
 * A return address without its signature. With 52 bits of address (arm64, CONFIG_ARM64_VA_BITS_52)
 * what is asked for, and the page that return probes return to, is mapped above the 48 bits of all
 * else, and signatures are shorter: the wider address holds where something is mapped.
 */
u64 module_code_address(const struct event_module *modules, size_t n, const struct arch *arch,
			u64 word);

#endif
