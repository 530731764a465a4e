/* SPDX-License-Identifier: BSD-2-Clause */
#include "dwarf/die.h"

#include <string.h>

static size_t map_slot(const struct die_map *map, u64 key)
{
	size_t i = (key * 0x9e3779b97f4a7c15ULL) >> 20;

	for (i &= map->capacity - 1; map->values[i] && map->keys[i] != key;)
		i = (i + 1) & (map->capacity - 1);
	return i;
}

void *die_map_get(const struct die_map *map, u64 key)
{
	return map->capacity ? map->values[map_slot(map, key)] : NULL;
}

static void map_grow(struct die_map *map, struct arena *arena)
{
	struct die_map old = *map;

	map->capacity = old.capacity ? old.capacity * 2 : 64;
	map->keys = arena_array(arena, u64, map->capacity);
	map->values = arena_array(arena, void *, map->capacity);
	for (size_t i = 0; i < old.capacity; i++) {
		size_t slot;

		if (!old.values[i])
			continue;
		slot = map_slot(map, old.keys[i]);
		map->keys[slot] = old.keys[i];
		map->values[slot] = old.values[i];
	}
}

void die_map_put(struct die_map *map, u64 key, void *value, struct arena *arena)
{
	size_t slot;

	if (map->count * 2 >= map->capacity)
		map_grow(map, arena);
	slot = map_slot(map, key);
	if (!map->values[slot])
		map->count++;
	map->keys[slot] = key;
	map->values[slot] = value;
}

bool die_attr(Dwarf_Die *die, unsigned name, Dwarf_Attribute *attr)
{
	return dwarf_attr_integrate(die, name, attr) != NULL;
}

bool die_flag(Dwarf_Die *die, unsigned name)
{
	Dwarf_Attribute attr;
	bool flag = false;

	return die_attr(die, name, &attr) && dwarf_formflag(&attr, &flag) == 0 && flag;
}

bool die_is_signed_form(const Dwarf_Attribute *attr)
{
	return attr->form == DW_FORM_sdata || attr->form == DW_FORM_implicit_const;
}

bool die_attr_number(Dwarf_Attribute *attr, s64 *value)
{
	Dwarf_Sword number;
	Dwarf_Word word;

	if (die_is_signed_form(attr)) {
		if (dwarf_formsdata(attr, &number) != 0)
			return false;
		*value = number;
		return true;
	}
	if (dwarf_formudata(attr, &word) != 0)
		return false;
	*value = (s64)word;
	return true;
}

bool die_number(Dwarf_Die *die, unsigned name, s64 *value)
{
	Dwarf_Attribute attr;

	return die_attr(die, name, &attr) && die_attr_number(&attr, value);
}

bool die_ref(Dwarf_Die *die, unsigned name, Dwarf_Die *target)
{
	Dwarf_Attribute attr;

	return die_attr(die, name, &attr) && dwarf_formref_die(&attr, target) != NULL;
}

static const char *compilation_directory(Dwarf_Die *cu)
{
	Dwarf_Attribute attr;

	return dwarf_attr(cu, DW_AT_comp_dir, &attr) ? dwarf_formstring(&attr) : NULL;
}

const char *die_file(struct dw *dw, Dwarf_Die *die, unsigned name)
{
	Dwarf_Attribute attr;
	Dwarf_Word number;
	Dwarf_Files *files;
	size_t n;
	Dwarf_Die cu;
	const char *path, *dir;

	if (!die_attr(die, name, &attr) || dwarf_formudata(&attr, &number) != 0)
		return NULL;
	/* the number counts in the unit that the attribute stands in, not in this DIE's */
	if (!dwarf_cu_die(attr.cu, &cu, NULL, NULL, NULL, NULL, NULL, NULL))
		return NULL;
	if (dwarf_getsrcfiles(&cu, &files, &n) != 0 || number >= n)
		return NULL;
	path = dwarf_filesrc(files, number, NULL, NULL);
	if (!path || strcmp(path, "???") == 0)
		return NULL;
	dir = compilation_directory(&cu);
	if (path[0] == '/' || !dir)
		return path;
	return arena_printf(dw->arena, "%s/%s", dir, path);
}

unsigned die_line(Dwarf_Die *die, unsigned name)
{
	s64 line;

	return die_number(die, name, &line) && line > 0 ? (unsigned)line : 0;
}

bool die_has_tags(Dwarf_Die *die)
{
	Dwarf_Die cu;
	int language;

	if (!dwarf_diecu(die, &cu, NULL, NULL))
		return true;
	language = dwarf_srclang(&cu);
	switch (language) {
	case DW_LANG_C_plus_plus:
	case DW_LANG_C_plus_plus_03:
	case DW_LANG_C_plus_plus_11:
	case DW_LANG_C_plus_plus_14:
	case DW_LANG_Rust:
	case DW_LANG_Go:
	case DW_LANG_D:
	case DW_LANG_Swift: return false;
	default: return true;
	}
}

bool die_first(Dwarf_Die *die, Dwarf_Die *child)
{
	return dwarf_child(die, child) == 0;
}

bool die_next(Dwarf_Die *child)
{
	return dwarf_siblingof(child, child) == 0;
}

bool die_origin(Dwarf_Die *die, Dwarf_Die *origin)
{
	Dwarf_Attribute attr;

	return dwarf_attr(die, DW_AT_abstract_origin, &attr) && dwarf_formref_die(&attr, origin);
}
