/* SPDX-License-Identifier: BSD-2-Clause */
/* FUNC and its forms: all bodies and inlined copies, their lines, their returns. */
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/strbuf.h"
#include "elf/demangle.h"
#include "plan/choose.h"
#include "plan/prologue.h"
#include "plan/resolve_private.h"

static bool symbol_matches(const struct elf_symbol *symbol, const char *name)
{
	bool match;
	char *plain;

	if (!symbol->is_function)
		return false;
	if (!strcmp(symbol->name, name))
		return true;
	if (!strstr(name, "::") || strncmp(symbol->name, "_", 1) != 0)
		return false;
	plain = demangle(symbol->name);
	match = plain && !strcmp(plain, name);
	free(plain);
	return match;
}

static bool is_rest(struct lookup *lookup, const struct dw_instance *instance)
{
	return !instance->is_inlined && begins_inside(lookup->dw, instance);
}

/* The first instruction can be of an inlined copy, and its line is that copy's then. */
static bool has_foreign_line(const struct resolved *resolved, const struct dw_function *function)
{
	return resolved->function_die != function->die ||
	       (resolved->file && strcmp(resolved->file, function->decl_file) != 0);
}

static void set_function(struct resolved *resolved, const struct dw_instance *instance)
{
	const struct dw_function *function = instance->function;

	if (function->decl_file && function->decl_line && has_foreign_line(resolved, function)) {
		resolved->file = function->decl_file;
		resolved->line = function->decl_line;
	}
	resolved->function = function->name;
	resolved->function_die = function->die;
	resolved->is_inlined = instance->is_inlined;
}

static void add_instance(struct lookup *lookup, const struct dw_instance *instance)
{
	const char *why = instance->is_inlined ? "the first instruction of an inlined copy"
					       : "the function's first instruction";
	u64 pc = instance->entry;

	if (!instance->is_inlined && dw_needs_prologue(lookup->dw, instance->die)) {
		pc = prologue_end(lookup->dw, instance);
		if (pc != instance->entry)
			why = "behind the prologue: only then are its variables in memory";
	}
	set_function(lookup_add(lookup, pc, why), instance);
}

/* Functions that only the symbol table knows: of objects built without -g. */
/*
 * Is a place that was found by debug information inside the symbol? gcc for arm64 lets a function
 * begin behind its patchable nops there, and at them as a symbol.
 */
static bool holds_known(const struct lookup *lookup, size_t n_known, const struct elf_symbol *symbol)
{
	for (size_t i = 0; i < n_known; i++)
		if (lookup->found[i].pc - symbol->pc < symbol->size)
			return true;
	return false;
}

static struct error *add_symbols(struct lookup *lookup,
				 void (*add)(struct lookup *lookup,
					     const struct elf_symbol *symbol))
{
	const struct elf_symbol *symbols;
	size_t n = elf_file_symbols(lookup->module->file, &symbols);
	const struct elf_symbol *indirect = NULL;
	struct dw_instance *instances;
	size_t n_instances;
	size_t n_known = lookup->n;

	for (size_t i = 0; i < n; i++) {
		struct error *err;

		if (!symbol_matches(&symbols[i], lookup->place->name))
			continue;
		if (symbols[i].is_indirect) {
			indirect = &symbols[i];
			continue;
		}
		err = dw_body(lookup->dw, symbols[i].pc, lookup->arena, &instances, &n_instances);
		if (err)
			return err;
		/* a body that begins here was found by its name already */
		if (!n_known || (!n_instances && !holds_known(lookup, n_known, &symbols[i])))
			add(lookup, &symbols[i]);
	}
	if (indirect && !n_known)
		return error_cure(error_new(ERROR_NOT_FOUND,
					    "%s is chosen among several versions when the "
					    "program starts; it has no code of its own",
					    lookup->place->name),
				  "`snapline list -x %s funcs '*%s*'` shows the versions",
				  lookup->module->shown, lookup->place->name);
	return NULL;
}

