/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of expr/ share, and gen/ uses for its constants. */
#ifndef SNAPLINE_EXPR_PRIVATE_H
#define SNAPLINE_EXPR_PRIVATE_H

#include "expr/expr.h"

/* expr_parse() with the names known, so that `(name) - x` is read as what it is. */
struct error *expr_parse_in(const char *text, const struct expr_scope *scope, struct arena *arena,
			    struct expr **expr) _must_use_;

/* Basic types by their specifiers (C11, section 6.7.2): a mask of words; 0: not a specifier. */
unsigned basic_specifier(const char *word);
unsigned basic_add(unsigned words, unsigned word); /* counts `long` twice */
const char *basic_name(unsigned words);            /* canonical; NULL: no such combination */
const struct type *basic_type(const char *name);   /* by canonical name; NULL: not among type_basic() */

/*
 * Scalars. An integer or pointer value travels in a u64, sign- or zero-extended as its type says;
 * the types here are stripped of names and qualifiers or not, as comes.
 */
bool scalar_is_integer(const struct type *type); /* of 1, 2, 4 or 8 bytes, enum and bool too */
bool scalar_is_float(const struct type *type);
bool scalar_is_pointer(const struct type *type);
bool scalar_is_signed(const struct type *type);
/* Truncates to the type's width and extends again. */
u64 scalar_wrap(const struct type *type, u64 value);
/* a op b in `type`, in which both are (a shift: a alone); false: division by zero. */
bool scalar_binary(enum expr_op op, const struct type *type, u64 a, u64 b, u64 *result);
bool scalar_compare(enum expr_op op, bool is_signed, u64 a, u64 b);
bool scalar_compare_real(enum expr_op op, long double a, long double b);
/* A float, double or long double from its bytes in memory; false: a format we don't know. */
bool scalar_real(const struct type *type, const u8 *bytes, long double *value);
/* An integer as C converts it to the floating type. */
long double scalar_to_real(const struct type *from, u64 value, const struct type *to);
/* Integer promotion; bit_size 0: no bit-field (C11, section 6.3.1.1). */
const struct type *scalar_promote(const struct type *type, unsigned bit_size);
/* Usual arithmetic conversions of promoted types (C11, section 6.3.1.8). */
const struct type *scalar_common(const struct type *a, const struct type *b);

const char *expr_op_text(enum expr_op op);

#endif
