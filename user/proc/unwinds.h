/* SPDX-License-Identifier: BSD-2-Clause */
/* May return addresses be replaced in live processes? elf/unwinds.c says what that depends on. */
#ifndef SNAPLINE_UNWINDS_H
#define SNAPLINE_UNWINDS_H

#include "proc/target.h"

/* Why not, of all that the target's processes map as code, a sentence; NULL: they may. */
const char *target_unwinds(const struct target *target, struct arena *arena);
/* The same for what pid maps at address by now; NULL too if nothing is there any more. */
const char *proc_unwinds_at(int pid, u64 address, struct arena *arena);

#endif
