/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is in scope at a pc: the chain of inlined copies and blocks from the function down, and the
 * variables of each. Compilers describe a copy of a function by an abstract instance and concrete
 * ones; gdb 13 is followed in what it makes of that (dwarf2/read.c):
 *
 * - The innermost scope is the first in post-order whose ranges have the pc, even where a parent's
 *   ranges don't (block ranges are recorded when a block is finished, first come).
 * - A lexical block without addresses isn't one: its variables belong to the block around it.
 * - What the abstract instance has and the concrete one doesn't refer to is there, optimized out
 *   (inherit_abstract_dies()).
 * - A variable without location is a declaration if it is external, else optimized out
 * (new_symbol()).
 */
#include <string.h>

#include "dwarf/die.h"

enum { MAX_SCOPES = 128, MAX_VARS = 10000 };

/* From the function down to the innermost block. */
struct path {
	Dwarf_Die dies[MAX_SCOPES];
	size_t n;
};

static bool is_body(Dwarf_Die *die)
{
	return dwarf_tag(die) == DW_TAG_inlined_subroutine || dwarf_tag(die) == DW_TAG_subprogram;
}

static bool has_addresses(Dwarf_Die *die)
{
	return dwarf_hasattr(die, DW_AT_low_pc) || dwarf_hasattr(die, DW_AT_ranges);
}

static bool find_path(Dwarf_Die *die, u64 pc, struct path *path, size_t depth)
{
	Dwarf_Die child;

	if (depth >= MAX_SCOPES)
		return false;
	path->dies[depth] = *die;
	for (bool ok = die_first(die, &child); ok; ok = die_next(&child))
		if (die_is_block(&child) && find_path(&child, pc, path, depth + 1))
			return true;
	if (depth && !(has_addresses(die) && dwarf_haspc(die, pc) == 1))
		return false;
	path->n = depth + 1;
	return true;
}

struct collector {
	struct dw *dw;
	struct arena *arena;
	struct dw_var *vars;
	size_t n_vars;
	u32 *blocks;
	size_t n_blocks;
	u32 block;
};

/* A static variable that the linker dropped has address 0. */
static bool is_dropped(Dwarf_Attribute *location)
{
	Dwarf_Op *ops;
	size_t n;

	return (location->form == DW_FORM_exprloc || location->form == DW_FORM_block1) &&
	       dwarf_getlocation(location, &ops, &n) == 0 && n == 1 && ops[0].atom == DW_OP_addr &&
	       ops[0].number == 0;
}

static bool is_shown(Dwarf_Die *die)
{
	Dwarf_Attribute attr;

	if (!dw_die_name(die))
		return false;
	if (dwarf_tag(die) == DW_TAG_formal_parameter || die_attr(die, DW_AT_const_value, &attr))
		return true;
	if (die_attr(die, DW_AT_location, &attr))
		return !is_dropped(&attr);
	return !die_flag(die, DW_AT_external) && !die_is_declaration(die);
}

static void fill_var(struct dw *dw, Dwarf_Die *die, struct dw_var *var)
{
	var->name = dw_die_name(die);
	var->kind = dwarf_tag(die) == DW_TAG_formal_parameter ? DW_ARGUMENT : DW_LOCAL;
	var->type = dw_type_of(dw, die);
	var->decl_file = dw_die_file(dw, die, DW_AT_decl_file);
	var->decl_line = die_line(die, DW_AT_decl_line);
	var->is_artificial = die_flag(die, DW_AT_artificial);
	var->is_external = die_flag(die, DW_AT_external);
	var->die = dw_die_offset(dw, die);
}

static void add_var(struct collector *collector, Dwarf_Die *die)
{
	if (collector->n_vars >= MAX_VARS || !is_shown(die))
		return;
	fill_var(collector->dw, die,
		 arena_push(collector->arena, collector->vars, collector->n_vars));
	*arena_push(collector->arena, collector->blocks, collector->n_blocks) = collector->block;
}

static void add_child(struct collector *collector, Dwarf_Die *child, int nested);

