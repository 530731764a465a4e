/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Top-level DIEs by name: types that other units only declare, globals, enumerators. One unit can
 * be searched alone; the index over all units is made at the first question that needs it.
 */
#include <string.h>

#include "dwarf/die.h"

struct name_entry {
	const char *name;
	int tag;
	u64 die;
	u64 parent; /* an enumerator's enumeration */
	struct name_entry *next;
};

struct dw_names {
	struct map by_hash; /* chains of struct name_entry, in the order of the units */
};

enum { MAX_NAMESPACES = 16 };

static u64 hash_name(const char *name)
{
	u64 hash = 0xcbf29ce484222325ULL;

	for (; *name; name++)
		hash = (hash ^ (u8)*name) * 0x100000001b3ULL;
	return hash;
}

static bool tag_matches(int tag, unsigned wanted)
{
	bool is_struct = tag == DW_TAG_structure_type || tag == DW_TAG_class_type;

	if (wanted == DW_TAG_structure_type || wanted == DW_TAG_class_type)
		return is_struct;
	return wanted == 0 || tag == (int)wanted;
}

static bool has_name_to_find(int tag)
{
	switch (tag) {
	case DW_TAG_structure_type:
	case DW_TAG_class_type:
	case DW_TAG_union_type:
	case DW_TAG_enumeration_type:
	case DW_TAG_typedef:
	case DW_TAG_base_type:
	case DW_TAG_variable:
	case DW_TAG_subprogram: return true;
	default: return false;
	}
}

static bool is_group(int tag)
{
	return tag == DW_TAG_namespace || tag == DW_TAG_module;
}

/* Calls visit for every DIE of file scope until it returns false. */
struct visitor {
	bool (*visit)(struct visitor *visitor, Dwarf_Die *die, Dwarf_Die *parent);
	struct dw *dw;
	const char *name;
	unsigned tag;
	Dwarf_Die *found;
	Dwarf_Die *found_parent;
};

static bool visit_children(Dwarf_Die *parent, struct visitor *visitor, int nested)
{
	Dwarf_Die child;

	for (bool ok = die_first(parent, &child); ok; ok = die_next(&child)) {
		int tag = dwarf_tag(&child);

		if (tag == DW_TAG_imported_unit) {
			Dwarf_Die unit;

			if (nested < MAX_NAMESPACES && visitor->found &&
			    die_ref(&child, DW_AT_import, &unit) &&
			    !visit_children(&unit, visitor, nested + 1))
				return false;
			continue;
		}
		if (is_group(tag) && nested < MAX_NAMESPACES &&
		    !visit_children(&child, visitor, nested + 1))
			return false;
		if (has_name_to_find(tag) && !visitor->visit(visitor, &child, parent))
			return false;
		if (tag == DW_TAG_enumeration_type) {
			Dwarf_Die e;

			for (bool more = die_first(&child, &e); more; more = die_next(&e))
				if (dwarf_tag(&e) == DW_TAG_enumerator &&
				    !visitor->visit(visitor, &e, &child))
					return false;
		}
	}
	return true;
}

static bool visit_compare(struct visitor *visitor, Dwarf_Die *die, Dwarf_Die *parent)
{
	const char *name;

	if (!tag_matches(dwarf_tag(die), visitor->tag) || die_is_declaration(die))
		return true;
	name = dwarf_diename(die);
	if (!name || strcmp(name, visitor->name) != 0)
		return true;
	*visitor->found = *die;
	if (visitor->found_parent)
		*visitor->found_parent = *parent;
	return false;
}

bool dw_find_in_unit(Dwarf_Die *unit, const char *name, unsigned tag, Dwarf_Die *die)
{
	struct visitor visitor = {visit_compare, NULL, name, tag, die, NULL};

	return !visit_children(unit, &visitor, 0);
}

