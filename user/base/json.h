/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A JSON writer (RFC 8259) into a string buffer. Commas and nesting are its business; a misuse
 * (unbalanced end, value without a key, too deep) makes it sticky-wrong, and json_end() says so.
 *
 * Text: what is valid UTF-8 goes through; the quote, the backslash and what a terminal should not
 * get (control characters, marks that turn the direction of writing) are escaped. JSON can't hold
 * other bytes, so each byte that isn't part of valid UTF-8 becomes the four characters \xNN (in
 * JSON: "\\xNN"); json_is_text() tells whether that would happen.
 */
#ifndef SNAPLINE_JSON_H
#define SNAPLINE_JSON_H

#include "base/error.h"
#include "base/strbuf.h"

enum { JSON_MAX_DEPTH = 256 };

struct json {
	struct strbuf *out;
	const char *wrong; /* the first misuse, or NULL */
	u32 depth;
	bool after_key;
	bool is_object[JSON_MAX_DEPTH];
	bool has_items[JSON_MAX_DEPTH];
};

void json_begin(struct json *json, struct strbuf *out);
void json_object(struct json *json);
void json_object_end(struct json *json);
void json_array(struct json *json);
void json_array_end(struct json *json);
void json_key(struct json *json, const char *key);
void json_string(struct json *json, const char *text); /* NULL: null */
void json_bytes(struct json *json, const char *text, size_t len);
void json_bool(struct json *json, bool value);
void json_null(struct json *json);
/* Beyond 2^53 readers that use doubles would change the number: then it is its text. */
void json_u64(struct json *json, u64 value);
void json_s64(struct json *json, s64 value);
void json_hex(struct json *json, u64 value);	 /* "0x1234" */
void json_real(struct json *json, double value); /* 17 digits, always with a point or exponent;
						    "nan", "inf", "-inf" as text */
/* A key and its value. */
void json_member_string(struct json *json, const char *key, const char *text); /* NULL: null */
void json_member_bool(struct json *json, const char *key, bool value);
void json_member_true(struct json *json, const char *key, bool value); /* false: nothing */
void json_member_u64(struct json *json, const char *key, u64 value);
void json_member_hex(struct json *json, const char *key, u64 value);
struct error *json_end(struct json *json) _must_use_;

/* Valid UTF-8 throughout? */
bool json_is_text(const char *text, size_t len);

#endif
