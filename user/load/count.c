/* SPDX-License-Identifier: BSD-2-Clause */
/* Counters: what their programs are told, and their maps as plain data (include/count.h). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "load/object.h"
#include "load/remote.h"
#include "load/session.h"

enum {
	SPARE_SLOTS = 64, /* of histograms: two CPUs may take one each for the same key */
};

static bool has_condition(const struct load_config *config)
{
	for (size_t i = 0; i < config->n_programs; i++)
		if (config->programs[i].condition.n)
			return true;
	return false;
}

static bool has_gate(const struct load_config *config)
{
	const struct load_limits *limits = &config->limits;

	return limits->hits || limits->rate || limits->skip || limits->sample > 1 || config->paused;
}

bool count_is_plain(const struct load_config *config)
{
	const struct load_counting *counting = &config->counting;

	return config->instrument == LOAD_COUNT && !has_gate(config) && !has_condition(config) &&
	       !counting->keys && !counting->stacks;
}

static u32 histogram_slots(const struct load_counting *counting)
{
	return counting->histogram ? counting->keys + SPARE_SLOTS : 0;
}

void count_set_knobs(struct load_session *session)
{
	const struct load_config *config = &session->config;
	const struct load_counting *counting = &config->counting;
	struct bpf_object *object = session->object;
	bool rows = counting->keys && !counting->stacks, gate = has_gate(config);

	if (config->instrument != LOAD_COUNT)
		return;
	object_knob(object, "knob_plain", count_is_plain(config));
	object_knob(object, "knob_gate", gate);
	object_knob(object, "knob_keys", counting->n_values);
	object_knob(object, "knob_rows", rows);
	object_knob(object, "knob_strings", counting->strings);
	object_knob(object, "knob_key_pid", counting->pids);
	object_knob(object, "knob_histogram", counting->histogram);
	object_knob(object, "knob_signed", counting->is_signed);
	object_knob(object, "knob_stacks", counting->stacks);
	object_knob(object, "knob_slots", histogram_slots(counting));
}

static u32 key_bytes(const struct load_counting *counting)
{
	return counting->strings ? sizeof(struct count_key) : offsetof(struct count_key, strings);
}

void count_set_incomplete(struct load_session *session, bool incomplete)
{
	if (session->config.instrument == LOAD_COUNT && !session->is_remote)
		object_set(session->object, "incomplete", incomplete);
}

void count_set_sizes(struct load_session *session)
{
	const struct load_config *config = &session->config;
	const struct load_counting *counting = &config->counting;
	struct bpf_object *object = session->object;

	if (config->instrument != LOAD_COUNT)
		return;
	object_map_entries(object, "place_hits", session->place_capacity);
	object_map_entries(object, "overflow", config->n_probes);
	object_map_entries(object, "rows", max_u64(counting->keys, 1));
	object_map_entries(object, "histograms", max_u64(2 * histogram_slots(counting), 1));
	object_key_size(object, "rows", key_bytes(counting));
}

u64 count_place_hits(struct load_session *session, u32 place)
{
	int n = libbpf_num_possible_cpus();
	u64 *each = calloc(n, sizeof(*each)), sum = 0;

	if (!each)
		error_no_memory();
	if (!bpf_map_lookup_elem(object_map(session->object, "place_hits"), &place, each))
		for (int cpu = 0; cpu < n; cpu++)
			sum += each[cpu];
	free(each);
	return sum;
}

void load_place_hits(struct load_session *session, u64 *hits, u32 n)
{
	if (session->is_remote) {
		remote_get(WIRE_PLACE_HITS, &n, sizeof(n), hits, n * sizeof(*hits));
		return;
	}
	for (u32 i = 0; i < n; i++)
		hits[i] = count_place_hits(session, i);
}

/* A hit of a counter is in the counter of its place, or in a class that says why it is not. */
void count_emitted(struct load_session *session, u32 probe, struct load_counts *counts)
{
	if (session->config.instrument != LOAD_COUNT)
		return;
	counts->emitted = 0;
	for (size_t i = 0; i < session->n_places; i++) {
		u32 place = session->order[i];

		if (session->places[place].place.probe == probe)
			counts->emitted += count_place_hits(session, place);
	}
	counts->hits = counts->over_limit + counts->condition_error + counts->condition_false +
		       counts->rate_limited + counts->buffer_full + counts->emitted;
}

static const struct histogram_cells *read_cells(struct load_session *session, u32 slot,
						struct arena *arena)
{
	struct histogram_cells *cells = arena_array(arena, struct histogram_cells, 2);
	int map = object_map(session->object, "histograms");

	for (u32 i = 0; i < 2; i++) {
		u32 at = 2 * slot + i;

		bpf_map_lookup_elem(map, &at, &cells[i]);
	}
	return cells;
}

static void read_row(struct load_session *session, const struct count_key *key,
		     const struct count_row *value, struct arena *arena, struct load_count_row *row)
{
	*row = (struct load_count_row){.hits = value->hits, .absent = value->absent};
	memcpy(&row->key, key, key_bytes(&session->config.counting));
	if (session->config.counting.histogram && value->slot != COUNT_NO_ROW)
		row->cells = read_cells(session, value->slot, arena);
}

static u64 *read_overflow(struct load_session *session, struct arena *arena)
{
	u32 n = session->config.n_probes;
	u64 *lost = arena_array(arena, u64, n);

	for (u32 i = 0; i < n; i++)
		bpf_map_lookup_elem(object_map(session->object, "overflow"), &i, &lost[i]);
	return lost;
}

struct error *load_count_rows(struct load_session *session, struct arena *arena,
			      struct load_count_row **rows, size_t *n, u64 **lost)
{
	u32 most = session->config.counting.keys;
	struct load_count_row *found;
	struct count_key key, *last = NULL, next;
	struct count_row value;
	size_t count = 0;
	int map;

	if (session->is_remote)
		return remote_count_rows(session->config.n_probes, arena, rows, n, lost);
	map = object_map(session->object, "rows");
	found = arena_array(arena, struct load_count_row, most + 1);
	while (count < most && !bpf_map_get_next_key(map, last, &next)) {
		key = next;
		last = &key;
		if (!bpf_map_lookup_elem(map, &key, &value))
			read_row(session, &key, &value, arena, &found[count++]);
	}
	*rows = found;
	*n = count;
	*lost = read_overflow(session, arena);
	return NULL;
}
