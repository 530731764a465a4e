/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Instructions into programs: finds the patch bays and the patched instructions (include/bay.h) in
 * a program as libbpf has relocated it, and writes what a plan's program needs over a copy. Knows
 * no kernel: works on arrays of instructions.
 */
#ifndef SNAPLINE_BAYS_H
#define SNAPLINE_BAYS_H

#include "base/error.h"
#include "gen/gen.h"
#include "load/load.h"

struct bay_patch {
	const struct gen_code *condition; /* n 0: answers 0 */
	const struct gen_code *roots;
	const struct gen_code *values; /* NULL: none */
	u64 word;	/* probe.h, PROGRAM_WORD */
	bool fetch_add; /* turn the marked adds into fetch-and-add */
	s32 is_return;	/* BTF id of the kernel's function; 0: there is none */
};

/* Which PROGRAM_NEEDS_* flags of probe.h the code asks for; errs on the side of more. */
u64 bay_needs(const struct gen_code *code);
/* Patches insns in place. ERROR_USAGE if code is longer than a bay. */
struct error *bay_patch(struct bpf_insn *insns, size_t n, const struct bay_patch *patch) _must_use_;

#endif
