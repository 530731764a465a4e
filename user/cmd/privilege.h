/* SPDX-License-Identifier: BSD-2-Clause */
/* What the system lets this process do; asked by snap before it starts, and by doctor. */
#ifndef SNAPLINE_PRIVILEGE_H
#define SNAPLINE_PRIVILEGE_H

#include "base/arena.h"
#include "base/error.h"

/* Bits of struct privileges.held and lacking. */
enum privilege {
	PRIVILEGE_BPF = 1 << 0,	    /* load programs */
	PRIVILEGE_PERFMON = 1 << 1, /* programs that trace; uprobe_multi links */
	PRIVILEGE_PTRACE = 1 << 2,  /* look into processes of other users */
	PRIVILEGE_ADMIN = 1 << 3,   /* perf links, and all of the above but PTRACE */
};

struct privileges {
	unsigned held;
	unsigned lacking;    /* of what probes in any program need: BPF, PERFMON, PTRACE */
	bool user_namespace; /* ours isn't the first: capabilities don't count for the kernel */
};

void privileges_read(struct privileges *privileges);
/* "CAP_BPF, CAP_PERFMON" */
const char *privilege_names(unsigned mask, struct arena *arena);
/*
 * NULL if probes are possible, if only (without CAP_SYS_PTRACE) in programs of one's own; else
 * ERROR_PRIVILEGE: exactly what is lacking, and how to get it.
 */
struct error *privilege_check(void) _must_use_;

#endif
