/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Functions by name. A unit is read in two steps, each when it is first needed and once: the names
 * and bodies at file scope, without looking into bodies; and the inlined copies in the bodies,
 * which only units can hold that have the function, or that refer to other units at all (dwz, LTO).
 */
#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"
#include "dwarf/dw_private.h"
#include "elf/demangle.h"

struct named {
	const char *name;
	const char *linkage_name;
	u64 die;
};

struct body {
	struct pc_range range;
	u64 die;
	bool is_first; /* of the body's ranges */
};

struct copy {
	u64 root;
	u64 die;
};

struct unit_functions {
	struct named *names;
	size_t n_names;
	struct body *bodies; /* one for each range, sorted by start */
	size_t n_bodies;
	struct copy *copies; /* out of line and inlined */
	size_t n_copies;
	bool has_inlined;
	bool refers_out;
};

/* In C nothing but the top level can hold functions; elsewhere namespaces and types can. */
static bool can_hold_functions(int tag, bool is_c)
{
	switch (tag) {
	case DW_TAG_namespace:
	case DW_TAG_module: return true;
	case DW_TAG_structure_type:
	case DW_TAG_class_type:
	case DW_TAG_union_type:
	case DW_TAG_enumeration_type: return !is_c;
	default: return false;
	}
}

static bool is_c(const Dwarf_Die *unit)
{
	switch (dwarf_srclang((Dwarf_Die *)(uintptr_t)unit)) {
	case DW_LANG_C:
	case DW_LANG_C89:
	case DW_LANG_C99:
	case DW_LANG_C11:
	case DW_LANG_Mips_Assembler: return true;
	default: return false;
	}
}

struct scan {
	struct dw *dw;
	struct dw_unit *unit;
	struct unit_functions *functions;
	bool is_c;
	u32 budget; /* DIEs that may still be read: damaged trees can contain themselves */
};

enum { MAX_DIES = 1 << 26 }; /* of one unit */

static void add_copy(struct scan *scan, Dwarf_Die *die)
{
	Dwarf_Die root;

	dw_die_root(die, &root);
	*arena_push(scan->dw->arena, scan->functions->copies, scan->functions->n_copies) =
		(struct copy){dw_die_offset(scan->dw, &root), dw_die_offset(scan->dw, die)};
}

static void scan_children(struct scan *scan, Dwarf_Die *parent, int depth);

/* A nested function (GNU C) stands directly in the function around it. */
static void scan_subprogram(struct scan *scan, Dwarf_Die *die, int depth)
{
	struct unit_functions *functions = scan->functions;
	struct arena *arena = scan->dw->arena;
	u64 offset = dw_die_offset(scan->dw, die);
	struct pc_range *ranges;
	Dwarf_Attribute attr;
	const char *name;
	size_t n;

	if (dwarf_hasattr(die, DW_AT_declaration))
		return;
	if (!dwarf_hasattr(die, DW_AT_abstract_origin) && (name = dw_die_name(die))) {
		struct named *named = arena_push(arena, functions->names, functions->n_names);

		*named = (struct named){.name = name, .die = offset};
		if (dwarf_attr_integrate(die, DW_AT_linkage_name, &attr) ||
		    dwarf_attr_integrate(die, DW_AT_MIPS_linkage_name, &attr))
			named->linkage_name = dwarf_formstring(&attr);
	}
	n = dw_die_ranges(scan->dw, die, arena, &ranges);
	for (size_t i = 0; i < n; i++)
		*arena_push(arena, functions->bodies, functions->n_bodies) =
			(struct body){ranges[i], offset, i == 0};
	if (n)
		add_copy(scan, die);
	scan_children(scan, die, depth + 1);
}

static void scan_children(struct scan *scan, Dwarf_Die *parent, int depth)
{
	Dwarf_Die die;

	if (depth > DW_MAX_DEPTH || dwarf_child(parent, &die) != 0)
		return;
	do {
		int tag = dwarf_tag(&die);

		if (tag == DW_TAG_subprogram)
			scan_subprogram(scan, &die, depth);
		else if (can_hold_functions(tag, scan->is_c))
			scan_children(scan, &die, depth + 1);
	} while (scan->budget && scan->budget-- && dw_next_sibling(&die));
}

static int by_start(const void *a, const void *b)
{
	const struct body *x = a, *y = b;

	if (x->range.start != y->range.start)
		return x->range.start < y->range.start ? -1 : 1;
	return x->range.end > y->range.end ? -1 : x->range.end < y->range.end;
}

