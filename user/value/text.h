/* SPDX-License-Identifier: BSD-2-Clause */
/* The texts of scalars and strings, as gdb 13 writes them. */
#ifndef SNAPLINE_VALUE_TEXT_H
#define SNAPLINE_VALUE_TEXT_H

#include "base/strbuf.h"
#include "value/value.h"

/* How wide characters are, and what stands before the quote: "", L, u, U. */
struct char_form {
	u8 width; /* 1, 2, 4; 0: the type isn't text */
	const char *prefix;
};
struct char_form text_char_form(const struct type *type);

/*
 * len bytes of characters as a string: "text", '\000' <repeats 15 times>. At most
 * limits->string_bytes characters, then `...`, as it also does if cut is set. Returns true if it
 * was cut.
 */
bool text_string(struct strbuf *out, const u8 *bytes, size_t len, struct char_form form, bool cut,
		 const struct value_limits *limits);

/* Does the limit end the string before the bytes do, so that what follows them changes nothing? */
bool text_string_ends_within(const u8 *bytes, size_t len, struct char_form form,
			     const struct value_limits *limits);

/*
 * The characters as they are, for programs to read: bytes of one, or wide ones turned into UTF-8.
 * NULL if wide ones are no text. *decoded_len is in bytes; a NUL follows.
 */
const char *text_decode(const u8 *bytes, size_t len, struct char_form form, struct arena *arena,
			size_t *decoded_len);

/* One character in its quotes: 'l', L'\x20ac'. */
void text_char(struct strbuf *out, u64 number, struct char_form form,
	       const struct value_limits *limits);

/* "5", "108 'l'", "true", "(A | B)": number is extended as its type says. */
void text_integer(struct strbuf *out, const struct type *type, u64 number,
		  const struct value_limits *limits);
/* 16-byte integers, which fit no struct value's number. */
void text_int128(struct strbuf *out, const u8 *bytes, bool is_signed);
/* A TYPE_FLOAT of type->size bytes; false if there is no such format. */
bool text_real(struct strbuf *out, const struct type *type, const u8 *bytes, long double *real);

#endif
