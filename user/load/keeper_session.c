/* SPDX-License-Identifier: BSD-2-Clause */
#include "load/keeper_private.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/host.h"
#include "load/session.h"
#include "load/vet.h"
#include "plan/tictoc.h"

/* What cmd/config.c and the options allow at most, where the user doesn't ask for more. */
enum {
	KEYS = 10240,
	OPEN_PAIRS = 65536,
	ROWS = 1000,
	ALL_RINGS = 128 << 20,
	RING_LEAST = 4 << 20,
};
#define LATE_NS 5000000000ull /* that a worker may stop its session after its time */

static struct error *refused(const char *what)
{
	return error_new(ERROR_FAILED, "refused: %s", what);
}

static bool filter_fits(const struct target_spec *spec, enum load_filter filter)
{
	switch (spec->kind) {
	case TARGET_PIDS: return filter == (spec->follow ? LOAD_FOLLOW : LOAD_PIDS);
	case TARGET_COMM: return filter == (spec->follow ? LOAD_FOLLOW : LOAD_SET);
	case TARGET_COMMAND: return filter == LOAD_FOLLOW;
	case TARGET_BINARY: return filter == LOAD_BINARY || filter == LOAD_ANY;
	default: return false;
	}
}

static bool counting_fits(const struct load_counting *counting, const struct count_spec *spec)
{
	return counting->keys <= max_u64(spec->keys, KEYS) &&
	       counting->n_values <= COUNT_KEYS + 1 && (!counting->histogram || spec->histogram);
}

static bool tictoc_fits(const struct load_tictoc *tictoc, const struct spec *spec)
{
	return tictoc->mode <= PAIR_KEY && tictoc->n_keys <= 1 && tictoc->n_by <= TICTOC_MAX_BY &&
	       tictoc->n_captures <= SNAPLINE_MAX_VALUES &&
	       tictoc->max_open <= max_u64(spec->tictoc.max_open, OPEN_PAIRS) &&
	       tictoc->max_rows <= max_u64(spec->count.keys, ROWS);
}

/* Session links replace return addresses, so the kernel has to be one that gets that right. */
static bool may_be_calls(const struct spec *spec)
{
	const char *why;

	return spec->instrument == INSTRUMENT_TICTOC && plan_tictoc_mode(spec) == PAIR_FUNCTION &&
	       spec->tictoc.returns != RETURNS_INSTRUCTIONS && spec->target.kind == TARGET_PIDS &&
	       !spec->target.follow && load_try_sessions(&why);
}

/* The two enumerations name the same in the same order, and tic-toc has two ways. */
static bool is_instrument(enum load_instrument instrument, const struct spec *spec)
{
	if (instrument == LOAD_CALLS)
		return may_be_calls(spec);
	return (u32)instrument == (u32)spec->instrument;
}

static bool is_as_asked(const struct load_config *config, const struct spec *spec)
{
	return is_instrument(config->instrument, spec) &&
	       filter_fits(&spec->target, config->filter) && config->links == LOAD_LINKS_AUTO &&
	       config->buffer_bytes <= max_u64(ALL_RINGS / host_cpus(), RING_LEAST) &&
	       counting_fits(&config->counting, &spec->count) && tictoc_fits(&config->tictoc, spec);
}

/* What the command line says itself isn't taken from the worker. */
static void set_terms(struct load_config *config, const struct permit_terms *terms)
{
	const struct limits *limits = &terms->spec->limits;

	config->limits = (struct load_limits){limits->hits, limits->duration_ns, limits->rate,
					      limits->skip, limits->sample};
	config->binary_path = terms->target->n_files ? terms->target->files[0].path : NULL;
	config->verbose = terms->spec->verbose;
}

/* What the sizes of records and the walk of the read table are made from. */
static bool slots_fit(const struct load_program *program)
{
	enum { ALL_BYTES = SNAPLINE_MAX_VALUES * SNAPLINE_MAX_READ };

	for (u32 i = 0; i < program->n_values; i++) {
		const struct value_slot *slot = &program->value_slots[i];

		if (slot->size > SNAPLINE_MAX_READ || slot->at >= ALL_BYTES ||
		    slot->offset >= ALL_BYTES || slot->from >= SNAPLINE_MAX_VALUES)
			return false;
	}
	return true;
}

