/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `snapline list vars`: what can be seen at a PLACE, or the globals that match a glob. JSON:
 *
 *	{"event":"variables","place":{"function","file","line","pc"},"frames":[...]}
 *	{"event":"global","name","type"}
 */
#include <stdlib.h>
#include <string.h>

#include "cmd/cmd_output.h"
#include "cmd/list.h"
#include "plan/resolve.h"

static struct error *print_global(struct list *list, const char *name, const char *type)
{
	struct strbuf line = {0};
	struct json json;

	list->n_vars++;
	if (list->spec->format != FORMAT_JSON) {
		cmd_print("%-32s  %s\n", name, type ? type : "?");
		return NULL;
	}
	cmd_json_begin(&json, &line, "global");
	json_key(&json, "name");
	json_string(&json, name);
	json_key(&json, "type");
	json_string(&json, type);
	return cmd_json_end(&json);
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Those that have memory of their own, so the symbol table knows all of them. */
static const char **global_names(struct list *list, size_t *n)
{
	const struct elf_symbol *symbols;
	size_t n_symbols = elf_file_symbols(list->file, &symbols);
	const char **names = NULL;

	*n = 0;
	for (size_t i = 0; i < n_symbols; i++) {
		if (!symbols[i].is_object && !symbols[i].is_tls)
			continue;
		if (list_matches(list, symbols[i].name))
			*arena_push(list->arena, names, *n) = symbols[i].name;
		else
			list_suggest(list, symbols[i].name);
	}
	if (*n)
		qsort(names, *n, sizeof(*names), compare_names);
	return names;
}

static struct error *list_globals(struct list *list)
{
	struct error *err = NULL;
	size_t n;
	const char **names = global_names(list, &n);

	for (size_t i = 0; !err && i < n; i++) {
		struct dw_var var;

		if (i && strcmp(names[i - 1], names[i]) == 0)
			continue;
		err = dw_global(list->dw, names[i], 0, list->arena, &var);
		if (!err) {
			err = print_global(list, names[i], type_name(var.type, list->arena));
		} else if (err->kind == ERROR_NOT_FOUND) { /* the compiler's own, or of assembly */
			error_free(err);
			err = NULL;
		}
	}
	return err;
}

static struct error *print_place(struct list *list, const struct resolved *place)
{
	struct strbuf line = {0};
	struct seen_frame *frames;
	struct json json;
	size_t n;
	struct error *err = seen_at(list->dw, place->pc, list->arena, &frames, &n);

	if (err)
		return err;
	for (size_t i = 0; i < n; i++)
		list->n_vars += frames[i].n_vars;
	if (list->spec->format != FORMAT_JSON) {
		if (place->file)
			cmd_print("%s:%u, ", place->file, place->line);
		cmd_print("0x%llx\n", (unsigned long long)place->pc);
		seen_print(frames, n, "  ");
		return NULL;
	}
	cmd_json_begin(&json, &line, "variables");
	json_key(&json, "place");
	json_object(&json);
	json_key(&json, "function");
	json_string(&json, place->function);
	json_key(&json, "file");
	json_string(&json, place->file);
	json_key(&json, "line");
	json_u64(&json, place->line);
	json_key(&json, "pc");
	json_hex(&json, place->pc);
	json_object_end(&json);
	json_key(&json, "frames");
	seen_json(&json, frames, n);
	return cmd_json_end(&json);
}

static struct error *list_at(struct list *list, const struct place_spec *place)
{
	struct plan_module module = list_module(list);
	struct resolved *found;
	size_t n;
	struct error *err = resolve_place(place, &module, list->arena, &found, &n);

	for (size_t i = 0; !err && i < n; i++)
		err = print_place(list, &found[i]);
	return err;
}

struct error *list_variables(struct list *list)
{
	const char *pattern = list->spec->list_pattern;
	struct place_spec place;
	size_t before = list->n_vars;
	struct error *err;

	if (!pattern || strpbrk(list->pattern, "*?["))
		return list_globals(list);
	err = place_spec_parse(pattern, list->arena, &place);
	if (!err)
		err = list_at(list, &place);
	/* a plain name may be a global's */
	if (err && err->kind == ERROR_NOT_FOUND && place.form == PLACE_FUNCTION) {
		struct error *err_global = list_globals(list);

		if (err_global || list->n_vars > before) {
			error_free(err);
			return err_global;
		}
	}
	return err;
}