bool dw_find_enumerator_in_unit(Dwarf_Die *unit, const char *name, Dwarf_Die *enumeration,
				Dwarf_Die *die)
{
	struct visitor visitor = {visit_compare, NULL, name, DW_TAG_enumerator, die, enumeration};

	return !visit_children(unit, &visitor, 0);
}

static bool visit_declaration(struct visitor *visitor, Dwarf_Die *die, Dwarf_Die *parent)
{
	const char *name;

	if (dwarf_tag(die) != DW_TAG_variable || !die_is_declaration(die) ||
	    !die_flag(die, DW_AT_external))
		return true;
	name = dwarf_diename(die);
	if (!name || strcmp(name, visitor->name) != 0)
		return true;
	*visitor->found = *die;
	return false;
}

bool dw_find_declared_in_unit(Dwarf_Die *unit, const char *name, Dwarf_Die *die)
{
	struct visitor visitor = {visit_declaration, NULL, name, DW_TAG_variable, die, NULL};

	return !visit_children(unit, &visitor, 0);
}

static bool visit_add(struct visitor *visitor, Dwarf_Die *die, Dwarf_Die *parent)
{
	struct dw *dw = visitor->dw;
	const char *name = dwarf_diename(die);
	struct name_entry *entry, *first;
	u64 key;

	if (!name || die_is_declaration(die))
		return true;
	entry = arena_alloc(dw->arena, sizeof(*entry));
	entry->name = name;
	entry->tag = dwarf_tag(die);
	entry->die = dw_die_offset(dw, die);
	entry->parent = dw_die_offset(dw, parent);
	key = hash_name(name);
	first = map_get(&dw->names->by_hash, key);
	if (first) {
		/* the second place: the first of the chain stays the first, the rest in any order
		 */
		entry->next = first->next;
		first->next = entry;
	} else {
		map_put(&dw->names->by_hash, key, entry);
	}
	return true;
}

static void build_index(struct dw *dw)
{
	const Dwarf_Die *units;
	size_t n = dw_unit_dies(dw, &units);
	struct visitor visitor = {.visit = visit_add, .dw = dw};

	dw->names = arena_alloc(dw->arena, sizeof(*dw->names));
	map_init(&dw->names->by_hash, dw->arena);
	for (size_t i = 0; i < n; i++) {
		Dwarf_Die unit = units[i];

		visit_children(&unit, &visitor, 0);
	}
}

static struct name_entry *first_entry(struct dw *dw, const char *name)
{
	if (!dw->names)
		build_index(dw);
	return map_get(&dw->names->by_hash, hash_name(name));
}

static struct name_entry *find_entry(struct dw *dw, const char *name, unsigned tag)
{
	struct name_entry *entry = first_entry(dw, name);

	for (; entry; entry = entry->next)
		if (tag_matches(entry->tag, tag) && strcmp(entry->name, name) == 0)
			return entry;
	return NULL;
}

bool dw_find_top(struct dw *dw, const char *name, unsigned tag, Dwarf_Die *die)
{
	struct name_entry *entry = find_entry(dw, name, tag);

	return entry && dw_die_at(dw, entry->die, die);
}

bool dw_find_external(struct dw *dw, const char *name, Dwarf_Die *die)
{
	Dwarf_Die found;

	for (struct name_entry *entry = first_entry(dw, name); entry; entry = entry->next) {
		if (entry->tag != DW_TAG_variable || strcmp(entry->name, name) != 0 ||
		    !dw_die_at(dw, entry->die, &found) || !die_flag(&found, DW_AT_external))
			continue;
		*die = found;
		return true;
	}
	return false;
}

bool dw_find_enumerator(struct dw *dw, const char *name, Dwarf_Die *enumeration, Dwarf_Die *die)
{
	struct name_entry *entry = find_entry(dw, name, DW_TAG_enumerator);

	return entry && dw_die_at(dw, entry->die, die) && dw_die_at(dw, entry->parent, enumeration);
}