static bool node_fits(const struct read_node *node, size_t n_edges)
{
	return node->size <= SNAPLINE_MAX_READ && node->elements <= SNAPLINE_MAX_READ &&
	       (u64)node->first_edge + node->n_edges <= n_edges;
}

static bool tables_fit(const struct load_config *config)
{
	for (size_t i = 0; i < config->n_nodes; i++)
		if (!node_fits(&config->nodes[i], config->n_edges))
			return false;
	for (size_t i = 0; i < config->n_edges; i++)
		if (config->edges[i].node >= config->n_nodes)
			return false;
	for (size_t i = 0; i < config->n_programs; i++)
		if (!slots_fit(&config->programs[i]))
			return false;
	return true;
}

static struct error *vet_programs(const struct load_config *config)
{
	struct error *err = NULL;

	for (size_t i = 0; i < config->n_programs && !err; i++) {
		const struct load_program *program = &config->programs[i];

		err = vet_code(&program->condition, VET_CONDITION);
		if (!err)
			err = vet_code(&program->roots, VET_OUTPUT);
		if (!err)
			err = vet_code(&program->values, VET_OUTPUT);
	}
	return err;
}

/* The kernel is told of the file that was judged, whatever lies at its path by then. */
static struct error *hold_places(struct keeper *keeper, enum load_filter filter,
				 struct load_place *places, size_t n)
{
	const struct target *target = permit_terms(keeper->permit)->target;

	for (size_t i = 0; i < n; i++) {
		struct stat info;
		const char *held;
		int code = permit_probe(keeper->permit, places[i].path, &held, &info);

		if (code) {
			errno = -code;
			return error_errno(ERROR_FAILED, "refused: probes in %s", places[i].path);
		}
		if (filter == LOAD_ANY &&
		    (info.st_dev != target->files[0].dev || info.st_ino != target->files[0].inode))
			return refused("probes in all processes, of another file");
		places[i].shown = places[i].path;
		places[i].path = held;
	}
	return NULL;
}

static struct error *check_pids(struct keeper *keeper, const struct load_config *config)
{
	for (size_t i = 0; i < config->n_pids; i++)
		if (permit_process_code(keeper->permit, config->pids[i]) == -EACCES)
			return refused("a process that isn't the target's");
	return NULL;
}

static struct error *check_config(struct keeper *keeper, struct load_config *config)
{
	const struct permit_terms *terms = permit_terms(keeper->permit);
	struct error *err;

	if (!is_as_asked(config, terms->spec))
		return refused("a session of another kind than was asked for");
	if (!tables_fit(config))
		return refused("tables of no plan");
	set_terms(config, terms);
	err = check_pids(keeper, config);
	if (!err)
		err = vet_programs(config);
	if (!err)
		err = hold_places(keeper, config->filter, (struct load_place *)config->places,
				  config->n_places);
	return err;
}

static void give_session(struct call *call)
{
	struct load_session *load = call->keeper->load;
	struct wire_started started;
	struct ring_set set = {};

	rings_show(load->rings, &set);
	memset(&started, 0, sizeof(started));
	load_info(load, &started.info);
	memcpy(started.ring_bytes, set.bytes, sizeof(started.ring_bytes));
	give(call, &started, sizeof(started));
	for (size_t i = 0; i < set.n; i++)
		give_kept_fd(call, set.fds[i]);
	give_kept_fd(call, session_states_fd(load));
}

static void on_start(struct call *call)
{
	struct keeper *keeper = call->keeper;
	struct load_config config;
	struct error *err;

	if (!wire_get_config(&call->in, call->arena, &config)) {
		give_error(call, refused("a session that can't be understood"));
		return;
	}
	err = check_config(keeper, &config);
	if (!err)
		err = load_start(&config, &keeper->load);
	if (err) {
		give_error(call, err);
		return;
	}
	permit_set_load(keeper->permit, keeper->load);
	give_session(call);
}

