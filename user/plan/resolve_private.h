/* SPDX-License-Identifier: BSD-2-Clause */
/* What resolve*.c share. */
#ifndef SNAPLINE_RESOLVE_PRIVATE_H
#define SNAPLINE_RESOLVE_PRIVATE_H

#include "plan/line_place.h"
#include "plan/resolve.h"

/* What is being looked up, and what was found so far. */
struct lookup {
	const struct place_spec *place;
	struct plan_module *module;
	struct dw *dw;
	struct arena *arena;
	struct resolved *found;
	size_t n;
};

/* resolve_function.c */
struct error *lookup_function(struct lookup *lookup) _must_use_;
/* The true entries of its bodies out of line. */
struct error *lookup_entries(struct lookup *lookup) _must_use_;
struct error *lookup_returns(struct lookup *lookup) _must_use_;
struct error *lookup_function_line(struct lookup *lookup) _must_use_;
/* All lines of a function; n stays 0 if there is no function of that name. */
struct error *lookup_function_lines(struct lookup *lookup) _must_use_;
struct error *unknown_function(struct lookup *lookup) _must_use_;
/* resolve_file.c */
struct error *lookup_line(struct lookup *lookup) _must_use_;
struct error *lookup_file_lines(struct lookup *lookup) _must_use_;

/* Adds one address with function, file and line as the debug information has them. */
struct resolved *lookup_add(struct lookup *lookup, u64 pc, const char *why);
void lookup_add_lines(struct lookup *lookup, const char *file, const struct line_place *places,
		      size_t n);

/* Up to three of the names that are nearest to `name`, "a, b or c"; NULL if none is near. */
struct suggestion {
	const char *name;
	size_t distance;
};
struct suggestions {
	const char *wanted;
	struct suggestion best[3];
	size_t n;
};
void suggest_consider(struct suggestions *suggestions, const char *name);
const char *suggest_text(const struct suggestions *suggestions, struct arena *arena);

#endif
