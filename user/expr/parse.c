/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Text to tree, by precedence climbing (C11, section 6.5). What is a type and what is a variable is
 * not known here; it matters only for `(name) - x`, which is a subtraction or a cast. Such a node
 * is marked doubtful, and typing, which knows the names, parses again if it was a cast.
 */
#include "expr/expr_private.h"
#include "expr/parser.h"

#include <string.h>

static struct error *parse_conditional(struct parser *parser, struct expr **expr);
static struct error *parse_unary(struct parser *parser, struct expr **expr);

static struct error *expect(struct parser *parser, enum punct punct)
{
	if (parser_at(parser, punct))
		return parser_advance(parser);
	return error_span(
		error_new(ERROR_USAGE, "a '%s' is missing before this", punct_text(punct)),
		parser->text, parser->token.start, parser->token.len ? parser->token.len : 1);
}

static struct expr *new_expr(struct parser *parser, enum expr_kind kind, const struct token *token)
{
	struct expr *expr = arena_alloc(parser->arena, sizeof(*expr));

	expr->kind = kind;
	expr->start = token->start;
	expr->len = token->len;
	expr->text = token->text;
	expr->text_len = token->text_len;
	expr->number = token->number;
	expr->real = token->real;
	expr->type = token->type;
	return expr;
}

/* Stretches the span to the end of the last token read before the current one. */
static void end_span(struct parser *parser, struct expr *expr)
{
	size_t end = parser->token.start;

	while (end > expr->start && strchr(" \t\n\r", parser->text[end - 1]))
		end--;
	expr->len = end - expr->start;
}

static struct error *nest(struct parser *parser)
{
	if (++parser->nesting <= EXPR_MAX_NESTING)
		return NULL;
	return error_span(error_new(ERROR_USAGE, "expression is nested more than %d levels deep",
				    EXPR_MAX_NESTING),
			  parser->text, parser->token.start, 1);
}

static struct error *parse_cast(struct parser *parser, const struct token *first,
				struct expr **expr)
{
	struct expr *cast = new_expr(parser, EXPR_CAST, first);
	struct error *err = parser_type(parser, cast);

	if (!err && !parser_at(parser, PUNCT_RPAREN))
		return parser_fail(parser, "a cast is to a named type or pointers to it");
	if (!err)
		err = parser_advance(parser);
	if (!err)
		err = parse_unary(parser, &cast->a);
	if (err)
		return err;
	end_span(parser, cast);
	*expr = cast;
	return NULL;
}

static struct error *parse_paren(struct parser *parser, struct expr **expr)
{
	struct token first = parser->token;
	struct error *err = parser_advance(parser);
	bool is_cast, doubtful;

	if (!err)
		err = parser_looks_like_cast(parser, &is_cast, &doubtful);
	if (err)
		return err;
	if (is_cast)
		return parse_cast(parser, &first, expr);
	err = parse_conditional(parser, expr);
	if (!err)
		err = expect(parser, PUNCT_RPAREN);
	if (err)
		return err;
	(*expr)->is_doubtful |= doubtful;
	return NULL;
}

static struct error *parse_arguments(struct parser *parser, struct expr *call)
{
	struct error *err = parser_advance(parser);

	if (!err)
		err = parse_conditional(parser, &call->a);
	if (!err)
		err = expect(parser, PUNCT_COMMA);
	if (!err)
		err = parse_conditional(parser, &call->b);
	if (!err)
		err = expect(parser, PUNCT_RPAREN);
	return err;
}

static struct error *parse_name(struct parser *parser, struct expr **expr)
{
	struct expr *name = new_expr(parser, EXPR_VARIABLE, &parser->token);
	struct error *err = parser_advance(parser);

