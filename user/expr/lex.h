/* SPDX-License-Identifier: BSD-2-Clause */
/* Tokens of the expression language (C11, section 6.4). Private to expr/. */
#ifndef SNAPLINE_LEX_H
#define SNAPLINE_LEX_H

#include "expr/expr.h"

enum token_kind {
	TOKEN_END,
	TOKEN_NAME,     /* identifier or keyword: text */
	TOKEN_DOLLAR,   /* $name: text without the $ */
	TOKEN_NUMBER,   /* number and type; character constants too */
	TOKEN_FLOAT,    /* real and type */
	TOKEN_STRING,   /* text, unescaped */
	TOKEN_PUNCT,    /* punct */
};

/* X(NAME, spelling): longer spellings stand before their prefixes. */
#define PUNCT_LIST(X) \
	X(SHL_ASSIGN, "<<=") X(SHR_ASSIGN, ">>=") \
	X(ARROW, "->") X(INCREMENT, "++") X(DECREMENT, "--") X(SHL, "<<") X(SHR, ">>") \
	X(LE, "<=") X(GE, ">=") X(EQ, "==") X(NE, "!=") X(AND_AND, "&&") X(OR_OR, "||") \
	X(ADD_ASSIGN, "+=") X(SUB_ASSIGN, "-=") X(MUL_ASSIGN, "*=") X(DIV_ASSIGN, "/=") \
	X(MOD_ASSIGN, "%=") X(AND_ASSIGN, "&=") X(OR_ASSIGN, "|=") X(XOR_ASSIGN, "^=") \
	X(ASSIGN, "=") X(LT, "<") X(GT, ">") X(ADD, "+") X(SUB, "-") X(STAR, "*") X(DIV, "/") \
	X(MOD, "%") X(AND, "&") X(OR, "|") X(XOR, "^") X(NOT, "!") X(COMPL, "~") \
	X(QUESTION, "?") X(COLON, ":") X(COMMA, ",") X(DOT, ".") X(LPAREN, "(") X(RPAREN, ")") \
	X(LBRACKET, "[") X(RBRACKET, "]")

enum punct {
	PUNCT_NONE,
#define X(name, spelling) PUNCT_##name,
	PUNCT_LIST(X)
#undef X
};

struct token {
	enum token_kind kind;
	enum punct punct;
	size_t start, len;
	const char *text;
	size_t text_len;
	u64 number;
	double real;
	const struct type *type;
};

/* Reads the token at *position and moves behind it. */
struct error *lex_next(const char *text, size_t *position, struct arena *arena,
		       struct token *token) _must_use_;
const char *punct_text(enum punct punct);

#endif
