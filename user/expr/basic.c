/* SPDX-License-Identifier: BSD-2-Clause */
/* The names of C's basic types, in whatever order their words come (C11, section 6.7.2). */
#include "expr/expr_private.h"

#include <string.h>

enum {
	WORD_VOID = 1,
	WORD_BOOL = 2,
	WORD_CHAR = 4,
	WORD_SHORT = 8,
	WORD_INT = 16,
	WORD_LONG = 32,
	WORD_LONG_LONG = 64,
	WORD_SIGNED = 128,
	WORD_UNSIGNED = 256,
	WORD_FLOAT = 512,
	WORD_DOUBLE = 1024,
	WORD_TWICE = 2048, /* the same word again, or a third long */
};

static const struct {
	const char *name;
	unsigned word;
} specifiers[] = {
	{"void", WORD_VOID},     {"bool", WORD_BOOL},         {"_Bool", WORD_BOOL},
	{"char", WORD_CHAR},     {"short", WORD_SHORT},       {"int", WORD_INT},
	{"long", WORD_LONG},     {"signed", WORD_SIGNED},     {"unsigned", WORD_UNSIGNED},
	{"float", WORD_FLOAT},   {"double", WORD_DOUBLE},
};

static const struct {
	unsigned words; /* without int and signed, except where they make the difference */
	const char *name;
	enum type_basic_id id;
} basics[] = {
	{WORD_VOID, "void", TYPE_BASIC_VOID},
	{WORD_BOOL, "_Bool", TYPE_BASIC_BOOL},
	{WORD_CHAR, "char", TYPE_BASIC_CHAR},
	{WORD_CHAR | WORD_SIGNED, "signed char", TYPE_BASIC_SCHAR},
	{WORD_CHAR | WORD_UNSIGNED, "unsigned char", TYPE_BASIC_UCHAR},
	{WORD_SHORT, "short", TYPE_BASIC_SHORT},
	{WORD_SHORT | WORD_UNSIGNED, "unsigned short", TYPE_BASIC_USHORT},
	{0, "int", TYPE_BASIC_INT},
	{WORD_UNSIGNED, "unsigned int", TYPE_BASIC_UINT},
	{WORD_LONG, "long", TYPE_BASIC_LONG},
	{WORD_LONG | WORD_UNSIGNED, "unsigned long", TYPE_BASIC_ULONG},
	{WORD_LONG_LONG, "long long", TYPE_BASIC_LLONG},
	{WORD_LONG_LONG | WORD_UNSIGNED, "unsigned long long", TYPE_BASIC_ULLONG},
	{WORD_FLOAT, "float", TYPE_BASIC_FLOAT},
	{WORD_DOUBLE, "double", TYPE_BASIC_DOUBLE},
};

unsigned basic_specifier(const char *word)
{
	for (size_t i = 0; i < ARRAY_LEN(specifiers); i++)
		if (!strcmp(specifiers[i].name, word))
			return specifiers[i].word;
	return 0;
}

unsigned basic_add(unsigned words, unsigned word)
{
	if (word == WORD_LONG && (words & WORD_LONG))
		return (words & ~(unsigned)WORD_LONG) | WORD_LONG_LONG;
	if ((words & word) || (word == WORD_LONG && (words & WORD_LONG_LONG)))
		return words | WORD_TWICE;
	return words | word;
}

const char *basic_name(unsigned words)
{
	bool may_have_int = !(words & (WORD_VOID | WORD_BOOL | WORD_CHAR | WORD_FLOAT | WORD_DOUBLE));

	if (words == (WORD_LONG | WORD_DOUBLE))
		return "long double";
	if (may_have_int && (words & (WORD_SIGNED | WORD_UNSIGNED)) != (WORD_SIGNED | WORD_UNSIGNED))
		words &= ~(unsigned)(WORD_INT | WORD_SIGNED);
	for (size_t i = 0; i < ARRAY_LEN(basics); i++)
		if (basics[i].words == words)
			return basics[i].name;
	return NULL;
}

const struct type *basic_type(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(basics); i++)
		if (!strcmp(basics[i].name, name))
			return type_basic(basics[i].id);
	return NULL;
}
