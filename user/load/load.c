/* SPDX-License-Identifier: BSD-2-Clause */
#include "load/load.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "base/clock.h"
#include "layout.h"
#include "load/object.h"
#include "load/remote.h"
#include "load/session.h"
#include "load/tries.h"

enum {
	DEFAULT_DATA_BYTES = 32 << 10,
	DEFAULT_BUFFER_BYTES = 4 << 20,
	MAX_AREA_BYTES = 256 << 10,
	SMALL_CHUNKS = 2,     /* of records without a walk: the stack and a key */
	PLACE_ROOM = 1024,    /* map entries kept for load_attach_more(), at least */
	SWAP_MARKS = 1 << 16, /* threads times places that are hit while a link is closed */
};
#define INITIAL_PID_NAMESPACE 0xeffffffcu /* PROC_PID_INIT_INO, include/linux/proc_ns.h */

static unsigned log_verbose;

static int libbpf_says(enum libbpf_print_level level, const char *format, va_list args)
{
	if (log_verbose >= 2 || (log_verbose && level == LIBBPF_WARN))
		return vfprintf(stderr, format, args);
	return 0;
}

struct error *kernel_error(int code, const char *what)
{
	struct error *err;

	if (code == EPERM || code == EACCES) {
		err = error_new(ERROR_PRIVILEGE, "%s: %s", what, strerror(code));
		return error_cure(err, "run it as root, or grant CAP_BPF, CAP_PERFMON and "
				       "CAP_SYS_ADMIN; in a container also a seccomp profile that "
				       "allows bpf and perf_event_open");
	}
	if (code == ESRCH && access("/sys/kernel/btf/vmlinux", R_OK)) {
		err = error_new(ERROR_PRIVILEGE,
				"this kernel has no type information (/sys/kernel/btf/vmlinux)");
		return error_cure(err, "use a kernel built with CONFIG_DEBUG_INFO_BTF, as the "
				       "distributions' are");
	}
	if (code == EMFILE || code == ENFILE)
		return error_cure(error_new(ERROR_FAILED, "%s: %s", what, strerror(code)),
				  "raise the limit of open files (ulimit -n), or ask for fewer "
				  "places");
	return error_new(ERROR_FAILED, "%s: %s", what, strerror(code));
}

static void raise_limit(int resource)
{
	struct rlimit limit;

	if (getrlimit(resource, &limit))
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(resource, &limit);
}

static bool has_roots(const struct load_config *config)
{
	for (size_t i = 0; i < config->n_programs; i++) {
		if (config->programs[i].roots.n && config->programs[i].n_roots)
			return true;
	}
	return false;
}

static u32 own_namespace(void)
{
	struct stat st;

	if (stat("/proc/self/ns/pid", &st) || st.st_ino == INITIAL_PID_NAMESPACE)
		return 0;
	return st.st_ino;
}

/* A log line's record: head, values, and what they point to (bpf/values.bpf.h). */
static void set_log_knobs(struct load_session *session)
{
	const struct load_config *config = &session->config;
	struct bpf_object *object = session->object;
	u32 n = 0, at = 0, size = 0, data_at, record_bytes;

	for (size_t i = 0; i < config->n_programs; i++) {
		const struct load_program *program = &config->programs[i];

		n = max_u64(n, min_u64(program->n_values, SNAPLINE_MAX_VALUES));
		for (u32 v = 0; v < program->n_values && v < SNAPLINE_MAX_VALUES; v++) {
			at = max_u64(at, program->value_slots[v].at);
			size = max_u64(size, program->value_slots[v].size);
		}
	}
	data_at = sizeof(struct log_head) + n * sizeof(struct bay_value);
	/* One byte more for the NUL of a cut string. */
	record_bytes = (data_at + at + size + 1 + 7) & ~7u;
	object_knob(object, "knob_values", n);
	object_knob(object, "knob_value_bytes", size);
	object_knob(object, "knob_data_at", data_at);
	object_knob(object, "knob_data_limit", at);
	object_knob(object, "knob_record_bytes", record_bytes);
	session->info.record_bytes = record_bytes;
}

