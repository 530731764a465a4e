/* SPDX-License-Identifier: BSD-2-Clause */
/* A growing string, and the questions about strings that more than one room asks. */
#ifndef SNAPLINE_STRBUF_H
#define SNAPLINE_STRBUF_H

#include "base/base.h"

/* Starts as {}; text is NULL until something is added, and always ends with a NUL. */
struct strbuf {
	char *text;
	size_t len;
	size_t capacity;
};

void strbuf_add(struct strbuf *buf, const void *bytes, size_t len);
void strbuf_puts(struct strbuf *buf, const char *text);
void strbuf_putc(struct strbuf *buf, char c);
void strbuf_printf(struct strbuf *buf, const char *format, ...) _printf_(2, 3);
void strbuf_clear(struct strbuf *buf); /* empties it, keeps its memory */
void strbuf_free(struct strbuf *buf);  /* also for _cleanup_() */

/* Shell pattern with * and ?; a pattern without either matches only itself. */
bool str_glob(const char *pattern, const char *text);
/* Levenshtein distance, at most `limit`; used to suggest a name that is near. */
size_t str_distance(const char *a, const char *b, size_t limit);
/* Does path end with suffix, and begin there at a path component? */
bool str_path_suffix(const char *path, const char *suffix);
/* Decimal, 0x hexadecimal or 0 octal; true if the whole text is one number. */
bool str_u64(const char *text, u64 *result);

#endif
