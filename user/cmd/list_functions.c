/* SPDX-License-Identifier: BSD-2-Clause */
#include "cmd/list.h"

static void consider(struct list *list, const char *name)
{
	if (list_matches(list, name))
		list_add(list, arena_strdup(list->arena, name), NULL, 0);
	else
		list_suggest(list, name);
}

/* From the debug information, and from the symbol table what has none. */
struct error *list_functions(struct list *list)
{
	const struct elf_symbol *symbols;
	const char *const *names;
	size_t n, n_symbols;
	struct error *err = dw_function_names(list->dw, &names, &n);

	if (err)
		return err;
	for (size_t i = 0; i < n; i++)
		consider(list, names[i]);
	n_symbols = elf_file_symbols(list->file, &symbols);
	for (size_t i = 0; i < n_symbols; i++) {
		if (symbols[i].is_function && !symbols[i].is_plt && symbols[i].pc)
			consider(list, symbols[i].name);
	}
	return NULL;
}