/* layout.h shows what they are of. */
static void set_record_knobs(struct load_session *session)
{
	struct load_config *config = &session->config;
	struct bpf_object *object = session->object;
	bool walks = has_roots(config);
	u32 data_at =
		walks ? sizeof(struct record)
		      : sizeof(struct record_head) + SMALL_CHUNKS * sizeof(struct record_chunk);
	u32 data_limit = config->stack_bytes + (walks ? config->data_bytes : 0);
	/* One byte more for the NUL of a cut string. */
	u32 record_bytes = (data_at + data_limit + SNAPLINE_MAX_READ + 1 + 7) & ~7u;

	if (config->instrument == LOAD_TICTOC)
		record_bytes += sizeof(struct tic_part) + sizeof(struct tic_values) + 8;

	object_knob(object, "knob_stack_bytes", config->stack_bytes);
	object_knob(object, "knob_data_at", data_at);
	object_knob(object, "knob_data_limit", data_limit);
	object_knob(object, "knob_record_bytes", record_bytes);
	session->info.record_bytes = record_bytes;
}

static enum process_mode process_mode(enum load_filter filter)
{
	switch (filter) {
	case LOAD_ANY: return PROCESS_ANY;
	case LOAD_PIDS: return PROCESS_ONE;
	default: return PROCESS_SET;
	}
}

static void set_knobs(struct load_session *session)
{
	struct load_config *config = &session->config;
	const struct load_limits *limits = &config->limits;
	struct bpf_object *object = session->object;

	object_knob(object, "knob_limit", limits->hits);
	object_knob(object, "knob_expires", limits->duration_ns != 0);
	object_knob(object, "knob_rate", limits->rate);
	object_knob(object, "knob_skip", limits->skip);
	object_knob(object, "knob_sample", limits->sample);
	object_knob(object, "knob_namespace", own_namespace());
	object_knob(object, "knob_task_btf", !config->old_kernel && try_task_btf());
	object_knob(object, "knob_process_mode", process_mode(config->filter));
	object_knob(object, "knob_budget", config->budget);
	object_knob(object, "knob_swaps", config->budget || session->by_pid);
	if (config->instrument == LOAD_LOG)
		set_log_knobs(session);
	else
		set_record_knobs(session);
	ring_maps_knobs(session);
	count_set_knobs(session);
}

static void set_sizes(struct load_session *session)
{
	const struct load_config *config = &session->config;
	struct bpf_object *object = session->object;

	object_map_entries(object, "places", session->place_capacity);
	object_map_entries(object, "probes", config->n_probes);
	object_map_entries(object, "counts", config->n_probes);
	if (config->budget)
		object_map_entries(object, "place_runs", session->place_capacity);
	if (config->budget || session->by_pid)
		object_map_entries(object, "swap_marks", SWAP_MARKS);
	object_map_entries(object, "pids", config->filter == LOAD_ANY ? 1 : LOAD_MAX_PIDS);
	object_map_entries(object, "nodes", max_u64(config->n_nodes, 1));
	object_map_entries(object, "edges", max_u64(config->n_edges, 1));
	object_map_entries(object, "root_nodes", config->n_programs * SNAPLINE_MAX_ROOTS);
	object_map_entries(object, "value_slots", config->n_programs * SNAPLINE_MAX_VALUES);
	count_set_sizes(session);
}

/* One form of the instrument's program is loaded. */
static void choose_programs(struct load_session *session)
{
	const struct instrument *instrument = object_instrument(session->config.instrument);
	bool binary = session->config.filter == LOAD_BINARY;
	bool follow = binary || session->config.filter == LOAD_FOLLOW;
	const char *chosen = instrument->program;

	if (instrument->loop && !session->config.old_kernel && try_loop())
		chosen = instrument->loop;
	if (instrument->faulting && session->info.faulting)
		chosen = instrument->faulting;
	object_autoload(session->object, instrument->program, chosen == instrument->program);
	if (instrument->loop)
		object_autoload(session->object, instrument->loop, chosen == instrument->loop);
	if (instrument->faulting)
		object_autoload(session->object, instrument->faulting,
				chosen == instrument->faulting);
	object_autoload(session->object, "follow_fork", follow);
	object_autoload(session->object, "follow_exit", follow);
	object_autoload(session->object, "binary_fork", binary);
	object_autoload(session->object, "binary_exec", binary);
}

