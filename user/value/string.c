/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Strings as gdb prints them. A string is read as runs of equal characters. A run of more than
 * `repeats` stands alone as 'c' <repeats N times>; shorter ones gather inside double quotes:
 *
 *	"ab", '\000' <repeats 13 times>, "zz"...
 *
 * Inside '' it is still the double quote that is escaped. What a wide string begins with (L, u, U)
 * stands once. The limit counts characters, but a run that began below it is counted, and shown, to
 * its end.
 */
#include "value/text.h"

#include <string.h>

#include "base/utf8.h"

enum unit_kind {
	UNIT_END,
	UNIT_CHAR,	 /* a whole character of the encoding */
	UNIT_RAW,	 /* bytes that are none */
	UNIT_INCOMPLETE, /* the string ends inside a character */
};

struct unit {
	enum unit_kind kind;
	const u8 *bytes;
	size_t len;
	u32 code;
};

struct reader {
	const u8 *bytes;
	size_t len, at;
	struct char_form form;
	bool utf8;
};

struct char_form text_char_form(const struct type *type)
{
	static const struct {
		const char *name;
		struct char_form form;
	} wide[] = {{"wchar_t", {4, "L"}}, {"char16_t", {2, "u"}}, {"char32_t", {4, "U"}}};
	enum { LONGEST_CHAIN = 32 };
	const struct type *stripped = type_strip(type);

	for (int i = 0; type && i < LONGEST_CHAIN; i++) {
		for (size_t j = 0; type->name && j < ARRAY_LEN(wide); j++)
			if (strcmp(type->name, wide[j].name) == 0 &&
			    stripped->size == wide[j].form.width)
				return wide[j].form;
		if (type->kind < TYPE_TYPEDEF)
			break;
		type = type_target(type);
	}
	if (stripped->kind == TYPE_CHAR && stripped->size == 1)
		return (struct char_form){1, ""};
	if (stripped->kind == TYPE_CHAR && stripped->size == 2)
		return (struct char_form){2, "u"};
	if (stripped->kind == TYPE_CHAR && stripped->size == 4)
		return (struct char_form){4, "U"};
	return (struct char_form){0, ""};
}

/* Is the rest of the string the beginning of a valid UTF-8 character? */
static bool is_beginning(const u8 *bytes, size_t len)
{
	u8 whole[4] = {0};
	u32 code;
	size_t want = bytes[0] >= 0xf0 ? 4 : bytes[0] >= 0xe0 ? 3 : 2;

	if (bytes[0] < 0xc2 || len >= want)
		return false;
	/* The second byte's range depends on the first; both ends of 0x80..0xbf are tried. */
	for (int fill = 0x80; fill <= 0xbf; fill += 0x3f) {
		memset(whole, fill, sizeof(whole));
		memcpy(whole, bytes, len);
		if (utf8_decode(whole, want, &code))
			return true;
	}
	return false;
}

static struct unit next_byte_unit(struct reader *reader)
{
	const u8 *at = reader->bytes + reader->at;
	size_t rest = reader->len - reader->at, n;
	struct unit unit = {UNIT_RAW, at, 1, 0};

	if (*at < 0x80) {
		unit.kind = UNIT_CHAR;
		unit.code = *at;
	} else if (reader->utf8) {
		n = utf8_decode(at, rest, &unit.code);
		if (n)
			unit = (struct unit){UNIT_CHAR, at, n, unit.code};
		else if (is_beginning(at, rest))
			unit = (struct unit){UNIT_INCOMPLETE, at, rest, 0};
	}
	return unit;
}

static struct unit next_unit(struct reader *reader)
{
	const u8 *at = reader->bytes + reader->at;
	size_t rest = reader->len - reader->at;
	struct unit unit = {UNIT_END, at, 0, 0};

	if (rest < reader->form.width)
		return unit;
	if (reader->form.width == 1) {
		unit = next_byte_unit(reader);
	} else {
		unit = (struct unit){UNIT_CHAR, at, reader->form.width, 0};
		memcpy(&unit.code, at, reader->form.width);
		if (unit.code > 0x10ffff || (unit.code >= 0xd800 && unit.code < 0xe000))
			unit.kind = UNIT_RAW;
	}
	reader->at += unit.len;
	return unit;
}

static bool same_unit(const struct unit *a, const struct unit *b)
{
	return a->kind == b->kind && a->len == b->len && memcmp(a->bytes, b->bytes, a->len) == 0;
}

static void put_raw(struct strbuf *out, const u8 *bytes, size_t len, u8 width)
{
	for (size_t i = 0; i + width <= len; i += width) {
		u32 value = 0;

		memcpy(&value, bytes + i, width);
		strbuf_printf(out, value <= 0777 ? "\\%.3o" : "\\x%x", value);
	}
}

static bool is_shown(const struct reader *reader, u32 code)
{
	return (code < 0x80 || reader->utf8) && utf8_is_printable(code);
}

static void put_unit(struct strbuf *out, const struct unit *unit, char quote,
		     const struct reader *reader)
{
	static const char letters[] = "abtnvfr"; /* '\a' (7) to '\r' (13) */

	if (unit->kind == UNIT_CHAR && unit->code >= '\a' && unit->code <= '\r') {
		strbuf_printf(out, "\\%c", letters[unit->code - '\a']);
	} else if (unit->kind == UNIT_CHAR && is_shown(reader, unit->code)) {
		if (unit->code == (u32)quote || unit->code == '\\')
			strbuf_putc(out, '\\');
		utf8_encode(out, unit->code);
	} else {
		put_raw(out, unit->bytes, unit->len, reader->form.width);
	}
}

