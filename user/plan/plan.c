/* SPDX-License-Identifier: BSD-2-Clause */
#include "plan/plan.h"

#include <string.h>

#include "plan/choose.h"
#include "plan/compile.h"
#include "plan/identity.h"
#include "plan/keys.h"
#include "plan/left_out.h"
#include "plan/others.h"
#include "plan/resolve.h"
#include "plan/returns.h"
#include "plan/tictoc.h"

enum {
	MAX_PLACES = 4096,
	MAX_COUNTED = 65536, /* places of a counter, which share a program */
};

/* What plan_build() carries from stage to stage. */
struct build {
	struct plan *plan;
	plan_files_fn files;
	void *context;
	const struct plan_host *host;
	/* Tic-toc: the addresses of both ends, before a probe is moved between them. */
	struct end {
		const struct plan_module *module;
		u32 probe;
		u64 asked;
		bool is_inlined;
	} *ends;
	size_t n_ends;
};

static struct error *open_module(const struct plan_file *file, struct arena *arena,
				 struct plan_module **module)
{
	struct plan_module *opened = arena_alloc(arena, sizeof(*opened));
	struct error *err;

	opened->path = arena_strdup(arena, file->path);
	opened->shown = arena_strdup(arena, file->shown);
	identity_take(opened);
	err = elf_file_open(file->path, file->shown, &opened->file);
	if (err)
		return err;
	err = dw_open(opened->file, file->root, &opened->dw);
	if (err) {
		elf_file_close(opened->file);
		return err;
	}
	opened->code = code_store_new(opened->dw);
	opened->build_id = *elf_file_build_id(opened->file);
	*module = opened;
	return NULL;
}

/* Opens a file once, however many places name it. */
static struct error *plan_module(struct plan *plan, const struct plan_file *file,
				 struct plan_module **module)
{
	struct error *err;

	for (size_t i = 0; i < plan->n_modules; i++)
		if (strcmp(plan->modules[i]->path, file->path) == 0) {
			*module = plan->modules[i];
			return NULL;
		}
	err = open_module(file, plan->arena, module);
	if (err)
		return err;
	(*module)->plan = plan;
	*arena_push(plan->arena, plan->modules, plan->n_modules) = *module;
	return NULL;
}

void plan_note(struct plan *plan, const char *format, ...)
{
	const char *note;
	va_list args;

	va_start(args, format);
	note = arena_vprintf(plan->arena, format, args);
	va_end(args);
	for (size_t i = 0; i < plan->n_notes; i++)
		if (strcmp(plan->notes[i], note) == 0)
			return;
	*arena_push(plan->arena, plan->notes, plan->n_notes) = note;
}

/* Registers that the user names ($rdi, $arg1, $return) have to be those of the place itself. */
static bool names_registers(const struct spec *spec, const struct place *place)
{
	bool names = spec->regs || place->is_return || (spec->condition && strchr(spec->condition, '$'));

	for (size_t i = 0; spec->message && i < spec->message->n_parts; i++)
		names |= spec->message->parts[i].expr && strchr(spec->message->parts[i].expr, '$');
	for (size_t i = 0; i < spec->n_captures; i++)
		names |= strchr(spec->captures[i], '$') != NULL;
	for (size_t i = 0; i < spec->count.n_by; i++)
		names |= strchr(spec->count.by[i], '$') != NULL;
	if (spec->count.histogram)
		names |= strchr(spec->count.histogram, '$') != NULL;
	return names;
}

/* Where TIC and TOC are in one basic block, none of them may move past the other. */
static struct error *has_other_end(const struct build *build, const struct place *place,
				   bool *has)
{
	struct choose_block block;
	struct error *err = NULL;

	*has = false;
	if (!build->n_ends)
		return NULL;
	err = choose_block(place->module->code, place->asked, build->plan->arena, &block);
	for (size_t i = 0; i < build->n_ends && !err && block.n; i++) {
		const struct end *end = &build->ends[i];

		if (end->probe == place->probe || end->module != place->module)
			continue;
		if (end->asked == place->asked)
			return error_cure(error_new(ERROR_USAGE,
						    "TIC and TOC are the same instruction"),
					  "Give two places, one behind the other");
		*has |= end->asked >= block.insns[0].address &&
			end->asked <= block.insns[block.n - 1].address;
	}
	return err;
}

