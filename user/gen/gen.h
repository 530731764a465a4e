/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * BPF instructions for what a plan says: conditions and the roots of a snapshot. Output fits a
 * patch bay (include/bay.h). Everything is decided here, before loading: what can't be compiled (an
 * entry value, a vector register) is an ERROR_USAGE with the variable's span.
 */
#ifndef SNAPLINE_GEN_H
#define SNAPLINE_GEN_H

#include <linux/bpf.h>

#include "base/arena.h"
#include "base/error.h"
#include "expr/expr.h"

/* What the kernel offers, as found by trying; the plan is made for these. */
struct gen_features {
	bool signed_division; /* BPF_SDIV, 6.6 */
};

struct gen_code {
	const struct bpf_insn *insns;
	size_t n;
};

/* What the code is made for: the place's CFA rule, so that frame-base locations compile. */
struct gen_place {
	const struct arch *arch;
	const struct cfi_row *cfi;  /* at the probed pc; NULL: no frame-base variables */
	struct dw *module;          /* env->bias belongs to this module */
	/*
	 * Distance of a thread-local variable, at `offset` in dw's block, from the thread pointer;
	 * false: it differs between processes or threads. May be NULL.
	 */
	bool (*tls_offset)(void *context, struct dw *dw, u64 offset, s64 *from_thread_pointer);
	void *context;
	struct gen_features features;
};

/* A condition; body of bay_condition(). */
struct error *gen_condition(const struct expr *typed, const char *text, const struct gen_place *place,
			    struct arena *arena, struct gen_code *code) _must_use_;

/* One root: the address of a location, or the pointer value that a location holds. */
struct gen_root {
	const struct loc *loc;       /* a variable: its address is the root (is_value false), or, */
	const struct loc *frame_base;
	bool is_value;               /* ... it holds a pointer, whose value is the root */
	u64 value_size;              /* is_value: bytes of the pointer */
	const struct expr *lvalue;   /* instead of loc: a capture; root is its address */
};
/*
 * Body of bay_roots(). Roots that can't be computed in the kernel (entry values, vector registers)
 * get 0 and skipped[i] is set: decoding reads them late.
 */
struct error *gen_roots(const struct gen_root *roots, size_t n, const struct gen_place *place,
			struct arena *arena, struct gen_code *code, bool *skipped) _must_use_;

/* One value of bay_values(): a scalar, or the address of an lvalue that is to be copied. */
struct gen_value {
	const struct expr *expr; /* typed */
	const char *text;        /* what it was written as, for spans */
	bool is_address;
};
/*
 * Body of bay_values(), values[i] in the ith place; n is at most SNAPLINE_MAX_VALUES. A value that
 * can't be computed at a hit gets its state (enum value_state) and bits 0. One that can't be
 * compiled is an error.
 */
struct error *gen_values(const struct gen_value *values, size_t n, const struct gen_place *place,
			 struct arena *arena, struct gen_code *code) _must_use_;

/* One instruction a line, as bpftool prints them. */
const char *gen_listing(const struct gen_code *code, struct arena *arena);

#endif
