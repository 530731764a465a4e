/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Location lists and range lists (DWARF 5, section 7.7.3 and 7.25), looked at before libdw 0.188
 * walks them: it believes an offset out of a table of offsets (initial_offset() of
 * dwarf_getlocation.c and dwarf_ranges.c), and a length of an expression above PTRDIFF_MAX
 * (getlocations_addr()), and reads outside of the section then.
 */
#include <string.h>

#include "base/cursor.h"
#include "dwarf/dw_private.h"

struct list {
	struct cursor section;
	u8 address_size;
};

static struct elf_file *file_of(struct dw *dw, Dwarf_CU *cu)
{
	Dwarf *dwarf = dwarf_cu_getdwarf(cu);

	return dwarf == dw->dbg ? dw->debug : dwarf == dw->alt ? dw->alt_file : NULL;
}

static bool open_section(struct elf_file *file, const char *name, struct cursor *cursor)
{
	const struct elf_section *section = file ? elf_file_section(file, name) : NULL;

	if (!section || !section->bytes)
		return false;
	*cursor = cursor_new(section->bytes, section->size);
	return true;
}

/* The number behind the form: of an entry in the table of offsets. */
static u64 index_of(const Dwarf_Attribute *attr, const struct cursor *info)
{
	struct cursor at = *info;

	if (attr->valp < at.start || attr->valp >= at.end)
		return UINT64_MAX;
	at.at = attr->valp;
	return cursor_uleb(&at);
}

/* Puts the cursor where the table says that the list begins. */
static bool seek_by_table(struct dw *dw, Dwarf_Attribute *attr, unsigned base_name,
			  struct list *list, u8 offset_size)
{
	struct cursor info, *section = &list->section;
	Dwarf_Attribute base_attr;
	Dwarf_Word base;
	Dwarf_Die unit;
	u64 index, offset;

	if (!open_section(file_of(dw, attr->cu), ".debug_info", &info) ||
	    !dwarf_cu_die(attr->cu, &unit, NULL, NULL, NULL, NULL, NULL, NULL) ||
	    !dwarf_attr(&unit, base_name, &base_attr) || dwarf_formudata(&base_attr, &base) != 0)
		return false;
	index = index_of(attr, &info);
	if (base > cursor_left(section) || index > cursor_left(section))
		return false;
	cursor_seek(section, base + index * offset_size);
	offset = cursor_unsigned(section, offset_size);
	if (section->failed || base + offset < base)
		return false;
	cursor_seek(section, base + offset);
	return !section->failed && cursor_left(section);
}

/* What stands in an entry before its expression: u a ULEB128 number, a an address; NULL: the end.
 */
static const char *const entries[] = {
	[DW_LLE_base_addressx] = "u", [DW_LLE_startx_endx] = "uu",    [DW_LLE_startx_length] = "uu",
	[DW_LLE_offset_pair] = "uu",  [DW_LLE_default_location] = "", [DW_LLE_base_address] = "a",
	[DW_LLE_start_end] = "aa",    [DW_LLE_start_length] = "au",
};

/* libdw ends a list at an entry that it doesn't know. */
static bool has_whole_expressions(struct list *list)
{
	struct cursor *at = &list->section;

	for (;;) {
		u64 kind = cursor_unsigned(at, 1);
		const char *fields = kind < ARRAY_LEN(entries) ? entries[kind] : NULL;

		if (at->failed || !fields)
			return !at->failed;
		for (; *fields; fields++)
			*fields == 'u' ? cursor_uleb(at) : cursor_unsigned(at, list->address_size);
		if (kind != DW_LLE_base_addressx && kind != DW_LLE_base_address)
			cursor_skip(at, cursor_uleb(at));
	}
}

static bool find_list(struct dw *dw, Dwarf_Attribute *attr, const char *section, unsigned base_name,
		      struct list *list)
{
	u8 offset_size;
	Dwarf_Word offset;
	Dwarf_Die unit;

	if (!dwarf_cu_die(attr->cu, &unit, NULL, NULL, &list->address_size, &offset_size, NULL,
			  NULL) ||
	    !open_section(file_of(dw, attr->cu), section, &list->section))
		return false;
	if (dwarf_whatform(attr) != DW_FORM_sec_offset)
		return seek_by_table(dw, attr, base_name, list, offset_size);
	if (dwarf_formudata(attr, &offset) != 0)
		return false;
	cursor_seek(&list->section, offset);
	return !list->section.failed;
}

static bool is_list_of_5(const Dwarf_Attribute *attr)
{
	Dwarf_Half version = 0;
	Dwarf_Die unit;

	return dwarf_cu_die(attr->cu, &unit, &version, NULL, NULL, NULL, NULL, NULL) &&
	       version >= 5 && attr->form == DW_FORM_sec_offset;
}

bool dw_locations_fit(struct dw *dw, Dwarf_Attribute *attr)
{
	struct list list;

	if (attr->form != DW_FORM_loclistx && !is_list_of_5(attr))
		return true;
	return find_list(dw, attr, ".debug_loclists", DW_AT_loclists_base, &list) &&
	       has_whole_expressions(&list);
}

bool dw_ranges_fit(struct dw *dw, Dwarf_Die *die)
{
	Dwarf_Attribute attr;
	struct list list;

	return !dwarf_attr(die, DW_AT_ranges, &attr) || attr.form != DW_FORM_rnglistx ||
	       find_list(dw, &attr, ".debug_rnglists", DW_AT_rnglists_base, &list);
}
