/* SPDX-License-Identifier: BSD-2-Clause */
/* FILE:LINE: which file is meant, and what to say where the line has no code. */
#include <string.h>

#include "base/strbuf.h"
#include "plan/resolve_private.h"

static bool has_code(struct dw *dw, const char *file)
{
	_cleanup_(error_freep) struct error *err = NULL;
	const struct dw_row *rows;
	size_t n = 0;

	err = dw_rows_of_file(dw, file, &rows, &n);
	return !err && n > 0;
}

static struct error *unknown_file(struct plan_module *module, const char *name,
				  const char *const *files, size_t n, struct arena *arena)
{
	const char *slash = strrchr(name, '/'), *base = slash ? slash + 1 : name, *near;
	struct suggestions suggestions = {.wanted = base};
	struct error *err;

	if (!dw_has_info(module->dw))
		return error_cure(error_new(ERROR_NOT_FOUND, "%s: lines need debug information: %s",
					    name, dw_missing(module->dw)),
				  "Give a function; those of the symbol table are known");
	for (size_t i = 0; i < n; i++) {
		const char *last = strrchr(files[i], '/');

		suggest_consider(&suggestions, last ? last + 1 : files[i]);
	}
	err = error_new(ERROR_NOT_FOUND, "%s has no source file %s", module->shown, name);
	near = suggest_text(&suggestions, arena);
	if (near)
		return error_cure(err, "Did you mean %s?", near);
	return error_cure(err, "`snapline list -x %s funcs` shows where its functions are",
			  module->shown);
}

static struct error *ambiguous(struct plan_module *module, const char *name,
			       const char *const *files, size_t n)
{
	enum { MOST = 8 };
	_cleanup_(strbuf_free) struct strbuf list = {};

	for (size_t i = 0; i < n && i < MOST; i++)
		strbuf_printf(&list, "%s%s", i ? ", " : "", files[i]);
	if (n > MOST)
		strbuf_printf(&list, " and %zu more", n - MOST);
	return error_cure(error_new(ERROR_NOT_FOUND, "%s fits %zu source files of %s: %s", name, n,
				    module->shown, list.text),
			  "Give more of the path");
}

struct error *resolve_file(struct plan_module *module, const char *name, struct arena *arena,
			   const char **file)
{
	const char *const *files;
	const char **fits = NULL, *first = NULL;
	size_t n, n_fits = 0;
	struct error *err = dw_files(module->dw, &files, &n);

	if (err)
		return err;
	for (size_t i = 0; i < n; i++) {
		if (!str_path_suffix(files[i], name))
			continue;
		first = files[i];
		if (!strcmp(files[i], name) || has_code(module->dw, files[i]))
			*arena_push(arena, fits, n_fits) = files[i];
	}
	if (!n_fits && first)
		return error_new(ERROR_NOT_FOUND, "%s has no code in %s", first, module->shown);
	if (!n_fits)
		return unknown_file(module, name, files, n, arena);
	if (n_fits > 1)
		return ambiguous(module, name, fits, n_fits);
	*file = fits[0];
	return NULL;
}

static struct error *no_code(struct lookup *lookup, const char *file)
{
	unsigned wanted = lookup->place->line, before = 0, after = 0;
	const struct dw_row *rows;
	size_t n;
	struct error *err = dw_rows_of_file(lookup->dw, file, &rows, &n);

	if (err)
		return err;
	for (size_t i = 0; i < n; i++) {
		if (rows[i].line < wanted && rows[i].line > before)
			before = rows[i].line;
		if (rows[i].line > wanted && (!after || rows[i].line < after))
			after = rows[i].line;
	}
	err = error_new(ERROR_NOT_FOUND, "%s:%u has no code", file, wanted);
	if (before && after)
		return error_cure(err, "The nearest lines that have some are %u and %u", before,
				  after);
	return error_cure(err, "The nearest line that has some is %u", before ? before : after);
}

struct error *lookup_line(struct lookup *lookup)
{
	struct line_place *places;
	const char *file;
	size_t n;
	struct error *err = resolve_file(lookup->module, lookup->place->name, lookup->arena, &file);

	if (!err)
		err = line_places(lookup->dw, file, lookup->place->line, 0, lookup->arena, &places,
				  &n);
	if (err)
		return err;
	if (!n || !lookup->place->line)
		return no_code(lookup, file);
	lookup_add_lines(lookup, file, places, n);
	return NULL;
}

struct error *lookup_file_lines(struct lookup *lookup)
{
	struct line_place *places;
	const char *file;
	size_t n;
	struct error *err = resolve_file(lookup->module, lookup->place->name, lookup->arena, &file);

	if (!err)
		err = line_places(lookup->dw, file, 0, 0, lookup->arena, &places, &n);
	if (!err)
		lookup_add_lines(lookup, file, places, n);
	if (!err && !n)
		err = error_new(ERROR_NOT_FOUND, "%s has no code in %s", file,
				lookup->module->shown);
	return err;
}
