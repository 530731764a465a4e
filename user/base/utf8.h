/* SPDX-License-Identifier: BSD-2-Clause */
/* UTF-8 (RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF). */
#ifndef SNAPLINE_UTF8_H
#define SNAPLINE_UTF8_H

#include "base/strbuf.h"

/* Length of the valid sequence at the start of text (1 to 4), or 0; *code gets the character. */
size_t utf8_decode(const u8 *text, size_t len, u32 *code);
void utf8_encode(struct strbuf *out, u32 code);
/*
 * May the character go to a terminal as it is? Not what controls the terminal, or the direction or
 * joining of the text around it, and nothing private or undefined.
 */
bool utf8_is_printable(u32 code);
/* Length of the first piece: a printable character, or a byte that no terminal should get. */
size_t utf8_next(const u8 *text, size_t len, bool *is_printable);
/* For a terminal: all but what is printable, newlines and tabs comes out as octal escapes. */
void utf8_put_safe(struct strbuf *out, const char *text);

#endif
