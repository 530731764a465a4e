/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The forms of a PLACE. What the last colon means is told by what follows it:
 *
 *   main            function            server.c:120      file and line
 *   main:+3         line of a function  server.c:* main:* all lines
 *   main%return     its returns         *0x401136         address
 *   libc.so.6:malloc, libx.so:io.c:7, libx.so:*0x1139     the same, in another module
 *
 * The colons of C++ names come in pairs and never split: ns::cls::f, libx.so:ns::f, ns::f:+3.
 */
#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"
#include "spec/spec.h"

static const char forms[] = "A place is FUNC, FUNC%return, FUNC:+N, FILE:LINE or *0xADDR, "
			    "each with BIN: before it if it isn't in the executable.";

/* What is left to parse: text[start .. end) of the whole. */
struct piece {
	const char *text;
	size_t start, end;
};

static struct error *place_error(const struct piece *piece, size_t start, size_t len,
				 const char *what)
{
	struct error *err = error_new(ERROR_USAGE, "place \"%s\": %s", piece->text, what);

	return error_cure(error_span(err, piece->text, start, len), "%s", forms);
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool all_digits(const char *text, size_t start, size_t end)
{
	for (size_t i = start; i < end; i++) {
		if (!is_digit(text[i]))
			return false;
	}
	return start < end;
}

/* The last colon in the piece that isn't one of a pair; -1 if there is none. */
static ssize_t last_single_colon(const struct piece *piece)
{
	const char *text = piece->text;

	for (size_t i = piece->end; i-- > piece->start;) {
		if (text[i] != ':')
			continue;
		if (i > piece->start && text[i - 1] == ':')
			i--;
		else
			return (ssize_t)i;
	}
	return -1;
}

static struct error *parse_line_number(const struct piece *piece, size_t at, unsigned *line)
{
	unsigned long long number = strtoull(piece->text + at, NULL, 10);

	if (piece->end - at > 10 || number > UINT32_MAX / 2)
		return place_error(piece, at, piece->end - at, "no file has that many lines");
	*line = (unsigned)number;
	return NULL;
}

/* [BIN:]NAME, what is left when the suffix is gone. */
static struct error *parse_name(struct piece piece, const char *what, struct arena *arena,
				struct place_spec *place)
{
	ssize_t colon = last_single_colon(&piece);
	size_t name = piece.start;

	if (colon >= 0) {
		if ((size_t)colon == piece.start)
			return place_error(&piece, name, 1, "nothing stands before the colon");
		place->binary = arena_strndup(arena, piece.text + name, (size_t)colon - name);
		name = (size_t)colon + 1;
	}
	if (name == piece.end) {
		struct error *err = place_error(&piece, name, 1, "a name is missing");

		return error_prefix(err, "%s", what);
	}
	place->name = arena_strndup(arena, piece.text + name, piece.end - name);
	return NULL;
}

/* A name that begins with a digit is something else that was meant. */
static struct error *check_function(const struct piece *piece, const struct place_spec *place)
{
	size_t len = strlen(place->name), start = piece->end - len;

	if (!is_digit(place->name[0]))
		return NULL;
	if (strncmp(place->name, "0x", 2) == 0)
		return place_error(piece, start, len, "an address is written with a star, *0x...");
	if (all_digits(place->name, 0, len))
		return place_error(piece, start, len, "a line needs its file, as FILE:LINE");
	return place_error(piece, start, len, "no function's name begins with a digit");
}

static struct error *parse_address(struct piece piece, size_t star, struct place_spec *place,
				   struct arena *arena)
{
	const char *digits = piece.text + star + 1;
	u64 address;

	if (!*digits)
		return place_error(&piece, star, 1, "an address must follow the star");
	if (!str_u64(digits, &address))
		return place_error(&piece, star + 1, strlen(digits), "this is not an address");
	place->form = PLACE_ADDRESS;
	place->address = address;
	if (star > 0)
		place->binary = arena_strndup(arena, piece.text, star - 1);
	if (star == 1)
		return place_error(&piece, 0, 1, "nothing stands before the colon");
	return NULL;
}

static struct error *parse_return(struct piece piece, size_t percent, struct arena *arena,
				  struct place_spec *place)
{
	struct error *err;

	if (strcmp(piece.text + percent, "%return") != 0)
		return place_error(&piece, percent, piece.end - percent,
				   "only %return can follow a function");
	piece.end = percent;
	place->form = PLACE_RETURN;
	err = parse_name(piece, "function", arena, place);
	return err ? err : check_function(&piece, place);
}

static struct error *parse_function_line(struct piece piece, size_t colon, struct arena *arena,
					 struct place_spec *place)
{
	struct error *err;

	if (!all_digits(piece.text, colon + 2, piece.end))
		return place_error(&piece, colon, piece.end - colon, "a number must follow the +");
	err = parse_line_number(&piece, colon + 2, &place->line);
	if (err)
		return err;
	piece.end = colon;
	place->form = PLACE_OFFSET;
	err = parse_name(piece, "function", arena, place);
	return err ? err : check_function(&piece, place);
}

static struct error *parse_file_line(struct piece piece, size_t colon, struct arena *arena,
				     struct place_spec *place)
{
	struct error *err = parse_line_number(&piece, colon + 1, &place->line);

	if (err)
		return err;
	if (place->line == 0)
		return place_error(&piece, colon + 1, piece.end - colon - 1,
				   "lines are counted from 1");
	place->form = PLACE_LINE;
	struct piece file = {piece.text, piece.start, colon};
	err = parse_name(file, "file", arena, place);
	if (!err && place->binary && all_digits(place->name, 0, strlen(place->name)))
		return place_error(&piece, colon, piece.end - colon, "a column can't be given");
	return err;
}

static struct error *parse_all(struct piece piece, size_t colon, struct arena *arena,
			       struct place_spec *place)
{
	piece.end = colon;
	place->form = PLACE_ALL;
	return parse_name(piece, "function or file", arena, place);
}

static struct error *parse_function(struct piece piece, struct arena *arena,
				    struct place_spec *place)
{
	struct error *err;

	place->form = PLACE_FUNCTION;
	err = parse_name(piece, "function", arena, place);
	return err ? err : check_function(&piece, place);
}

static struct error *parse_form(struct piece piece, struct arena *arena, struct place_spec *place)
{
	const char *text = piece.text, *percent = strchr(text, '%');
	ssize_t colon = last_single_colon(&piece);

	if (piece.end == 0)
		return place_error(&piece, 0, 1, "it is empty");
	if (text[0] == '*')
		return parse_address(piece, 0, place, arena);
	if (percent)
		return parse_return(piece, (size_t)(percent - text), arena, place);
	if (colon < 0)
		return parse_function(piece, arena, place);
	if (text[colon + 1] == '*' && text[colon + 2])
		return parse_address(piece, (size_t)colon + 1, place, arena);
	if (text[colon + 1] == '*')
		return parse_all(piece, (size_t)colon, arena, place);
	if (text[colon + 1] == '+')
		return parse_function_line(piece, (size_t)colon, arena, place);
	if (all_digits(text, (size_t)colon + 1, piece.end))
		return parse_file_line(piece, (size_t)colon, arena, place);
	return parse_function(piece, arena, place);
}

struct error *place_spec_parse(const char *text, struct arena *arena, struct place_spec *place)
{
	struct piece piece = {text, 0, strlen(text)};
	struct place_spec parsed = {.text = arena_strdup(arena, text)};
	struct error *err = parse_form(piece, arena, &parsed);

	if (!err)
		*place = parsed;
	return err;
}
