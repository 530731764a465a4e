/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/json.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

/* Beyond this a double skips integers. */
#define EXACT (1LL << 53)

void json_begin(struct json *json, struct strbuf *out)
{
	json->out = out;
	json->wrong = NULL;
	json->depth = 0;
	json->after_key = false;
	json->is_object[0] = json->has_items[0] = false;
}

static void misuse(struct json *json, const char *what)
{
	if (!json->wrong)
		json->wrong = what;
}

/* Before each value: the comma, and whether a value may stand here. */
static void before_value(struct json *json)
{
	if (json->is_object[json->depth] && !json->after_key)
		misuse(json, "value without a key");
	if (!json->after_key && json->has_items[json->depth])
		strbuf_putc(json->out, ',');
	json->has_items[json->depth] = true;
	json->after_key = false;
}

static void open_scope(struct json *json, char bracket, bool is_object)
{
	before_value(json);
	strbuf_putc(json->out, bracket);
	if (json->depth + 1 >= JSON_MAX_DEPTH) {
		misuse(json, "nested too deep");
		return;
	}
	json->depth++;
	json->is_object[json->depth] = is_object;
	json->has_items[json->depth] = false;
}

static void close_scope(struct json *json, char bracket, bool is_object)
{
	if (!json->depth || json->is_object[json->depth] != is_object || json->after_key) {
		misuse(json, "unbalanced end");
		return;
	}
	json->depth--;
	strbuf_putc(json->out, bracket);
}

void json_object(struct json *json)
{
	open_scope(json, '{', true);
}

void json_object_end(struct json *json)
{
	close_scope(json, '}', true);
}

void json_array(struct json *json)
{
	open_scope(json, '[', false);
}

void json_array_end(struct json *json)
{
	close_scope(json, ']', false);
}

bool json_is_text(const char *text, size_t len)
{
	u32 code;

	for (size_t i = 0, n; i < len; i += n) {
		n = utf8_decode((const u8 *)text + i, len - i, &code);
		if (!n)
			return false;
	}
	return true;
}

static void put_control(struct strbuf *out, u32 c)
{
	static const char short_form[32] = {
		['\b'] = 'b', ['\f'] = 'f', ['\n'] = 'n', ['\r'] = 'r', ['\t'] = 't'};

	if (c < 32 && short_form[c])
		strbuf_printf(out, "\\%c", short_form[c]);
	else if (c < 0x10000)
		strbuf_printf(out, "\\u%04x", c);
	else
		strbuf_printf(out, "\\u%04x\\u%04x", 0xd800 + ((c - 0x10000) >> 10),
			      0xdc00 + (c & 0x3ff));
}

/* Bytes at the start that stand for themselves. */
static size_t plain_run(const u8 *text, size_t len)
{
	size_t n = 0;

	while (n < len && text[n] >= ' ' && text[n] < 0x7f && text[n] != '"' && text[n] != '\\')
		n++;
	return n;
}

static void put_quoted(struct strbuf *out, const u8 *text, size_t len)
{
	u32 code;

	strbuf_putc(out, '"');
	for (size_t i = 0, n; i < len; i += n) {
		n = plain_run(text + i, len - i);
		if (n) {
			strbuf_add(out, text + i, n);
			continue;
		}
		n = utf8_decode(text + i, len - i, &code);
		if (!n) {
			strbuf_printf(out, "\\\\x%02x", text[i]);
			n = 1;
		} else if (!utf8_is_printable(code)) {
			put_control(out, code);
		} else {
			if (code == '"' || code == '\\')
				strbuf_putc(out, '\\');
			strbuf_add(out, text + i, n);
		}
	}
	strbuf_putc(out, '"');
}

void json_key(struct json *json, const char *key)
{
	if (!json->is_object[json->depth] || json->after_key)
		misuse(json, "key outside an object");
	if (json->has_items[json->depth])
		strbuf_putc(json->out, ',');
	json->has_items[json->depth] = true;
	put_quoted(json->out, (const u8 *)key, strlen(key));
	strbuf_putc(json->out, ':');
	json->after_key = true;
}

void json_bytes(struct json *json, const char *text, size_t len)
{
	before_value(json);
	put_quoted(json->out, (const u8 *)text, len);
}

void json_string(struct json *json, const char *text)
{
	if (text)
		json_bytes(json, text, strlen(text));
	else
		json_null(json);
}

void json_bool(struct json *json, bool value)
{
	before_value(json);
	strbuf_puts(json->out, value ? "true" : "false");
}

void json_null(struct json *json)
{
	before_value(json);
	strbuf_puts(json->out, "null");
}

void json_u64(struct json *json, u64 value)
{
	before_value(json);
	strbuf_printf(json->out, value > EXACT ? "\"%" PRIu64 "\"" : "%" PRIu64, value);
}

void json_s64(struct json *json, s64 value)
{
	before_value(json);
	strbuf_printf(json->out, value > EXACT || value < -EXACT ? "\"%" PRId64 "\"" : "%" PRId64,
		      value);
}

void json_hex(struct json *json, u64 value)
{
	before_value(json);
	strbuf_printf(json->out, "\"0x%" PRIx64 "\"", value);
}

void json_real(struct json *json, double value)
{
	char digits[32];

	snprintf(digits, sizeof(digits), "%.17g", value);
	before_value(json);
	if (isnan(value))
		strbuf_puts(json->out, "\"nan\"");
	else if (isinf(value))
		strbuf_puts(json->out, value < 0 ? "\"-inf\"" : "\"inf\"");
	else
		strbuf_printf(json->out, "%s%s", digits, strpbrk(digits, ".e") ? "" : ".0");
}

void json_member_string(struct json *json, const char *key, const char *text)
{
	json_key(json, key);
	json_string(json, text);
}

void json_member_bool(struct json *json, const char *key, bool value)
{
	json_key(json, key);
	json_bool(json, value);
}

void json_member_true(struct json *json, const char *key, bool value)
{
	if (value)
		json_member_bool(json, key, true);
}

void json_member_u64(struct json *json, const char *key, u64 value)
{
	json_key(json, key);
	json_u64(json, value);
}

void json_member_hex(struct json *json, const char *key, u64 value)
{
	json_key(json, key);
	json_hex(json, value);
}

struct error *json_end(struct json *json)
{
	if (json->depth)
		misuse(json, "unbalanced end");
	if (json->wrong)
		return error_new(ERROR_FAILED, "cannot write JSON: %s", json->wrong);
	return NULL;
}
