/* SPDX-License-Identifier: BSD-2-Clause */
/* What the parts of `snapline list` share: one file at a time, items gathered over all. */
#ifndef SNAPLINE_LIST_H
#define SNAPLINE_LIST_H

#include "cmd/files.h"
#include "cmd/seen.h"

/* One line of output: something that can be asked for. */
struct list_item {
	const char *place; /* in the form of a PLACE */
	const char *file;  /* the whole path, or NULL */
	unsigned line;
	unsigned bodies, inlined; /* funcs: copies out of line and inlined */
};

struct list {
	const struct spec *spec;
	struct arena *arena;
	const char *pattern; /* without BIN: and :*; NULL: everything */
	const char *prefix;  /* "libc:" where BIN: was given, else "" */
	const char *binary;  /* BIN, or NULL */
	/* the file at hand */
	const char *shown;
	const char *root;
	struct elf_file *file;
	struct dw *dw;
	struct list_item *items;
	size_t n_items;
	size_t n_vars;	  /* printed by list_variables() */
	const char *near; /* a name that is near the pattern, or NULL */
};

/* The item's place gets the prefix; the caller fills in the rest. */
struct list_item *list_add(struct list *list, const char *name);
/* The file at hand, as plan/ wants it. */
struct plan_module list_module(const struct list *list);
/* Remembers a name that the user may have meant. */
void list_suggest(struct list *list, const char *name);
/* A glob, or the very name. */
bool list_matches(const struct list *list, const char *name);

struct error *list_functions(struct list *list) _must_use_;
struct error *list_lines(struct list *list) _must_use_;
/* Prints by itself: variables are grouped by place. */
struct error *list_variables(struct list *list) _must_use_;

#endif
