/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/error.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/utf8.h"

struct error error_end = {.kind = ERROR_FAILED, .text = (char *)"end", .is_static = true};

void error_no_memory(void)
{
	static const char text[] = "snapline: out of memory\n";
	ssize_t written = write(STDERR_FILENO, text, sizeof(text) - 1);

	(void)written;
	_exit(ERROR_FAILED);
}

static char *format_text(const char *format, va_list args)
{
	char *text;

	if (vasprintf(&text, format, args) < 0)
		error_no_memory();
	return text;
}

static struct error *error_with_text(enum error_kind kind, char *text)
{
	struct error *err = calloc(1, sizeof(*err));

	if (!err)
		error_no_memory();
	err->kind = kind;
	err->text = text;
	return err;
}

struct error *error_new(enum error_kind kind, const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	text = format_text(format, args);
	va_end(args);
	return error_with_text(kind, text);
}

struct error *error_errno(enum error_kind kind, const char *format, ...)
{
	int saved = errno;
	va_list args;
	char *what, *text;

	va_start(args, format);
	what = format_text(format, args);
	va_end(args);
	if (asprintf(&text, "%s: %s", what, strerror(saved)) < 0)
		error_no_memory();
	free(what);
	return error_with_text(kind, text);
}

struct error *error_prefix(struct error *err, const char *format, ...)
{
	va_list args;
	char *prefix, *text;

	if (!err || err->is_static)
		return err;
	va_start(args, format);
	prefix = format_text(format, args);
	va_end(args);
	if (asprintf(&text, "%s: %s", prefix, err->text) < 0)
		error_no_memory();
	free(prefix);
	free(err->text);
	err->text = text;
	return err;
}

struct error *error_cure(struct error *err, const char *format, ...)
{
	va_list args;

	if (!err || err->is_static)
		return err;
	free(err->cure);
	va_start(args, format);
	err->cure = format_text(format, args);
	va_end(args);
	return err;
}

struct error *error_span(struct error *err, const char *source, size_t start, size_t len)
{
	if (!err || err->is_static)
		return err;
	free(err->source);
	err->source = strdup(source);
	if (!err->source)
		error_no_memory();
	err->span_start = start;
	err->span_len = len;
	return err;
}

void error_free(struct error *err)
{
	if (!err || err->is_static)
		return;
	free(err->text);
	free(err->cure);
	free(err->source);
	free(err);
}

void error_freep(struct error **err)
{
	error_free(*err);
}

/* Names in it may come from a file of anybody. */
static void print_line(FILE *out, const char *before, const char *text)
{
	struct strbuf _cleanup_(strbuf_free) safe = {0};

	utf8_put_safe(&safe, text);
	fprintf(out, "%s%s\n", before, safe.text ? safe.text : "");
}

static void print_span(const struct error *err, FILE *out)
{
	size_t len = err->span_len ? err->span_len : 1;

	print_line(out, "  ", err->source);
	fputs("  ", out);
	for (size_t i = 0; i < err->span_start && err->source[i]; i++)
		fputc(err->source[i] == '\t' ? '\t' : ' ', out);
	fputc('^', out);
	for (size_t i = 1; i < len; i++)
		fputc('~', out);
	fputc('\n', out);
}

void error_print(const struct error *err, FILE *out)
{
	print_line(out, "snapline: ", err->text);
	if (err->source)
		print_span(err, out);
	if (err->cure)
		print_line(out, "  ", err->cure);
}
