/* SPDX-License-Identifier: BSD-2-Clause */
#include "load/wire.h"

#include <errno.h>
#include <string.h>

#include "load/session.h"

/* load_config without its arrays and pointers, which follow it in the order of their counts. */
struct fixed_config {
	struct load_counting counting;
	struct load_limits limits;
	struct load_tictoc tictoc;
	u32 instrument, filter, links, n_probes;
	u32 stack_bytes, data_bytes, buffer_bytes, verbose;
	u32 n_programs, n_places, n_nodes, n_edges, n_pids;
	u8 fault, paused, old_kernel, budget, has_ticks;
};

struct fixed_program {
	u32 n_condition, n_roots_code, n_values_code;
	u32 n_roots, n_values;
	u32 is_toc;
	u32 root_nodes[SNAPLINE_MAX_ROOTS];
	struct value_slot value_slots[SNAPLINE_MAX_VALUES];
};

struct fixed_place {
	u64 offset, pc;
	u32 index, probe, program, pair;
	s32 cfa_offset;
	u32 cfa_is_fp, by_goroutine, unused;
};

void wire_put_u32(struct strbuf *out, u32 value)
{
	strbuf_add(out, &value, sizeof(value));
}

void wire_put_text(struct strbuf *out, const char *text)
{
	strbuf_add(out, text ? text : "", text ? strlen(text) + 1 : 1);
}

static void put_code(struct strbuf *out, const struct gen_code *code)
{
	strbuf_add(out, code->insns, code->n * sizeof(*code->insns));
}

static void put_program(struct strbuf *out, const struct load_program *program)
{
	struct fixed_program fixed;

	memset(&fixed, 0, sizeof(fixed));
	fixed.n_condition = (u32)program->condition.n;
	fixed.n_roots_code = (u32)program->roots.n;
	fixed.n_values_code = (u32)program->values.n;
	fixed.n_roots = program->n_roots;
	fixed.n_values = program->n_values;
	fixed.is_toc = program->is_toc;
	memcpy(fixed.root_nodes, program->root_nodes, sizeof(fixed.root_nodes));
	memcpy(fixed.value_slots, program->value_slots, sizeof(fixed.value_slots));
	strbuf_add(out, &fixed, sizeof(fixed));
	put_code(out, &program->condition);
	put_code(out, &program->roots);
	put_code(out, &program->values);
}

static void put_place(struct strbuf *out, const struct load_place *place)
{
	struct fixed_place fixed = {
		.offset = place->offset,
		.pc = place->pc,
		.index = place->index,
		.probe = place->probe,
		.program = place->program,
		.pair = place->pair,
		.cfa_offset = place->cfa_offset,
		.cfa_is_fp = place->cfa_is_fp,
		.by_goroutine = place->by_goroutine,
	};

	strbuf_add(out, &fixed, sizeof(fixed));
	wire_put_text(out, place->path);
}

void wire_put_places(struct strbuf *out, const struct load_place *places, size_t n)
{
	wire_put_u32(out, (u32)n);
	for (size_t i = 0; i < n; i++)
		put_place(out, &places[i]);
}

