/* SPDX-License-Identifier: BSD-2-Clause */
#include "out/pen.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/utf8.h"

static const char *const colors[] = {[PEN_TITLE] = "\033[1m",
				     [PEN_FUNCTION] = "\033[33m",
				     [PEN_NAME] = "\033[36m",
				     [PEN_ADDRESS] = "\033[34m",
				     [PEN_DIM] = "\033[2m"};

/* Bytes of printable ASCII at the start. */
static size_t plain_run(const u8 *text, size_t len)
{
	size_t n = 0;

	while (n < len && text[n] >= ' ' && text[n] < 0x7f)
		n++;
	return n;
}

static void put_safe(struct pen *pen, const char *text)
{
	const u8 *at = (const u8 *)text;
	size_t rest = strlen(text), n;
	bool is_printable;

	for (; rest; at += n, rest -= n) {
		n = plain_run(at, rest);
		if (n) {
			pen->column += n;
			if (pen->out)
				strbuf_add(pen->out, at, n);
			continue;
		}
		n = utf8_next(at, rest, &is_printable);
		pen->column += is_printable ? 1 : 4;
		if (pen->out && is_printable)
			strbuf_add(pen->out, at, n);
		else if (pen->out)
			strbuf_printf(pen->out, "\\%.3o", *at);
	}
}

void pen_put(struct pen *pen, enum pen_style style, const char *text)
{
	bool color = pen->color && pen->out && style != PEN_PLAIN && *text;

	if (color)
		strbuf_puts(pen->out, colors[style]);
	put_safe(pen, text);
	if (color)
		strbuf_puts(pen->out, "\033[0m");
}

void pen_printf(struct pen *pen, enum pen_style style, const char *format, ...)
{
	char *formatted = NULL;
	va_list args;

	va_start(args, format);
	if (vasprintf(&formatted, format, args) < 0)
		error_no_memory();
	va_end(args);
	pen_put(pen, style, formatted);
	free(formatted);
}

void pen_count(struct pen *pen, enum pen_style style, u64 number, int width)
{
	char text[32], digits[24];
	int len = snprintf(digits, sizeof(digits), "%" PRIu64, number), at = 0;

	for (int i = 0; i < len; i++) {
		if (i && (len - i) % 3 == 0)
			text[at++] = ',';
		text[at++] = digits[i];
	}
	text[at] = '\0';
	pen_printf(pen, style, "%*s", width, text);
}

void pen_newline(struct pen *pen, u32 indent)
{
	pen->column = indent;
	if (pen->out)
		strbuf_printf(pen->out, "\n%*s", (int)indent, "");
}

bool pen_is_full(const struct pen *pen)
{
	return !pen->out && pen->column > pen->limit;
}
