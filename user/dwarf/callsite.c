/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Call sites (DWARF 5, section 3.4; before that GNU's DW_TAG_GNU_call_site, with its own attribute
 * names): what the caller knows about a call, which is how entry values are found.
 */
#include "dwarf/die.h"

enum { MAX_PARAMS = 64, MAX_SITES = 4096 };

static bool is_call_site(Dwarf_Die *die)
{
	return dwarf_tag(die) == DW_TAG_call_site || dwarf_tag(die) == DW_TAG_GNU_call_site;
}

/* One attribute under its standard or its GNU name. */
static bool site_attr(Dwarf_Die *die, unsigned standard, unsigned gnu, Dwarf_Attribute *attr)
{
	return dwarf_attr(die, standard, attr) || (gnu && dwarf_attr(die, gnu, attr));
}

static bool is_flagged(Dwarf_Die *die, unsigned standard, unsigned gnu)
{
	Dwarf_Attribute attr;
	bool flag = false;

	return site_attr(die, standard, gnu, &attr) && dwarf_formflag(&attr, &flag) == 0 && flag;
}

static bool return_pc_of(Dwarf_Die *die, u64 *pc)
{
	Dwarf_Attribute attr;

	return site_attr(die, DW_AT_call_return_pc, DW_AT_low_pc, &attr) &&
	       dwarf_formaddr(&attr, pc) == 0;
}

static const struct loc *site_loc(struct dw *dw, Dwarf_Die *die, unsigned standard, unsigned gnu,
				  struct arena *arena)
{
	Dwarf_Attribute attr;
	Dwarf_Op *ops;
	size_t n;

	if (!site_attr(die, standard, gnu, &attr) || dwarf_getlocation(&attr, &ops, &n) != 0)
		return NULL;
	return dw_decode(dw, &attr, ops, n, arena);
}

static void add_param(struct dw *dw, Dwarf_Die *die, struct arena *arena, struct dw_call_site *site)
{
	struct dw_call_param *param;
	Dwarf_Attribute attr;
	Dwarf_Die formal;

	if ((dwarf_tag(die) != DW_TAG_call_site_parameter &&
	     dwarf_tag(die) != DW_TAG_GNU_call_site_parameter) ||
	    site->n_params >= MAX_PARAMS)
		return;
	param = arena_push(arena, site->params, site->n_params);
	param->location = site_loc(dw, die, DW_AT_location, 0, arena);
	param->value = site_loc(dw, die, DW_AT_call_value, DW_AT_GNU_call_site_value, arena);
	param->data_value =
		site_loc(dw, die, DW_AT_call_data_value, DW_AT_GNU_call_site_data_value, arena);
	/* GNU's form names the callee's parameter by an abstract origin */
	if (site_attr(die, DW_AT_call_parameter, DW_AT_abstract_origin, &attr) &&
	    dwarf_formref_die(&attr, &formal))
		param->parameter = dw_die_offset(dw, &formal);
}

static void read_origin(struct dw *dw, Dwarf_Die *die, struct arena *arena,
			struct dw_call_site *site)
{
	struct dw_instance instance;
	Dwarf_Attribute attr;
	Dwarf_Die origin;

	if (!site_attr(die, DW_AT_call_origin, DW_AT_abstract_origin, &attr) ||
	    !dwarf_formref_die(&attr, &origin))
		return;
	site->origin = dw_die_offset(dw, &origin);
	site->is_declared = die_is_declaration(&origin);
	if (die_attr(&origin, DW_AT_linkage_name, &attr) ||
	    die_attr(&origin, DW_AT_MIPS_linkage_name, &attr))
		site->origin_name = dwarf_formstring(&attr);
	if (!site->origin_name)
		site->origin_name = dw_die_name(&origin);
	/* A function with a cold part has ranges and no low_pc. */
	if (!site->is_declared && dw_instance_of(dw, &origin, arena, &instance)) {
		site->has_target_pc = true;
		site->target_pc = instance.entry;
	}
}

static void fill_site(struct dw *dw, Dwarf_Die *die, struct arena *arena, struct dw_call_site *site)
{
	Dwarf_Die child;

	return_pc_of(die, &site->pc);
	site->is_tail_call = is_flagged(die, DW_AT_call_tail_call, DW_AT_GNU_tail_call);
	site->target = site_loc(dw, die, DW_AT_call_target, DW_AT_GNU_call_site_target, arena);
	read_origin(dw, die, arena, site);
	for (bool ok = die_first(die, &child); ok; ok = die_next(&child))
		add_param(dw, &child, arena, site);
}

