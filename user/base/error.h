/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Errors. A fallible function returns a struct error *, NULL for success. An error names the thing
 * and the place (text), and what to do (cure). Only cmd/ prints one. The receiver owns it and ends
 * it with error_free() or by passing it on; sentinels are static and error_free() leaves them.
 */
#ifndef SNAPLINE_ERROR_H
#define SNAPLINE_ERROR_H

#include <stdio.h>

#include "base/base.h"

/* The kinds are snapline's exit statuses. */
enum error_kind {
	ERROR_FAILED = 1,    /* at run time */
	ERROR_USAGE = 2,     /* command line or expression */
	ERROR_NO_HIT = 3,    /* -d ran out without a hit */
	ERROR_NOT_FOUND = 4, /* place, variable or debug information */
	ERROR_PRIVILEGE = 5, /* privilege or kernel feature missing */
};

struct error {
	enum error_kind kind;
	char *text;        /* one sentence, no full stop, no newline */
	char *cure;        /* what to do about it, or NULL */
	char *source;      /* expression or place at fault, or NULL */
	size_t span_start; /* the faulty span in source, in bytes */
	size_t span_len;
	bool is_static; /* a sentinel: compared by address, never freed */
};

/* Expected outcome: nothing there, and the caller knows what to do. */
extern struct error error_end; /* no more items */

struct error *error_new(enum error_kind kind, const char *format, ...) _printf_(2, 3) _must_use_;
/* Appends ": " and the text of errno. */
struct error *error_errno(enum error_kind kind, const char *format, ...) _printf_(2, 3) _must_use_;
/* These return err itself, so that they can stand in a return statement. NULL stays NULL. */
struct error *error_prefix(struct error *err, const char *format, ...) _printf_(2, 3) _must_use_;
struct error *error_cure(struct error *err, const char *format, ...) _printf_(2, 3) _must_use_;
struct error *error_span(struct error *err, const char *source, size_t start,
			 size_t len) _must_use_;
void error_free(struct error *err);
void error_freep(struct error **err); /* for _cleanup_() */
/* Writes "snapline: text", the source line with a caret under the span, and the cure. */
void error_print(const struct error *err, FILE *out);

/* Ends the program: memory ran out. The only exit outside cmd/. */
void error_no_memory(void) __attribute__((noreturn));

#endif