/* The symbol can be another name of a function that is described: free and __libc_free. */
static const struct dw_instance *described(struct lookup *lookup, const struct elf_symbol *symbol)
{
	_cleanup_(error_freep) struct error *err = NULL;
	struct dw_instance *instances;
	size_t n = 0;

	err = dw_body(lookup->dw, symbol->pc, lookup->arena, &instances, &n);
	return !err && n && instances[0].entry == symbol->pc ? &instances[0] : NULL;
}

static void add_symbol(struct lookup *lookup, const struct elf_symbol *symbol)
{
	const struct dw_instance *instance = described(lookup, symbol);

	if (instance)
		add_instance(lookup, instance);
	else
		lookup_add(lookup, symbol->pc,
			   "the symbol's address; no debug information describes it")
			->function = symbol->name;
}

/* It has an entry, but no lines. */
static struct error *symbol_alone(const struct lookup *lookup, const struct elf_symbol *symbol)
{
	const char *split = dw_split_at(lookup->dw, symbol->pc);
	struct error *err = error_new(ERROR_NOT_FOUND,
				      "%s: %s has %s in its symbol table alone, and no debug "
				      "information describes it",
				      lookup->place->text, lookup->module->shown, symbol->name);

	if (split)
		return error_cure(err, "It lies in %s, which isn't read (split DWARF)", split);
	return error_cure(err, "Give the function itself, or an address in it: *0xADDR");
}

struct error *unknown_function(struct lookup *lookup)
{
	const char *name = lookup->place->name, *near;
	struct suggestions suggestions = {.wanted = name};
	const struct elf_symbol *symbols;
	const char *const *names;
	size_t n;
	struct error *err = dw_function_names(lookup->dw, &names, &n);

	if (err)
		return err;
	for (size_t i = 0; i < n; i++) {
		if (!strcmp(names[i], name))
			return error_cure(error_new(ERROR_NOT_FOUND,
						    "%s has no code of %s: the compiler has "
						    "merged all of it into its callers",
						    lookup->module->shown, name),
					  "Give a line of a caller");
		suggest_consider(&suggestions, names[i]);
	}
	n = elf_file_symbols(lookup->module->file, &symbols);
	for (size_t i = 0; i < n; i++) {
		if (!symbols[i].is_function)
			continue;
		if (!strcmp(symbols[i].name, name))
			return symbol_alone(lookup, &symbols[i]);
		suggest_consider(&suggestions, symbols[i].name);
	}
	err = error_new(ERROR_NOT_FOUND, "%s has no function %s", lookup->module->shown, name);
	near = suggest_text(&suggestions, lookup->arena);
	if (near)
		return error_cure(err, "Did you mean %s?", near);
	if (!dw_has_info(lookup->dw))
		return error_cure(err, "%s", dw_missing(lookup->dw));
	return error_cure(err, "`snapline list -x %s funcs` shows all", lookup->module->shown);
}

/* A pattern in a name is a name: only `list` takes globs. */
static struct error *instances_of(struct lookup *lookup, struct dw_instance **instances, size_t *n)
{
	return dw_functions(lookup->dw, lookup->place->name, lookup->arena, instances, n);
}

struct error *lookup_function(struct lookup *lookup)
{
	struct dw_instance *instances;
	size_t n;
	struct error *err = instances_of(lookup, &instances, &n);

	if (err)
		return err;
	for (size_t i = 0; i < n; i++)
		if (!is_rest(lookup, &instances[i]))
			add_instance(lookup, &instances[i]);
	err = add_symbols(lookup, add_symbol);
	if (!err && !lookup->n)
		return unknown_function(lookup);
	return err;
}

static struct resolved *add_entry(struct lookup *lookup, u64 pc)
{
	return lookup_add(lookup, pc, "the function's first instruction");
}

static void add_symbol_entry(struct lookup *lookup, const struct elf_symbol *symbol)
{
	const struct dw_instance *instance = described(lookup, symbol);
	struct resolved *resolved = add_entry(lookup, symbol->pc);

	if (instance)
		set_function(resolved, instance);
	resolved->function = symbol->name;
}

struct error *lookup_entries(struct lookup *lookup)
{
	struct dw_instance *instances;
	size_t n;
	struct error *err = instances_of(lookup, &instances, &n);