static bool looks(const struct spec *spec, const struct place *place)
{
	if (spec->instrument == INSTRUMENT_TICTOC)
		return plan_tictoc_looks(spec, place->probe);
	return !plan_count_is_plain(spec);
}

static struct error *choose(const struct build *build, struct place *place, bool exact)
{
	struct plan *plan = build->plan;
	struct choose_how how = {
		.what = looks(plan->spec, place) ? CHOOSE_SNAPSHOT : CHOOSE_COUNTER,
		.exact = exact,
		.regs = names_registers(plan->spec, place) ? UINT32_MAX : 0,
	};
	/* Ten thousand places would leave a gigabyte of decoded instructions behind. */
	_cleanup_(arena_freep) struct arena *scratch = arena_new();
	struct choice choice;
	struct error *err =
		choose_instruction(place->module->code, place->asked, &how, scratch, &choice);

	if (err)
		return err;
	place->pc = choice.pc;
	place->cost = choice.cost;
	place->asked_cost = choice.asked_cost;
	place->moved = choice.why ? arena_strdup(plan->arena, choice.why) : NULL;
	if (!elf_file_pc_to_offset(place->module->file, place->pc, &place->offset))
		return error_new(ERROR_NOT_FOUND, "address 0x%llx is in no part of %s that is loaded",
				 (unsigned long long)place->pc, place->module->shown);
	return NULL;
}

/* Where the return address is as the call left it: on the stack, or in its register. */
static bool has_return_address(const struct place *place)
{
	const struct arch *arch = elf_file_arch(place->module->file);

	return place->pc == place->asked ||
	       (arch->call_pushes && !place->cfa_is_fp && place->cfa_offset == arch->call_pushes);
}

static struct error *find_frame(const struct build *build, struct place *place)
{
	struct error *err = plan_tictoc_frame(build->plan, place);

	if (err || build->plan->returns != RETURNS_SESSION || has_return_address(place))
		return err;
	return error_new(ERROR_NOT_FOUND, "at 0x%llx the return address is no longer alone",
			 (unsigned long long)place->pc);
}

/* The kernel side has to find the frame there. */
static struct error *choose_end(const struct build *build, struct place *place)
{
	bool exact;
	struct error *err = has_other_end(build, place, &exact);

	exact |= build->plan->spec->exact;
	if (!err)
		err = choose(build, place, exact);
	if (!err)
		err = find_frame(build, place);
	if (err && err->kind == ERROR_NOT_FOUND && !exact) {
		error_free(err);
		err = choose(build, place, true);
		if (!err)
			err = find_frame(build, place);
	}
	return err;
}

static struct error *add_place(struct build *build, u32 probe, struct plan_module *module,
			       const struct resolved *found)
{
	struct plan *plan = build->plan;
	struct place place = {
		.index = (u32)plan->n_places,
		.probe = probe,
		.module = module,
		.asked = found->pc,
		.function = found->function,
		.file = found->file,
		.line = found->line,
		.is_inlined = found->is_inlined,
		.is_return = found->is_return,
		.is_tail_call = found->is_tail_call,
		.is_gdb_choice = found->is_gdb_choice,
		.gdb_pc = found->gdb_pc,
		.why = found->why,
	};
	struct error *err;

	size_t most = plan_count_is_plain(plan->spec) ? MAX_COUNTED : MAX_PLACES;

	if (plan->n_places >= most)
		return error_cure(error_new(ERROR_USAGE, "more than %zu places", most),
				  "Name fewer of them.");
	err = plan->spec->instrument == INSTRUMENT_TICTOC
		      ? choose_end(build, &place)
		      : choose(build, &place, plan->spec->exact);
	if (!err)
		err = plan_compile(plan, &place, &build->host->features);
	if (!err)
		*arena_push(plan->arena, plan->places, plan->n_places) = place;
	return err;
}