static bool find_site(Dwarf_Die *scope, u64 return_pc, Dwarf_Die *site, int nested)
{
	Dwarf_Die child;
	u64 pc;

	for (bool ok = die_first(scope, &child); ok; ok = die_next(&child)) {
		if (is_call_site(&child) && return_pc_of(&child, &pc) && pc == return_pc) {
			*site = child;
			return true;
		}
		if (die_is_block(&child) && nested < DW_MAX_DEPTH &&
		    find_site(&child, return_pc, site, nested + 1))
			return true;
	}
	return false;
}

struct error *dw_call_site_at(struct dw *dw, u64 return_pc, struct arena *arena,
			      struct dw_call_site **site)
{
	Dwarf_Die function, die;

	*site = NULL;
	if (!dw_subprogram_at(dw, return_pc - 1, &function) ||
	    !find_site(&function, return_pc, &die, 0))
		return NULL;
	*site = arena_alloc(arena, sizeof(**site));
	fill_site(dw, &die, arena, *site);
	return NULL;
}

struct tail_calls {
	struct dw *dw;
	struct arena *arena;
	struct dw_call_site *sites;
	size_t n;
};

static void collect_tail_calls(struct tail_calls *found, Dwarf_Die *scope, int nested)
{
	Dwarf_Die child;

	for (bool ok = die_first(scope, &child); ok; ok = die_next(&child)) {
		if (is_call_site(&child) && found->n < MAX_SITES &&
		    is_flagged(&child, DW_AT_call_tail_call, DW_AT_GNU_tail_call))
			fill_site(found->dw, &child, found->arena,
				  arena_push(found->arena, found->sites, found->n));
		if (die_is_block(&child) && nested < DW_MAX_DEPTH)
			collect_tail_calls(found, &child, nested + 1);
	}
}

struct error *dw_tail_calls_at(struct dw *dw, u64 pc, struct arena *arena,
			       struct dw_call_site **sites, size_t *n)
{
	struct tail_calls found = {.dw = dw, .arena = arena};
	Dwarf_Die function;

	if (dw_subprogram_at(dw, pc, &function))
		collect_tail_calls(&found, &function, 0);
	*sites = found.sites;
	*n = found.n;
	return NULL;
}

static bool is_register(const struct loc_op *op, u64 *reg)
{
	if (op->opcode >= DW_OP_reg0 && op->opcode <= DW_OP_reg31)
		*reg = op->opcode - DW_OP_reg0;
	else if (op->opcode == DW_OP_regx || op->opcode == DW_OP_regval_type)
		*reg = (u64)op->a;
	else
		return false;
	return true;
}

/* "Memory that the register pointed to at entry": DW_OP_bregN 0, DW_OP_deref. */
static bool is_pointed(const struct loc *entry, u64 *reg)
{
	const struct loc_op *op = entry->ops;

	if (entry->n_ops != 2 || (op[1].opcode != DW_OP_deref && op[1].opcode != DW_OP_deref_size))
		return false;
	if (op->opcode >= DW_OP_breg0 && op->opcode <= DW_OP_breg31 && op->a == 0)
		*reg = op->opcode - DW_OP_breg0;
	else if (op->opcode == DW_OP_bregx && op->b == 0)
		*reg = (u64)op->a;
	else
		return false;
	return true;
}

const struct loc *dw_call_param_value(const struct dw_call_site *site, const struct loc *entry)
{
	u64 reg = 0, its;
	bool pointed;

	if (!entry || entry->n_ops == 0)
		return NULL;
	pointed = is_pointed(entry, &reg);
	for (size_t i = 0; i < site->n_params; i++) {
		const struct dw_call_param *param = &site->params[i];

		if (entry->ops[0].opcode == DW_OP_GNU_parameter_ref) {
			if (param->parameter == (u64)entry->ops[0].a)
				return param->value;
			continue;
		}
		if (!pointed && (entry->n_ops != 1 || !is_register(entry->ops, &reg)))
			return NULL;
		if (param->location && param->location->n_ops == 1 &&
		    is_register(param->location->ops, &its) && its == reg)
			return pointed ? param->data_value : param->value;
	}
	return NULL;
}