	for (size_t i = 0; !err && i < n; i++) {
		if (instances[i].is_inlined || is_rest(lookup, &instances[i]))
			continue;
		set_function(add_entry(lookup, instances[i].entry), &instances[i]);
	}
	if (!err)
		err = add_symbols(lookup, add_symbol_entry);
	if (err || lookup->n)
		return err;
	if (n)
		return error_cure(error_new(ERROR_NOT_FOUND,
					    "%s is inlined everywhere: it has no entry of its own",
					    lookup->place->name),
				  "Give two lines, one behind the other");
	return unknown_function(lookup);
}

static struct error *add_returns(struct lookup *lookup, const struct pc_range *ranges,
				 size_t n_ranges, const char *function)
{
	const char *note = NULL;
	struct function_exit *exits;
	size_t n;
	struct error *err =
		choose_returns(lookup->dw, ranges, n_ranges, lookup->arena, &exits, &n, &note);

	for (size_t i = 0; !err && i < n; i++) {
		struct resolved *resolved = lookup_add(
			lookup, exits[i].pc,
			note ? arena_printf(lookup->arena, "control leaves here; %s", note)
			     : "control leaves the function here");

		resolved->is_return = true;
		resolved->is_tail_call = exits[i].is_tail_call;
		resolved->function = function;
		resolved->is_inlined = false;
	}
	return err;
}

static void add_symbol_returns(struct lookup *lookup, const struct elf_symbol *symbol)
{
	struct pc_range range = {symbol->pc, symbol->pc + symbol->size};

	/* what can't be decoded has no returns, and is told as such when nothing else is found */
	error_free(add_returns(lookup, &range, 1, symbol->name));
}

struct error *lookup_returns(struct lookup *lookup)
{
	struct dw_instance *instances;
	bool is_inlined = false;
	size_t n;
	struct error *err = instances_of(lookup, &instances, &n);

	for (size_t i = 0; !err && i < n; i++) {
		is_inlined |= instances[i].is_inlined;
		if (!instances[i].is_inlined)
			err = add_returns(lookup, instances[i].ranges, instances[i].n_ranges,
					  instances[i].function->name);
	}
	if (!err)
		err = add_symbols(lookup, add_symbol_returns);
	if (err || lookup->n)
		return err;
	if (is_inlined)
		return error_cure(
			error_new(ERROR_NOT_FOUND,
				  "%s is inlined everywhere: it has no return instruction",
				  lookup->place->name),
			"Give the line behind the call");
	if (n)
		return error_new(ERROR_NOT_FOUND, "%s never returns", lookup->place->name);
	return unknown_function(lookup);
}

/* The functions behind the instances, each once. */
static size_t distinct_functions(struct lookup *lookup, const struct dw_instance *instances,
				 size_t n, const struct dw_function ***functions)
{
	const struct dw_function **distinct = NULL;
	struct map seen;
	size_t count = 0;

	map_init(&seen, lookup->arena);
	for (size_t i = 0; i < n; i++) {
		u64 key = (u64)(uintptr_t)instances[i].function;

		if (map_get(&seen, key))
			continue;
		map_put(&seen, key, (void *)(uintptr_t)key);
		*arena_push(lookup->arena, distinct, count) = instances[i].function;
	}
	*functions = distinct;
	return count;
}

static struct error *lines_of(struct lookup *lookup, const struct dw_function *function,
			      unsigned line)
{
	struct line_place *places;
	size_t n;
	struct error *err;

	if (!function->decl_file)
		return NULL;
	err = line_places(lookup->dw, function->decl_file, line, function->die, lookup->arena,
			  &places, &n);
	if (!err)
		lookup_add_lines(lookup, function->decl_file, places, n);
	return err;
}

struct error *lookup_function_lines(struct lookup *lookup)
{
	const struct dw_function **functions;
	struct dw_instance *instances;
	size_t n;
	struct error *err = instances_of(lookup, &instances, &n);

	if (err)
		return err;
	n = distinct_functions(lookup, instances, n, &functions);
	for (size_t i = 0; !err && i < n; i++)
		err = lines_of(lookup, functions[i], 0);
	return err;
}

static struct error *no_code(struct lookup *lookup, const struct dw_function *function)
{
	unsigned wanted = function->decl_line + lookup->place->line, before = 0, after = 0;
	struct error *err = lines_of(lookup, function, 0);

