/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The machine code of one function, decoded from its start: instructions, and where control can
 * arrive. Private to choosing instructions (choose.h).
 */
#ifndef SNAPLINE_CODE_H
#define SNAPLINE_CODE_H

#include "dwarf/dw.h"

enum { CODE_MAX_BYTES = 64 << 20 }; /* of one function */

/* All parts of a function. */
struct code_extent {
	const char *name; /* or NULL */
	u64 entry;
	const struct pc_range *ranges; /* sorted */
	size_t n_ranges;
	bool is_whole; /* no part of it is missing here: hot and cold parts are all known */
};

struct code_insn {
	struct insn insn;
	bool is_leader;	 /* control can arrive here from elsewhere than the instruction above */
	bool is_reached; /* by decoding from the starts, through branches and tables */
	bool is_torn;	 /* a branch goes into the middle of it */
	bool is_root;	 /* control arrives here, and not by a branch */
	bool is_queued;	 /* private to tracing */
	bool is_pointer_jump; /* JUMP_INDIRECT through a pointer, */
	bool is_table_jump;   /* ... or a table; neither: unknown */
};

/* Addresses of code that the file's data holds, sorted; read when they are first asked for. */
struct code_labels {
	struct arena *arena;
	u64 *pcs;
	size_t n;
	bool is_read;
};

struct code {
	struct dw *dw;
	const struct arch *arch;
	struct arena *arena;
	struct code_extent extent;
	struct code_insn *insns; /* of all ranges, sorted by address */
	size_t n;
	const struct insn *unknown_jump; /* an indirect jump whose table wasn't found, or NULL */
	u64 doubtful_from; /* instructions from here on may be data; UINT64_MAX: none are */
	bool has_indirect_jump;
	bool has_labels;	    /* code_find_labels() was here */
	struct code_labels *labels; /* of all functions of the file; NULL: none were read yet */
};

/*
 * The function that holds pc: by debug information, else by symbol, else by call frame information.
 * ERROR_USAGE if nothing says where it starts.
 */
struct error *code_extent_at(struct dw *dw, u64 pc, struct arena *arena,
			     struct code_extent *extent) _must_use_;
struct error *code_decode(struct dw *dw, const struct code_extent *extent, struct arena *arena,
			  struct code *code) _must_use_;
/* The instruction that starts at pc, or, if `inside`, that holds it; NULL: none. */
struct code_insn *code_at(const struct code *code, u64 pc, bool inside);
bool code_holds(const struct code *code, u64 pc);
/* Follows branches, jump tables and landing pads: sets what code_insn says of arrivals. */
void code_trace(struct code *code);
/*
 * Control may come to pc, if an instruction starts there: nothing is moved past it. Unless it is
 * certain that it is code, it may as well be data, and isn't taken for reached.
 */
void code_arrive(struct code *code, u64 pc, bool is_certain);
/* Marks the labels of the function whose address is stored in the file's data. */
void code_find_labels(struct code *code);

#endif
