/* SPDX-License-Identifier: BSD-2-Clause */
/* What a snapshot at an address looks at, so that a probe isn't moved past a change of it
 * (choose.h). */
#ifndef SNAPLINE_OBSERVE_H
#define SNAPLINE_OBSERVE_H

#include "dwarf/dw.h"

struct observed {
	struct dw *dw;
	struct arena *arena;
	u64 pc;
	struct dw_frame *frames; /* whose variables are shown */
	size_t n_frames;
	struct cfi_row *row; /* NULL: no call frame information */
	u32 regs;	     /* mask by DWARF number: what all of it is computed from */
	s8 frame_reg;	     /* the CFA is this register plus a constant; -1: it isn't */
};

struct error *observe(struct dw *dw, u64 pc, struct arena *arena,
		      struct observed *observed) _must_use_;
/*
 * Has everything the same location and rule at pc? Then *regs are those that are read at either
 * address. Else *why is a clause.
 */
struct error *observe_same(const struct observed *observed, u64 pc, bool *same, u32 *regs,
			   const char **why) _must_use_;
/* Why the instruction can be noticed by a snapshot behind it that looks at regs; NULL: it can't. */
const char *observe_insn(const struct observed *observed, const struct insn *insn, u32 regs);

#endif