/* Has an abbreviation a DW_AT_abstract_origin that can lead into another unit or file? */
static bool leads_out(Dwarf_Abbrev *abbrev)
{
	size_t n;

	if (dwarf_getattrcnt(abbrev, &n) != 0)
		return false;
	for (size_t i = 0; i < n; i++) {
		unsigned name, form;

		if (dwarf_getabbrevattr(abbrev, i, &name, &form, NULL) == 0 &&
		    name == DW_AT_abstract_origin &&
		    (form == DW_FORM_ref_addr || form == DW_FORM_GNU_ref_alt ||
		     form == DW_FORM_ref_sup4 || form == DW_FORM_ref_sup8))
			return true;
	}
	return false;
}

static bool refers_out(Dwarf_Die *unit)
{
	enum { MAX_ABBREVIATIONS = 1 << 20 };
	Dwarf_Off offset = 0;

	for (size_t i = 0; i < MAX_ABBREVIATIONS; i++) {
		size_t len;
		Dwarf_Abbrev *abbrev = dwarf_getabbrev(unit, offset, &len);

		if (!abbrev || abbrev == DWARF_END_ABBREV)
			return false;
		if (leads_out(abbrev))
			return true;
		offset += len;
	}
	return true;
}

static struct unit_functions *get_functions(struct dw *dw, struct dw_unit *unit)
{
	struct scan scan = {dw, unit, NULL, is_c(&unit->die), MAX_DIES};

	if (unit->has_functions)
		return unit->functions;
	unit->has_functions = true;
	unit->functions = scan.functions = arena_alloc(dw->arena, sizeof(*scan.functions));
	scan_children(&scan, &unit->die, 0);
	scan.functions->refers_out = unit->is_compile_unit && refers_out(&unit->die);
	if (scan.functions->n_bodies)
		qsort(scan.functions->bodies, scan.functions->n_bodies, sizeof(struct body),
		      by_start);
	return scan.functions;
}

static void scan_inlined(struct scan *scan, Dwarf_Die *parent, int depth)
{
	Dwarf_Die die;

	if (depth > DW_MAX_DEPTH || dwarf_child(parent, &die) != 0)
		return;
	do {
		int tag = dwarf_tag(&die);

		if (tag == DW_TAG_inlined_subroutine)
			add_copy(scan, &die);
		if (tag == DW_TAG_inlined_subroutine || tag == DW_TAG_lexical_block ||
		    tag == DW_TAG_try_block || tag == DW_TAG_catch_block)
			scan_inlined(scan, &die, depth + 1);
	} while (scan->budget && scan->budget-- && dw_next_sibling(&die));
}

static void need_inlined(struct dw *dw, struct dw_unit *unit)
{
	struct unit_functions *functions = get_functions(dw, unit);
	struct scan scan = {dw, unit, functions, false, MAX_DIES};

	if (functions->has_inlined)
		return;
	functions->has_inlined = true;
	for (size_t i = 0; i < functions->n_bodies; i++) {
		Dwarf_Die die;

		if (functions->bodies[i].is_first && dw_die_at(dw, functions->bodies[i].die, &die))
			scan_inlined(&scan, &die, 0);
	}
}

static bool matches_qualified(const char *glob, const char *linkage_name)
{
	char *plain = linkage_name ? demangle(linkage_name) : NULL;
	bool match = plain && (!strcmp(plain, glob) || str_glob(glob, plain));

	free(plain);
	return match;
}

static bool matches(const char *glob, const struct named *named)
{
	if (!strcmp(glob, named->name) || str_glob(glob, named->name))
		return true;
	if (named->linkage_name &&
	    (!strcmp(glob, named->linkage_name) || str_glob(glob, named->linkage_name)))
		return true;
	return strstr(glob, "::") && matches_qualified(glob, named->linkage_name);
}

static int by_entry(const void *a, const void *b)
{
	const struct dw_instance *x = a, *y = b;

	if (x->entry != y->entry)
		return x->entry < y->entry ? -1 : 1;
	return x->die < y->die ? -1 : x->die > y->die;
}

struct error *dw_functions(struct dw *dw, const char *glob, struct arena *arena,
			   struct dw_instance **instances, size_t *n)
{
	static char wanted;
	struct map roots, homes;
	struct dw_instance *found = NULL, instance;
	size_t n_found = 0, n_units;
	struct dw_unit *units;

