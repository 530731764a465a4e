/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The unit index: which unit has the code at an address. It is built from the unit DIEs alone
 * (their DW_AT_low_pc, DW_AT_high_pc and DW_AT_ranges), as .debug_aranges is not written by clang
 * and rustc.
 */
#include <stdlib.h>
#include <string.h>

#include "dwarf/dw_private.h"

struct unit_range {
	struct pc_range range;
	u32 unit;
};

struct dw_index {
	struct dw_unit *units;
	size_t n_units;
	size_t n_own;		   /* the rest are the alternate file's */
	struct unit_range *ranges; /* sorted by start */
	size_t n_ranges;
	u64 longest; /* the longest range: how far back a covering one can start */
	Dwarf_Die *dies;
};

size_t dw_die_ranges(struct dw *dw, Dwarf_Die *die, struct arena *arena, struct pc_range **ranges)
{
	struct pc_range *found = NULL;
	Dwarf_Addr base, start, end;
	ptrdiff_t at = 0;
	size_t n = 0;

	*ranges = NULL;
	if (!dw_ranges_fit(dw, die))
		return 0;
	for (size_t i = 0; i < DW_MAX_RANGES; i++) {
		at = dwarf_ranges(die, at, &base, &start, &end);
		if (at <= 0)
			break;
		if (start < end && dw_is_code(dw, start) && dw_is_code(dw, end - 1))
			*arena_push(arena, found, n) = (struct pc_range){start, end};
	}
	*ranges = found;
	return n;
}

bool dw_next_sibling(Dwarf_Die *die)
{
	const void *before = die->addr;

	/* A damaged DW_AT_sibling may lead backwards, and so in circles. */
	return dwarf_siblingof(die, die) == 0 && (const char *)die->addr > (const char *)before;
}

/* Units written by hand may have no range of their own: take those of their functions. */
static size_t function_ranges(struct dw *dw, Dwarf_Die *cu, struct pc_range **ranges)
{
	struct pc_range *all = NULL, *some;
	size_t n = 0, n_some;
	Dwarf_Die die;

	if (dwarf_child(cu, &die) != 0)
		return 0;
	do {
		if (dwarf_tag(&die) != DW_TAG_subprogram)
			continue;
		n_some = dw_die_ranges(dw, &die, dw->arena, &some);
		for (size_t i = 0; i < n_some && n < DW_MAX_RANGES; i++)
			*arena_push(dw->arena, all, n) = some[i];
	} while (dw_next_sibling(&die));
	*ranges = all;
	return n;
}

static void add_unit(struct dw *dw, Dwarf_Die *die, u8 type)
{
	struct dw_index *index = dw->index;
	struct dw_unit *unit = arena_push(dw->arena, index->units, index->n_units);
	Dwarf_Attribute attr;

	unit->die = *die;
	unit->offset = dw_die_offset(dw, die);
	unit->is_compile_unit =
		(dwarf_tag(die) == DW_TAG_compile_unit || dwarf_tag(die) == DW_TAG_skeleton_unit) &&
		(type == DW_UT_compile || type == DW_UT_skeleton);
	unit->comp_dir = dwarf_formstring(dwarf_attr(die, DW_AT_comp_dir, &attr));
	if (!unit->is_compile_unit)
		return;
	unit->n_ranges = dw_die_ranges(dw, die, dw->arena, &unit->ranges);
	if (!unit->n_ranges && !dwarf_hasattr(die, DW_AT_ranges) &&
	    !dwarf_hasattr(die, DW_AT_low_pc))
		unit->n_ranges = function_ranges(dw, die, &unit->ranges);
}

static void read_units(struct dw *dw, Dwarf *dwarf)
{
	Dwarf_CU *cu = NULL;
	Dwarf_Die die, sub;
	Dwarf_Half version;
	uint8_t type;

	if (!dwarf)
		return;
	while (dw->index->n_units < DW_MAX_UNITS &&
	       dwarf_get_units(dwarf, cu, &cu, &version, &type, &die, &sub) == 0)
		if (die.addr)
			add_unit(dw, &die, type);
}

static int by_start(const void *a, const void *b)
{
	const struct unit_range *x = a, *y = b;

	if (x->range.start != y->range.start)
		return x->range.start < y->range.start ? -1 : 1;
	return x->range.end < y->range.end ? -1 : x->range.end > y->range.end;
}

static void sort_ranges(struct dw *dw)
{
	struct dw_index *index = dw->index;

	for (size_t i = 0; i < index->n_units; i++) {
		struct dw_unit *unit = &index->units[i];

		for (size_t j = 0; j < unit->n_ranges; j++) {
			struct pc_range range = unit->ranges[j];

			*arena_push(dw->arena, index->ranges, index->n_ranges) =
				(struct unit_range){range, (u32)i};
			index->longest = max_u64(index->longest, range.end - range.start);
		}
	}
	if (index->n_ranges)
		qsort(index->ranges, index->n_ranges, sizeof(*index->ranges), by_start);
}