void wire_put_config(struct strbuf *out, const struct load_config *config)
{
	struct fixed_config fixed;

	memset(&fixed, 0, sizeof(fixed));
	fixed.counting = config->counting;
	fixed.limits = config->limits;
	fixed.tictoc = config->tictoc;
	fixed.instrument = config->instrument;
	fixed.filter = config->filter;
	fixed.links = config->links;
	fixed.n_probes = config->n_probes;
	fixed.stack_bytes = config->stack_bytes;
	fixed.data_bytes = config->data_bytes;
	fixed.buffer_bytes = config->buffer_bytes;
	fixed.verbose = config->verbose;
	fixed.n_programs = (u32)config->n_programs;
	fixed.n_nodes = (u32)config->n_nodes;
	fixed.n_edges = (u32)config->n_edges;
	fixed.n_pids = (u32)config->n_pids;
	fixed.fault = config->fault;
	fixed.paused = config->paused;
	fixed.old_kernel = config->old_kernel;
	fixed.budget = config->budget;
	fixed.has_ticks = config->pid_ticks != NULL;
	strbuf_add(out, &fixed, sizeof(fixed));
	for (size_t i = 0; i < config->n_programs; i++)
		put_program(out, &config->programs[i]);
	strbuf_add(out, config->nodes, config->n_nodes * sizeof(*config->nodes));
	strbuf_add(out, config->edges, config->n_edges * sizeof(*config->edges));
	strbuf_add(out, config->pids, config->n_pids * sizeof(*config->pids));
	if (config->pid_ticks)
		strbuf_add(out, config->pid_ticks, config->n_pids * sizeof(*config->pid_ticks));
	wire_put_places(out, config->places, config->n_places);
}

/* An array of n; NULL, and *in has failed, if there are not so many. */
static void *get_array(struct cursor *in, struct arena *arena, size_t n, size_t size)
{
	void *items = NULL;

	if (n > cursor_left(in) / size)
		cursor_skip(in, SIZE_MAX);
	else if (n)
		items = arena_memdup(arena, in->at, n * size);
	if (!in->failed)
		cursor_skip(in, n * size);
	return items;
}

static void get_code(struct cursor *in, struct arena *arena, u32 n, struct gen_code *code)
{
	code->insns = get_array(in, arena, n, sizeof(*code->insns));
	code->n = in->failed ? 0 : n;
}

static void get_program(struct cursor *in, struct arena *arena, struct load_program *program)
{
	struct fixed_program fixed;

	cursor_bytes(in, &fixed, sizeof(fixed));
	program->n_roots = (u32)min_u64(fixed.n_roots, SNAPLINE_MAX_ROOTS);
	program->n_values = (u32)min_u64(fixed.n_values, SNAPLINE_MAX_VALUES);
	program->is_toc = fixed.is_toc != 0;
	memcpy(program->root_nodes, fixed.root_nodes, sizeof(fixed.root_nodes));
	memcpy(program->value_slots, fixed.value_slots, sizeof(fixed.value_slots));
	get_code(in, arena, fixed.n_condition, &program->condition);
	get_code(in, arena, fixed.n_roots_code, &program->roots);
	get_code(in, arena, fixed.n_values_code, &program->values);
}

static void get_place(struct cursor *in, struct arena *arena, struct load_place *place)
{
	struct fixed_place fixed;
	const char *path;

	cursor_bytes(in, &fixed, sizeof(fixed));
	path = cursor_string(in);
	*place = (struct load_place){
		.index = fixed.index,
		.probe = fixed.probe,
		.program = fixed.program,
		.path = path ? arena_strdup(arena, path) : "",
		.offset = fixed.offset,
		.pc = fixed.pc,
		.pair = fixed.pair,
		.cfa_offset = fixed.cfa_offset,
		.cfa_is_fp = fixed.cfa_is_fp != 0,
		.by_goroutine = fixed.by_goroutine != 0,
	};
}

bool wire_get_places(struct cursor *in, struct arena *arena, struct load_place **places, size_t *n)
{
	u32 count = (u32)cursor_unsigned(in, sizeof(u32));

	if (count > LOAD_MAX_PLACES)
		return false;
	*places = arena_array(arena, struct load_place, count + 1);
	for (u32 i = 0; i < count && !in->failed; i++)
		get_place(in, arena, &(*places)[i]);
	*n = count;
	return !in->failed;
}

/* Any byte came; a bool that is neither 0 nor 1 may not even be looked at. */
static void settle(bool *flag)
{
	u8 byte;

	memcpy(&byte, flag, sizeof(byte));
	*flag = byte != 0;
}

