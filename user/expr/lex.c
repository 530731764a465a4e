/* SPDX-License-Identifier: BSD-2-Clause */
#include "expr/lex.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *text;
	enum punct punct;
} puncts[] = {
#define X(name, spelling) {spelling, PUNCT_##name},
	PUNCT_LIST(X)
#undef X
};

static struct error *lex_error(const char *text, size_t start, size_t len, const char *what)
{
	return error_span(error_new(ERROR_USAGE, "%s", what), text, start, len);
}

const char *punct_text(enum punct punct)
{
	for (size_t i = 0; i < ARRAY_LEN(puncts); i++)
		if (puncts[i].punct == punct)
			return puncts[i].text;
	return "";
}

static bool is_name_start(char c)
{
	return isalpha((unsigned char)c) || c == '_' || (unsigned char)c >= 0x80;
}

static bool is_name_char(char c)
{
	return is_name_start(c) || isdigit((unsigned char)c);
}

static size_t name_len(const char *text)
{
	size_t len = 0;

	while (is_name_char(text[len]))
		len++;
	return len;
}

static int digit_value(char c)
{
	if (isdigit((unsigned char)c))
		return c - '0';
	if (isxdigit((unsigned char)c))
		return tolower((unsigned char)c) - 'a' + 10;
	return 99;
}

/* Digits in `base`; false if the value needs more than 64 bits. */
static bool read_digits(const char *text, size_t *position, unsigned base, u64 *value)
{
	bool fits = true;

	*value = 0;
	for (; (unsigned)digit_value(text[*position]) < base; (*position)++) {
		u64 digit = (u64)digit_value(text[*position]);

		fits &= *value <= (UINT64_MAX - digit) / base;
		*value = *value * base + digit;
	}
	return fits;
}

struct suffix {
	bool is_unsigned, is_long;
};

/* u, l, ll in any order and case (C11, section 6.4.4.1); moves behind them. */
static bool read_suffix(const char *text, size_t *position, struct suffix *suffix)
{
	for (;; (*position)++) {
		char c = (char)tolower((unsigned char)text[*position]);

		if (c == 'u' && !suffix->is_unsigned) {
			suffix->is_unsigned = true;
		} else if (c == 'l' && !suffix->is_long) {
			suffix->is_long = true;
			if (text[*position + 1] == text[*position])
				(*position)++;
		} else {
			return !is_name_char(text[*position]) && text[*position] != '.';
		}
	}
}

/* The first type of C11's table in section 6.4.4.1 that holds the value. */
static const struct type *integer_type(u64 value, struct suffix suffix, bool is_decimal)
{
	bool may_be_unsigned = suffix.is_unsigned || !is_decimal;

	if (!suffix.is_long && !suffix.is_unsigned && value <= INT32_MAX)
		return type_basic(TYPE_BASIC_INT);
	if (!suffix.is_long && may_be_unsigned && value <= UINT32_MAX)
		return type_basic(TYPE_BASIC_UINT);
	if (!suffix.is_unsigned && value <= INT64_MAX)
		return type_basic(TYPE_BASIC_LONG);
	return type_basic(TYPE_BASIC_ULONG);
}

static unsigned number_base(const char *text, size_t *position)
{
	char next = (char)tolower((unsigned char)text[*position + 1]);

	if (text[*position] != '0')
		return 10;
	if (next == 'x' && isxdigit((unsigned char)text[*position + 2])) {
		*position += 2;
		return 16;
	}
	if (next == 'b' && (text[*position + 2] == '0' || text[*position + 2] == '1')) {
		*position += 2;
		return 2;
	}
	return 8;
}

static bool looks_like_float(const char *text)
{
	bool is_hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');

	for (size_t i = is_hex ? 2 : 0;; i++) {
		char c = (char)tolower((unsigned char)text[i]);

		if (c == '.' || c == (is_hex ? 'p' : 'e'))
			return true;
		if (!(is_hex ? isxdigit((unsigned char)c) : isdigit((unsigned char)c)))
			return false;
	}
}

static struct error *lex_float(const char *text, size_t start, struct token *token)
{
	char *end;
	size_t position;

	token->kind = TOKEN_FLOAT;
	token->type = type_basic(TYPE_BASIC_DOUBLE);
	token->real = strtod(text + start, &end);
	position = (size_t)(end - text);
	if (text[position] == 'f' || text[position] == 'F') {
		token->real = strtof(text + start, NULL);
		token->type = type_basic(TYPE_BASIC_FLOAT);
		position++;
	}
	token->len = position - start;
	if (end == text + start || is_name_char(text[position]))
		return lex_error(text, start, position - start + name_len(text + position),
				 "not a number");
	return NULL;
}

static struct error *lex_number(const char *text, size_t start, struct token *token)
{
	struct suffix suffix = {};
	size_t position = start;
	unsigned base;
	bool fits;

