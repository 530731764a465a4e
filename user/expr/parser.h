/* SPDX-License-Identifier: BSD-2-Clause */
/* What the two halves of the parser share: expressions (parse.c) and type names (parse_type.c). */
#ifndef SNAPLINE_PARSER_H
#define SNAPLINE_PARSER_H

#include "expr/lex.h"

struct parser {
	const char *text;
	size_t position; /* behind the current token */
	struct token token;
	struct arena *arena;
	unsigned nesting;
	const struct expr_scope *scope; /* NULL: types by their form only */
};

struct error *parser_advance(struct parser *parser) _must_use_;
bool parser_at(const struct parser *parser, enum punct punct);
struct error *parser_fail_at(const struct parser *parser, const struct token *token,
			     const char *what) _must_use_;
struct error *parser_fail(const struct parser *parser, const char *what) _must_use_;
bool parser_at_name(const struct parser *parser, const char *name);

/* Is the current token the first of a type, whatever the scope knows? */
bool parser_starts_type(const struct parser *parser);
/* "(name" is the current token: is it a cast? *doubtful: only the name's kind can tell. */
struct error *parser_looks_like_cast(const struct parser *parser, bool *is_cast,
				     bool *doubtful) _must_use_;
/* Reads specifiers and stars into type_name and stars. */
struct error *parser_type(struct parser *parser, struct expr *expr) _must_use_;

#endif