static struct error *only_inlined(struct plan *plan, u32 probe, size_t n, bool all)
{
	const char *text = plan->probes[probe].text;

	if (all)
		return error_cure(error_new(ERROR_NOT_FOUND,
					    "%s is inlined everywhere: it has no entry of its own",
					    text),
				  "Give two lines, one behind the other.");
	plan_note(plan, "%s: %zu inlined cop%s not measured", text, n, n == 1 ? "y is" : "ies are");
	return NULL;
}

/* What the snapshots and counts at a place lack, for a reason that can't be seen in them. */
static void note_split(struct plan *plan, const struct place *place)
{
	const struct plan_probe *probe = &plan->probes[place->probe];
	const char *split = dw_split_at(place->module->dw, place->pc);

	if (split && plan->spec->instrument == INSTRUMENT_SNAP)
		plan_note(plan,
			  "%s: its variables are described in %s, which isn't read (split DWARF)",
			  probe->text, split);
	if (split && (probe->spec.form == PLACE_LINE || probe->spec.form == PLACE_ALL))
		plan_note(plan,
			  "%s: its functions are described in %s, which isn't read (split DWARF): "
			  "one execution of a line may count several times",
			  probe->text, split);
}

/* Places that can't be had are told; if there are no others, it is an error. */
static struct error *add_places(struct build *build, u32 probe, struct plan_module *module,
				const struct resolved *found, size_t n)
{
	struct plan *plan = build->plan;
	size_t before = plan->n_places, n_inlined = 0;
	struct left_outs left = {0};
	struct error *first = NULL;

	for (size_t i = 0; i < n; i++) {
		struct error *err;

		/* A copy inside another function has no entry and no return of its own. */
		if (plan->spec->instrument == INSTRUMENT_TICTOC && found[i].is_inlined &&
		    plan_tictoc_mode(plan->spec) == PAIR_FUNCTION) {
			n_inlined++;
			continue;
		}
		err = add_place(build, probe, module, &found[i]);

		if (err)
			left_out_add(&left, plan->arena, &found[i], err->text);
		if (!first)
			first = err;
		else
			error_free(err);
	}
	left_out_tell(&left, plan, plan->probes[probe].text);
	if (plan->n_places == before && first)
		return first;
	error_free(first);
	if (plan->n_places > before)
		note_split(plan, &plan->places[before]);
	return n_inlined ? only_inlined(plan, probe, n_inlined, plan->n_places == before) : NULL;
}

/* Looks a PLACE up in each file; it has to be in one of them. */
static struct error *build_probe(struct build *build, u32 probe)
{
	struct plan *plan = build->plan;
	const struct place_spec *spec = &plan->probes[probe].spec;
	size_t before = plan->n_places, n_files, n;
	struct error *first = NULL, *err;
	struct plan_module *module;
	struct plan_file *files;
	struct resolved *found;

	err = build->files(build->context, spec->binary, plan->arena, &files, &n_files);
	for (size_t i = 0; i < n_files && !err; i++) {
		err = plan_module(plan, &files[i], &module);
		if (err)
			break;
		err = resolve_place(spec, module, plan->arena, &found, &n);
		if (!err)
			err = add_places(build, probe, module, found, n);
		if (err && err->kind == ERROR_NOT_FOUND && n_files > 1) {
			if (!first)
				first = err;
			else
				error_free(err);
			err = NULL;
		}
	}
	if (!err && plan->n_places == before && first)
		return first;
	error_free(first);
	return err;
}

