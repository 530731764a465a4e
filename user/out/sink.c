/* SPDX-License-Identifier: BSD-2-Clause */
#include "out/sink.h"

#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"
#include "out/render.h"

static const struct sink_type *const types[] = {&sink_text, &sink_json, &sink_trace};

static struct error *unknown(const char *name)
{
	struct strbuf known = {0};
	struct error *err;

	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		strbuf_printf(&known, "%s%s", i ? ", " : "", types[i]->name);
	err = error_new(ERROR_USAGE, "there is no output format '%s'", name);
	err = error_cure(err, "take one of: %s", known.text);
	strbuf_free(&known);
	return err;
}

struct error *sink_new(const char *name, const struct sink_options *options, struct sink **sink)
{
	const struct sink_type *type = name ? NULL : types[0];
	struct sink *made;

	for (size_t i = 0; name && i < ARRAY_LEN(types); i++)
		if (strcmp(types[i]->name, name) == 0)
			type = types[i];
	if (!type)
		return unknown(name);
	made = calloc(1, sizeof(*made));
	if (!made)
		error_no_memory();
	made->type = type;
	made->options = *options;
	*sink = made;
	return NULL;
}

struct error *sink_event(struct sink *sink, const struct event *event)
{
	return sink->type->event(sink, event);
}

struct error *sink_end(struct sink *sink)
{
	struct error *err = sink->type->end ? sink->type->end(sink) : NULL;

	free(sink);
	return err;
}

struct error *sink_flush(struct sink *sink)
{
	if (fflush(sink->options.out) != 0)
		return error_errno(ERROR_FAILED, "cannot write the output");
	return NULL;
}

struct error *render_write(FILE *out, const struct strbuf *text)
{
	if (!text->len)
		return NULL;
	if (fwrite(text->text, 1, text->len, out) != text->len || fflush(out) != 0)
		return error_errno(ERROR_FAILED, "cannot write the output");
	return NULL;
}

struct error *render_write_later(FILE *out, const struct strbuf *text)
{
	/* What others write to the same file comes between lines, not into one. */
	if (__fpending(out) + text->len > __fbufsize(out) && fflush(out) != 0)
		return error_errno(ERROR_FAILED, "cannot write the output");
	if (text->len && fwrite(text->text, 1, text->len, out) != text->len)
		return error_errno(ERROR_FAILED, "cannot write the output");
	return NULL;
}