static void settle_flags(struct fixed_config *fixed)
{
	bool *const flags[] = {
		&fixed->counting.strings,   &fixed->counting.pids,   &fixed->counting.histogram,
		&fixed->counting.is_signed, &fixed->counting.stacks, &fixed->tictoc.selects,
		&fixed->tictoc.by_at_toc,   &fixed->tictoc.slower,
	};

	for (size_t i = 0; i < ARRAY_LEN(flags); i++)
		settle(flags[i]);
}

static bool bounded(const struct fixed_config *fixed)
{
	return fixed->n_programs <= UINT16_MAX && fixed->n_nodes <= SNAPLINE_MAX_NODES &&
	       fixed->n_edges <= SNAPLINE_MAX_EDGES && fixed->n_pids <= LOAD_MAX_PIDS;
}

static void get_arrays(struct cursor *in, struct arena *arena, const struct fixed_config *fixed,
		       struct load_config *config)
{
	struct load_program *programs =
		arena_array(arena, struct load_program, fixed->n_programs + 1);

	for (u32 i = 0; i < fixed->n_programs && !in->failed; i++)
		get_program(in, arena, &programs[i]);
	config->programs = programs;
	config->n_programs = fixed->n_programs;
	config->nodes = get_array(in, arena, fixed->n_nodes, sizeof(*config->nodes));
	config->n_nodes = fixed->n_nodes;
	config->edges = get_array(in, arena, fixed->n_edges, sizeof(*config->edges));
	config->n_edges = fixed->n_edges;
	config->pids = get_array(in, arena, fixed->n_pids, sizeof(*config->pids));
	config->n_pids = fixed->n_pids;
	if (fixed->has_ticks)
		config->pid_ticks = get_array(in, arena, fixed->n_pids, sizeof(*config->pid_ticks));
}

bool wire_get_config(struct cursor *in, struct arena *arena, struct load_config *config)
{
	struct fixed_config fixed;
	struct load_place *places;

	cursor_bytes(in, &fixed, sizeof(fixed));
	if (in->failed || !bounded(&fixed))
		return false;
	settle_flags(&fixed);
	*config = (struct load_config){
		.instrument = fixed.instrument,
		.counting = fixed.counting,
		.n_probes = fixed.n_probes,
		.limits = fixed.limits,
		.filter = fixed.filter,
		.stack_bytes = fixed.stack_bytes,
		.data_bytes = fixed.data_bytes,
		.buffer_bytes = fixed.buffer_bytes,
		.fault = fixed.fault != 0,
		.paused = fixed.paused != 0,
		.old_kernel = fixed.old_kernel != 0,
		.budget = fixed.budget != 0,
		.links = fixed.links,
		.tictoc = fixed.tictoc,
		.verbose = fixed.verbose,
	};
	get_arrays(in, arena, &fixed, config);
	if (in->failed || !wire_get_places(in, arena, &places, &config->n_places))
		return false;
	config->places = places;
	return !cursor_left(in);
}

struct error *wire_error(const struct parcel *answer)
{
	struct cursor in = cursor_new((const u8 *)answer->bytes.text, answer->bytes.len);
	const char *text, *cure;
	struct error *err;
	u32 kind;

	if (answer->number == WIRE_OK)
		return NULL;
	kind = (u32)cursor_unsigned(&in, sizeof(u32));
	if (answer->number == WIRE_ERRNO)
		return kernel_error((int)kind, "a request to the kernel");
	text = cursor_string(&in);
	cure = cursor_string(&in);
	err = error_new(kind, "%s", text ? text : "");
	return cure && *cure ? error_cure(err, "%s", cure) : err;
}

void wire_put_error(struct parcel *answer, struct error *err)
{
	parcel_close_fds(answer);
	strbuf_clear(&answer->bytes);
	answer->number = WIRE_ERROR;
	wire_put_u32(&answer->bytes, err->kind);
	wire_put_text(&answer->bytes, err->text);
	wire_put_text(&answer->bytes, err->cure);
	error_free(err);
}