	if (err)
		return err;
	*expr = name;
	if (!parser_at(parser, PUNCT_LPAREN))
		return NULL;
	name->kind = EXPR_CALL;
	if (!strcmp(name->text, "starts_with"))
		name->op = OP_STARTS_WITH;
	else if (!strcmp(name->text, "contains"))
		name->op = OP_CONTAINS;
	else
		return error_cure(error_span(error_new(ERROR_USAGE,
						       "functions of the program can't be called"),
					     parser->text, name->start, name->len),
				  "starts_with(s, \"x\") and contains(s, \"x\") are built in");
	err = parse_arguments(parser, name);
	end_span(parser, name);
	return err;
}

static struct error *parse_string(struct parser *parser, struct expr **expr)
{
	struct expr *string = new_expr(parser, EXPR_STRING, &parser->token);
	struct error *err = parser_advance(parser);

	while (!err && parser->token.kind == TOKEN_STRING) {
		size_t len = string->text_len + parser->token.text_len;
		char *joined = arena_alloc(parser->arena, len + 1);

		memcpy(joined, string->text, string->text_len);
		memcpy(joined + string->text_len, parser->token.text, parser->token.text_len);
		string->text = joined;
		string->text_len = len;
		err = parser_advance(parser);
		end_span(parser, string);
	}
	*expr = string;
	return err;
}

static struct error *parse_leaf(struct parser *parser, enum expr_kind kind, struct expr **expr)
{
	*expr = new_expr(parser, kind, &parser->token);
	return parser_advance(parser);
}

static struct error *parse_primary(struct parser *parser, struct expr **expr)
{
	switch (parser->token.kind) {
	case TOKEN_NUMBER: return parse_leaf(parser, EXPR_NUMBER, expr);
	case TOKEN_FLOAT: return parse_leaf(parser, EXPR_FLOAT, expr);
	case TOKEN_DOLLAR: return parse_leaf(parser, EXPR_BUILTIN, expr);
	case TOKEN_STRING: return parse_string(parser, expr);
	case TOKEN_NAME:
		if (parser_starts_type(parser))
			return error_cure(parser_fail(parser, "a type stands where a value should"),
					  "a cast is written (type)value");
		return parse_name(parser, expr);
	case TOKEN_PUNCT:
		if (parser_at(parser, PUNCT_LPAREN))
			return parse_paren(parser, expr);
		return parser_fail(parser, "a value is missing before this");
	case TOKEN_END: return parser_fail(parser, "expression ends where a value is expected");
	}
	return parser_fail(parser, "a value is missing here");
}

static struct error *parse_member(struct parser *parser, struct expr **expr)
{
	bool arrow = parser_at(parser, PUNCT_ARROW);
	struct expr *member, *object = *expr;
	struct error *err = parser_advance(parser);

	if (err)
		return err;
	if (parser->token.kind != TOKEN_NAME)
		return parser_fail(parser, "the name of a member is missing");
	member = new_expr(parser, EXPR_MEMBER, &parser->token);
	member->op = arrow ? OP_DEREF : OP_NONE;
	member->a = object;
	err = parser_advance(parser);
	member->start = object->start;
	end_span(parser, member);
	*expr = member;
	return err;
}

static struct error *parse_index(struct parser *parser, struct expr **expr)
{
	struct expr *index = new_expr(parser, EXPR_INDEX, &parser->token);
	struct error *err = parser_advance(parser);

	index->a = *expr;
	index->start = index->a->start;
	if (!err)
		err = parse_conditional(parser, &index->b);
	if (!err)
		err = expect(parser, PUNCT_RBRACKET);
	end_span(parser, index);
	*expr = index;
	return err;
}

static struct error *refuse_write(const struct parser *parser)
{
	struct error *err = parser_fail(parser, "snapline never writes to the program");

	return parser_at(parser, PUNCT_ASSIGN) ? error_cure(err, "a comparison is written ==")
					       : err;
}

static struct error *parse_postfix(struct parser *parser, struct expr **expr)
{
	struct error *err = parse_primary(parser, expr);

