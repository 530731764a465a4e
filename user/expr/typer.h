/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files that type a tree share: names and objects (typing.c), operators (operators.c). */
#ifndef SNAPLINE_TYPER_H
#define SNAPLINE_TYPER_H

#include "expr/expr_private.h"

struct typer {
	const char *text;
	const struct expr_scope *scope;
	struct arena *arena;
};

/* An ERROR_USAGE with expr's span. */
struct error *typer_fail(const struct typer *typer, const struct expr *expr, const char *format, ...)
	_printf_(3, 4) _must_use_;
/* A new node with the span of `like`. */
struct expr *typer_node(const struct typer *typer, enum expr_kind kind, const struct expr *like);
const char *typer_name(const struct typer *typer, const struct type *type);

/* Types a tree: as an object or a value, arrays not decayed; strings stay EXPR_STRING. */
struct error *typer_any(struct typer *typer, struct expr *expr, struct expr **typed) _must_use_;
/* As a scalar value: arrays and functions decay, everything else that is none is refused. */
struct error *typer_value(struct typer *typer, struct expr *expr, struct expr **typed) _must_use_;
/* The same for a node that is typed already. */
struct error *typer_decay(struct typer *typer, struct expr *expr, struct expr **value) _must_use_;
struct expr *typer_deref(struct typer *typer, struct expr *pointer, const struct type *target,
			 const struct expr *like);
/* A pointer to the object, which is an lvalue, as one to target. */
struct expr *typer_address(struct typer *typer, struct expr *object, const struct type *target,
			   const struct expr *like);
/*
 * virtual_base.c: makes *object the virtual base that type_find_placed() found in it, at `offset`.
 * `like` is the member that was asked for.
 */
struct error *typer_virtual_base(struct typer *typer, const struct expr *like,
				 const struct type_member *base, u64 offset,
				 struct expr **object) _must_use_;

/* Converts a value to a scalar type, folding constants. */
struct expr *typer_convert(struct typer *typer, struct expr *value, const struct type *type);
/* Integer promotion, bit-fields included. */
struct expr *typer_promote(struct typer *typer, struct expr *value);
/* pointer + sign * index, scaled by the size of what is pointed to. */
struct error *typer_pointer_add(struct typer *typer, enum expr_op op, struct expr *pointer,
				struct expr *index, const struct expr *like,
				struct expr **sum) _must_use_;

struct error *typer_unary(struct typer *typer, struct expr *expr, struct expr **typed) _must_use_;
struct error *typer_binary(struct typer *typer, struct expr *expr, struct expr **typed) _must_use_;
struct error *typer_logical(struct typer *typer, struct expr *expr, struct expr **typed) _must_use_;
struct error *typer_conditional(struct typer *typer, struct expr *expr,
				struct expr **typed) _must_use_;
struct error *typer_cast(struct typer *typer, struct expr *expr, struct expr **typed) _must_use_;
struct error *typer_call(struct typer *typer, struct expr *expr, struct expr **typed) _must_use_;
/* The type that a cast or sizeof names. */
struct error *typer_named_type(struct typer *typer, const struct expr *expr,
			       const struct type **type) _must_use_;

#endif
