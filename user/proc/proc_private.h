/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of proc/ share. */
#ifndef SNAPLINE_PROC_PRIVATE_H
#define SNAPLINE_PROC_PRIVATE_H

#include "proc/proc.h"

enum { PROC_FILE_MAX = 64 << 20 };

/* A whole file of /proc/PID, NUL after it. error_process_gone if the process has ended. */
struct error *proc_read_file(int pid, const char *name, struct arena *arena, char **text,
			     size_t *len) _must_use_;
/* Of the text of /proc/PID/stat; false: it is none. */
bool proc_stat_parse(const char *text, struct proc_stat *stat);
/* A number of /proc/PID/status by its field ("Tgid"); -1 if it can't be read. */
int proc_status_number(int pid, const char *field);
/* Every process that there is. */
struct error *proc_all(struct arena *arena, int **pids, size_t *n) _must_use_;

#endif
