/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/cursor.h"

#include <string.h>

struct cursor cursor_new(const u8 *bytes, size_t len)
{
	static const u8 nothing;

	if (!bytes) {
		bytes = &nothing;
		len = 0;
	}
	return (struct cursor){.start = bytes, .at = bytes, .end = bytes + len};
}

size_t cursor_offset(const struct cursor *cursor)
{
	return (size_t)(cursor->at - cursor->start);
}

size_t cursor_left(const struct cursor *cursor)
{
	return (size_t)(cursor->end - cursor->at);
}

static void cursor_fail(struct cursor *cursor)
{
	cursor->failed = true;
	cursor->at = cursor->end;
}

void cursor_seek(struct cursor *cursor, size_t offset)
{
	if (offset > (size_t)(cursor->end - cursor->start))
		cursor_fail(cursor);
	else
		cursor->at = cursor->start + offset;
}

void cursor_skip(struct cursor *cursor, size_t len)
{
	if (len > cursor_left(cursor))
		cursor_fail(cursor);
	else
		cursor->at += len;
}

u64 cursor_unsigned(struct cursor *cursor, unsigned bytes)
{
	u64 value = 0;

	if (bytes > 8 || bytes > cursor_left(cursor)) {
		cursor_fail(cursor);
		return 0;
	}
	memcpy(&value, cursor->at, bytes);
	cursor->at += bytes;
	return value;
}

s64 cursor_signed(struct cursor *cursor, unsigned bytes)
{
	u64 value = cursor_unsigned(cursor, bytes);
	unsigned shift = 64 - 8 * bytes;

	if (bytes == 0 || bytes >= 8)
		return (s64)value;
	return (s64)(value << shift) >> shift;
}

/* The bits of a LEB128 number; *shift is how many there were, *last its last byte. */
static u64 leb128(struct cursor *cursor, unsigned *shift, u8 *last)
{
	u64 value = 0;

	*shift = 0;
	do {
		if (cursor->at == cursor->end) {
			cursor_fail(cursor);
			*last = 0;
			return 0;
		}
		*last = *cursor->at++;
		if (*shift < 64)
			value |= (u64)(*last & 0x7f) << *shift;
		*shift += 7;
	} while (*last & 0x80);
	return value;
}

u64 cursor_uleb(struct cursor *cursor)
{
	unsigned shift;
	u8 last;

	return leb128(cursor, &shift, &last);
}

s64 cursor_sleb(struct cursor *cursor)
{
	unsigned shift;
	u8 last;
	u64 value = leb128(cursor, &shift, &last);

	if (shift < 64 && last & 0x40)
		value |= ~0ULL << shift;
	return (s64)value;
}

void cursor_bytes(struct cursor *cursor, void *to, size_t len)
{
	if (len > cursor_left(cursor)) {
		cursor_fail(cursor);
		memset(to, 0, len);
		return;
	}
	memcpy(to, cursor->at, len);
	cursor->at += len;
}

const char *cursor_string(struct cursor *cursor)
{
	const char *text = (const char *)cursor->at;
	const u8 *nul = memchr(cursor->at, 0, cursor_left(cursor));

	if (!nul) {
		cursor_fail(cursor);
		return NULL;
	}
	cursor->at = nul + 1;
	return text;
}