static struct error *fill_map(int fd, const void *values, size_t n, size_t size, const char *what)
{
	for (u32 i = 0; i < n; i++) {
		int code = bpf_map_update_elem(fd, &i, (const u8 *)values + i * size, BPF_ANY);

		if (code)
			return kernel_error(-code, what);
	}
	return NULL;
}

static struct error *fill_value_slots(struct load_session *session)
{
	const struct load_config *config = &session->config;
	int map = object_map(session->object, "value_slots");

	for (u32 i = 0; i < config->n_programs && map >= 0; i++) {
		const struct load_program *program = &config->programs[i];

		for (u32 v = 0; v < program->n_values && v < SNAPLINE_MAX_VALUES; v++) {
			u32 key = i * SNAPLINE_MAX_VALUES + v;
			int code =
				bpf_map_update_elem(map, &key, &program->value_slots[v], BPF_ANY);

			if (code)
				return kernel_error(-code, "cannot fill the table of values");
		}
	}
	return NULL;
}

static struct error *fill_tables(struct load_session *session)
{
	const struct load_config *config = &session->config;
	struct bpf_object *object = session->object;
	struct error *err;

	err = fill_map(object_map(object, "nodes"), config->nodes, config->n_nodes,
		       sizeof(*config->nodes), "cannot fill the read table");
	if (!err)
		err = fill_map(object_map(object, "edges"), config->edges, config->n_edges,
			       sizeof(*config->edges), "cannot fill the read table");
	for (u32 i = 0; i < config->n_programs && !err; i++) {
		const struct load_program *program = &config->programs[i];

		for (u32 r = 0; r < program->n_roots && r < SNAPLINE_MAX_ROOTS; r++) {
			u32 key = i * SNAPLINE_MAX_ROOTS + r;

			bpf_map_update_elem(object_map(object, "root_nodes"), &key,
					    &program->root_nodes[r], BPF_ANY);
		}
	}
	return err ? err : fill_value_slots(session);
}

struct error *session_map_states(struct load_session *session, int fd)
{
	size_t page = sysconf(_SC_PAGESIZE);
	size_t len = session->config.n_probes * sizeof(struct probe_state);
	void *states;

	len = (len + page - 1) & ~(page - 1);
	states = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (states == MAP_FAILED)
		return error_errno(ERROR_FAILED, "cannot map the counters");
	session->states = states;
	session->states_len = len;
	return NULL;
}

int session_states_fd(const struct load_session *session)
{
	return object_map(session->object, "probes");
}

static struct error *map_states(struct load_session *session)
{
	struct error *err = session_map_states(session, session_states_fd(session));

	for (u32 i = 0; i < session->config.n_probes && !err; i++)
		session->states[i].closed = session->config.paused;
	return err;
}

static void *keep(struct arena *arena, const void *items, size_t bytes)
{
	return bytes ? arena_memdup(arena, items, bytes) : NULL;
}

static void keep_code(struct arena *arena, struct gen_code *code)
{
	code->insns = keep(arena, code->insns, code->n * sizeof(*code->insns));
}

/* The session has its own copy of all it was given. */
static void copy_config(struct load_session *session, const struct load_config *from)
{
	struct arena *arena = session->arena;
	struct load_config *config = &session->config;
	struct load_program *programs;

	*config = *from;
	programs = keep(arena, from->programs, from->n_programs * sizeof(*programs));
	for (size_t i = 0; i < from->n_programs; i++) {
		keep_code(arena, &programs[i].condition);
		keep_code(arena, &programs[i].roots);
		keep_code(arena, &programs[i].values);
	}
	config->programs = programs;
	config->nodes = keep(arena, from->nodes, from->n_nodes * sizeof(*from->nodes));
	config->edges = keep(arena, from->edges, from->n_edges * sizeof(*from->edges));
	config->places = keep(arena, from->places, from->n_places * sizeof(*from->places));
	for (size_t i = 0; i < from->n_places; i++)
		session_keep_place(session, (struct load_place *)&config->places[i]);
	if (from->binary_path)
		config->binary_path = arena_strdup(arena, from->binary_path);
	config->data_bytes = from->data_bytes ? from->data_bytes : DEFAULT_DATA_BYTES;
	config->buffer_bytes = from->buffer_bytes ? from->buffer_bytes : DEFAULT_BUFFER_BYTES;
	config->stack_bytes = min_u64(config->stack_bytes, MAX_AREA_BYTES) & ~7u;
	config->data_bytes = min_u64(config->data_bytes, MAX_AREA_BYTES) & ~7u;
}

