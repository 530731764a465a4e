/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where a command that reads foreign bytes becomes two processes (load/keeper.h). Before it the
 * command line was read and the target found; behind it files are read.
 */
#ifndef SNAPLINE_BORDER_H
#define SNAPLINE_BORDER_H

#include "proc/launch.h"
#include "proc/sandbox.h"
#include "proc/target.h"

struct border_limits {
	struct sandbox_limits sandbox;
	u64 stuck_ns; /* CPU time without a request; 0: two minutes */
};

/*
 * Returns in the worker, which has no rights from then on. The keeper stays inside until the worker
 * has ended and then ends the program: with the worker's status, or, where that has crashed, been
 * stuck or run out of memory, with ERROR_FAILED and a message that names the file it opened last.
 */
struct error *border_cross(const struct spec *spec, const struct target *target,
			   struct launch *launch, const struct border_limits *limits) _must_use_;
/*
 * The same for a command that only reads files; target NULL: it has none. fd stays open in the
 * worker, -1: none. Where there are no rights to give away it remains one process.
 */
struct error *border_cross_to_read(const struct spec *spec, const struct target *target,
				   int fd) _must_use_;
/* The last thing a worker says; nothing elsewhere. */
void border_done(void);

#endif
