/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A bounded cursor over foreign bytes, little-endian. Reading past the end gives 0 and sets
 * `failed`, which sticks; the reader checks it once. No read ever leaves [start, end).
 */
#ifndef SNAPLINE_CURSOR_H
#define SNAPLINE_CURSOR_H

#include "base/base.h"

struct cursor {
	const u8 *start;
	const u8 *at;
	const u8 *end;
	bool failed;
};

struct cursor cursor_new(const u8 *bytes, size_t len);
size_t cursor_offset(const struct cursor *cursor);
size_t cursor_left(const struct cursor *cursor);
void cursor_seek(struct cursor *cursor, size_t offset);
void cursor_skip(struct cursor *cursor, size_t len);
/* An unsigned number of 1 to 8 bytes. */
u64 cursor_unsigned(struct cursor *cursor, unsigned bytes);
s64 cursor_signed(struct cursor *cursor, unsigned bytes);
u64 cursor_uleb(struct cursor *cursor);
s64 cursor_sleb(struct cursor *cursor);
/* Bytes as they lie; on failure zeroes. */
void cursor_bytes(struct cursor *cursor, void *to, size_t len);
/* A NUL-terminated string inside the bytes; NULL and failed if it doesn't end there. */
const char *cursor_string(struct cursor *cursor);

#endif
