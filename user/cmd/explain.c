/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `snapline explain`: the plan that an instrument would carry out, stage by stage. JSON, one object a line:
 *
 *	{"event":"place","probe","module","build_id","function","file","line","inlined","why",
 *	 "asked","asked_instruction","asked_cost","probed","probed_instruction","probed_cost","hit_ns","moved",
 *	 "gdb","gdb_pc","program","frames":[...],"condition","captures":[...],
 *	 "values":[{"name","missing","expression"}]}
 *	{"event":"program","program","condition":[instructions],"roots":[{"name","bytes"}],
 *	 "root_instructions":[...],"value_instructions":[...]}
 *	{"event":"pairs","made","returns","returns_by","why","tic":{"emulated","single_stepped"},"toc":{...}}
 *	{"event":"note","text"}
 */
#include <string.h>

#include "cmd/border.h"
#include "cmd/cmd.h"
#include "cmd/cmd_output.h"
#include "cmd/explain.h"
#include "cmd/host.h"
#include "cmd/overhead.h"
#include "cmd/privilege.h"
#include "load/load.h"

static const char *cost_name(enum insn_cost cost)
{
	static const char *const names[] = {
		[INSN_EMULATED] = "emulated: one trap",
		[INSN_SINGLE_STEP] = "single-stepped: two traps",
		[INSN_REFUSED] = "refused",
	};

	return names[cost];
}

static const char *instruction_text(const struct place *place, u64 pc, struct arena *arena)
{
	const struct arch *arch = elf_file_arch(place->module->file);
	struct insn insn;
	size_t len;
	const u8 *bytes = elf_file_bytes(place->module->file, pc, &len);

	if (!bytes || !arch->decode(bytes, len, pc, &insn))
		return "?";
	return arena_strdup(arena, insn.text);
}

static const char *build_id_text(const struct build_id *id, struct arena *arena)
{
	struct strbuf _cleanup_(strbuf_free) text = {0};

	for (size_t i = 0; i < id->len; i++)
		strbuf_printf(&text, "%02x", id->bytes[i]);
	return text.text ? arena_strdup(arena, text.text) : NULL;
}

/* Hits a second that the budget leaves to a place in a program that uses one CPU. */
static double most_hits(const struct limits *limits, const struct place *place, u64 hit_ns)
{
	bool watched = limits->overhead_of_all || place->cost == INSN_SINGLE_STEP;

	return watched && hit_ns ? limits->overhead / 100 * 1e9 / (double)hit_ns : 0;
}

static struct error *explain_place(const struct plan *plan, const struct place *place,
				   const struct load_costs *costs, struct arena *arena,
				   struct explained *explained)
{
	*explained = (struct explained){
		.plan = plan,
		.place = place,
		.probe = plan->probes[place->probe].text,
		.build_id = build_id_text(&place->module->build_id, arena),
		.asked_text = instruction_text(place, place->asked, arena),
		.probed_text = instruction_text(place, place->pc, arena),
		.asked_cost = cost_name(place->asked_cost),
		.probed_cost = cost_name(place->cost),
		.hit_ns = overhead_hit_ns(costs, place),
	};
	explained->most_hits = most_hits(&plan->spec->limits, place, explained->hit_ns);
	return seen_at(place->module->dw, place->asked, arena, &explained->frames,
		       &explained->n_frames);
}

/* What the kernel offers, as far as it lets us ask. */
static void ask_features(struct gen_features *features, struct load_costs *costs)
{
	struct error _cleanup_(error_freep) *refused = privilege_check();
	struct load_features kernel;

	*features = (struct gen_features){0};
	*costs = (struct load_costs){0};
	if (refused)
		return;
	load_measure_costs(costs);
	load_probe_features(&kernel);
	features->signed_division = kernel.signed_division;
}

static struct error *say(const struct spec *spec, const struct plan *plan,
			 const struct load_costs *costs, struct arena *arena)
{
	const struct explain_form *form =
		spec->format == FORMAT_JSON ? &explain_json : &explain_text;
	struct error *err = NULL;

	for (size_t i = 0; !err && i < plan->n_places; i++) {
		struct explained explained;

		err = explain_place(plan, &plan->places[i], costs, arena, &explained);
		if (!err)
			err = form->place(&explained, arena);
	}
	if (!err && plan->spec->instrument == INSTRUMENT_TICTOC)
		err = explain_tictoc(plan, spec->format == FORMAT_JSON);
	for (u32 i = 0; !err && i < plan->n_programs; i++)
		err = form->program(plan, i, spec->verbose, arena);
	for (size_t i = 0; !err && i < plan->n_notes; i++)
		err = form->note(plan->notes[i]);
	return err;
}

struct error *cmd_explain(const struct spec *spec, struct arena *arena)
{
	struct plan _cleanup_(plan_freep) *plan = NULL;
	struct plan_host host = {0};
	struct load_costs costs;
	struct target *target;
	struct error *err = target_find(&spec->target, arena, &target);

	if (err)
		return err;
	ask_features(&host.features, &costs);
	host_try_returns(spec, target, arena, &host);
	err = border_cross_to_read(spec, target, -1);
	if (err)
		return err;
	host_read_returns(spec, target, arena, &host);
	err = target_plan(spec, target, &host, &plan);
	return err ? err : say(spec, plan, &costs, arena);
}
