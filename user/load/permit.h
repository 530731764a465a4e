/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the worker may have: the processes and files that the session was started for. All answers are
 * about what is there when it is asked; a file is judged by its open descriptor, not by its path.
 *
 *	processes	those of the target, and their threads; where they are followed, their
 *			descendants; with -x those that run or map the file
 *	of /proc/PID	maps, stat, status, comm, auxv; the links exe, root and map_files; the
 *			names in task. comm also of one that debugs such a process
 *	files		regular ones: ELF files that everybody may read, or that are the target's
 *			(its executables, what its processes have mapped, what lies beside those,
 *			debug files); the configuration of the dynamic linker; for listings
 *			(count) text that everybody may read
 *	to write	the file of -o
 *
 * list, explain and replay have all but the last, and such text, too; replay's target is what lies
 * in the folder of the record file.
 */
#ifndef SNAPLINE_PERMIT_H
#define SNAPLINE_PERMIT_H

#include <sys/stat.h>

#include "base/strbuf.h"
#include "load/load.h"
#include "proc/target.h"

/* What the user asked for, as the keeper itself understood it. */
struct permit_terms {
	const struct spec *spec;
	const struct target *target;
	int launched;	 /* COMMAND's process; 0: none */
	int worker;	 /* its own process; 0: none */
	bool only_reads; /* list, explain, replay: no session, nothing written */
};

struct permit;

struct permit *permit_new(const struct permit_terms *terms);
const struct permit_terms *permit_terms(const struct permit *permit);
/* Descendants that the kernel has told of are known to it. */
void permit_set_load(struct permit *permit, struct load_session *load);
void permit_free(struct permit *permit);

bool permit_process(struct permit *permit, int pid);
/* Those below return 0 or a file descriptor, or negative errno. */
int permit_process_code(struct permit *permit, int pid); /* -ENOENT: it has ended */
int permit_open(struct permit *permit, const char *path);
int permit_create(struct permit *permit, const char *path);
int permit_stat(struct permit *permit, const char *path, struct stat *info);
int permit_read_link(struct permit *permit, const char *path, struct strbuf *target);
int permit_real_path(struct permit *permit, const char *path, struct strbuf *real);
int permit_list(struct permit *permit, const char *path, struct strbuf *names);
int permit_keep(struct permit *permit, const char *path);
int permit_let_go(struct permit *permit, int handle);
/*
 * A path for places in this ELF file, by which the kernel finds just the file that was judged;
 * valid as long as permit.
 */
int permit_probe(struct permit *permit, const char *path, const char **held, struct stat *info);
/* The file that was opened last, for messages; NULL: none. */
const char *permit_last_file(const struct permit *permit);

#endif