	if (err)
		return err;
	for (size_t i = 0; i < lookup->n; i++) {
		unsigned line = lookup->found[i].line;

		if (line < wanted && line > before)
			before = line;
		if (line > wanted && (!after || line < after))
			after = line;
	}
	err = error_new(ERROR_NOT_FOUND, "line %u of %s (%s:%u) has no code of it",
			lookup->place->line, function->name, function->decl_file, wanted);
	if (before && after)
		return error_cure(err, "The nearest that have some are %s:+%u and %s:+%u",
				  lookup->place->name, before - function->decl_line,
				  lookup->place->name, after - function->decl_line);
	if (before || after)
		return error_cure(err, "The nearest that has some is %s:+%u", lookup->place->name,
				  (before ? before : after) - function->decl_line);
	return err;
}

struct error *lookup_function_line(struct lookup *lookup)
{
	const struct dw_function **functions;
	struct dw_instance *instances;
	size_t n;
	struct error *err = instances_of(lookup, &instances, &n);

	if (err)
		return err;
	if (!n && !dw_has_info(lookup->dw))
		return error_new(ERROR_NOT_FOUND, "%s: lines need debug information: %s",
				 lookup->place->text, dw_missing(lookup->dw));
	n = distinct_functions(lookup, instances, n, &functions);
	if (!n)
		return unknown_function(lookup);
	for (size_t i = 0; !err && i < n; i++)
		if (functions[i]->decl_line)
			err = lines_of(lookup, functions[i],
				       functions[i]->decl_line + lookup->place->line);
	if (!err && !lookup->n)
		err = no_code(lookup, functions[0]);
	return err;
}

static int by_name(const void *a, const void *b)
{
	const struct listed_function *x = a, *y = b;
	int order = strcmp(x->name, y->name);

	return order ? order : x->pc < y->pc ? -1 : x->pc > y->pc;
}

static void list_instance(struct listed_function *listed, const struct dw_instance *instance)
{
	if (instance->is_inlined) {
		listed->n_inlined++;
		if (!listed->pc)
			listed->pc = instance->entry;
	} else if (!listed->n_bodies++) {
		listed->pc = instance->entry;
	}
}

struct error *resolve_functions(struct plan_module *module, const char *glob, struct arena *arena,
				struct listed_function **functions, size_t *n)
{
	struct listed_function *list = NULL;
	const struct elf_symbol *symbols;
	struct dw_instance *instances, *covered;
	size_t n_list = 0, n_instances, n_symbols, n_covered;
	struct map places, bodies;
	struct error *err;

	glob = glob ? glob : "*";
	map_init(&places, arena);
	map_init(&bodies, arena);
	err = dw_functions(module->dw, glob, arena, &instances, &n_instances);
	if (err)
		return err;
	for (size_t i = 0; i < n_instances; i++) {
		const struct dw_function *function = instances[i].function;
		size_t at = (size_t)(uintptr_t)map_get(&places, (u64)(uintptr_t)function);

		if (!at) {
			*arena_push(arena, list, n_list) = (struct listed_function){
				.name = function->name,
				.file = function->decl_file,
				.line = function->decl_line,
				.is_external = function->is_external,
			};
			at = n_list;
			map_put(&places, (u64)(uintptr_t)function, (void *)(uintptr_t)at);
		}
		list_instance(&list[at - 1], &instances[i]);
	}
	n_symbols = elf_file_symbols(module->file, &symbols);
	for (size_t i = 0; i < n_symbols; i++) {
		if (!symbols[i].is_function || symbols[i].is_indirect ||
		    !str_glob(glob, symbols[i].name))
			continue;
		err = dw_body(module->dw, symbols[i].pc, arena, &covered, &n_covered);
		if (err)
			return err;
		if (!n_covered)
			*arena_push(arena, list, n_list) = (struct listed_function){
				.name = symbols[i].name,
				.n_bodies = 1,
				.pc = symbols[i].pc,
				.is_external = symbols[i].is_global,
			};
	}
	if (n_list)
		qsort(list, n_list, sizeof(*list), by_name);
	*functions = list;
	*n = n_list;
	return NULL;
}
