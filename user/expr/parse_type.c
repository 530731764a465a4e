/* SPDX-License-Identifier: BSD-2-Clause */
/* Type names in casts and sizeof, and how a cast is told from a parenthesis. */
#include "expr/expr_private.h"
#include "expr/parser.h"

#include <string.h>

struct error *parser_advance(struct parser *parser)
{
	return lex_next(parser->text, &parser->position, parser->arena, &parser->token);
}

bool parser_at(const struct parser *parser, enum punct punct)
{
	return parser->token.kind == TOKEN_PUNCT && parser->token.punct == punct;
}

struct error *parser_fail_at(const struct parser *parser, const struct token *token,
			     const char *what)
{
	return error_span(error_new(ERROR_USAGE, "%s", what), parser->text, token->start,
			  token->len ? token->len : 1);
}

struct error *parser_fail(const struct parser *parser, const char *what)
{
	return parser_fail_at(parser, &parser->token, what);
}

bool parser_at_name(const struct parser *parser, const char *name)
{
	return parser->token.kind == TOKEN_NAME && !strcmp(parser->token.text, name);
}

static bool is_qualifier(const struct parser *parser)
{
	return parser_at_name(parser, "const") || parser_at_name(parser, "volatile") ||
	       parser_at_name(parser, "restrict");
}

static bool is_tag_keyword(const struct parser *parser)
{
	return parser_at_name(parser, "struct") || parser_at_name(parser, "union") ||
	       parser_at_name(parser, "enum") || parser_at_name(parser, "class");
}

static bool is_type_keyword(const struct parser *parser)
{
	return parser->token.kind == TOKEN_NAME && basic_specifier(parser->token.text) != 0;
}

bool parser_starts_type(const struct parser *parser)
{
	return is_qualifier(parser) || is_tag_keyword(parser) || is_type_keyword(parser);
}

static bool names_type(const struct parser *parser)
{
	const struct expr_scope *scope = parser->scope;
	const struct type *type;
	const struct loc *loc, *frame_base;
	struct dw *dw;
	const char *why = NULL;

	if (!scope || parser->token.kind != TOKEN_NAME)
		return false;
	return !scope->variable(scope->context, parser->token.text, parser->arena, &type, &loc,
				&frame_base, &dw, &why) &&
	       scope->type_by_name(scope->context, parser->token.text);
}

static struct error *skip_qualifiers(struct parser *parser)
{
	struct error *err = NULL;

	while (!err && is_qualifier(parser))
		err = parser_advance(parser);
	return err;
}

/* Specifiers in any order, as "unsigned long": the words that were there, as a mask. */
static struct error *parse_basic(struct parser *parser, const char **name)
{
	unsigned words = 0;
	struct token first = parser->token;

	while (is_type_keyword(parser) || is_qualifier(parser)) {
		unsigned word = is_qualifier(parser) ? 0 : basic_specifier(parser->token.text);
		struct error *err = parser_advance(parser);

		if (err)
			return err;
		words = basic_add(words, word);
	}
	*name = basic_name(words);
	return *name ? NULL : parser_fail_at(parser, &first, "no such type");
}

static struct error *parse_tag(struct parser *parser, const char **name)
{
	const char *tag = parser->token.text;
	struct error *err = parser_advance(parser);

	if (err)
		return err;
	if (parser->token.kind != TOKEN_NAME)
		return parser_fail(parser, "the name of a type is missing");
	*name = arena_printf(parser->arena, "%s %s", tag, parser->token.text);
	return parser_advance(parser);
}

struct error *parser_type(struct parser *parser, struct expr *expr)
{
	struct error *err = skip_qualifiers(parser);

	if (err)
		return err;
	if (is_tag_keyword(parser)) {
		err = parse_tag(parser, &expr->type_name);
	} else if (is_type_keyword(parser)) {
		err = parse_basic(parser, &expr->type_name);
	} else {
		if (parser->token.kind != TOKEN_NAME)
			return parser_fail(parser, "the name of a type is missing");
		expr->type_name = parser->token.text;
		err = parser_advance(parser);
	}
	if (!err)
		err = skip_qualifiers(parser);
	while (!err && parser_at(parser, PUNCT_STAR)) {
		if (++expr->stars > 8)
			return parser_fail(parser, "pointers in a cast go 8 levels deep");
		err = parser_advance(parser);
		if (!err)
			err = skip_qualifiers(parser);
	}
	return err;
}

/* What can only begin an operand: behind "(name)", it makes that a cast. */
static bool starts_operand(const struct token *token)
{
	if (token->kind != TOKEN_PUNCT)
		return token->kind != TOKEN_END;
	return token->punct == PUNCT_LPAREN || token->punct == PUNCT_NOT ||
	       token->punct == PUNCT_COMPL;
}

struct error *parser_looks_like_cast(const struct parser *parser, bool *is_cast, bool *doubtful)
{
	struct parser ahead = *parser;
	struct error *err;
	bool stars = false;

	*is_cast = *doubtful = false;
	if (parser_starts_type(parser) || names_type(parser)) {
		*is_cast = true;
		return NULL;
	}
	if (parser->token.kind != TOKEN_NAME)
		return NULL;
	err = parser_advance(&ahead);
	for (; !err && (parser_at(&ahead, PUNCT_STAR) || is_qualifier(&ahead)); stars = true)
		err = parser_advance(&ahead);
	if (err || !parser_at(&ahead, PUNCT_RPAREN)) {
		error_free(err);
		return NULL;
	}
	err = parser_advance(&ahead);
	if (err)
		return err;
	*is_cast = stars || (!parser->scope && starts_operand(&ahead.token));
	*doubtful = !*is_cast && (parser_at(&ahead, PUNCT_SUB) || parser_at(&ahead, PUNCT_ADD) ||
				  parser_at(&ahead, PUNCT_STAR) || parser_at(&ahead, PUNCT_AND));
	return NULL;
}