/* What needs a process of the target. False: it is gone, or that is answered. */
static bool take_process(struct call *call, s32 *pid)
{
	int code;

	*pid = take_s32(call);
	code = permit_process_code(call->keeper->permit, *pid);
	if (code && code != -ENOENT)
		give_code(call, code);
	return !code;
}

static void on_add_pid(struct call *call)
{
	s32 pid;

	if (take_process(call, &pid))
		give_error(call, load_add_pid(call->keeper->load, pid));
}

static void on_attach_again(struct call *call)
{
	enum load_again how = LOAD_NOT_AGAIN;
	struct error *err = NULL;
	s32 pid;

	if (take_process(call, &pid))
		err = load_attach_again(call->keeper->load, pid, &how);
	if (!err)
		wire_put_u32(&call->answer->bytes, how);
	give_error(call, err);
}

static void on_clear_children(struct call *call)
{
	wire_put_u32(&call->answer->bytes, load_clear_children(call->keeper->load));
}

static void on_follows(struct call *call)
{
	wire_put_u32(&call->answer->bytes, load_follows(call->keeper->load));
}

static void on_attach(struct call *call)
{
	struct load_session *load = call->keeper->load;
	struct error *err = load_attach(load);

	if (!err)
		give(call, &load->expires, sizeof(load->expires));
	give_error(call, err);
}

static void on_attach_more(struct call *call)
{
	struct keeper *keeper = call->keeper;
	struct load_place *places;
	struct error *err;
	size_t n;

	if (!wire_get_places(&call->in, call->arena, &places, &n)) {
		give_error(call, refused("places that can't be understood"));
		return;
	}
	err = hold_places(keeper, keeper->load->config.filter, places, n);
	if (!err)
		err = load_attach_more(keeper->load, places, n);
	give_error(call, err);
}

static void on_attached(struct call *call)
{
	u64 n = load_attached(call->keeper->load);

	give(call, &n, sizeof(n));
}

static void on_use(struct call *call)
{
	struct load_session *load = call->keeper->load;
	struct wire_use given;
	struct load_use use;

	load_use(load, &use);
	given = (struct wire_use){use.time_ns, use.cpu_ns, usage_indices(load)};
	give(call, &given, sizeof(given));
	give(call, use.hits, given.n * sizeof(*use.hits));
	give(call, use.own_ns, given.n * sizeof(*use.own_ns));
}

static void on_detach(struct call *call)
{
	size_t len = cursor_left(&call->in);
	u32 *places = arena_alloc(call->arena, len);

	cursor_bytes(&call->in, places, len);
	give_error(call, load_detach(call->keeper->load, places, len / sizeof(*places)));
}

static void on_stop(struct call *call)
{
	session_close_links(call->keeper->load);
}

static void on_counts(struct call *call)
{
	struct load_session *load = call->keeper->load;
	struct load_counts counts;
	struct wire_counts wanted;

	cursor_bytes(&call->in, &wanted, sizeof(wanted));
	if (wanted.probe >= load->config.n_probes) {
		give_code(call, -EINVAL);
		return;
	}
	load->trimmed[wanted.probe] = wanted.trimmed; /* who reads the records knows */
	load_counts(load, wanted.probe, &counts);
	give(call, &counts, sizeof(counts));
}

static void on_place_hits(struct call *call)
{
	u32 n = (u32)cursor_unsigned(&call->in, sizeof(n));
	u64 *hits;

	if (n > call->keeper->load->place_capacity) {
		give_code(call, -EINVAL);
		return;
	}
	hits = arena_array(call->arena, u64, n);
	load_place_hits(call->keeper->load, hits, n);
	give(call, hits, n * sizeof(*hits));
}

static void on_count_rows(struct call *call)
{
	struct load_session *load = call->keeper->load;
	struct load_count_row *rows;
	u64 *lost;
	size_t n;
	struct error *err = load_count_rows(load, call->arena, &rows, &n, &lost);

	for (size_t i = 0; i < n && !err; i++) {
		const struct wire_row row = {rows[i].key, rows[i].hits, rows[i].absent,
					     rows[i].cells != NULL};

		give(call, &row, sizeof(row));
		if (rows[i].cells)
			give(call, rows[i].cells, 2 * sizeof(*rows[i].cells));
	}
	if (!err)
		give(call, lost, load->config.n_probes * sizeof(*lost));
	give_error(call, err);
}

