/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of the evaluator share: values (eval.c) and strings (eval_string.c). */
#ifndef SNAPLINE_EVALUATOR_H
#define SNAPLINE_EVALUATOR_H

#include "expr/expr_private.h"

enum { EVALUATOR_MAX_OBJECT = 1024 * 1024 }; /* bytes of a variable that isn't in memory */

struct evaluator {
	const struct loc_context *context;
	const struct expr_env *env;
	struct expr_result *result;
	bool failed; /* the result says why */
};

/* A scalar: number by scalar.h's convention, or real by its type. */
struct value_bits {
	u64 number;
	long double real;
};

/* Where an lvalue is: at an address, or in bytes that were gathered from registers and pieces. */
struct object {
	u64 address;
	const u8 *blob;
	u64 blob_len;
};

void evaluator_fail(struct evaluator *ev, enum absence why);
bool evaluator_read(struct evaluator *ev, u64 address, void *bytes, size_t len);
struct object evaluator_object(struct evaluator *ev, const struct expr *expr);
bool evaluator_load(struct evaluator *ev, const struct object *object, void *bytes, size_t len);
u64 evaluator_pointer(struct evaluator *ev, const struct expr *expr);
/* EXPR_CALL and EXPR_STRING_COMPARE. */
bool evaluator_string(struct evaluator *ev, const struct expr *expr);

#endif
