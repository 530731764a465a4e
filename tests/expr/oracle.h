/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the generated C file includes: the expressions as the C compiler understands them, with what
 * C leaves undefined guarded as expr.h defines it. An operand that can't be read sets `failed`.
 */
#ifndef SNAPLINE_TESTS_ORACLE_H
#define SNAPLINE_TESTS_ORACLE_H

#include <string.h>

#include "world.h"

typedef int number_t;

static const struct world *w;
static const char *readable;
static size_t readable_len;
static int failed;
static char nothing[4096];

static inline void *check(const void *at, size_t len)
{
	size_t offset = (size_t)at - (size_t)readable;

	if (offset < readable_len && len <= readable_len - offset)
		return (void *)at;
	failed = 1;
	return nothing + 1024;
}

#define BITS (offsetof(struct node, next) + 8)
#define W(name) (w->name)
#define FIELD(f) (((struct node *)0)->f)
/* p->f, of a member that has an address, and of a bit-field */
#define M(p, f) \
	(*(__typeof__(FIELD(f)) *)check((void *)((size_t)(p) + offsetof(struct node, f)), \
					sizeof(FIELD(f))))
#define B(p, f) (((struct node *)((char *)check((char *)(p) + BITS, 8) - BITS))->f)
#define D(type, p) (*(type *)check((p), sizeof(type)))

#define DIVIDE(a, b, op, minus_one) \
	({ \
		__auto_type a_ = +(a); \
		__auto_type b_ = +(b); \
		__typeof__(a_ + b_) x_ = a_, y_ = b_; \
		y_ == 0 ? (failed = 1, (__typeof__(x_))0) \
		: ((__typeof__(x_))-1 < (__typeof__(x_))0 && y_ == (__typeof__(x_))-1) \
			? (__typeof__(x_))(minus_one) \
			: (__typeof__(x_))(x_ op y_); \
	})
#define DIV(a, b) DIVIDE(a, b, /, 0 - x_)
#define MOD(a, b) DIVIDE(a, b, %, 0)
#define SHIFT(a, b, op) \
	({ \
		__auto_type a_ = +(a); \
		__auto_type b_ = +(b); \
		a_ op (b_ & (8 * sizeof(a_) - 1)); \
	})
#define SHL(a, b) SHIFT(a, b, <<)
#define SHR(a, b) SHIFT(a, b, >>)

/* Characters up to the NUL or the limit. */
static inline int text_at(const char *s, size_t limit, const char *text, int whole)
{
	size_t len = strlen(text);

	if (!len && !whole)
		return 1;
	s = check(s, 1);
	return strnlen(s, limit) >= len && !memcmp(s, text, len) &&
	       (!whole || strnlen(s, limit) == len);
}

static inline int text_in(const char *s, size_t limit, const char *text)
{
	if (!*text)
		return 1;
	s = check(s, 1);
	return memmem(s, strnlen(s, limit < 256 ? limit : 256), text, strlen(text)) != NULL;
}

#define EQ(s, text) text_at(s, 100000, text, 1)
#define EQ_ARRAY(s, text) text_at(s, sizeof(s), text, 1)
#define STARTS(s, text) text_at(s, 100000, text, 0)
#define STARTS_ARRAY(s, text) text_at(s, sizeof(s), text, 0)
#define CONTAINS(s, text) text_in(s, 100000, text)
#define CONTAINS_ARRAY(s, text) text_in(s, sizeof(s), text)

extern long (*const expressions[])(void);

void oracle_memory(const struct world *world, const char *start, size_t len);
long oracle_run(size_t i, int *error);

void oracle_memory(const struct world *world, const char *start, size_t len)
{
	w = world;
	readable = start;
	readable_len = len;
}

long oracle_run(size_t i, int *error)
{
	long value;

	failed = 0;
	value = expressions[i]();
	*error = failed;
	return value;
}

#endif
