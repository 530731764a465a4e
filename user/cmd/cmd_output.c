/* SPDX-License-Identifier: BSD-2-Clause */
#include "cmd/cmd_output.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/utf8.h"

bool cmd_color(const struct spec *spec)
{
	const char *no_color = getenv("NO_COLOR"); /* https://no-color.org */

	if (spec->color != COLOR_AUTO)
		return spec->color == COLOR_ALWAYS;
	return isatty(STDOUT_FILENO) && !(no_color && *no_color);
}

void cmd_print(const char *format, ...)
{
	struct strbuf _cleanup_(strbuf_free) safe = {0};
	char *formatted = NULL;
	va_list args;

	va_start(args, format);
	if (vasprintf(&formatted, format, args) < 0)
		error_no_memory();
	va_end(args);
	utf8_put_safe(&safe, formatted);
	free(formatted);
	if (safe.len)
		fputs(safe.text, stdout);
}

void cmd_json_begin(struct json *json, struct strbuf *line, const char *event)
{
	json_begin(json, line);
	json_object(json);
	json_key(json, "event");
	json_string(json, event);
}

struct error *cmd_json_end(struct json *json)
{
	struct error *err;

	json_object_end(json);
	err = json_end(json);
	if (!err)
		puts(json->out->text);
	strbuf_free(json->out);
	return err;
}