static struct error *gather_ends_of(struct build *build, u32 probe)
{
	struct plan *plan = build->plan;
	struct plan_module *module = NULL;
	struct plan_file *files;
	size_t n_files, n;
	struct error *err = build->files(build->context, plan->probes[probe].spec.binary,
					 plan->arena, &files, &n_files);

	for (size_t i = 0; i < n_files && !err; i++) {
		struct resolved *found;

		err = plan_module(plan, &files[i], &module);
		if (err)
			break;
		err = resolve_place(&plan->probes[probe].spec, module, plan->arena, &found, &n);
		for (size_t k = 0; !err && k < n; k++)
			*arena_push(plan->arena, build->ends, build->n_ends) =
				(struct end){module, probe, found[k].pc,
					     found[k].is_inlined};
		/* What isn't there is told when its places are built. */
		if (err && err->kind == ERROR_NOT_FOUND) {
			error_free(err);
			err = NULL;
		}
	}
	return err;
}

static struct error *gather_ends(struct build *build)
{
	struct error *err = gather_ends_of(build, PROBE_TIC);

	return err ? err : gather_ends_of(build, PROBE_TOC);
}

/* A session link stands at the entries alone. */
static struct error *choose_how_returns(struct build *build)
{
	struct plan *plan = build->plan;
	struct timed_entry *entries;
	size_t n = 0;
	struct error *err;

	if (plan_tictoc_mode(plan->spec) != PAIR_FUNCTION)
		return NULL;
	entries = arena_array(plan->arena, struct timed_entry, build->n_ends);
	for (size_t i = 0; i < build->n_ends; i++)
		if (build->ends[i].probe == PROBE_TIC && !build->ends[i].is_inlined)
			entries[n++] = (struct timed_entry){build->ends[i].module,
							    build->ends[i].asked};
	err = plan_returns(plan, build->host, entries, n);
	if (plan->returns == RETURNS_SESSION)
		build->n_ends = 0;
	return err;
}

static struct error *build_probes(struct build *build)
{
	struct plan *plan = build->plan;
	struct error *err = NULL;

	if (plan->spec->instrument == INSTRUMENT_TICTOC) {
		err = plan_tictoc_probes(plan);
		if (!err)
			err = gather_ends(build);
		if (!err)
			err = choose_how_returns(build);
	} else {
		plan->n_probes = plan->spec->n_places;
		plan->probes = arena_array(plan->arena, struct plan_probe, plan->n_probes);
		for (u32 i = 0; i < plan->n_probes; i++)
			plan->probes[i] = (struct plan_probe){plan->spec->places[i].text,
							      plan->spec->places[i]};
	}
	for (u32 i = 0; i < plan->n_probes && !err; i++)
		if (plan->returns != RETURNS_SESSION || i == PROBE_TIC)
			err = build_probe(build, i);
	return err;
}

struct error *plan_build(const struct spec *spec, plan_files_fn files, void *context,
			 const struct plan_host *host, struct plan **plan)
{
	struct arena *arena = arena_new();
	struct build build = {.files = files, .context = context, .host = host};
	struct error *err;

	build.plan = arena_alloc(arena, sizeof(*build.plan));
	build.plan->arena = arena;
	build.plan->spec = spec;
	build.plan->files = files;
	build.plan->files_context = context;
	err = build_probes(&build);
	if (!err)
		err = plan_count_check(build.plan);
	if (err) {
		plan_free(build.plan);
		return err;
	}
	*plan = build.plan;
	return NULL;
}

void plan_free(struct plan *plan)
{
	if (!plan)
		return;
	others_free(plan);
	for (size_t i = 0; i < plan->n_modules; i++) {
		code_store_free(plan->modules[i]->code);
		dw_close(plan->modules[i]->dw);
		elf_file_close(plan->modules[i]->file);
	}
	arena_free(plan->arena);
}

void plan_freep(struct plan **plan)
{
	plan_free(*plan);
}
