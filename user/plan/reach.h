/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Do the probes of a plan reach a process? The kernel puts one only where a process maps the file
 * privately, executably and not writably (kernel/events/uprobes.c, valid_vma()). Text that was
 * moved into anonymous or huge pages, as some programs do when they start, shared text and, at the
 * moment of attaching, writable text, it passes over without an error. And a debugger's breakpoint
 * is the same byte as a probe: each of the two takes the other for the program's own.
 */
#ifndef SNAPLINE_REACH_H
#define SNAPLINE_REACH_H

#include "plan/plan.h"

struct reach {
	size_t live;	 /* places that the process maps so that the kernel probes them */
	size_t dead;	 /* places that it has otherwise, */
	const char *why; /* ... and how the first of them: "anonymous memory" */
	const struct place *patched; /* the first live one that isn't as in the file; NULL: none */
};

/*
 * Places that it doesn't map, or not to execute them, are in neither count. `patched` is looked for
 * if asked: it reads the process's memory at each place. error_process_gone.
 */
struct error *reach_look(const struct plan *plan, int pid, bool with_patched,
			 struct reach *reach) _must_use_;

#endif
