/* SPDX-License-Identifier: BSD-2-Clause */
/* Which addresses stand for a line (the essay is in line_place.c). */
#ifndef SNAPLINE_LINE_PLACE_H
#define SNAPLINE_LINE_PLACE_H

#include "dwarf/dw.h"

struct line_place {
	u64 pc;
	unsigned line;
	struct dw_instance instance; /* the function or inlined copy; function is NULL if unknown */
	bool is_gdb_choice;
	u64 gdb_pc; /* where gdb would put its breakpoint for this copy of the line */
	const char *why;
};

/*
 * The places of a line of `file` (a full recorded name; line 0: of every line that has code),
 * sorted by line and pc; function_die limits them to copies of that function (0: any). n = 0 if the
 * line has no code.
 */
struct error *line_places(struct dw *dw, const char *file, unsigned line, u64 function_die,
			  struct arena *arena, struct line_place **places, size_t *n) _must_use_;

#endif