static struct dw_index *get_index(struct dw *dw)
{
	if (dw->index)
		return dw->index;
	dw->index = arena_alloc(dw->arena, sizeof(*dw->index));
	read_units(dw, dw->dbg);
	dw->index->n_own = dw->index->n_units;
	read_units(dw, dw->alt);
	sort_ranges(dw);
	dw->index->dies = arena_array(dw->arena, Dwarf_Die, dw->index->n_units);
	for (size_t i = 0; i < dw->index->n_units; i++)
		dw->index->dies[i] = dw->index->units[i].die;
	return dw->index;
}

size_t dw_units(struct dw *dw, struct dw_unit **units)
{
	*units = get_index(dw)->units;
	return dw->index->n_units;
}

struct dw_unit *dw_unit_at(struct dw *dw, u64 pc)
{
	enum { LOOK_BACK = 4096 };
	struct dw_index *index = get_index(dw);
	size_t low = 0, high = index->n_ranges;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (index->ranges[middle].range.start <= pc)
			low = middle + 1;
		else
			high = middle;
	}
	for (size_t i = low; i-- > 0 && low - i < LOOK_BACK;) {
		const struct unit_range *found = &index->ranges[i];

		if (pc < found->range.end)
			return &index->units[found->unit];
		if (pc - found->range.start >= index->longest)
			break;
	}
	return NULL;
}

bool dw_unit_die_at(struct dw *dw, u64 pc, Dwarf_Die *cu)
{
	struct dw_unit *unit = dw_unit_at(dw, pc);

	if (unit)
		*cu = unit->die;
	return unit != NULL;
}

bool dw_is_go(struct dw *dw, u64 pc)
{
	struct dw_unit *unit = dw_unit_at(dw, pc);

	return unit ? dwarf_srclang(&unit->die) == DW_LANG_Go : elf_file_is_go(dw_file(dw));
}

const char *dw_split_at(struct dw *dw, u64 pc)
{
	struct dw_unit *unit = dw_unit_at(dw, pc);
	Dwarf_Attribute attr;

	if (!unit || (!dwarf_attr(&unit->die, DW_AT_dwo_name, &attr) &&
		      !dwarf_attr(&unit->die, DW_AT_GNU_dwo_name, &attr)))
		return NULL;
	return dwarf_formstring(&attr);
}

size_t dw_unit_dies(struct dw *dw, const Dwarf_Die **cus)
{
	*cus = get_index(dw)->dies;
	return dw->index->n_units;
}

struct dw_unit *dw_unit_of(struct dw *dw, Dwarf_Die *die)
{
	struct dw_index *index = get_index(dw);
	Dwarf_Die cu;
	u64 offset;

	if (!dwarf_cu_die(die->cu, &cu, NULL, NULL, NULL, NULL, NULL, NULL))
		return NULL;
	offset = dw_die_offset(dw, &cu);
	for (size_t low = 0, high = index->n_units; low < high;) {
		size_t middle = low + (high - low) / 2;
		u64 there = index->units[middle].offset;

		if (there == offset)
			return &index->units[middle];
		if (there < offset)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

bool dw_die_at(struct dw *dw, u64 offset, Dwarf_Die *die)
{
	Dwarf *dwarf = offset & DW_ALT_OFFSET ? dw->alt : dw->dbg;
	Dwarf_Off plain = offset & ~(DW_ALT_OFFSET | DW_TYPES_OFFSET);

	if (!dwarf)
		return false;
	return offset & DW_TYPES_OFFSET ? dwarf_offdie_types(dwarf, plain, die) != NULL
					: dwarf_offdie(dwarf, plain, die) != NULL;
}

u64 dw_die_offset(struct dw *dw, Dwarf_Die *die)
{
	u64 offset = dwarf_dieoffset(die);
	Dwarf_Half version;
	uint8_t type;

	if (dw->alt && dwarf_cu_getdwarf(die->cu) == dw->alt)
		offset |= DW_ALT_OFFSET;
	/* Type units of DWARF 4 lie in a section of their own, with offsets of its own. */
	if (!dwarf_cu_info(die->cu, &version, &type, NULL, NULL, NULL, NULL, NULL) &&
	    version == 4 && type == DW_UT_type)
		offset |= DW_TYPES_OFFSET;
	return offset;
}

const char *dw_die_name(Dwarf_Die *die)
{
	Dwarf_Attribute attr;

	return dwarf_formstring(dwarf_attr_integrate(die, DW_AT_name, &attr));
}
