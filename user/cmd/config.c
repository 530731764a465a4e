/* SPDX-License-Identifier: BSD-2-Clause */
#include "cmd/config.h"

#include <string.h>

#include "base/host.h"
#include "plan/tictoc.h"

/* Probes in BINARY itself are hit by nobody else; those in a library of it by everybody. */
static bool leaves_binary(const struct plan *plan, const struct target_file *binary)
{
	for (size_t i = 0; i < plan->n_places; i++) {
		const struct file_stamp *stamp = &plan->places[i].module->stamp;

		if (stamp->dev != binary->dev || stamp->inode != binary->inode)
			return true;
	}
	return false;
}

static enum load_filter filter_of(const struct plan *plan, const struct target *target)
{
	const struct target_spec *spec = target->spec;

	switch (spec->kind) {
	case TARGET_BINARY: return leaves_binary(plan, &target->files[0]) ? LOAD_BINARY : LOAD_ANY;
	case TARGET_PIDS: return spec->follow ? LOAD_FOLLOW : LOAD_PIDS;
	case TARGET_COMM: return spec->follow ? LOAD_FOLLOW : LOAD_SET;
	case TARGET_COMMAND: return LOAD_FOLLOW;
	default: return LOAD_ANY;
	}
}

static void copy_programs(const struct plan *plan, struct load_program *programs)
{
	for (size_t i = 0; i < plan->n_programs; i++) {
		const struct plan_program *from = &plan->programs[i];

		programs[i].condition = from->condition;
		programs[i].roots = from->roots;
		programs[i].n_roots = from->n_roots;
		programs[i].is_toc = from->is_toc;
		programs[i].values = from->values;
		programs[i].n_values = from->n_values;
		memcpy(programs[i].value_slots, from->value_slots, sizeof(from->value_slots));
		memcpy(programs[i].root_nodes, from->root_nodes, sizeof(from->root_nodes));
	}
}

/* Tocs first: a tic whose toc isn't attached yet would have no pair. */
static void copy_places(const struct plan *plan, struct load_place *places)
{
	bool tocs_first = plan->spec->instrument == INSTRUMENT_TICTOC;
	size_t n_tocs = 0, tocs = 0, others = 0;

	for (size_t i = 0; i < plan->n_places && tocs_first; i++)
		n_tocs += plan->places[i].probe == PROBE_TOC;
	for (size_t i = 0; i < plan->n_places; i++) {
		const struct place *from = &plan->places[i];
		bool is_toc = tocs_first && from->probe == PROBE_TOC;
		struct load_place *to = &places[is_toc ? tocs++ : n_tocs + others++];

		*to = (struct load_place){
			.index = from->index,
			.probe = from->probe,
			.program = from->program,
			.path = from->module->path,
			.offset = from->offset,
			.pc = from->pc,
			.pair = from->pair,
			.cfa_offset = from->cfa_offset,
			.cfa_is_fp = from->cfa_is_fp,
			.by_goroutine = plan_tictoc_by_goroutine(plan, from),
		};
	}
}

/*
 * A record takes some 60 KiB of its CPU's ring. A session for a few hits needs no more than load/'s
 * own size; one without a limit gets room for a burst, of 64 MiB in all. A log whose rate limit was
 * lifted gets twice that: half a second of what one thread can write, on a small machine.
 */
static u32 buffer_bytes(const struct spec *spec)
{
	enum { FEW = 32, MIB = 1024 * 1024, ALL_RINGS = 64 * MIB, BIGGEST = 16 * MIB };
	enum { FLOW_RINGS = 128 * MIB, FLOW_BIGGEST = 64 * MIB };
	const struct limits *limits = &spec->limits;
	u64 cpus = host_cpus();

	if (limits->hits && limits->hits <= FEW)
		return 0;
	if (spec->message && !limits->rate)
		return (u32)max_u64(min_u64(FLOW_RINGS / cpus, FLOW_BIGGEST), 4 * MIB);
	return (u32)max_u64(min_u64(ALL_RINGS / cpus, BIGGEST), 4 * MIB);
}

static const enum load_instrument instruments[] = {
	[INSTRUMENT_SNAP] = LOAD_SNAP,
	[INSTRUMENT_LOG] = LOAD_LOG,
	[INSTRUMENT_COUNT] = LOAD_COUNT,
	[INSTRUMENT_TICTOC] = LOAD_TICTOC,
};

