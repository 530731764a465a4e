/* SPDX-License-Identifier: BSD-2-Clause */
/* One line in one copy of its function: which of its rows control enters (line_entry.c). */
#ifndef SNAPLINE_LINE_ENTRY_H
#define SNAPLINE_LINE_ENTRY_H

#include "plan/flow.h"

/* A function with everything that is asked of it for each of its lines. */
struct line_body {
	struct dw *dw;
	struct arena *arena;
	struct dw_instance *instances;
	size_t n_instances;
	struct flow flow;
	const struct dw_row **rows; /* those in its code, by address */
	u32 *copy_of;		    /* rows[i] belongs to instances[copy_of[i]] */
	size_t n_rows;
	u32 *first_row; /* of flow.insns[i]: first of its rows; n + 1 entries */
	enum dw_marks marks;
	/* Room for one line at a time, by instruction. */
	u8 *before; /* what may be true before it: control comes from the line, or from elsewhere */
	u8 *must;   /* leads to a kept entry within the line */
};

/* One line in one copy. */
struct line_query {
	const struct line_body *body;
	const char *file;
	unsigned line;
	u32 copy;
	bool begins_statement; /* some statement row of the file has the line */
	u32 *entries;	       /* instructions, ascending */
	const struct dw_row **entry_rows;
	size_t n_entries;
};

/* Row i of the body has the line, in the copy, of the query. */
bool line_has_row(const struct line_query *query, size_t row);
/* Index behind the last row at the address of an instruction. */
size_t line_rows_end(const struct line_body *body, u32 insn);
/* The entries of a line on which no statement begins (line_anchor.c); there may be none. */
void line_find_anchors(struct line_query *query);
/* Finds the entries by the rules of line_place.c; there may be none. */
void line_find_entries(struct line_query *query);

#endif
