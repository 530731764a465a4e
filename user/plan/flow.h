/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The control flow of one function: its instructions, decoded from the start of each of its ranges,
 * and which follow which. Targets of jump tables are not known.
 */
#ifndef SNAPLINE_FLOW_H
#define SNAPLINE_FLOW_H

#include "base/arena.h"
#include "dwarf/dw.h"

enum { FLOW_NONE = UINT32_MAX };

struct flow_insn {
	u64 pc;
	u8 len;
	enum insn_flow flow;
	u32 next;   /* index of the instruction that control falls to, or FLOW_NONE */
	u32 target; /* index of a jump's or branch's target in this function, or FLOW_NONE */
	bool is_nop;
	bool is_target; /* some jump or branch leads here */
	bool has_pred;	/* control can fall or jump here from an instruction that we know */
};

struct flow {
	struct flow_insn *insns; /* sorted by pc */
	size_t n;
	bool has_indirect; /* a jump through a table or pointer */
};

/* The ranges in order of address and without overlap. */
size_t flow_ranges(const struct pc_range *ranges, size_t n, struct arena *arena,
		   struct pc_range **tidy);
/* Decodes all ranges. Where bytes are no instruction it goes on at the next range. */
void flow_build(const struct elf_file *file, const struct pc_range *ranges, size_t n_ranges,
		struct arena *arena, struct flow *flow);
/* The index of the instruction that begins at pc, or FLOW_NONE. */
u32 flow_find(const struct flow *flow, u64 pc);

#endif
