/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Expressions: C over the variables in scope (DESIGN.md, "Expressions"). Parsed, then typed against
 * a scope; the typed tree is compiled to BPF by gen/ and, for captures, evaluated over a snapshot
 * by expr_eval(). Both follow the C rules: integer promotions, usual arithmetic conversions, width,
 * signedness; signed overflow wraps; division by zero is an error.
 */
#ifndef SNAPLINE_EXPR_H
#define SNAPLINE_EXPR_H

#include "base/arena.h"
#include "base/error.h"
#include "dwarf/loc.h"
#include "dwarf/type.h"

enum expr_kind {
	EXPR_NUMBER,     /* integer, character, enumerator: number */
	EXPR_FLOAT,      /* real; only in comparisons */
	EXPR_STRING,     /* text; only compared with characters, or a function's argument */
	EXPR_VARIABLE,   /* loc (with bias) and type */
	EXPR_REGISTER,   /* $rax, $arg1: reg */
	EXPR_BUILTIN,    /* $pid ...: builtin */
	EXPR_UNARY,      /* op: - + ~ ! * & */
	EXPR_BINARY,     /* op */
	EXPR_AND, EXPR_OR,
	EXPR_CONDITIONAL, /* a ? b : c */
	EXPR_CAST,       /* to type; also the implicit conversions that typing inserts */
	EXPR_MEMBER,     /* a . member at offset (bit-field too) */
	EXPR_INDEX,      /* a [b] */
	EXPR_CALL,       /* starts_with, contains: op; a and text (before typing: b) */
	EXPR_STRING_COMPARE, /* a == "text": made by typing */
};

enum expr_builtin {
	BUILTIN_PID, BUILTIN_TID, BUILTIN_CPU, BUILTIN_COMM, BUILTIN_TIME, BUILTIN_HITS,
	BUILTIN_ELAPSED,
	BUILTIN_CALLER, /* the return address of the function that the place is in */
};

enum expr_op {
	OP_NONE,
	OP_NEG, OP_PLUS, OP_COMPL, OP_NOT, OP_DEREF, OP_ADDRESS,
	OP_MUL, OP_DIV, OP_MOD, OP_ADD, OP_SUB, OP_SHL, OP_SHR,
	OP_LT, OP_LE, OP_GT, OP_GE, OP_EQ, OP_NE, OP_AND, OP_XOR, OP_OR,
	OP_STARTS_WITH, OP_CONTAINS,
	OP_SIZEOF, /* before typing: of a, or of type_name */
};

struct expr {
	enum expr_kind kind;
	enum expr_op op;
	size_t start, len;        /* span in the source text, for the caret */
	const struct type *type;  /* after typing; decayed where C decays */
	bool is_lvalue;
	u64 number;
	double real;
	const char *text;         /* string, name */
	size_t text_len;
	enum expr_builtin builtin;
	const struct loc *loc;    /* VARIABLE */
	const struct loc *frame_base;
	struct dw *dw;            /* VARIABLE: its module */
	const struct arch_reg_name *reg;
	const char *type_name;    /* CAST, sizeof: as written, "struct client"; and its `*`s */
	u8 stars;
	bool is_doubtful;         /* (name) - x: a cast if name is a type; typing parses again */
	u64 offset;               /* MEMBER; pointer + - : size of what is pointed to */
	u16 bit_offset, bit_size;
	struct expr *a, *b, *c;
};

/* Where names come from. Implemented by plan/ over a dw and a pc; by tests over a table. */
struct expr_scope {
	const struct arch *arch;
	/* Each: false if there is no such name; *why is set if it exists but can't be had. */
	bool (*variable)(void *context, const char *name, struct arena *arena, const struct type **type,
			 const struct loc **loc, const struct loc **frame_base, struct dw **dw,
			 const char **why);
	bool (*enumerator)(void *context, const char *name, const struct type **type, s64 *value);
	const struct type *(*type_by_name)(void *context, const char *name);
	/* Near names for "did you mean", or NULL. */
	const char *(*suggest)(void *context, const char *name, struct arena *arena);
	const struct type *return_type; /* of $return, or NULL if it isn't set here */
	const struct loc *return_loc;   /* of $return; NULL: nothing is returned */
	bool no_elapsed;		/* $elapsed isn't set here */
	void *context;
};

enum {
	EXPR_MAX_TEXT = 4096,   /* bytes */
	EXPR_MAX_NESTING = 64,  /* parentheses, unary operators, ?: inside each other */
	EXPR_MAX_CONTAINS = 64, /* characters that contains() looks for */
	EXPR_SEARCHED = 256,    /* characters that contains() looks at */
	EXPR_STRING_CHUNK = 64, /* strings are read in pieces of this size, up to their NUL */
};

/* Errors carry the source text with the faulty span. */
struct error *expr_parse(const char *text, struct arena *arena, struct expr **expr) _must_use_;
struct error *expr_type(struct expr *expr, const char *text, const struct expr_scope *scope,
			struct arena *arena, struct expr **typed) _must_use_;
/* The tree as an s-expression with types, for explain and golden tests. */
const char *expr_dump(const struct expr *expr, struct arena *arena);

/* Over a snapshot: the location of an lvalue, or the bytes of an rvalue. */
struct expr_result {
	enum absence absence;
	const char *error;     /* division by zero and the like; NULL: none */
	bool is_lvalue;
	u64 address;           /* lvalue in memory */
	const struct type *type;
	u8 bytes[16];          /* scalar rvalue, or an lvalue's content if it is scalar */
	const u8 *blob;        /* content of an aggregate that lives in registers or pieces */
	size_t blob_len;
	bool late;
};
/*
 * What C leaves undefined is defined: signed overflow wraps, a shift count counts modulo the width
 * of the promoted left operand. Division by zero, and any operand that can't be read, is an error,
 * and an operand that C does not evaluate (behind && || ?:) is not read.
 */
struct expr_env { /* the built-ins' values at the hit */
	u64 pid, tid, cpu, time, hits, elapsed;
	const char *comm;
};
void expr_eval(const struct expr *expr, const struct loc_context *context,
	       const struct expr_env *env, struct expr_result *result);

#endif
