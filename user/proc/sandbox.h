/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Giving rights away, for the process that reads foreign bytes. What is left: compute, allocate,
 * read and write the descriptors that are open, make threads, wait, end.
 */
#ifndef SNAPLINE_SANDBOX_H
#define SNAPLINE_SANDBOX_H

#include "base/error.h"

struct sandbox_limits {
	u64 memory_bytes; /* of address space; 0: three quarters of the machine's memory, 2 GiB at
			     least */
};

/* Is there something to give away: root, or a capability? */
bool sandbox_has_rights(void);
/*
 * Of this process, for ever: user nobody and an empty root folder (where we are root), no
 * capabilities, no new privileges, a limit, a filter of system calls; and it ends with its parent,
 * which is to be asked for after this. ERROR_PRIVILEGE if the kernel has no seccomp filters: then
 * nothing foreign is to be read.
 */
struct error *sandbox_enter(const struct sandbox_limits *limits) _must_use_;

#endif
