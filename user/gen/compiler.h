/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files that compile share.
 *
 * Registers: r6 is ctx (pt_regs), r7 is env, r8 what bay_roots() and bay_values() fill. Every value
 * is made in r0; r1 to r5 hold nothing across the making of another. A value that has to wait is
 * spilled: to r9, then r8 (in a condition), then the stack. Integers are sign- or zero-extended to
 * 64 bits as their type says; floating point values are their bits.
 *
 * Stack: r10 - 16 is the buffer of memory reads, below it grow spills, the slots of the DWARF stack
 * and the buffer of string reads. What is written there is written before it is read.
 */
#ifndef SNAPLINE_COMPILER_H
#define SNAPLINE_COMPILER_H

#include "bay.h"
#include "expr/expr_private.h"
#include "gen/asm.h"
#include "gen/gen.h"

enum {
	REG_CTX = BPF_REG_6,
	REG_ENV = BPF_REG_7,
	REG_ROOTS = BPF_REG_8, /* and the values in bay_values() */
	READ_BUFFER = 16, /* bytes */
};

struct compiler {
	struct assembler as;
	const struct gen_place *place;
	const char *text;        /* of the expression, for spans; NULL: none */
	const struct expr *at;   /* the variable at fault, for spans and names */
	struct arena *arena;
	struct asm_label failed; /* where a read that fails goes */
	struct asm_label divided; /* where a division by zero goes */
	struct asm_label later; /* where $return goes that another function will return */
	u8 spill_regs[2];
	unsigned n_spill_regs, n_spilled;
	unsigned stack;          /* bytes in use */
	struct error *error;     /* sticky */
};

struct spill {
	u8 reg;     /* or, 0: */
	s16 offset; /* on the stack */
};

void compiler_init(struct compiler *c, const struct gen_place *place, const char *text,
		   struct arena *arena);
/* An ERROR_USAGE with the span of expr, or of c->at. */
void compiler_fail(struct compiler *c, const struct expr *expr, const char *format, ...)
	_printf_(3, 4);

/* Stack space; released by setting c->stack back to what it was. Returns the offset from r10. */
s16 compiler_stack(struct compiler *c, unsigned bytes);
/* Saves r0, and gets it back; the last saved is the first to come back. */
struct spill compiler_spill(struct compiler *c);
void compiler_unspill(struct compiler *c, struct spill spill, u8 dst);

/* Normalises r0 to the type's width. */
void compile_wrap(struct compiler *c, const struct type *type);
/* *(size bytes at r0 + offset) to r0, zero-extended; size 1, 2, 4 or 8. */
void compile_read(struct compiler *c, unsigned size, s64 offset);
/* The same, left in the read buffer; any size up to its. */
void compile_read_buffer(struct compiler *c, unsigned size, s64 offset);

/* A scalar value to r0. */
void compile_value(struct compiler *c, const struct expr *expr);
/* Jumps to label if expr's truth is `sense`, else goes on. */
void compile_branch(struct compiler *c, const struct expr *expr, struct asm_label label, bool sense);
void compile_string_branch(struct compiler *c, const struct expr *expr, struct asm_label label,
			   bool sense);

/* The return address of the function that the place is in, by its call frame information, to r0. */
void compile_caller(struct compiler *c, const struct expr *expr);

/* The variable at fault, for messages. */
const char *compiler_name(const struct compiler *c);

/* Where an lvalue is. */
enum home_kind {
	HOME_MEMORY, /* at r0 + offset */
	HOME_VALUE,  /* bytes offset... of r0 */
	HOME_BYTES,  /* bytes offset... of a constant */
};
struct home {
	enum home_kind kind;
	u64 offset;
	const u8 *bytes;
	size_t len;
};
/* What a location without pieces ends with, to r0: the address of the thing, or its value. */
enum home_kind compile_location(struct compiler *c, const struct loc_op *ops, size_t n,
				const struct loc *frame_base, struct dw *dw);
/*
 * Of a variable, `need` bytes at offset are wanted: decides which piece of it is meant. $return at
 * a tail call fails when it runs, as its other places are good; what else is nowhere is refused.
 */
void compile_variable(struct compiler *c, const struct loc *loc, const struct loc *frame_base,
		      struct dw *dw, u64 offset, u64 need, struct home *home);
/* Of any lvalue. */
void compile_home(struct compiler *c, const struct expr *expr, struct home *home);
/* The lvalue's address to r0; an error if it has none. */
void compile_address(struct compiler *c, const struct expr *expr);
/* Scalar content of an lvalue to r0. */
void compile_load(struct compiler *c, const struct expr *expr);
/* `size` bytes (1 to 8) at a home, zero-extended, to r0. */
void compile_home_load(struct compiler *c, const struct home *home, unsigned size);
/* The u64 in pt_regs. */
void compile_slot(struct compiler *c, unsigned slot, u8 dst);

/* r0 op= r1 for BPF_DIV and BPF_MOD, in 64 bits; check: r1 may be 0, which is an error. */
void compile_divide(struct compiler *c, u8 op, bool is_signed, bool check);
/* r0: integer to float (size 4) or double (8), rounded to nearest even. */
void compile_to_real(struct compiler *c, bool is_signed, unsigned size);
/* r0: float to double. */
void compile_widen_real(struct compiler *c);
/* Jumps to label if (r0 op r1) == sense, both being floats of `size` bytes. */
void compile_real_branch(struct compiler *c, enum expr_op op, unsigned size, struct asm_label label,
			 bool sense);

#endif
