/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writes text for a terminal: everything from a target passes here, and what could control the
 * terminal comes out as octal escapes. Knows the column, colours if asked, and can measure instead
 * of write.
 */
#ifndef SNAPLINE_PEN_H
#define SNAPLINE_PEN_H

#include "base/strbuf.h"

enum { PEN_WIDTH = 100 }; /* columns of a line */

enum pen_style {
	PEN_PLAIN,
	PEN_TITLE, /* the line that begins a snapshot */
	PEN_FUNCTION,
	PEN_NAME,
	PEN_ADDRESS,
	PEN_DIM, /* reasons and marks */
};

struct pen {
	struct strbuf *out; /* NULL: only measures */
	bool color;
	u32 column;
	u32 limit; /* a measuring pen is full there */
};

void pen_put(struct pen *pen, enum pen_style style, const char *text);
void pen_printf(struct pen *pen, enum pen_style style, const char *format, ...) _printf_(3, 4);
/* 1234567 as 1,234,567, at the right of so many columns. */
void pen_count(struct pen *pen, enum pen_style style, u64 number, int width);
void pen_newline(struct pen *pen, u32 indent);
bool pen_is_full(const struct pen *pen);

#endif
