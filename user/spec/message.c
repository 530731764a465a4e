/* SPDX-License-Identifier: BSD-2-Clause */
#include "spec/message.h"

#include <string.h>

#include "base/strbuf.h"

enum { MAX_MESSAGE = 4096 };

struct scanner {
	const char *text;
	size_t at;
	struct arena *arena;
};

static struct error *fail(const struct scanner *scanner, size_t start, size_t len, const char *what)
{
	struct error *err = error_new(ERROR_USAGE, "message: %s", what);

	return error_cure(error_span(err, scanner->text, start, len),
			  "{expr} shows a value, {expr:x}, {expr:d} and {expr:s} in another form; "
			  "{{ is a brace.");
}

/* A character or string constant of the expression: braces in it are its own. */
static struct error *skip_quoted(struct scanner *scanner)
{
	const char *text = scanner->text;
	size_t start = scanner->at;
	char quote = text[scanner->at++];

	while (text[scanner->at] && text[scanner->at] != quote)
		scanner->at += text[scanner->at] == '\\' && text[scanner->at + 1] ? 2 : 1;
	if (!text[scanner->at])
		return fail(scanner, start, 1, "this quote isn't closed");
	scanner->at++;
	return NULL;
}

/* The end of an expression, and the colon in front of its form: a `?` has a colon of its own. */
struct extent {
	size_t open, colon, end;
	bool has_colon;
};

static struct error *find_end(struct scanner *scanner, struct extent *extent)
{
	const char *text = scanner->text;
	unsigned nested = 0, questions = 0;
	struct error *err = NULL;

	while (text[scanner->at] && (nested || text[scanner->at] != '}') && !err) {
		char c = text[scanner->at];

		if (c == '"' || c == '\'') {
			err = skip_quoted(scanner);
			continue;
		}
		if (c == '(' || c == '[')
			nested++;
		else if ((c == ')' || c == ']') && nested)
			nested--;
		else if (c == '?' && !nested)
			questions++;
		else if (c == ':' && !nested && questions)
			questions--;
		else if (c == ':' && !nested) {
			extent->colon = scanner->at;
			extent->has_colon = true;
		}
		scanner->at++;
	}
	if (!err && !text[scanner->at])
		err = fail(scanner, extent->open, 1, "this brace isn't closed");
	extent->end = scanner->at;
	return err;
}

static struct error *parse_form(const struct scanner *scanner, size_t start, size_t end,
				enum message_form *form)
{
	static const struct {
		char letter;
		enum message_form form;
	} forms[] = {{'x', MESSAGE_HEX}, {'d', MESSAGE_DECIMAL}, {'s', MESSAGE_STRING}};

	for (size_t i = 0; i < ARRAY_LEN(forms) && end - start == 1; i++)
		if (scanner->text[start] == forms[i].letter) {
			*form = forms[i].form;
			return NULL;
		}
	return fail(scanner, start, max_u64(end - start, 1), "a value's form is x, d or s");
}

static bool is_blank(const char *text, size_t start, size_t end)
{
	while (start < end && strchr(" \t", text[start]))
		start++;
	return start == end;
}

/* Behind the opening brace. */
static struct error *parse_value(struct scanner *scanner, struct message_part *part)
{
	struct extent extent = {.open = scanner->at - 1};
	size_t start = scanner->at, end;
	struct error *err = find_end(scanner, &extent);

	if (err)
		return err;
	end = extent.has_colon ? extent.colon : extent.end;
	if (is_blank(scanner->text, start, end))
		return fail(scanner, extent.open, extent.end + 1 - extent.open,
			    "there is no expression in these braces");
	if (extent.has_colon)
		err = parse_form(scanner, extent.colon + 1, extent.end, &part->form);
	part->expr = arena_strndup(scanner->arena, scanner->text + start, end - start);
	part->start = start;
	scanner->at = extent.end + 1;
	return err;
}

/* Text up to the next value. */
static void parse_text(struct scanner *scanner, struct message_part *part)
{
	struct strbuf _cleanup_(strbuf_free) buf = {0};
	const char *text = scanner->text;

	while (text[scanner->at] && (text[scanner->at] != '{' || text[scanner->at + 1] == '{')) {
		strbuf_putc(&buf, text[scanner->at]);
		scanner->at += text[scanner->at] == '{' ? 2 : 1;
	}
	part->before = buf.len ? arena_strdup(scanner->arena, buf.text) : "";
}

struct error *message_parse(const char *text, struct arena *arena, struct message **message)
{
	struct scanner scanner = {.text = text, .arena = arena};
	struct message *parsed = arena_alloc(arena, sizeof(*parsed));
	struct error *err = NULL;

	if (strlen(text) > MAX_MESSAGE)
		return error_new(ERROR_USAGE, "the message is longer than %d bytes", MAX_MESSAGE);
	parsed->text = arena_strdup(arena, text);
	scanner.text = parsed->text;
	while (text[scanner.at] && !err) {
		struct message_part *part = arena_push(arena, parsed->parts, parsed->n_parts);

		parse_text(&scanner, part);
		if (!text[scanner.at])
			break;
		scanner.at++;
		err = parse_value(&scanner, part);
		parsed->n_values++;
	}
	if (!err)
		*message = parsed;
	return err;
}