	map_init(&roots, arena);
	map_init(&homes, arena);
	n_units = dw_units(dw, &units);
	for (size_t i = 0; i < n_units; i++) {
		struct unit_functions *functions = get_functions(dw, &units[i]);

		for (size_t j = 0; j < functions->n_names; j++)
			if (matches(glob, &functions->names[j])) {
				map_put(&roots, functions->names[j].die, &wanted);
				map_put(&homes, i, &wanted);
			}
	}
	for (size_t i = 0; i < n_units && roots.used; i++) {
		struct unit_functions *functions = units[i].functions;
		Dwarf_Die die;

		if (functions->refers_out || map_get(&homes, i))
			need_inlined(dw, &units[i]);
		for (size_t j = 0; j < functions->n_copies; j++)
			if (map_get(&roots, functions->copies[j].root) &&
			    dw_die_at(dw, functions->copies[j].die, &die) &&
			    dw_instance_of(dw, &die, arena, &instance))
				*arena_push(arena, found, n_found) = instance;
	}
	if (n_found)
		qsort(found, n_found, sizeof(*found), by_entry);
	*instances = found;
	*n = n_found;
	return NULL;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

struct error *dw_function_names(struct dw *dw, const char *const **names, size_t *n)
{
	const char **all = NULL;
	struct dw_unit *units;
	size_t n_all = 0, n_units = dw_units(dw, &units), kept = 0;

	for (size_t i = 0; i < n_units; i++) {
		struct unit_functions *functions = get_functions(dw, &units[i]);

		for (size_t j = 0; j < functions->n_names; j++)
			*arena_push(dw->arena, all, n_all) = functions->names[j].name;
	}
	if (n_all)
		qsort(all, n_all, sizeof(*all), by_text);
	for (size_t i = 0; i < n_all; i++)
		if (!kept || strcmp(all[kept - 1], all[i]) != 0)
			all[kept++] = all[i];
	*names = all;
	*n = kept;
	return NULL;
}

/* The innermost body: a nested function's lies beside its parent's, never inside. */
static const struct body *body_at(struct dw *dw, struct dw_unit *unit, u64 pc)
{
	struct unit_functions *functions = get_functions(dw, unit);
	size_t low = 0, high = functions->n_bodies;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (functions->bodies[middle].range.start <= pc)
			low = middle + 1;
		else
			high = middle;
	}
	return low && pc < functions->bodies[low - 1].range.end ? &functions->bodies[low - 1]
								: NULL;
}

bool dw_subprogram_at(struct dw *dw, u64 pc, Dwarf_Die *die)
{
	struct dw_unit *unit = dw_unit_at(dw, pc);
	const struct body *body = unit ? body_at(dw, unit, pc) : NULL;

	return body && dw_die_at(dw, body->die, die);
}

static void add_nested(struct dw *dw, Dwarf_Die *parent, size_t outer, int depth,
		       struct arena *arena, struct dw_instance **instances, size_t *n)
{
	struct dw_instance instance;
	Dwarf_Die die;

	if (depth > DW_MAX_DEPTH || dwarf_child(parent, &die) != 0)
		return;
	do {
		int tag = dwarf_tag(&die);
		size_t self = outer;

		if (tag == DW_TAG_inlined_subroutine) {
			if (!dw_instance_of(dw, &die, arena, &instance))
				continue;
			instance.parent = outer;
			self = *n;
			*arena_push(arena, *instances, *n) = instance;
		} else if (tag != DW_TAG_lexical_block && tag != DW_TAG_try_block &&
			   tag != DW_TAG_catch_block) {
			continue;
		}
		add_nested(dw, &die, self, depth + 1, arena, instances, n);
	} while (dw_next_sibling(&die));
}

struct error *dw_body(struct dw *dw, u64 pc, struct arena *arena, struct dw_instance **instances,
		      size_t *n)
{
	struct dw_unit *unit = dw_unit_at(dw, pc);
	const struct body *body = unit ? body_at(dw, unit, pc) : NULL;
	struct dw_instance *found = NULL, outer;
	size_t n_found = 0;
	Dwarf_Die die;

	if (body && dw_die_at(dw, body->die, &die) && dw_instance_of(dw, &die, arena, &outer)) {
		*arena_push(arena, found, n_found) = outer;
		add_nested(dw, &die, 0, 0, arena, &found, &n_found);
	}
	*instances = found;
	*n = n_found;
	return NULL;
}

enum dw_marks dw_marks(struct dw *dw, u64 pc)
{
	struct dw_unit *unit = dw_unit_at(dw, pc);
	Dwarf_Attribute attr;
	const char *producer;

	if (!unit)
		return DW_MARKS_ROWS;
	producer = dwarf_formstring(dwarf_attr(&unit->die, DW_AT_producer, &attr));
	if (!producer || strncmp(producer, "GNU ", 4) != 0)
		return DW_MARKS_ROWS;
	producer = strstr(producer, " -O");
	return producer && producer[3] != '0' ? DW_MARKS_STATEMENTS : DW_MARKS_UNMOVED;
}
