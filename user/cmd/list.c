/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `snapline list`: what can be asked for. In text each line is a PLACE (funcs, lines), so that it
 * can be handed back. JSON, one object a line:
 *
 *	{"event":"function","place":...,"file":...|null,"line":...|null,"bodies":N,"inlined":N}
 *	{"event":"line","place":...,"file":...,"line":...}
 */
#include "cmd/list.h"

#include <stdlib.h>
#include <string.h>

#include "cmd/border.h"
#include "cmd/cmd.h"
#include "cmd/cmd_output.h"
#include "cmd/progress.h"

struct list_item *list_add(struct list *list, const char *name)
{
	struct list_item *item = arena_push(list->arena, list->items, list->n_items);

	item->place = arena_printf(list->arena, "%s%s", list->prefix, name);
	return item;
}

struct plan_module list_module(const struct list *list)
{
	return (struct plan_module){
		.path = elf_file_path(list->file),
		.shown = list->shown,
		.build_id = *elf_file_build_id(list->file),
		.file = list->file,
		.dw = list->dw,
	};
}

void list_suggest(struct list *list, const char *name)
{
	size_t limit = strlen(list->pattern) / 3 + 2;

	if (list->near)
		limit = str_distance(list->pattern, list->near, limit);
	if (str_distance(list->pattern, name, limit) < limit)
		list->near = arena_strdup(list->arena, name);
}

bool list_matches(const struct list *list, const char *name)
{
	return !list->pattern || strcmp(list->pattern, name) == 0 || str_glob(list->pattern, name);
}

/* BIN: is whatever stands before the last single colon, unless what follows is a line. */
static void split_pattern(struct list *list)
{
	const char *text = list->spec->list_pattern;
	struct error _cleanup_(error_freep) *err = NULL;
	struct place_spec place = {0};

	list->prefix = "";
	if (!text)
		return;
	err = place_spec_parse(text, list->arena, &place);
	list->pattern = err || !place.name ? text : place.name;
	if (err || !place.binary)
		return;
	list->binary = place.binary;
	list->prefix = arena_printf(list->arena, "%s:", place.binary);
}

static struct error *need_info(const struct list *list)
{
	if (list->spec->list_what == LIST_FUNCS || dw_has_info(list->dw))
		return NULL;
	return error_new(ERROR_NOT_FOUND, "%s", dw_missing(list->dw));
}

static struct error *list_opened(struct list *list)
{
	struct error *err = need_info(list);

	if (err)
		return err;
	if (list->spec->list_what == LIST_VARS)
		return list_variables(list);
	return list->spec->list_what == LIST_FUNCS ? list_functions(list) : list_lines(list);
}

static struct error *list_file(struct list *list, const struct plan_file *file)
{
	struct error *err = elf_file_open(file->path, file->shown, &list->file);

	if (err)
		return err;
	list->shown = file->shown;
	err = dw_open(list->file, file->root, &list->dw);
	if (!err) {
		err = list_opened(list);
		dw_close(list->dw);
	}
	elf_file_close(list->file);
	return err;
}

static int compare_lines(const struct list_item *a, const struct list_item *b)
{
	int order = strcmp(a->file, b->file);

	return order ? order : (a->line > b->line) - (a->line < b->line);
}

static int compare_items(const void *a, const void *b)
{
	const struct list_item *x = a, *y = b;
	bool are_lines = !x->bodies && !x->inlined && x->file && y->file;
	int order = are_lines ? compare_lines(x, y) : 0;

	if (!order)
		order = strcmp(x->place, y->place);
	/* of two that are the same the one that says more comes first, and stays */
	return order ? order : (x->file == NULL) - (y->file == NULL);
}

static struct error *print_json(const struct list *list, const struct list_item *item)
{
	bool is_function = list->spec->list_what == LIST_FUNCS;
	struct strbuf line = {0};
	struct json json;

	cmd_json_begin(&json, &line, is_function ? "function" : "line");
	json_key(&json, "place");
	json_string(&json, item->place);
	json_key(&json, "file");
	json_string(&json, item->file);
	json_key(&json, "line");
	item->line ? json_u64(&json, item->line) : json_null(&json);
	if (is_function) {
		json_key(&json, "bodies");
		json_u64(&json, item->bodies);
		json_key(&json, "inlined");
		json_u64(&json, item->inlined);
	}
	return cmd_json_end(&json);
}

static struct error *print_items(struct list *list)
{
	struct error *err = NULL;

	if (list->n_items)
		qsort(list->items, list->n_items, sizeof(*list->items), compare_items);
	for (size_t i = 0; !err && i < list->n_items; i++) {
		const struct list_item *item = &list->items[i];

		if (i && strcmp(item[-1].place, item->place) == 0)
			continue;
		if (list->spec->format == FORMAT_JSON)
			err = print_json(list, item);
		else
			cmd_print("%s\n", item->place);
	}
	return err;
}

static struct error *nothing_found(const struct list *list)
{
	static const char *const whats[] = {
		[LIST_FUNCS] = "function", [LIST_LINES] = "line", [LIST_VARS] = "variable"};
	const char *what = whats[list->spec->list_what];
	struct error *err;

	if (!list->pattern)
		return error_new(ERROR_NOT_FOUND, "%s has no %s", list->shown, what);
	err = error_new(ERROR_NOT_FOUND, "no %s of %s matches \"%s\"", what, list->shown,
			list->pattern);
	return list->near ? error_cure(err, "Did you mean %s?", list->near) : err;
}

struct error *cmd_list(const struct spec *spec, struct arena *arena)
{
	struct list list = {.spec = spec, .arena = arena};
	struct plan_file *files;
	struct progress *progress;
	struct target *target;
	size_t n;
	struct error *err = target_find(&spec->target, arena, &target);

	if (!err)
		err = border_cross_to_read(spec, target, -1);
	if (err)
		return err;
	split_pattern(&list);
	err = target_plan_files(target, list.binary, arena, &files, &n);
	progress = progress_begin(spec, "reading debug information");
	for (size_t i = 0; !err && i < n; i++)
		err = list_file(&list, &files[i]);
	progress_end(progress);
	if (err)
		return err;
	return list.n_items + list.n_vars ? print_items(&list) : nothing_found(&list);
}