static void on_missed(struct call *call)
{
	u64 missed;

	if (!load_missed(call->keeper->load, &missed))
		missed = UINT64_MAX;
	give(call, &missed, sizeof(missed));
}

static void on_pairs(struct call *call)
{
	struct load_pairs pairs;

	load_pairs(call->keeper->load, &pairs);
	give(call, &pairs, sizeof(pairs));
}

static void on_sweep(struct call *call)
{
	load_sweep_pairs(call->keeper->load);
}

static void on_set_slower(struct call *call)
{
	load_set_slower(call->keeper->load, cursor_unsigned(&call->in, sizeof(u64)));
}

static void on_tictoc_rows(struct call *call)
{
	struct load_tictoc_row *rows;
	size_t n;

	load_tictoc_rows(call->keeper->load, call->arena, &rows, &n);
	give(call, rows, n * sizeof(*rows));
}

static void on_info(struct call *call)
{
	struct load_info info;

	load_info(call->keeper->load, &info);
	give(call, &info, sizeof(info));
}

enum session_need {
	ANY_SESSION = 1,
	NO_SESSION, /* one is started */
	OF_COUNT,   /* LOAD_COUNT */
	OF_TICTOC,
	OF_BUDGET, /* with `budget` */
};

static const struct {
	void (*answer)(struct call *call);
	enum session_need need;
} requests[WIRE_REQUESTS] = {
	[WIRE_START] = {on_start, NO_SESSION},
	[WIRE_ADD_PID] = {on_add_pid, ANY_SESSION},
	[WIRE_ATTACH_AGAIN] = {on_attach_again, ANY_SESSION},
	[WIRE_CLEAR_CHILDREN] = {on_clear_children, ANY_SESSION},
	[WIRE_FOLLOWS] = {on_follows, ANY_SESSION},
	[WIRE_ATTACH] = {on_attach, ANY_SESSION},
	[WIRE_ATTACH_MORE] = {on_attach_more, ANY_SESSION},
	[WIRE_ATTACHED] = {on_attached, ANY_SESSION},
	[WIRE_USE] = {on_use, OF_BUDGET},
	[WIRE_DETACH] = {on_detach, OF_BUDGET},
	[WIRE_STOP] = {on_stop, ANY_SESSION},
	[WIRE_COUNTS] = {on_counts, ANY_SESSION},
	[WIRE_PLACE_HITS] = {on_place_hits, OF_COUNT},
	[WIRE_COUNT_ROWS] = {on_count_rows, OF_COUNT},
	[WIRE_MISSED] = {on_missed, ANY_SESSION},
	[WIRE_PAIRS] = {on_pairs, OF_TICTOC},
	[WIRE_SWEEP] = {on_sweep, OF_TICTOC},
	[WIRE_SET_SLOWER] = {on_set_slower, OF_TICTOC},
	[WIRE_TICTOC_ROWS] = {on_tictoc_rows, OF_TICTOC},
	[WIRE_INFO] = {on_info, ANY_SESSION},
};

static bool has_need(const struct load_session *load, enum session_need need)
{
	switch (need) {
	case NO_SESSION: return !load;
	case ANY_SESSION: return load;
	case OF_COUNT: return load && load->config.instrument == LOAD_COUNT;
	case OF_TICTOC: return load && tictoc_is_ours(load);
	case OF_BUDGET: return load && load->config.budget;
	default: return false;
	}
}

/* The worker has the states mapped in which the programs look the time up. */
void keeper_look(struct keeper *keeper)
{
	struct load_session *load = keeper->load;

	if (load && load->expires && clock_now() > load->expires + LATE_NS)
		session_close_links(load);
}

bool keeper_answer_session(struct call *call, u32 request)
{
	if (!requests[request].answer || !has_need(call->keeper->load, requests[request].need))
		return false;
	requests[request].answer(call);
	return true;
}
