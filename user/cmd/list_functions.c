/* SPDX-License-Identifier: BSD-2-Clause */
#include "cmd/list.h"
#include "plan/resolve.h"

/* A function can have several names (malloc, __libc_malloc): each can be asked for. */
static void add_aliases(struct list *list)
{
	const struct elf_symbol *symbols;
	size_t n = elf_file_symbols(list->file, &symbols);

	for (size_t i = 0; i < n; i++) {
		if (symbols[i].is_function && !symbols[i].is_plt && symbols[i].pc &&
		    list_matches(list, symbols[i].name))
			list_add(list, symbols[i].name);
	}
}

/* Only when nothing fits: names that the user may have meant. */
static struct error *suggest(struct list *list, struct plan_module *module)
{
	struct listed_function *all;
	size_t n;
	struct error *err = resolve_functions(module, NULL, list->arena, &all, &n);

	for (size_t i = 0; !err && i < n; i++)
		list_suggest(list, all[i].name);
	return err;
}

struct error *list_functions(struct list *list)
{
	struct plan_module module = list_module(list);
	struct listed_function *functions;
	size_t n;
	struct error *err = resolve_functions(&module, list->pattern, list->arena, &functions, &n);

	if (err)
		return err;
	for (size_t i = 0; i < n; i++) {
		const struct listed_function *function = &functions[i];
		struct list_item *item = list_add(list, function->name);

		item->file = function->file ? arena_strdup(list->arena, function->file) : NULL;
		item->line = function->line;
		item->bodies = function->n_bodies;
		item->inlined = function->n_inlined;
	}
	add_aliases(list);
	return list->n_items || !list->pattern ? NULL : suggest(list, &module);
}
