/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which processes a session was started for, and whether any of them still lives. A session that
 * follows goes on while a descendant lives; -x waits for processes to come and never ends by this.
 */
#ifndef SNAPLINE_LIVES_H
#define SNAPLINE_LIVES_H

#include "load/load.h"
#include "proc/target.h"

struct lives;

/* launched: the command's pid, 0 without one. */
struct lives *lives_new(const struct target *target, int launched);
/* The processes at the start, and when each was started (proc_start_time(); 0: not known). */
bool lives_has(const struct lives *lives, int pid);
const int *lives_pids(const struct lives *lives, size_t *n);
const u64 *lives_ticks(const struct lives *lives);
/* From now on ends are noticed; those that are gone already count as ended. */
void lives_watch(struct lives *lives);
/* Readable when one ends. */
int lives_fd(const struct lives *lives);
/* load: knows the descendants. */
bool lives_all_ended(struct lives *lives, struct load_session *load);
/*
 * Once for each process of which the first thread has ended while others go on: the pid, else 0.
 * Looks at each process: not to be asked all the time.
 */
int lives_headless(struct lives *lives);
void lives_free(struct lives *lives);

#endif
