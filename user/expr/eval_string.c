/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Characters of the program against a literal. As in the kernel, a string is read in pieces of
 * EXPR_STRING_CHUNK bytes, each up to its NUL; a piece that can't be read is an error even if an
 * earlier character of it would have decided. An array ends at its NUL or at its size, and its
 * pieces are read whole.
 */
#include "expr/evaluator.h"

#include <string.h>

struct subject {
	struct object object;
	u64 limit; /* characters it can have at most */
};

static struct subject find_subject(struct evaluator *ev, const struct expr *expr)
{
	struct subject subject = {.limit = UINT64_MAX};

	if (expr->kind == EXPR_BUILTIN) {
		subject.object.blob = (const u8 *)ev->env->comm;
		subject.object.blob_len = strlen(ev->env->comm) + 1;
		subject.limit = 16;
	} else if (type_is_char_array(expr->type)) {
		subject.object = evaluator_object(ev, expr);
		if (type_strip(expr->type)->count_known)
			subject.limit = type_strip(expr->type)->count;
	} else {
		subject.object.address = evaluator_pointer(ev, expr);
	}
	return subject;
}

/* Of an array the whole piece is read, of a string up to its NUL and one byte more than asked. */
static bool read_memory(struct evaluator *ev, const struct subject *subject, u64 offset,
			char *bytes, size_t len)
{
	u64 address = subject->object.address + offset;
	char c = 1;

	if (subject->limit != UINT64_MAX)
		return evaluator_read(ev, address, bytes, len);
	for (size_t i = 0; i <= len && c; i++) {
		if (!evaluator_read(ev, address + i, &c, 1))
			return false;
		if (i < len)
			bytes[i] = c;
	}
	return true;
}

/* Reads up to len characters at offset; *n of them stand before the NUL or the end. */
static bool read_piece(struct evaluator *ev, const struct subject *subject, u64 offset, char *bytes,
		       size_t len, size_t *n)
{
	const struct object *object = &subject->object;

	len = offset < subject->limit ? min_u64(len, subject->limit - offset) : 0;
	if (object->blob) {
		len = offset < object->blob_len ? min_u64(len, object->blob_len - offset) : 0;
		memcpy(bytes, object->blob + offset, len);
	} else if (len && !read_memory(ev, subject, offset, bytes, len)) {
		return false;
	}
	*n = strnlen(bytes, len);
	return true;
}

/* Does it start with the text; *ends: and has nothing behind it. */
static bool matches(struct evaluator *ev, const struct subject *subject, const struct expr *expr,
		    bool whole)
{
	u64 total = expr->text_len + (whole && expr->text_len < subject->limit);
	char bytes[EXPR_STRING_CHUNK] = {};

	if (expr->text_len > subject->limit)
		return false;
	for (u64 done = 0; done < total; done += sizeof(bytes)) {
		size_t want = min_u64(sizeof(bytes), total - done), n;
		size_t chars = min_u64(want, expr->text_len - done);

		if (!read_piece(ev, subject, done, bytes, want, &n))
			return false;
		if (n != chars || memcmp(bytes, expr->text + done, chars) != 0)
			return false;
	}
	return true;
}

static bool contains(struct evaluator *ev, const struct subject *subject, const struct expr *expr)
{
	char bytes[EXPR_SEARCHED];
	size_t total = 0, n;

	if (!expr->text_len)
		return true;
	/* By eights, each read only if the text was not found before it. */
	for (; total < sizeof(bytes); total += n) {
		if (!read_piece(ev, subject, total, bytes + total, 8, &n))
			return false;
		if (memmem(bytes, total + n, expr->text, expr->text_len))
			return true;
		if (n < 8)
			break;
	}
	return false;
}

bool evaluator_string(struct evaluator *ev, const struct expr *expr)
{
	struct subject subject = find_subject(ev, expr->a);

	if (ev->failed)
		return false;
	if (expr->op == OP_CONTAINS)
		return contains(ev, &subject, expr);
	if (expr->op == OP_STARTS_WITH)
		return matches(ev, &subject, expr, false);
	return matches(ev, &subject, expr, true) == (expr->op == OP_EQ);
}
