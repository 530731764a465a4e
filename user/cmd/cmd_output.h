/* SPDX-License-Identifier: BSD-2-Clause */
/* How the commands that print by themselves (list, explain, doctor) write. */
#ifndef SNAPLINE_CMD_OUTPUT_H
#define SNAPLINE_CMD_OUTPUT_H

#include "base/json.h"
#include "spec/spec.h"

/* Is text on standard output coloured? */
bool cmd_color(const struct spec *spec);
/* Text on stdout; names come from files of anybody, and can't steer the terminal. */
void cmd_print(const char *format, ...) _printf_(1, 2);
/* An object a line on stdout: cmd_json_begin(), json_key() ..., cmd_json_end(). */
void cmd_json_begin(struct json *json, struct strbuf *line, const char *event);
struct error *cmd_json_end(struct json *json) _must_use_; /* ends the line's buffer too */

#endif
