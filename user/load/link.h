/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The two kinds of links. A perf link (perf_event_open of the uprobe PMU, then BPF_LINK_CREATE) is
 * one place in one process or in all; a uprobe_multi link is all places of one file that share a
 * program. Both end with their descriptor, so nothing is left behind when this process dies.
 *
 * Either kind of a process goes by the memory of its first thread (widen.c). A perf link takes a
 * reader lock at each hit (kernel/trace/trace_uprobe.c, uprobe_perf_filter()), whose cache line the
 * CPUs pass to and fro; a multi link has no lock (kernel/trace/bpf_trace.c, uprobe_prog_run()).
 * Where the process forks, a perf link takes its breakpoint out at the child's first hit; a multi
 * link leaves it (load_clear_children()).
 */
#ifndef SNAPLINE_LINK_H
#define SNAPLINE_LINK_H

#include "base/base.h"

/* What can be had. */
int link_uprobe_type(void); /* of the uprobe PMU, for perf_event_attr; negative errno */
bool link_perf_permitted(void);
bool link_multi_supported(void);

/* Descriptors, or negative errno. pid -1: every process. */
int link_open_uprobe(int type, const char *path, u64 offset, int pid); /* no program yet */
int link_perf(int prog_fd, int uprobe_fd, const u64 *cookie); /* NULL: none; uprobe_fd ends */
int link_multi(int prog_fd, u32 type, const char *path, const u64 *offsets, const u64 *cookies,
	       u32 n, int pid);

/* A program that does nothing, for links of that type (0: perf links). */
int link_empty_program(u32 attach_type);
/* The same at one place, by a multi link where the kernel has them. */
int link_empty(const char *path, u64 offset, int pid);
/*
 * Waits until every thread that is at a probe has come to the end of the programs there: from then
 * on all see the links that stand now. Closing any link waits for it (kernel/events/uprobes.c,
 * uprobe_unregister_sync(), 6.12; before that no program is added while a thread is in those of a
 * place).
 */
void link_settle(void);

#endif