	if (looks_like_float(text + start))
		return lex_float(text, start, token);
	base = number_base(text, &position);
	fits = read_digits(text, &position, base, &token->number);
	if (!read_suffix(text, &position, &suffix))
		return lex_error(text, start, position - start + name_len(text + position),
				 "not a number");
	token->kind = TOKEN_NUMBER;
	token->len = position - start;
	token->type = integer_type(token->number, suffix, base == 10);
	if (!fits)
		return lex_error(text, start, token->len, "number needs more than 64 bits");
	return NULL;
}

static int simple_escape(char c)
{
	static const char from[] = "abfnrtv\\'\"?e", to[] = "\a\b\f\n\r\t\v\\'\"?\033";
	const char *found = c ? strchr(from, c) : NULL;

	return found ? (unsigned char)to[found - from] : -1;
}

/* One character behind a backslash (C11, section 6.4.4.4); -1: no such escape, or too large. */
static int read_escape(const char *text, size_t *position)
{
	int value = simple_escape(text[*position]);

	if (value >= 0) {
		(*position)++;
		return value;
	}
	value = 0;
	if (text[*position] == 'x' && isxdigit((unsigned char)text[*position + 1])) {
		for ((*position)++; isxdigit((unsigned char)text[*position]) && value <= 255;
		     (*position)++)
			value = value * 16 + digit_value(text[*position]);
		return value <= 255 ? value : -1;
	}
	if (digit_value(text[*position]) >= 8)
		return -1;
	for (int i = 0; i < 3 && digit_value(text[*position]) < 8; i++)
		value = value * 8 + digit_value(text[(*position)++]);
	return value <= 255 ? value : -1;
}

/* The text between two quotes, unescaped; *position is behind the first and moves behind the last.
 */
static struct error *read_quoted(const char *text, size_t *position, char *bytes, size_t *len)
{
	size_t start = *position - 1;
	char quote = text[start];

	for (*len = 0; text[*position] != quote; (*len)++) {
		size_t escape = *position;
		int c = (unsigned char)text[(*position)++];

		if (!c)
			return lex_error(text, start, escape - start,
					 quote == '"' ? "string without an end"
						      : "character constant without an end");
		if (c == '\\')
			c = read_escape(text, position);
		if (c < 0)
			return lex_error(text, escape, 2, "no such escape sequence");
		bytes[*len] = (char)c;
	}
	(*position)++;
	return NULL;
}

static struct error *lex_quoted(const char *text, size_t start, struct arena *arena,
				struct token *token)
{
	char *bytes = arena_alloc(arena, strlen(text + start) + 1);
	size_t position = start + 1;
	struct error *err = read_quoted(text, &position, bytes, &token->text_len);

	if (err)
		return err;
	token->len = position - start;
	if (text[start] == '"') {
		token->kind = TOKEN_STRING;
		token->text = bytes;
		return NULL;
	}
	if (token->text_len != 1)
		return error_cure(lex_error(text, start, token->len,
					    "a character constant holds one character"),
				  "a string stands in double quotes");
	token->kind = TOKEN_NUMBER;
	token->type = type_basic(TYPE_BASIC_INT);
	token->number =
		type_basic(TYPE_BASIC_CHAR)->is_signed ? (u64)(s64)(s8)bytes[0] : (u64)(u8)bytes[0];
	return NULL;
}

static struct error *lex_punct(const char *text, size_t start, struct token *token)
{
	for (size_t i = 0; i < ARRAY_LEN(puncts); i++) {
		size_t len = strlen(puncts[i].text);

		if (!strncmp(text + start, puncts[i].text, len)) {
			token->kind = TOKEN_PUNCT;
			token->punct = puncts[i].punct;
			token->len = len;
			return NULL;
		}
	}
	return lex_error(text, start, 1, "no expression holds this character");
}

static void lex_name(const char *text, size_t start, struct arena *arena, struct token *token)
{
	bool dollar = text[start] == '$';

	token->kind = dollar ? TOKEN_DOLLAR : TOKEN_NAME;
	token->text_len = name_len(text + start + dollar);
	token->text = arena_strndup(arena, text + start + dollar, token->text_len);
	token->len = token->text_len + dollar;
}

struct error *lex_next(const char *text, size_t *position, struct arena *arena, struct token *token)
{
	struct error *err = NULL;
	size_t start = *position;
	char c;

	while (isspace((unsigned char)text[start]))
		start++;
	*token = (struct token){.start = start};
	c = text[start];
	if (c == '\0')
		token->kind = TOKEN_END;
	else if (is_name_start(c) || (c == '$' && is_name_start(text[start + 1])))
		lex_name(text, start, arena, token);
	else if (isdigit((unsigned char)c) || (c == '.' && isdigit((unsigned char)text[start + 1])))
		err = lex_number(text, start, token);
	else if (c == '"' || c == '\'')
		err = lex_quoted(text, start, arena, token);
	else
		err = lex_punct(text, start, token);
	if (!err)
		*position = start + token->len;
	return err;
}
