/* SPDX-License-Identifier: BSD-2-Clause */
/* The tree as text: (operator [type] operands), and leaves with their type behind them. */
#include "expr/expr_private.h"

#include <inttypes.h>

#include "base/strbuf.h"

static const char *const op_texts[] = {
	[OP_NONE] = "", [OP_NEG] = "-", [OP_PLUS] = "+", [OP_COMPL] = "~", [OP_NOT] = "!",
	[OP_DEREF] = "*", [OP_ADDRESS] = "&", [OP_MUL] = "*", [OP_DIV] = "/", [OP_MOD] = "%",
	[OP_ADD] = "+", [OP_SUB] = "-", [OP_SHL] = "<<", [OP_SHR] = ">>", [OP_LT] = "<",
	[OP_LE] = "<=", [OP_GT] = ">", [OP_GE] = ">=", [OP_EQ] = "==", [OP_NE] = "!=",
	[OP_AND] = "&", [OP_XOR] = "^", [OP_OR] = "|", [OP_STARTS_WITH] = "starts_with",
	[OP_CONTAINS] = "contains", [OP_SIZEOF] = "sizeof",
};

struct dumper {
	struct strbuf buf;
	struct arena *arena;
};

static void dump(struct dumper *dumper, const struct expr *expr);

const char *expr_op_text(enum expr_op op)
{
	return op_texts[op];
}

static void put_type(struct dumper *dumper, const struct expr *expr)
{
	if (expr->type)
		strbuf_printf(&dumper->buf, "[%s]", type_name(expr->type, dumper->arena));
}

static void put_string(struct dumper *dumper, const struct expr *expr)
{
	strbuf_putc(&dumper->buf, '"');
	for (size_t i = 0; i < expr->text_len; i++) {
		unsigned char c = (unsigned char)expr->text[i];

		if (c == '"' || c == '\\')
			strbuf_printf(&dumper->buf, "\\%c", c);
		else if (c < ' ' || c >= 0x7f)
			strbuf_printf(&dumper->buf, "\\%03o", c);
		else
			strbuf_putc(&dumper->buf, (char)c);
	}
	strbuf_putc(&dumper->buf, '"');
}

static void put_number(struct dumper *dumper, const struct expr *expr)
{
	if (!expr->type || scalar_is_signed(expr->type))
		strbuf_printf(&dumper->buf, "%" PRId64, (s64)expr->number);
	else
		strbuf_printf(&dumper->buf, "%" PRIu64, expr->number);
}

/* "(what [type] a b c)" */
static void put_node(struct dumper *dumper, const struct expr *expr, const char *what)
{
	const struct expr *operands[] = {expr->a, expr->b, expr->c};

	strbuf_printf(&dumper->buf, "(%s ", what);
	put_type(dumper, expr);
	for (size_t i = 0; i < ARRAY_LEN(operands) && operands[i]; i++) {
		strbuf_putc(&dumper->buf, ' ');
		dump(dumper, operands[i]);
	}
	if (expr->kind == EXPR_CALL || expr->kind == EXPR_STRING_COMPARE) {
		strbuf_putc(&dumper->buf, ' ');
		put_string(dumper, expr);
	}
	strbuf_putc(&dumper->buf, ')');
}

static void put_member(struct dumper *dumper, const struct expr *expr)
{
	const char *what = arena_printf(dumper->arena, ".%s+%" PRIu64, expr->text ? expr->text : "",
					expr->offset);

	if (expr->bit_size)
		what = arena_printf(dumper->arena, "%s:%u:%u", what, expr->bit_offset,
				    expr->bit_size);
	put_node(dumper, expr, what);
}

static void dump(struct dumper *dumper, const struct expr *expr)
{
	switch (expr->kind) {
	case EXPR_NUMBER: put_number(dumper, expr); break;
	case EXPR_FLOAT: strbuf_printf(&dumper->buf, "%.17g", expr->real); break;
	case EXPR_STRING: put_string(dumper, expr); break;
	case EXPR_VARIABLE: strbuf_puts(&dumper->buf, expr->text); break;
	case EXPR_REGISTER:
	case EXPR_BUILTIN: strbuf_printf(&dumper->buf, "$%s", expr->text); break;
	case EXPR_AND: put_node(dumper, expr, "&&"); return;
	case EXPR_OR: put_node(dumper, expr, "||"); return;
	case EXPR_CONDITIONAL: put_node(dumper, expr, "?:"); return;
	case EXPR_CAST: put_node(dumper, expr, "cast"); return;
	case EXPR_MEMBER: put_member(dumper, expr); return;
	case EXPR_INDEX: put_node(dumper, expr, "[]"); return;
	default: put_node(dumper, expr, op_texts[expr->op]); return;
	}
	put_type(dumper, expr);
}

const char *expr_dump(const struct expr *expr, struct arena *arena)
{
	struct dumper dumper = {.arena = arena};
	const char *text;

	dump(&dumper, expr);
	text = arena_strdup(arena, dumper.buf.text);
	strbuf_free(&dumper.buf);
	return text;
}
