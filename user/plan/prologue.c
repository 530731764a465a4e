/* SPDX-License-Identifier: BSD-2-Clause */
#include "plan/prologue.h"

#include <string.h>

bool begins_inside(struct dw *dw, const struct dw_instance *instance)
{
	const struct elf_symbol *symbol = elf_file_symbol_at(dw_file(dw), instance->entry);

	return symbol && strstr(symbol->name, ".part.");
}

u64 prologue_end(struct dw *dw, const struct dw_instance *instance)
{
	_cleanup_(error_freep) struct error *err = NULL;
	u64 entry = instance->entry, end = entry, second = 0;
	const struct dw_row *rows;
	size_t n;

	for (size_t i = 0; i < instance->n_ranges; i++)
		if (entry >= instance->ranges[i].start && entry < instance->ranges[i].end)
			end = instance->ranges[i].end;
	err = dw_rows_of(dw, entry, &rows, &n);
	for (size_t i = 0; !err && i < n; i++) {
		if (rows[i].pc < entry || rows[i].pc >= end || rows[i].end_sequence ||
		    !rows[i].line)
			continue;
		if (rows[i].prologue_end && rows[i].pc > entry)
			return rows[i].pc;
		if (!second && rows[i].pc > entry)
			second = rows[i].pc;
	}
	return second ? second : entry;
}
