/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which instruction is probed for a place. A probe on an instruction that the kernel emulates costs
 * one trap, on any other two, and on a few it harms the program. So a probe moves to an emulated
 * instruction, away from the address that was asked for, where nobody can tell the difference:
 *
 *	asked:  mov  %rdi, %rbx        not emulated; writes rbx, where no variable lives yet
 *	        mov  $0x1, %esi
 *	moved:  call 0x4011d6          emulated
 *
 * The move stays in one basic block: control that comes to one of the two addresses has come, or
 * will come, to the other. A counter may pass anything in between. A snapshot, log line or
 * condition may pass only what it can't see: instructions that write no memory, can't fault, and
 * write no register that a variable's location, the frame or a caller's frame is computed from; and
 * each variable in scope has the same location, and each register the same call frame rule, at both.
 */
#ifndef SNAPLINE_CHOOSE_H
#define SNAPLINE_CHOOSE_H

#include "plan/code_store.h"

enum choose_for {
	CHOOSE_COUNTER,	 /* counts and times only */
	CHOOSE_SNAPSHOT, /* looks at registers or memory: snapshot, log, condition, key */
};

struct choice {
	u64 pc; /* to probe */
	enum insn_cost cost, asked_cost;
	const char *why; /* a sentence: why it was moved, or not */
};

struct choose_how {
	enum choose_for what;
	bool exact; /* no move to save cost, nor off a hazard: then it is refused */
	u32 regs;   /* mask by DWARF number: registers that are looked at by name, not by a variable
		     */
};

/*
 * Chooses the instruction for the place at pc. ERROR_USAGE, with what would have happened, if pc is
 * no start of an instruction of a function, or if no probe is safe there.
 */
struct error *choose_instruction(struct code_store *store, u64 pc, const struct choose_how *how,
				 struct arena *arena, struct choice *choice) _must_use_;

/*
 * Where control leaves a function for good: its return instructions and the jumps of its tail
 * calls, sorted. `ranges` are all parts of one function. *note is a sentence about exits that have
 * no place (a conditional jump out of the function is only sometimes one), or NULL. No exit at all:
 * *n is 0.
 */
struct function_exit {
	u64 pc;
	bool is_tail_call;
};
struct error *choose_returns(struct dw *dw, const struct pc_range *ranges, size_t n_ranges,
			     struct arena *arena, struct function_exit **exits, size_t *n,
			     const char **note) _must_use_;

/* The basic block that holds pc, for explain; insns[asked] is the instruction at pc. */
struct choose_block {
	const struct insn *insns;
	size_t n;
	size_t asked;
};
struct error *choose_block(struct code_store *store, u64 pc, struct arena *arena,
			   struct choose_block *block) _must_use_;

#endif
