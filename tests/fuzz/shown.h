/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What renderers made of hostile bytes: JSON is JSON (RFC 8259), one object a line, in UTF-8; text
 * has nothing that a terminal would take for a command.
 */
#ifndef SNAPLINE_FUZZ_SHOWN_H
#define SNAPLINE_FUZZ_SHOWN_H

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "fuzz.h"
#include "out/sink.h"

struct json_check {
	const char *at, *end;
	unsigned depth;
};

static inline void json_want(bool ok)
{
	if (!ok)
		__builtin_trap();
}

static inline bool json_take(struct json_check *check, const char *word)
{
	size_t len = strlen(word);

	if ((size_t)(check->end - check->at) < len || memcmp(check->at, word, len) != 0)
		return false;
	check->at += len;
	return true;
}

static inline void json_check_string(struct json_check *check)
{
	json_want(json_take(check, "\""));
	while (!json_take(check, "\"")) {
		u32 code;
		size_t len;

		json_want(check->at < check->end && (u8)*check->at >= 0x20);
		if (json_take(check, "\\u")) {
			for (int i = 0; i < 4; i++)
				json_want(check->at < check->end && isxdigit((u8)*check->at++));
		} else if (json_take(check, "\\")) {
			json_want(check->at < check->end && strchr("\"\\/bfnrt", *check->at++));
		} else {
			len = utf8_decode((const u8 *)check->at, (size_t)(check->end - check->at),
					  &code);
			json_want(len > 0);
			check->at += len;
		}
	}
}

static inline void json_check_digits(struct json_check *check)
{
	json_want(check->at < check->end && isdigit((u8)*check->at));
	while (check->at < check->end && isdigit((u8)*check->at))
		check->at++;
}

static inline void json_check_number(struct json_check *check)
{
	json_take(check, "-");
	if (!json_take(check, "0"))
		json_check_digits(check);
	if (json_take(check, "."))
		json_check_digits(check);
	if (json_take(check, "e") || json_take(check, "E")) {
		if (!json_take(check, "+"))
			json_take(check, "-");
		json_check_digits(check);
	}
}

static inline void json_check_value(struct json_check *check);

static inline void json_check_members(struct json_check *check, const char *end, bool has_keys)
{
	if (json_take(check, end))
		return;
	do {
		if (has_keys) {
			json_check_string(check);
			json_want(json_take(check, ":"));
		}
		json_check_value(check);
	} while (json_take(check, ","));
	json_want(json_take(check, end));
}

static inline void json_check_value(struct json_check *check)
{
	json_want(++check->depth < 10000);
	if (json_take(check, "{"))
		json_check_members(check, "}", true);
	else if (json_take(check, "["))
		json_check_members(check, "]", false);
	else if (check->at < check->end && *check->at == '"')
		json_check_string(check);
	else if (!json_take(check, "true") && !json_take(check, "false") &&
		 !json_take(check, "null"))
		json_check_number(check);
	check->depth--;
}

static inline void json_check_lines(const char *text, size_t len)
{
	struct json_check check = {text, text + len, 0};

	while (check.at < check.end) {
		json_want(*check.at == '{');
		json_check_value(&check);
		json_want(json_take(&check, "\n"));
	}
}

static inline void text_check(const char *text, size_t len)
{
	for (size_t at = 0; at < len;) {
		u32 code;
		size_t n = utf8_decode((const u8 *)text + at, len - at, &code);

		if (!n || (code != '\n' && code != '\t' && !utf8_is_printable(code)))
			__builtin_trap();
		at += n;
	}
}

/* Runs show() with a sink of each form, into memory. */
static inline void shown(struct error *(*show)(void *context, struct sink *sink), void *context)
{
	static const char *const forms[] = {"json", "text"};

	for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
		char *text = NULL;
		size_t len = 0;
		FILE *file = open_memstream(&text, &len);
		struct sink *sink;
		struct error *err =
			sink_new(forms[i], &(struct sink_options){.out = file, .err = file}, &sink);

		if (!err) {
			fuzz_error(show(context, sink));
			err = sink_end(sink);
		}
		fuzz_error(err);
		fclose(file);
		i ? text_check(text, len) : json_check_lines(text, len);
		free(text);
	}
}

#endif