	while (!err) {
		if (parser_at(parser, PUNCT_DOT) || parser_at(parser, PUNCT_ARROW))
			err = parse_member(parser, expr);
		else if (parser_at(parser, PUNCT_LBRACKET))
			err = parse_index(parser, expr);
		else if (parser_at(parser, PUNCT_INCREMENT) || parser_at(parser, PUNCT_DECREMENT))
			return refuse_write(parser);
		else
			break;
	}
	return err;
}

static const struct {
	enum punct punct;
	enum expr_op op;
} unary_ops[] = {
	{PUNCT_SUB, OP_NEG}, {PUNCT_ADD, OP_PLUS},   {PUNCT_COMPL, OP_COMPL},
	{PUNCT_NOT, OP_NOT}, {PUNCT_STAR, OP_DEREF}, {PUNCT_AND, OP_ADDRESS},
};

static enum expr_op unary_op(const struct parser *parser)
{
	if (parser_at_name(parser, "sizeof"))
		return OP_SIZEOF;
	if (parser->token.kind != TOKEN_PUNCT)
		return OP_NONE;
	for (size_t i = 0; i < ARRAY_LEN(unary_ops); i++)
		if (unary_ops[i].punct == parser->token.punct)
			return unary_ops[i].op;
	return OP_NONE;
}

/* sizeof (type); *done stays false for sizeof of a value. */
static struct error *parse_sizeof_type(struct parser *parser, struct expr *expr, bool *done)
{
	struct parser ahead = *parser;
	struct error *err;

	*done = false;
	if (!parser_at(parser, PUNCT_LPAREN))
		return NULL;
	err = parser_advance(&ahead);
	if (err)
		return err;
	if (!parser_starts_type(&ahead)) {
		bool is_cast = false, doubtful;

		err = parser_looks_like_cast(&ahead, &is_cast, &doubtful);
		if (err || !is_cast)
			return err;
	}
	*done = true;
	*parser = ahead;
	err = parser_type(parser, expr);
	return err ? err : expect(parser, PUNCT_RPAREN);
}

static struct error *parse_unary_op(struct parser *parser, enum expr_op op, struct expr **expr)
{
	struct expr *unary = new_expr(parser, EXPR_UNARY, &parser->token);
	struct error *err = parser_advance(parser);
	bool done = false;

	unary->op = op;
	if (!err && op == OP_SIZEOF)
		err = parse_sizeof_type(parser, unary, &done);
	if (!err && !done)
		err = parse_unary(parser, &unary->a);
	if (err)
		return err;
	end_span(parser, unary);
	*expr = unary;
	return NULL;
}

static struct error *parse_unary(struct parser *parser, struct expr **expr)
{
	enum expr_op op = unary_op(parser);
	struct error *err = nest(parser);

	if (err)
		return err;
	if (parser_at(parser, PUNCT_INCREMENT) || parser_at(parser, PUNCT_DECREMENT))
		return refuse_write(parser);
	err = op == OP_NONE ? parse_postfix(parser, expr) : parse_unary_op(parser, op, expr);
	parser->nesting--;
	return err;
}

static const struct {
	enum punct punct;
	u8 precedence;
	enum expr_kind kind;
	enum expr_op op;
} binary_ops[] = {
	{PUNCT_STAR, 10, EXPR_BINARY, OP_MUL}, {PUNCT_DIV, 10, EXPR_BINARY, OP_DIV},
	{PUNCT_MOD, 10, EXPR_BINARY, OP_MOD},  {PUNCT_ADD, 9, EXPR_BINARY, OP_ADD},
	{PUNCT_SUB, 9, EXPR_BINARY, OP_SUB},   {PUNCT_SHL, 8, EXPR_BINARY, OP_SHL},
	{PUNCT_SHR, 8, EXPR_BINARY, OP_SHR},   {PUNCT_LT, 7, EXPR_BINARY, OP_LT},
	{PUNCT_LE, 7, EXPR_BINARY, OP_LE},     {PUNCT_GT, 7, EXPR_BINARY, OP_GT},
	{PUNCT_GE, 7, EXPR_BINARY, OP_GE},     {PUNCT_EQ, 6, EXPR_BINARY, OP_EQ},
	{PUNCT_NE, 6, EXPR_BINARY, OP_NE},     {PUNCT_AND, 5, EXPR_BINARY, OP_AND},
	{PUNCT_XOR, 4, EXPR_BINARY, OP_XOR},   {PUNCT_OR, 3, EXPR_BINARY, OP_OR},
	{PUNCT_AND_AND, 2, EXPR_AND, OP_NONE}, {PUNCT_OR_OR, 1, EXPR_OR, OP_NONE},
};