static void add_place_counting(const struct plan *plan, const struct place *place,
			       struct load_counting *counting)
{
	counting->n_values = 0;
	for (size_t i = 0; i < plan->spec->count.n_by && place->keys; i++) {
		enum key_kind kind = place->keys[i].kind;

		counting->n_values += kind != KEY_STACK;
		counting->strings |= kind == KEY_TEXT;
		counting->pids |= kind == KEY_CODE;
		counting->stacks |= kind == KEY_STACK;
	}
	if (place->histogram)
		counting->is_signed |= type_strip(place->histogram->type)->is_signed;
}

static struct load_counting counting_of(const struct plan *plan)
{
	enum { DEFAULT_KEYS = 10240, DEFAULT_HISTOGRAMS = 1024 };
	const struct count_spec *spec = &plan->spec->count;
	struct load_counting counting = {.histogram = spec->histogram != NULL};

	if (!spec->n_by && !spec->histogram)
		return counting;
	counting.keys = spec->keys	  ? spec->keys
			: spec->histogram ? DEFAULT_HISTOGRAMS
					  : DEFAULT_KEYS;
	for (size_t i = 0; i < plan->n_places; i++)
		add_place_counting(plan, &plan->places[i], &counting);
	return counting;
}

enum { OPEN_PAIRS = 65536, ROWS = 1000 };

static struct load_tictoc tictoc_of(const struct plan *plan)
{
	const struct spec *spec = plan->spec;
	struct load_tictoc config = {
		.mode = plan_tictoc_mode(spec),
		.selects = spec->condition || spec->limits.skip || spec->limits.sample > 1 ||
			   spec->limits.hits || spec->limits.duration_ns,
		.n_keys = spec->tictoc.key != NULL,
		.n_by = (u32)spec->count.n_by,
		.by_at_toc = plan_tictoc_by_at_toc(spec),
		.slower = spec->tictoc.is_slower,
		.slower_ns = spec->tictoc.slower_ns,
		.max_open = spec->tictoc.max_open ? spec->tictoc.max_open : OPEN_PAIRS,
		.max_rows = !spec->count.n_by  ? 0
			    : spec->count.keys ? spec->count.keys
					       : ROWS,
	};

	for (size_t i = 0; i < plan->n_places; i++)
		if (plan->places[i].n_tics)
			config.n_captures = SNAPLINE_MAX_VALUES;
	return config;
}

void config_from_plan(const struct plan *plan, const struct target *target, struct arena *arena,
		      struct load_config *config)
{
	const struct limits *limits = &plan->spec->limits;
	struct load_program *programs = arena_array(arena, struct load_program, plan->n_programs);
	struct load_place *places = arena_array(arena, struct load_place, plan->n_places);

	enum { SMALL_BUFFER_BYTES = 4096 }; /* of rings that nothing is written to */

	copy_programs(plan, programs);
	copy_places(plan, places);
	*config = (struct load_config){
		.instrument = instruments[plan->spec->instrument],
		.programs = programs,
		.n_programs = plan->n_programs,
		.places = places,
		.n_places = plan->n_places,
		.nodes = plan->nodes,
		.n_nodes = plan->n_nodes,
		.edges = plan->edges,
		.n_edges = plan->n_edges,
		.n_probes = (u32)plan->n_probes,
		.limits = {limits->hits, limits->duration_ns, limits->rate, limits->skip,
			   limits->sample},
		.filter = filter_of(plan, target),
		.binary_path = target->n_files ? target->files[0].path : NULL,
		.stack_bytes = limits->stack_bytes,
		.buffer_bytes = buffer_bytes(plan->spec),
		.fault = true,
		.verbose = plan->spec->verbose,
	};
	if (config->instrument == LOAD_TICTOC) {
		if (plan->returns == RETURNS_SESSION)
			config->instrument = LOAD_CALLS;
		config->tictoc = tictoc_of(plan);
		if (!config->tictoc.slower)
			config->stack_bytes = 0;
	}
	if (config->instrument != LOAD_COUNT)
		return;
	config->counting = counting_of(plan);
	if (!config->counting.stacks) {
		config->stack_bytes = 0;
		config->buffer_bytes = SMALL_BUFFER_BYTES;
	}
}
