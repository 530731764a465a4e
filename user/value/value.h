/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A tree of named, typed, possibly absent values: what a renderer shows. Built from a type and the
 * bytes that a location gave; pointers are followed into the image. Lives in the event's arena.
 */
#ifndef SNAPLINE_VALUE_H
#define SNAPLINE_VALUE_H

#include "base/absence.h"
#include "base/arena.h"
#include "base/image.h"
#include "dwarf/loc.h"
#include "dwarf/type.h"

struct value {
	const char *name; /* member or variable name; "[3]" for an element; NULL for a pointee */
	const char *kind; /* "argument", "local", "global", "capture", "member", "element" ... */
	const struct type *type; /* as declared */
	const char *type_name;
	enum absence absence;
	const char *absent_text; /* more exact than absence_text(), or NULL ("<in xmm0, ...>") */
	u64 address;		 /* run-time address; 0: not in memory */
	bool late;		 /* read after the hit */
	u16 bit_size;		 /* bit-field */
	/* Scalars, by the stripped type's kind. */
	bool is_scalar;
	u64 number;	    /* integers, enums, bool, char, pointers: zero- or sign-extended */
	long double real;   /* FLOAT */
	const char *text;   /* what the terminal shows for this node alone, as gdb prints it: a
			       scalar with its "string" or <symbol>; for aggregates the braces */
	const char *string; /* decoded text of char arrays and char pointers, or NULL */
	size_t string_len;
	bool string_cut;  /* longer than the limit */
	bool string_late; /* the string of a char pointer was read after the hit */
	enum absence
		string_absence; /* of a char pointer: why its string is missing or ends early */
	const char *symbol;	/* "main" or "table+8" for pointers into a symbol, or NULL */
	/* Aggregates; a followed pointer has one child, its pointee. */
	struct value *children;
	size_t n_children;
	u64 repeats; /* of an element: this many equal ones, collapsed; 0 and 1: one */
	bool cut;    /* more elements than the limit */
	bool cycle;  /* pointer to something that is open further up: not followed */
};

struct value_limits {
	u32 depth;    /* pointers followed */
	u32 elements; /* of an array, gdb's `print elements` */
	u32 string_bytes;
	u32 repeats; /* runs longer than this collapse, gdb's `print repeats` (10) */
	u32 nodes;   /* in one tree, over all (10,000) */
	bool ascii;       /* strings: UTF-8 as octal escapes too, as gdb in the C locale; control
			     characters are escaped either way */
};

/* What the builder asks about addresses. */
struct value_context {
	struct arena *arena;
	const struct image *image;
	const struct value_limits *limits;
	const struct loc_context *loc; /* for VLA bounds and register pieces */
	/* "main+4" for a run-time address in a module; NULL if it is in none. */
	const char *(*symbol)(void *context, u64 address, bool functions_only, struct arena *arena);
	/* Builds what an implicit pointer points to. May be NULL. */
	struct value *(*implicit)(void *context, u64 die, s64 offset);
	void *context;
};

/* From a location (variable), or from an address (pointee, capture), or from bytes. */
struct value *value_from_loc(const char *name, const char *kind, const struct type *type,
			     const struct loc *loc, const struct value_context *context);
struct value *value_from_memory(const char *name, const char *kind, const struct type *type,
				u64 address, const struct value_context *context);
struct value *value_from_bytes(const char *name, const char *kind, const struct type *type,
			       const u8 *bytes, size_t len, const struct value_context *context);
struct value *value_absent(const char *name, const char *kind, const struct type *type,
			   enum absence why, const char *text, struct arena *arena);
/* What a value of the kernel's lacks, by its state (enum value_state, bay.h). */
enum absence value_state_absence(u32 state);

/* The text of a whole tree on one line, as gdb's `print` (pointees left out). */
const char *value_text(const struct value *value, struct arena *arena);

#endif
