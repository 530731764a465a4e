/* SPDX-License-Identifier: BSD-2-Clause */
#include "plan/resolve.h"

#include <stdlib.h>
#include <string.h>

#include "plan/resolve_private.h"

static bool covers(const struct dw_instance *instance, u64 pc)
{
	for (size_t i = 0; i < instance->n_ranges; i++)
		if (pc >= instance->ranges[i].start && pc < instance->ranges[i].end)
			return true;
	return false;
}

/* The innermost copy at pc; inlined ones stand behind the ones around them. */
static const struct dw_instance *instance_at(struct lookup *lookup, u64 pc)
{
	_cleanup_(error_freep) struct error *err = NULL;
	struct dw_instance *instances;
	const struct dw_instance *found = NULL;
	size_t n;

	err = dw_body(lookup->dw, pc, lookup->arena, &instances, &n);
	for (size_t i = 0; !err && i < n; i++)
		if (covers(&instances[i], pc))
			found = &instances[i];
	return found;
}

static void describe(struct lookup *lookup, struct resolved *resolved,
		     const struct dw_instance *instance)
{
	const struct elf_symbol *symbol;

	if (instance && instance->function) {
		resolved->function = instance->function->name;
		resolved->function_die = instance->function->die;
		resolved->is_inlined = instance->is_inlined;
		return;
	}
	symbol = elf_file_symbol_at(lookup->module->file, resolved->pc);
	if (symbol)
		resolved->function = symbol->name;
}

struct resolved *lookup_add(struct lookup *lookup, u64 pc, const char *why)
{
	struct resolved *resolved = arena_push(lookup->arena, lookup->found, lookup->n);
	struct dw_row row;

	resolved->pc = pc;
	resolved->why = why;
	describe(lookup, resolved, instance_at(lookup, pc));
	if (dw_row_at(lookup->dw, pc, &row) && row.line) {
		resolved->file = row.file;
		resolved->line = row.line;
	}
	return resolved;
}

void lookup_add_lines(struct lookup *lookup, const char *file, const struct line_place *places,
		      size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct resolved *resolved = arena_push(lookup->arena, lookup->found, lookup->n);

		*resolved = (struct resolved){
			.pc = places[i].pc,
			.file = file,
			.line = places[i].line,
			.why = places[i].why,
			.is_gdb_choice = places[i].is_gdb_choice,
			.gdb_pc = places[i].gdb_pc,
		};
		describe(lookup, resolved, &places[i].instance);
	}
}

static struct error *lookup_address(struct lookup *lookup)
{
	const struct elf_section *section;
	u64 pc = lookup->place->address;

	section = elf_file_section_at(lookup->module->file, pc);
	if (!section || !section->is_code)
		return error_cure(
			error_new(ERROR_NOT_FOUND, "%s: there is no code at 0x%llx in %s",
				  lookup->place->text, (unsigned long long)pc,
				  lookup->module->shown),
			"Give an address as in the file, as nm and objdump print it, not one "
			"of a running process");
	lookup_add(lookup, pc, "the address that was given");
	return NULL;
}

/* main:* or server.c:*. A function wins, as its name holds no dot. */
static struct error *lookup_all(struct lookup *lookup)
{
	struct error *err = lookup_function_lines(lookup);

	if (err || lookup->n)
		return err;
	if (!strchr(lookup->place->name, '.') && !strchr(lookup->place->name, '/'))
		return unknown_function(lookup);
	return lookup_file_lines(lookup);
}

static struct error *lookup_any(struct lookup *lookup)
{
	switch (lookup->place->form) {
	case PLACE_FUNCTION: return lookup_function(lookup);
	case PLACE_ENTRY: return lookup_entries(lookup);
	case PLACE_RETURN: return lookup_returns(lookup);
	case PLACE_OFFSET: return lookup_function_line(lookup);
	case PLACE_LINE: return lookup_line(lookup);
	case PLACE_ADDRESS: return lookup_address(lookup);
	case PLACE_ALL: return lookup_all(lookup);
	}
	return error_new(ERROR_USAGE, "%s is no place", lookup->place->text);
}

static int by_pc(const void *a, const void *b)
{
	const struct resolved *x = a, *y = b;

	return x->pc < y->pc ? -1 : x->pc > y->pc;
}

static int by_line(const void *a, const void *b)
{
	const struct resolved *x = a, *y = b;
	int order = strcmp(x->file ? x->file : "", y->file ? y->file : "");

	if (order)
		return order;
	if (x->line != y->line)
		return x->line < y->line ? -1 : 1;
	return by_pc(a, b);
}

/* Two copies of a function can begin with the same instruction: it is one place. */
static size_t drop_repeats(struct resolved *found, size_t n)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++)
		if (!kept || found[kept - 1].pc != found[i].pc ||
		    found[kept - 1].line != found[i].line || found[kept - 1].file != found[i].file)
			found[kept++] = found[i];
	return kept;
}

struct error *resolve_place(const struct place_spec *place, struct plan_module *module,
			    struct arena *arena, struct resolved **found, size_t *n)
{
	struct lookup lookup = {.place = place, .module = module, .dw = module->dw, .arena = arena};
	struct error *err = lookup_any(&lookup);

	if (err)
		return err;
	if (lookup.n)
		qsort(lookup.found, lookup.n, sizeof(*lookup.found),
		      place->form == PLACE_ALL ? by_line : by_pc);
	*found = lookup.found;
	*n = drop_repeats(lookup.found, lookup.n);
	return NULL;
}
