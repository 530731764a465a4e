/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What DWARF says a thing is (DWARF 5, chapter 5). Types are loaded when they are looked at: a
 * struct's members, an array's element and a pointer's target are reached through the functions
 * below, never through the fields marked private. Types live as long as their struct dw; the basic
 * ones of type_basic() for ever.
 */
#ifndef SNAPLINE_TYPE_H
#define SNAPLINE_TYPE_H

#include "base/base.h"

enum type_kind {
	TYPE_VOID,       /* also an absent DW_AT_type */
	TYPE_BOOL,       /* DW_ATE_boolean */
	TYPE_CHAR,       /* DW_ATE_signed_char, unsigned_char, UTF */
	TYPE_INT,
	TYPE_FLOAT,      /* float, double, long double (x87 80 bit in 16 bytes), __float128 */
	TYPE_COMPLEX,    /* two floats of half the size */
	TYPE_ENUM,
	TYPE_POINTER,
	TYPE_REFERENCE,  /* C++ and Rust: shown as what it refers to, with its address */
	TYPE_ARRAY,
	TYPE_STRUCT,
	TYPE_UNION,
	TYPE_FUNCTION,
	TYPE_MEMBER_POINTER, /* C++: shown raw */
	TYPE_VECTOR,     /* GNU vector: an array held in a vector register */
	TYPE_UNKNOWN,    /* a tag that we don't know: shown as bytes */
	/* The rest only wrap another type: type_strip() removes them. */
	TYPE_TYPEDEF,
	TYPE_CONST,
	TYPE_VOLATILE,
	TYPE_RESTRICT,
	TYPE_ATOMIC,
};

struct type_member {
	const char *name;       /* NULL: anonymous struct or union, or unnamed bit-field (skipped) */
	const struct type *type;
	u64 offset;             /* bytes from the start of the struct */
	u16 bit_offset;         /* of a bit-field: from the least significant bit at `offset` */
	u16 bit_size;           /* 0: no bit-field */
	bool is_base;           /* C++ base class; name is the base's name */
	/*
	 * NULL: at `offset`. Else only the object itself tells where: a C++ virtual base, found
	 * through the virtual table; loc_eval_member() (DWARF 5, sections 5.7.3 and 5.7.6).
	 */
	const struct loc *place;
	bool is_static;         /* C++ static member: no storage here */
	bool is_artificial;     /* vptr */
};

struct type_enumerator {
	const char *name;
	s64 value;
};

struct dw;
struct loc;

struct type {
	enum type_kind kind;
	const char *name;       /* as written, without struct/union/enum; NULL: anonymous */
	u64 size;               /* bytes; 0 for void, functions, incomplete types */
	bool is_signed;         /* CHAR, INT, ENUM */
	bool is_char;           /* kind CHAR: text; an array of it is a string */
	bool is_declaration;    /* incomplete: type_complete() finds the definition elsewhere */
	bool is_class;          /* STRUCT: C++ `class` */
	bool is_flag_enum;      /* every enumerator is zero or a single bit: printed (A | B) */
	bool has_variants;      /* STRUCT, once its members are asked for: Rust's enums, not read */
	bool is_prototyped;     /* FUNCTION */
	bool is_varargs;        /* FUNCTION */
	bool count_known;       /* ARRAY: `count` is fixed in the debug information */
	u64 count;              /* ARRAY: elements (of the outermost dimension) */
	/* private to dwarf/type.c */
	struct dw *dw;
	u64 die;                /* .debug_info offset, for lazy loading */
	u8 loaded;
	const struct type *target;
	struct type_member *members;
	size_t n_members;
	struct type_enumerator *enumerators;
	size_t n_enumerators;
	const struct type **parameters;
	size_t n_parameters;
	const struct loc *count_expr; /* of a variable-length array */
	bool is_upper_bound;    /* count_expr yields the last index, not the count */
	bool has_tags;          /* C: struct, union and enum names stand behind the word */
};

/* Removes typedef, const, volatile, restrict and _Atomic, and completes a declaration. */
const struct type *type_strip(const struct type *type);
/* Pointee, element, typedef's or qualifier's target, function's result; void if there is none. */
const struct type *type_target(const struct type *type);
/* For a declaration: the definition of the same name and kind in any unit; itself if none. */
const struct type *type_complete(const struct type *type);
size_t type_members(const struct type *type, const struct type_member **members);
/*
 * Also inside anonymous members and bases; *offset gets the offset from the outer struct. Not what
 * has no fixed offset in it: type_find_placed().
 */
const struct type_member *type_find_member(const struct type *type, const char *name, u64 *offset);
/*
 * The virtual base (a member with a `place`) in which the name is, or one of whose virtual bases
 * has it; *offset gets the offset, from the outer struct, of the class that has the base. NULL if
 * none.
 */
const struct type_member *type_find_placed(const struct type *type, const char *name, u64 *offset);
size_t type_enumerators(const struct type *type, const struct type_enumerator **enumerators);
/* A function's parameter types. */
size_t type_parameters(const struct type *type, const struct type *const **parameters);
/* The location expression of a VLA's upper bound or count, NULL if fixed (see loc.h). */
const struct loc *type_count_loc(const struct type *type, bool *is_upper_bound);

/*
 * As C writes it, for declarations without a name: "struct client *", "char [16]", "int (*)(void)".
 */
struct arena;
const char *type_name(const struct type *type, struct arena *arena);

bool type_is_scalar(const struct type *type);   /* stripped: bool, char, int, float, enum, pointer */
bool type_is_integer(const struct type *type);  /* stripped: bool, char, int, enum */
bool type_is_char_array(const struct type *type);
bool type_is_char_pointer(const struct type *type);

/* The types that expressions need without debug information. */
enum type_basic_id {
	TYPE_BASIC_VOID, TYPE_BASIC_BOOL, TYPE_BASIC_CHAR, TYPE_BASIC_SCHAR, TYPE_BASIC_UCHAR,
	TYPE_BASIC_SHORT, TYPE_BASIC_USHORT, TYPE_BASIC_INT, TYPE_BASIC_UINT, TYPE_BASIC_LONG,
	TYPE_BASIC_ULONG, TYPE_BASIC_LLONG, TYPE_BASIC_ULLONG, TYPE_BASIC_FLOAT, TYPE_BASIC_DOUBLE,
	TYPE_BASIC_CHAR_POINTER, TYPE_BASIC_VOID_POINTER,
};
const struct type *type_basic(enum type_basic_id id);
/* A derived type in the arena: pointer to, array of. */
const struct type *type_pointer_to(const struct type *target, struct arena *arena);
const struct type *type_array_of(const struct type *element, u64 count, struct arena *arena);

#endif
