/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A TARGET on this host at this moment: its processes, and the files in which places are looked up.
 * Nothing is started or attached. Owned by the arena that target_find() was given.
 */
#ifndef SNAPLINE_TARGET_H
#define SNAPLINE_TARGET_H

#include "proc/proc.h"
#include "spec/spec.h"

/* A file that can be probed; two that are one inode stand once. */
struct target_file {
	const char *path;  /* to open it from here */
	const char *shown; /* as the user or its process calls it */
	const char *root;  /* where its debug files are looked up first: "" or "/proc/PID/root" */
	u64 dev, inode;	   /* as stat() of path says */
};

struct target_process {
	int pid;
	u64 start_time; /* proc_start_time() */
	const char *comm;
	struct target_file exe;
};

struct target {
	const struct target_spec *spec;
	struct target_process *processes; /* those of now; -x and COMMAND may have none */
	size_t n_processes;
	struct target_file *files; /* places without BIN: are looked up in these */
	size_t n_files;
	const char *script; /* COMMAND is a script, files[0] its interpreter; else NULL */
};

/*
 * ERROR_NOT_FOUND: no such process, file or command, a kernel thread, one that has ended.
 * ERROR_PRIVILEGE: the process can't be looked at.
 */
struct error *target_find(const struct target_spec *spec, struct arena *arena,
			  struct target **target) _must_use_;
/*
 * The files that BIN: names: an exact path, the end of one, or a library's name up to its version
 * ("libc" for libc.so.6). Looked up in what the processes map; where there are none, in what the
 * files need (DT_NEEDED, by the dynamic linker's folders; nothing is executed); then as a plain
 * path.
 */
struct error *target_library(const struct target *target, const char *name, struct arena *arena,
			     struct target_file **files, size_t *n) _must_use_;
/* Everything that the processes map as code, or, where there are none, that the files need. */
struct error *target_all_files(const struct target *target, struct arena *arena,
			       struct target_file **files, size_t *n) _must_use_;

#endif
