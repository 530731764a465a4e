/* SPDX-License-Identifier: BSD-2-Clause */
/* What permit.c and permit_process.c share. */
#ifndef SNAPLINE_PERMIT_PRIVATE_H
#define SNAPLINE_PERMIT_PRIVATE_H

#include <limits.h>

#include "load/permit.h"

enum {
	KNOWN_MOST = 256, /* processes that were let through */
	RECENT_MOST = 16, /* of these, at hand */
	KEPT_MOST = 64,	  /* folders that are kept */
};

struct permit {
	struct permit_terms terms;
	struct load_session *load;
	struct arena *arena;
	u64 launched_time, worker_time; /* when those of the terms started */
	const char *record;		/* where replay's file lies; NULL: none */
	struct known {
		int pid;
		u64 start_time;
	} known[KNOWN_MOST];
	size_t n_known; /* ever; they go round */
	struct recent {
		int pid, fd; /* pidfd_open() of it; pid 0: none */
	} recent[RECENT_MOST];
	int kept[KEPT_MOST];
	size_t n_kept;
	struct held {
		const char *path, *held;
		int fd;
	} * held;
	size_t n_held;
	char last_file[PATH_MAX];
};

/* Does it debug a process of the target? Then it may be named. */
bool permit_debugger(const struct permit *permit, int pid);

#endif
