/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The MESSAGE of a log line: text with values in braces. `{expr}` shows a value as gdb would,
 * `{expr:x}` hexadecimal, `{expr:d}` decimal, `{expr:s}` the string at a pointer; `{{` is a brace,
 * and so is a `}` outside. The expressions stay text here.
 */
#ifndef SNAPLINE_MESSAGE_H
#define SNAPLINE_MESSAGE_H

#include "base/arena.h"
#include "base/error.h"

enum message_form { MESSAGE_PLAIN, MESSAGE_HEX, MESSAGE_DECIMAL, MESSAGE_STRING };

struct message_part {
	const char *before; /* text in front of the value, as it is shown */
	const char *expr;   /* NULL: none; only of the last part */
	size_t start;	    /* of expr, in the message: for carets */
	enum message_form form;
};

struct message {
	const char *text;
	struct message_part *parts;
	size_t n_parts;
	size_t n_values; /* parts that have an expr */
};

/* ERROR_USAGE with the span in the message. */
struct error *message_parse(const char *text, struct arena *arena,
			    struct message **message) _must_use_;

#endif
