/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A PLACE of the user's, looked up in one module: which addresses it stands for. Whether a probe
 * can stand there, or has to move, is choose.h's question.
 */
#ifndef SNAPLINE_RESOLVE_H
#define SNAPLINE_RESOLVE_H

#include "plan/plan.h"

struct resolved {
	u64 pc;
	const char *function; /* innermost function there, or NULL */
	const char *file;     /* or NULL */
	unsigned line;	      /* 0: unknown */
	bool is_inlined;
	bool is_return;
	bool is_tail_call; /* is_return: by a jump to another function */
	bool is_gdb_choice; /* gdb would put its breakpoint here */
	u64 gdb_pc;	    /* of a line: where gdb would put it for this copy; else 0 */
	const char *why;    /* a clause for explain: "the row where control enters the line" */
	u64 function_die;   /* struct dw_function.die, 0: no debug information */
};

/*
 * All addresses of the place, sorted, at least one. place->binary has been used to choose the
 * module and is not looked at. ERROR_NOT_FOUND, with what is near, if the name or line isn't there,
 * or if a file name fits several files.
 */
struct error *resolve_place(const struct place_spec *place, struct plan_module *module,
			    struct arena *arena, struct resolved **found, size_t *n) _must_use_;

/* A function for listing. `name` is valid as PLACE; it then stands for all functions of that name.
 */
struct listed_function {
	const char *name;
	const char *file; /* NULL: from the symbol table */
	unsigned line;
	unsigned n_bodies; /* out of line */
	unsigned n_inlined;
	bool is_external;
	u64 pc; /* of the first body, else of the first inlined copy */
};
/* Functions whose name fits the glob (NULL: all), sorted by name; n = 0 if none does. */
struct error *resolve_functions(struct plan_module *module, const char *glob, struct arena *arena,
				struct listed_function **functions, size_t *n) _must_use_;

/* The one source file that `name` means; for `list` and for FILE: places. */
struct error *resolve_file(struct plan_module *module, const char *name, struct arena *arena,
			   const char **file) _must_use_;

#endif