static int binary_at(const struct parser *parser, unsigned precedence)
{
	for (size_t i = 0; i < ARRAY_LEN(binary_ops); i++)
		if (parser_at(parser, binary_ops[i].punct) &&
		    binary_ops[i].precedence >= precedence)
			return (int)i;
	return -1;
}

static struct error *parse_binary(struct parser *parser, unsigned precedence, struct expr **expr)
{
	struct error *err = parse_unary(parser, expr);
	int i;

	while (!err && (i = binary_at(parser, precedence)) >= 0) {
		struct expr *binary = new_expr(parser, binary_ops[i].kind, &parser->token);

		binary->op = binary_ops[i].op;
		binary->a = *expr;
		binary->start = binary->a->start;
		err = parser_advance(parser);
		if (!err)
			err = parse_binary(parser, binary_ops[i].precedence + 1u, &binary->b);
		end_span(parser, binary);
		*expr = binary;
	}
	return err;
}

static bool at_assignment(const struct parser *parser)
{
	enum punct punct = parser->token.punct;

	return parser->token.kind == TOKEN_PUNCT &&
	       (punct == PUNCT_ASSIGN || punct == PUNCT_SHL_ASSIGN || punct == PUNCT_SHR_ASSIGN ||
		(punct >= PUNCT_ADD_ASSIGN && punct <= PUNCT_XOR_ASSIGN));
}

static struct error *parse_conditional(struct parser *parser, struct expr **expr)
{
	struct error *err = nest(parser);
	struct expr *choice;

	if (!err)
		err = parse_binary(parser, 1, expr);
	if (err)
		return err;
	if (at_assignment(parser))
		return refuse_write(parser);
	if (parser_at(parser, PUNCT_QUESTION)) {
		choice = new_expr(parser, EXPR_CONDITIONAL, &parser->token);
		choice->a = *expr;
		choice->start = choice->a->start;
		err = parser_advance(parser);
		if (!err)
			err = parse_conditional(parser, &choice->b);
		if (!err)
			err = expect(parser, PUNCT_COLON);
		if (!err)
			err = parse_conditional(parser, &choice->c);
		end_span(parser, choice);
		*expr = choice;
	}
	parser->nesting--;
	return err;
}

struct error *expr_parse_in(const char *text, const struct expr_scope *scope, struct arena *arena,
			    struct expr **expr)
{
	struct parser parser = {.text = text, .arena = arena, .scope = scope};
	struct expr *parsed = NULL;
	struct error *err;

	if (strlen(text) > EXPR_MAX_TEXT)
		return error_new(ERROR_USAGE, "expression is longer than %d characters",
				 EXPR_MAX_TEXT);
	err = parser_advance(&parser);
	if (!err)
		err = parse_conditional(&parser, &parsed);
	if (!err && parser.token.kind != TOKEN_END)
		err = parser_fail(&parser, "expression should end before this");
	if (!err)
		*expr = parsed;
	return err;
}

struct error *expr_parse(const char *text, struct arena *arena, struct expr **expr)
{
	return expr_parse_in(text, NULL, arena, expr);
}
