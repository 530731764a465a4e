/* SPDX-License-Identifier: BSD-2-Clause */
#include "cmd/config.h"

#include <string.h>

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
		programs[i].values = from->values;
		programs[i].n_values = from->n_values;
		memcpy(programs[i].value_slots, from->value_slots, sizeof(from->value_slots));
		memcpy(programs[i].root_nodes, from->root_nodes, sizeof(from->root_nodes));
	}
}

static void copy_places(const struct plan *plan, struct load_place *places)
{
	for (size_t i = 0; i < plan->n_places; i++) {
		const struct place *from = &plan->places[i];

		places[i] = (struct load_place){
			.index = from->index,
			.probe = from->probe,
			.program = from->program,
			.path = from->module->path,
			.offset = from->offset,
			.pc = from->pc,
		};
	}
}

void config_from_plan(const struct plan *plan, const struct target *target, struct arena *arena,
		      struct load_config *config)
{
	const struct limits *limits = &plan->spec->limits;
	struct load_program *programs = arena_array(arena, struct load_program, plan->n_programs);
	struct load_place *places = arena_array(arena, struct load_place, plan->n_places);

	copy_programs(plan, programs);
	copy_places(plan, places);
	*config = (struct load_config){
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
		.fault = true,
		.verbose = plan->spec->verbose,
	};
}