struct writer {
	struct strbuf *out;
	bool in_quotes, any;
};

static void start_part(struct writer *writer)
{
	if (writer->in_quotes)
		strbuf_putc(writer->out, '"');
	if (writer->any)
		strbuf_puts(writer->out, ", ");
	writer->in_quotes = false;
	writer->any = true;
}

static void put_run(struct writer *writer, const struct unit *unit, u64 count,
		    const struct reader *reader, u32 threshold)
{
	if (unit->kind == UNIT_INCOMPLETE) {
		start_part(writer);
		strbuf_puts(writer->out, "<incomplete sequence ");
		put_raw(writer->out, unit->bytes, unit->len, 1);
		strbuf_putc(writer->out, '>');
	} else if (count > threshold) {
		start_part(writer);
		strbuf_putc(writer->out, '\'');
		put_unit(writer->out, unit, '"', reader);
		strbuf_printf(writer->out, "' <repeats %llu times>", (unsigned long long)count);
	} else {
		if (!writer->in_quotes) {
			start_part(writer);
			strbuf_putc(writer->out, '"');
			writer->in_quotes = true;
		}
		for (u64 i = 0; i < count; i++)
			put_unit(writer->out, unit, '"', reader);
	}
}

/* The length of the run that starts with *next; *unit gets its character, *next what stands behind.
 */
static u64 next_run(struct reader *reader, struct unit *unit, struct unit *next)
{
	u64 count = 1;

	*unit = *next;
	while (*next = next_unit(reader), same_unit(unit, next))
		count++;
	return count;
}

bool text_string_ends_within(const u8 *bytes, size_t len, struct char_form form,
			     const struct value_limits *limits)
{
	struct reader reader = {bytes, len - len % form.width, 0, form, !limits->ascii};
	struct unit unit, next = next_unit(&reader);

	for (u64 shown = 0; next.kind != UNIT_END && shown < limits->string_bytes;)
		shown += next_run(&reader, &unit, &next);
	return next.kind == UNIT_CHAR || next.kind == UNIT_RAW;
}

bool text_string(struct strbuf *out, const u8 *bytes, size_t len, struct char_form form, bool cut,
		 const struct value_limits *limits)
{
	static const u8 zero[4];
	struct reader reader = {bytes, len - len % form.width, 0, form, !limits->ascii};
	struct writer writer = {out, false, false};
	struct unit unit, next;

	if (!cut && reader.len && memcmp(bytes + reader.len - form.width, zero, form.width) == 0)
		reader.len -= form.width;
	strbuf_puts(out, form.prefix);
	next = next_unit(&reader);
	for (u64 shown = 0, count; next.kind != UNIT_END && shown < limits->string_bytes;
	     shown += count) {
		count = next_run(&reader, &unit, &next);
		put_run(&writer, &unit, count, &reader, limits->repeats);
	}
	if (!writer.any)
		strbuf_puts(out, "\"\"");
	if (writer.in_quotes)
		strbuf_putc(out, '"');
	cut |= next.kind != UNIT_END;
	if (cut)
		strbuf_puts(out, "...");
	return cut;
}

/* A pair of UTF-16 surrogates is one character. */
static void join_surrogates(struct reader *reader, struct unit *unit)
{
	struct reader ahead = *reader;
	struct unit low;

	if (reader->form.width != 2 || unit->code < 0xd800 || unit->code >= 0xdc00)
		return;
	low = next_unit(&ahead);
	if (low.kind == UNIT_END || low.code < 0xdc00 || low.code >= 0xe000)
		return;
	unit->code = 0x10000 + ((unit->code - 0xd800) << 10) + (low.code - 0xdc00);
	unit->kind = UNIT_CHAR;
	*reader = ahead;
}

const char *text_decode(const u8 *bytes, size_t len, struct char_form form, struct arena *arena,
			size_t *decoded_len)
{
	_cleanup_(strbuf_free) struct strbuf out = {0};
	struct reader reader = {bytes, len - len % form.width, 0, form, true};

	*decoded_len = len;
	if (form.width == 1)
		return arena_strndup(arena, (const char *)bytes, len);
	strbuf_puts(&out, "");
	for (struct unit unit; (unit = next_unit(&reader)).kind != UNIT_END;) {
		join_surrogates(&reader, &unit);
		if (unit.kind != UNIT_CHAR)
			return NULL;
		utf8_encode(&out, unit.code);
	}
	*decoded_len = out.len;
	return arena_memdup(arena, out.text, out.len + 1);
}

/* The character behind a number, 108 'l'; here because it is written as a string's are. */
void text_char(struct strbuf *out, u64 number, struct char_form form,
	       const struct value_limits *limits)
{
	u8 bytes[8];
	struct reader reader = {bytes, form.width, 0, form, !limits->ascii};
	struct unit unit;

	memcpy(bytes, &number, sizeof(bytes));
	unit = next_unit(&reader);
	strbuf_printf(out, "%s'", form.prefix);
	put_unit(out, &unit, '\'', &reader);
	strbuf_putc(out, '\'');
}
