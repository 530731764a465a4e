/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One function and one of its instances, from their DIEs. A function is the DIE at the end of the
 * abstract origins; out-of-line and inlined copies refer to it (DWARF 5, section 3.3.8).
 */
#include "dwarf/dw_private.h"

struct dw_functions {
	struct map by_root;
};

void dw_die_root(Dwarf_Die *die, Dwarf_Die *root)
{
	Dwarf_Attribute attr;
	Dwarf_Die next;

	*root = *die;
	for (int i = 0; i < DW_MAX_CHAIN; i++) {
		if (!dwarf_attr(root, DW_AT_abstract_origin, &attr) ||
		    !dwarf_formref_die(&attr, &next))
			return;
		*root = next;
	}
}

static const char *linkage_name(Dwarf_Die *die)
{
	Dwarf_Attribute attr;

	if (dwarf_attr_integrate(die, DW_AT_linkage_name, &attr) ||
	    dwarf_attr_integrate(die, DW_AT_MIPS_linkage_name, &attr))
		return dwarf_formstring(&attr);
	return NULL;
}

static unsigned number_of(Dwarf_Die *die, unsigned name)
{
	Dwarf_Attribute attr;
	Dwarf_Word value;

	if (dwarf_formudata(dwarf_attr_integrate(die, name, &attr), &value) != 0 ||
	    value > UINT32_MAX)
		return 0;
	return (unsigned)value;
}

static struct dw_function *read_function(struct dw *dw, Dwarf_Die *root, u64 offset)
{
	struct dw_function *function = arena_alloc(dw->arena, sizeof(*function));
	Dwarf_Attribute attr;
	bool external = false;

	function->name = dw_die_name(root);
	function->linkage_name = linkage_name(root);
	function->decl_file = dw_die_file(dw, root, DW_AT_decl_file);
	function->decl_line = number_of(root, DW_AT_decl_line);
	dwarf_formflag(dwarf_attr_integrate(root, DW_AT_external, &attr), &external);
	function->is_external = external;
	function->die = offset;
	return function;
}

const struct dw_function *dw_function_of(struct dw *dw, Dwarf_Die *die)
{
	struct dw_function *function;
	Dwarf_Die root;
	u64 offset;

	if (!dw->functions) {
		dw->functions = arena_alloc(dw->arena, sizeof(*dw->functions));
		map_init(&dw->functions->by_root, dw->arena);
	}
	dw_die_root(die, &root);
	offset = dw_die_offset(dw, &root);
	function = map_get(&dw->functions->by_root, offset);
	if (!function) {
		function = read_function(dw, &root, offset);
		map_put(&dw->functions->by_root, offset, function);
	}
	return function;
}

/* DW_AT_entry_pc is an address, or in DWARF 5 also a constant that counts from DW_AT_low_pc. */
static u64 entry_of(Dwarf_Die *die, const struct pc_range *ranges, size_t n)
{
	Dwarf_Attribute attr;
	Dwarf_Addr low, entry;
	Dwarf_Word offset;
	bool has_low = dwarf_lowpc(die, &low) == 0;

	if (!has_low)
		low = ranges[0].start;
	if (dwarf_attr(die, DW_AT_entry_pc, &attr)) {
		if (dwarf_formaddr(&attr, &entry) != 0)
			entry = dwarf_formudata(&attr, &offset) == 0 ? low + offset : low;
	} else {
		entry = low;
	}
	for (size_t i = 0; i < n; i++)
		if (entry >= ranges[i].start && entry < ranges[i].end)
			return entry;
	return ranges[0].start;
}

bool dw_instance_of(struct dw *dw, Dwarf_Die *die, struct arena *arena,
		    struct dw_instance *instance)
{
	struct pc_range *ranges;
	size_t n = dw_die_ranges(dw, die, arena, &ranges);

	if (!n)
		return false;
	*instance = (struct dw_instance){
		.function = dw_function_of(dw, die),
		.is_inlined = dwarf_tag(die) == DW_TAG_inlined_subroutine,
		.entry = entry_of(die, ranges, n),
		.ranges = ranges,
		.n_ranges = n,
		.die = dw_die_offset(dw, die),
	};
	if (instance->is_inlined) {
		instance->call_file = dw_die_file(dw, die, DW_AT_call_file);
		instance->call_line = number_of(die, DW_AT_call_line);
	}
	return true;
}

/* An attribute that is one expression (no location list) and begins with this operator. */
static bool is_expression(Dwarf_Die *die, unsigned attribute, u8 first, u8 last)
{
	Dwarf_Attribute attr;
	Dwarf_Op *ops;
	size_t n;

	if (!dwarf_attr(die, attribute, &attr) || dwarf_whatform(&attr) == DW_FORM_sec_offset ||
	    dwarf_whatform(&attr) == DW_FORM_loclistx || dwarf_getlocation(&attr, &ops, &n) != 0)
		return false;
	return n >= 1 && ops[0].atom >= first && ops[0].atom <= last;
}

/* Of what the function itself declares: is an argument, or else a local, at a frame offset? */
static bool has_in_frame(Dwarf_Die *function, int tag, bool *any)
{
	Dwarf_Die child;
	bool in_frame = false;

	*any = false;
	if (dwarf_child(function, &child) != 0)
		return false;
	do {
		if (dwarf_tag(&child) != tag)
			continue;
		*any = true;
		in_frame |= is_expression(&child, DW_AT_location, DW_OP_fbreg, DW_OP_fbreg);
	} while (dw_next_sibling(&child));
	return in_frame;
}

bool dw_needs_prologue(struct dw *dw, u64 instance_die)
{
	Dwarf_Die function;
	bool any;

	if (!dw_die_at(dw, instance_die, &function))
		return false;
	if (has_in_frame(&function, DW_TAG_formal_parameter, &any))
		return true;
	/* clang: frame offsets count from the frame pointer, which the prologue sets */
	return !any && is_expression(&function, DW_AT_frame_base, DW_OP_reg0, DW_OP_reg31) &&
	       has_in_frame(&function, DW_TAG_variable, &any);
}