static void add_children(struct collector *collector, Dwarf_Die *die, int nested)
{
	Dwarf_Die child;

	for (bool ok = die_first(die, &child); ok; ok = die_next(&child))
		add_child(collector, &child, nested);
}

static void add_child(struct collector *collector, Dwarf_Die *child, int nested)
{
	int tag = dwarf_tag(child);

	if (tag == DW_TAG_variable || tag == DW_TAG_formal_parameter)
		add_var(collector, child);
	else if (tag == DW_TAG_lexical_block && !has_addresses(child) && nested < DW_MAX_DEPTH)
		add_children(collector, child, nested + 1);
}

/* Does a child of die stand for origin_child, through any number of abstract origins? */
static bool is_referred_to(struct dw *dw, Dwarf_Die *die, Dwarf_Die *origin_child)
{
	u64 wanted = dw_die_offset(dw, origin_child);
	Dwarf_Die child;

	for (bool ok = die_first(die, &child); ok; ok = die_next(&child)) {
		Dwarf_Die origin = child;

		for (int i = 0; i < DW_MAX_CHAIN && die_origin(&origin, &origin); i++)
			;
		if (dw_die_offset(dw, &origin) == wanted)
			return true;
	}
	return false;
}

static void add_inherited(struct collector *collector, Dwarf_Die *die)
{
	Dwarf_Die origin, child;

	if (!die_origin(die, &origin))
		return;
	for (bool ok = die_first(&origin, &child); ok; ok = die_next(&child)) {
		int tag = dwarf_tag(&child);

		if ((tag == DW_TAG_variable || tag == DW_TAG_formal_parameter ||
		     tag == DW_TAG_lexical_block) &&
		    !is_referred_to(collector->dw, die, &child))
			add_child(collector, &child, 0);
	}
}

/* The frame whose body is path[first], with its blocks up to path[last]. */
static void fill_frame(struct collector *collector, struct path *path, size_t first, size_t last,
		       struct dw_frame *frame)
{
	Dwarf_Die *body = &path->dies[first];

	collector->vars = NULL;
	collector->blocks = NULL;
	collector->n_vars = collector->n_blocks = 0;
	for (size_t i = last + 1; i-- > first;) {
		collector->block = (u32)(last - i);
		add_children(collector, &path->dies[i], 0);
		add_inherited(collector, &path->dies[i]);
	}
	frame->function = dw_function_of(collector->dw, body);
	dw_instance_of(collector->dw, body, collector->arena, &frame->instance);
	if (dwarf_tag(body) == DW_TAG_inlined_subroutine) {
		frame->call_file = dw_die_file(collector->dw, body, DW_AT_call_file);
		frame->call_line = die_line(body, DW_AT_call_line);
	}
	frame->vars = collector->vars;
	frame->n_vars = collector->n_vars;
	frame->block_of = collector->blocks;
}

struct error *dw_frames_at(struct dw *dw, u64 pc, struct arena *arena, struct dw_frame **frames,
			   size_t *n)
{
	struct collector collector = {.dw = dw, .arena = arena};
	struct path path = {};
	struct dw_frame *found = NULL;
	size_t count = 0, last;
	Dwarf_Die function;

	*frames = NULL;
	*n = 0;
	if (!dw_subprogram_at(dw, pc, &function) || !find_path(&function, pc, &path, 0))
		return NULL;
	last = path.n - 1;
	for (size_t i = path.n; i-- > 0;) {
		if (!is_body(&path.dies[i]))
			continue;
		fill_frame(&collector, &path, i, last, arena_push(arena, found, count));
		last = i - 1;
	}
	*frames = found;
	*n = count;
	return NULL;
}

struct error *dw_var_by_die(struct dw *dw, u64 die_offset, struct arena *arena, struct dw_var *var)
{
	Dwarf_Die die;

	if (!dw_die_at(dw, die_offset, &die))
		return error_new(ERROR_FAILED, "no debug information entry at 0x%llx",
				 (unsigned long long)die_offset);
	memset(var, 0, sizeof(*var));
	fill_var(dw, &die, var);
	return NULL;
}
