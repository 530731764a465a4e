/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Generated code that comes from a process without rights, before it is put into a patch bay. The
 * verifier keeps a program from harming the kernel, not from harming the target: it lets through
 * helpers that write to a program's memory or signal it, and since 6.18 stores to the registers
 * that a uprobe's program returns to. Here only what gen/ writes passes.
 */
#ifndef SNAPLINE_VET_H
#define SNAPLINE_VET_H

#include "base/error.h"
#include "gen/gen.h"

enum vet_bay {
	VET_CONDITION, /* stores go to its own stack */
	VET_OUTPUT, /* and through r8, which holds the third argument: bay_roots(), bay_values() */
};

/* ERROR_FAILED names the instruction. */
struct error *vet_code(const struct gen_code *code, enum vet_bay bay) _must_use_;

#endif