static struct error *check_config(const struct load_config *config)
{
	if (!config->n_programs || config->n_programs > UINT16_MAX)
		return error_new(ERROR_USAGE, "%zu programs; between 1 and %u are possible",
				 config->n_programs, UINT16_MAX);
	if (!config->n_probes || config->n_probes > LOAD_MAX_PROBES)
		return error_new(ERROR_USAGE, "%u probes; between 1 and %d are possible",
				 config->n_probes, LOAD_MAX_PROBES);
	if (config->n_nodes > SNAPLINE_MAX_NODES || config->n_edges > SNAPLINE_MAX_EDGES)
		return error_new(ERROR_USAGE, "the variables need a read table that is too large");
	return NULL;
}

static void alloc_session(struct load_session *session)
{
	const struct load_config *config = &session->config;

	session->place_capacity = PLACE_ROOM;
	for (size_t i = 0; i < config->n_places; i++)
		session->place_capacity =
			max_u64(session->place_capacity,
				min_u64(2 * (config->places[i].index + 1), LOAD_MAX_PLACES));
	session->places =
		arena_array(session->arena, struct session_place, session->place_capacity);
	session->order = arena_array(session->arena, u32, session->place_capacity);
	session->delivered = arena_array(session->arena, u64, config->n_probes);
	session->trimmed = arena_array(session->arena, u64, config->n_probes);
	session->prog_of = arena_array(session->arena, u32, config->n_programs);
	for (size_t i = 0; i < config->n_programs; i++)
		session->prog_of[i] = NO_PROG;
}

static struct error *open_programs(struct load_session *session)
{
	struct error *err = program_open(session);

	if (!err) {
		set_knobs(session);
		set_sizes(session);
		if (tictoc_is_ours(session))
			tictoc_prepare(session);
		choose_programs(session);
		err = program_take(session);
	}
	return err;
}

static struct error *start(struct load_session *session)
{
	const struct load_config *config = &session->config;
	struct error *err;

	log_verbose = config->verbose;
	libbpf_set_print(libbpf_says);
	raise_limit(RLIMIT_MEMLOCK);
	raise_limit(RLIMIT_NOFILE);
	err = attach_choose(session);
	if (err)
		return err;
	session->info.fetch_add = !config->old_kernel && try_fetch_add();
	session->info.faulting = config->fault && !config->old_kernel && has_roots(config) &&
				 object_instrument(config->instrument)->faulting && try_sleepable();
	err = open_programs(session);
	if (!err)
		err = map_states(session);
	if (!err)
		err = fill_tables(session);
	if (!err)
		err = ring_maps_make(session);
	if (!err && config->instrument == LOAD_TICTOC)
		load_set_slower(session, config->tictoc.slower_ns);
	for (size_t i = 0; i < config->n_pids && !err; i++)
		err = session_add_pid(session, config->pids[i],
				      config->pid_ticks ? config->pid_ticks[i] : 0);
	return err;
}

struct error *load_start(const struct load_config *config, struct load_session **result)
{
	struct error *err = check_config(config);
	struct load_session *session;

	if (err)
		return err;
	session = calloc(1, sizeof(*session));
	if (!session)
		error_no_memory();
	session->arena = arena_new();
	copy_config(session, config);
	alloc_session(session);
	session->is_remote = remote_is_used();
	err = session->is_remote ? remote_start(session) : start(session);
	if (err) {
		load_free(session);
		return err;
	}
	*result = session;
	return NULL;
}
