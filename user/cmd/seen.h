/* SPDX-License-Identifier: BSD-2-Clause */
/* The variables that can be seen at an address, as words; for explain and `list vars`. */
#ifndef SNAPLINE_SEEN_H
#define SNAPLINE_SEEN_H

#include "base/json.h"
#include "dwarf/dw.h"

struct seen_var {
	const char *name;
	const char *type;
	const char *kind;  /* "argument", "local", "global" */
	const char *where; /* "in rdi", "at frame base-20", "<optimized out>" */
	bool is_absent;
};

/* A function at the address: innermost first, the last one is not inlined. */
struct seen_frame {
	const char *function;
	bool is_inlined;
	const char *call_file; /* of an inlined one: where it was inlined */
	unsigned call_line;
	struct seen_var *vars;
	size_t n_vars;
};

/* No debug information at pc: no frames. */
struct error *seen_at(struct dw *dw, u64 pc, struct arena *arena, struct seen_frame **frames,
		      size_t *n) _must_use_;
void seen_print(const struct seen_frame *frames, size_t n, const char *indent);
/* {"function":...,"inlined":...,"variables":[{"name","type","kind","location","absent"}]} */
void seen_json(struct json *json, const struct seen_frame *frames, size_t n);

#endif
