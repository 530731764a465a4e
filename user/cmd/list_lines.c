/* SPDX-License-Identifier: BSD-2-Clause */
/* Lines that have code: of files, or of functions. */
#include <string.h>

#include "cmd/list.h"

struct files {
	const char *const *names;
	size_t n;
};

/* The shortest end of a path that no other file with code has. */
static const char *short_name(const struct files *files, const char *path)
{
	const char *end = path + strlen(path), *start = end;

	while (start > path) {
		size_t same = 0;

		for (start--; start > path && start[-1] != '/'; start--)
			;
		for (size_t i = 0; i < files->n && same < 2; i++)
			same += str_path_suffix(files->names[i], start);
		if (same < 2)
			return start;
	}
	return path;
}

static void add_row(struct list *list, const struct files *files, const struct dw_row *row)
{
	struct list_item *item;

	if (!row->is_stmt || row->end_sequence || row->line == 0 || !row->file)
		return;
	item = list_add(
		list, arena_printf(list->arena, "%s:%u", short_name(files, row->file), row->line));
	item->file = arena_strdup(list->arena, row->file);
	item->line = row->line;
}

static struct error *add_file(struct list *list, const struct files *files, const char *path)
{
	const struct dw_row *rows;
	size_t n;
	struct error *err = dw_rows_of_file(list->dw, path, &rows, &n);

	for (size_t i = 0; !err && i < n; i++)
		add_row(list, files, &rows[i]);
	return err;
}

static struct error *add_files(struct list *list, const struct files *files)
{
	for (size_t i = 0; i < files->n; i++) {
		const char *name = files->names[i], *slash = strrchr(name, '/');
		struct error *err;

		if (list->pattern && !str_path_suffix(name, list->pattern) &&
		    !list_matches(list, slash ? slash + 1 : name)) {
			list_suggest(list, slash ? slash + 1 : name);
			continue;
		}
		err = add_file(list, files, name);
		if (err)
			return err;
	}
	return NULL;
}

static bool covers(const struct dw_instance *instance, u64 pc)
{
	for (size_t i = 0; i < instance->n_ranges; i++) {
		if (instance->ranges[i].start <= pc && pc < instance->ranges[i].end)
			return true;
	}
	return false;
}

static struct error *add_functions(struct list *list, const struct files *files)
{
	struct dw_instance *instances;
	size_t n;
	struct error *err = dw_functions(list->dw, list->pattern, list->arena, &instances, &n);

	for (size_t i = 0; !err && i < n; i++) {
		const struct dw_row *rows;
		size_t n_rows;

		err = dw_rows_of(list->dw, instances[i].entry, &rows, &n_rows);
		for (size_t j = 0; !err && j < n_rows; j++) {
			if (covers(&instances[i], rows[j].pc))
				add_row(list, files, &rows[j]);
		}
	}
	return err;
}

struct error *list_lines(struct list *list)
{
	struct files files;
	size_t before = list->n_items;
	struct error *err = dw_files(list->dw, &files.names, &files.n);

	if (!err)
		err = add_files(list, &files);
	if (!err && list->pattern && list->n_items == before)
		err = add_functions(list, &files);
	return err;
}
