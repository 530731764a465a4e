/* SPDX-License-Identifier: BSD-2-Clause */
/* What processes had mapped at the time of a record, from what the kernel told (load/watch.h). */
#ifndef SNAPLINE_RECALL_H
#define SNAPLINE_RECALL_H

#include "event/process.h"
#include "load/watch.h"
#include "proc/target.h"

/*
 * Watches the target's processes, and what may become one of them. Only a help: where it isn't
 * permitted, *watch is NULL, and processes that are gone show their probed module alone.
 */
void recall_start(const struct target *target, const int *pids, size_t n_pids,
		  struct watch **watch);
/* Makes it the memory of these processes; the watch has to live as long. */
void recall_connect(struct watch *watch, struct processes *processes);

#endif
