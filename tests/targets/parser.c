// SPDX-License-Identifier: BSD-2-Clause
// corpus
// A recursive-descent calculator over strings: state in a struct, tokens in a union, error texts.
#include <ctype.h>
#include "common.h"

enum token_kind { TOKEN_END, TOKEN_NUMBER, TOKEN_NAME, TOKEN_SIGN };

struct token {
	enum token_kind kind;
	unsigned start, length;
	union {
		double number;
		char sign;
		const char *name;
	} is;
};

struct parser {
	const char *text;
	const char *at;
	struct token token;
	char error[40];
	int depth, deepest;
	struct {
		char name[4];
		double value;
	} variables[4];
};

static unsigned long advanced;

static NOINLINE void advance(struct parser *p)
{
	struct token *token = &p->token;

	advanced++;
	while (isspace((unsigned char)*p->at))
		p->at++;
	token->start = (unsigned)(p->at - p->text);
	if (!*p->at) {
		token->kind = TOKEN_END;
	} else if (isdigit((unsigned char)*p->at)) {
		char *end;

		token->kind = TOKEN_NUMBER;
		token->is.number = strtod(p->at, &end);
		p->at = end;
	} else if (isalpha((unsigned char)*p->at)) {
		token->kind = TOKEN_NAME;
		token->is.name = p->at++;
	} else {
		token->kind = TOKEN_SIGN;
		token->is.sign = *p->at++;
	}
	token->length = (unsigned)(p->at - p->text) - token->start;
}

static double parse_sum(struct parser *p);

static NOINLINE double fail(struct parser *p, const char *what)
{
	if (!p->error[0])
		snprintf(p->error, sizeof(p->error), "%u: %s", p->token.start, what);
	return 0;
}

static double lookup(struct parser *p, char name)
{
	for (int i = 0; i < 4; i++) {
		if (p->variables[i].name[0] == name)
			return p->variables[i].value;
	}
	return fail(p, "unknown name");
}

static NOINLINE double parse_factor(struct parser *p)
{
	struct token token = p->token;
	double value;

	advance(p);
	switch (token.kind) {
	case TOKEN_NUMBER:
		return token.is.number;
	case TOKEN_NAME:
		return lookup(p, *token.is.name);
	case TOKEN_SIGN:
		if (token.is.sign == '-')
			return -parse_factor(p);
		if (token.is.sign == '(') {
			p->depth++;
			if (p->depth > p->deepest)
				p->deepest = p->depth;
			value = parse_sum(p);
			p->depth--;
			if (p->token.is.sign != ')')
				return fail(p, "no )");
			advance(p);
			return value;
		}
		/* fall through */
	default:
		return fail(p, "a value expected");
	}
}

static NOINLINE double parse_product(struct parser *p)
{
	double value = parse_factor(p);

	while (p->token.kind == TOKEN_SIGN && (p->token.is.sign == '*' || p->token.is.sign == '/')) {
		char sign = p->token.is.sign;
		double right;

		advance(p);
		right = parse_factor(p);
		value = sign == '*' ? value * right : value / right;
	}
	return value;
}

static double parse_sum(struct parser *p)
{
	double value = parse_product(p);

	while (p->token.kind == TOKEN_SIGN && (p->token.is.sign == '+' || p->token.is.sign == '-')) {
		char sign = p->token.is.sign;
		double right;

		advance(p);
		right = parse_product(p);
		value = sign == '+' ? value + right : value - right;
	}
	return value;
}

int main(void)
{
	static const char *const inputs[] = {
		"1 + 2 * 3", "(4 + a) * (b - 2)", "-(1 + (2 + (3 + 4)))", "2 * (3 + ", "q + 1", "7 / 2",
	};
	struct parser parser = {.variables = {{"a", 1.5}, {"b", 10}, {"c", -3}}};

	for (unsigned i = 0; i < sizeof(inputs) / sizeof(*inputs); i++) {
		double value;

		parser.text = parser.at = inputs[i];
		parser.error[0] = 0;
		parser.depth = 0;
		advance(&parser);
		value = parse_sum(&parser);
		printf("%s = %g %s\n", inputs[i], value, parser.error);
	}
	printf("count advance %lu deepest %d\n", advanced, parser.deepest);
	return 0;
}
