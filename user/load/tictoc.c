/* SPDX-License-Identifier: BSD-2-Clause */
/* The maps of tic-toc: sized before loading, read and swept while it runs (include/pair.h). */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "base/clock.h"
#include "load/object.h"
#include "load/remote.h"
#include "load/session.h"
#include "proc/proc.h"

enum { SWEEP_BATCH = 4096, CAPTURED_MOST = 16384 };

static u32 stripes(const struct load_session *session)
{
	u32 power = 1;

	while (!session->config.tictoc.max_rows && power < session->info.n_rings)
		power *= 2;
	return power;
}

bool tictoc_is_ours(const struct load_session *session)
{
	enum load_instrument instrument = session->config.instrument;

	return instrument == LOAD_TICTOC || instrument == LOAD_CALLS;
}

void tictoc_prepare(struct load_session *session)
{
	const struct load_tictoc *config = &session->config.tictoc;
	struct bpf_object *object = session->object;
	bool captures = config->slower && config->n_captures;
	u32 n_rows = 1 + config->max_rows;

	object_knob(object, "knob_pair_mode", config->mode);
	object_knob(object, "knob_selects", config->selects);
	object_knob(object, "knob_keys", config->n_keys);
	object_knob(object, "knob_by", config->n_by);
	object_knob(object, "knob_by_at_toc", config->by_at_toc);
	object_knob(object, "knob_captures", config->n_captures);
	object_knob(object, "knob_slower", config->slower);
	object_knob(object, "knob_stripes", stripes(session));
	object_knob(object, "knob_rows", n_rows);
	object_map_entries(object, "pairs", max_u64(config->max_open, 1));
	if (session->config.instrument == LOAD_CALLS)
		object_map_entries(object, "threads", max_u64(config->max_open, 1));
	object_map_entries(object, "captured",
			   captures ? min_u64(config->max_open, CAPTURED_MOST) : 1);
	object_map_entries(object, "rows", max_u64(config->max_rows, 1));
	object_map_entries(object, "histograms", n_rows * stripes(session));
}

void load_set_slower(struct load_session *session, u64 slower_ns)
{
	u32 zero = 0;

	if (session->is_remote) {
		remote_get(WIRE_SET_SLOWER, &slower_ns, sizeof(slower_ns), NULL, 0);
		return;
	}
	bpf_map_update_elem(object_map(session->object, "slower"), &zero, &slower_ns, BPF_ANY);
}

/* What a batch is seen by. */
struct visit {
	struct load_session *session;
	u64 open;
};

static u64 boottime_offset(void)
{
	return clock_read(CLOCK_BOOTTIME) - clock_now();
}

/* A process whose first thread has ended lives on in the others. */
static bool has_other_threads(u32 pid)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	DIR *dir = opendir(arena_printf(arena, "/proc/%u/task", pid));
	struct dirent *entry;
	u32 n = 0;

	while (dir && (entry = readdir(dir)))
		n += entry->d_name[0] != '.';
	if (dir)
		closedir(dir);
	return n > 1;
}

/* A number that was given to another thread since is not the one that is waited for. */
bool tictoc_has_ended(u32 id, bool is_process, u64 since)
{
	enum { TICK_NS = 10000000 };
	struct proc_stat stat;
	struct error *err;

	if (!id)
		return false;
	/* A thread's number works there too, though it isn't listed. */
	err = proc_stat((int)id, &stat);
	if (err) {
		error_free(err);
		return true;
	}
	if (stat.state == 'X' || (stat.state == 'Z' && !(is_process && has_other_threads(id))))
		return true;
	return stat.start_time * TICK_NS > since + boottime_offset() + TICK_NS;
}

static void sweep_one(struct visit *visit, const struct pair_key *key, const struct pair_open *open)
{
	struct load_session *session = visit->session;
	bool by_process = session->config.tictoc.mode == PAIR_KEY || key->goroutine_of;

	if (!tictoc_has_ended(by_process ? open->pid : open->tid, by_process, open->time) ||
	    bpf_map_delete_elem(object_map(session->object, "pairs"), key))
		return;
	session->pairs_left++;
	bpf_map_delete_elem(object_map(session->object, "captured"), key);
}

static void count_one(struct visit *visit, const struct pair_key *key, const struct pair_open *open)
{
	visit->open++;
}

static void visit_pairs(struct visit *visit,
			void (*see)(struct visit *visit, const struct pair_key *key,
				    const struct pair_open *open))
{
	int fd = object_map(visit->session->object, "pairs"), code = 0;
	struct pair_key *keys = calloc(SWEEP_BATCH, sizeof(*keys));
	struct pair_open *values = calloc(SWEEP_BATCH, sizeof(*values));
	u32 position = 0, most = visit->session->config.tictoc.max_open / 16 + 64;
	bool first = true;

	if (!keys || !values)
		error_no_memory();
	for (u32 i = 0; i < most && !code; i++) {
		u32 n = SWEEP_BATCH;

		code = bpf_map_lookup_batch(fd, first ? NULL : &position, &position, keys, values,
					    &n, NULL);
		if (code && code != -ENOENT)
			break;
		for (u32 k = 0; k < n; k++)
			see(visit, &keys[k], &values[k]);
		first = false;
	}
	free(keys);
	free(values);
}

void load_sweep_pairs(struct load_session *session)
{
	struct visit visit = {.session = session};

	if (session->is_remote)
		remote_get(WIRE_SWEEP, NULL, 0, NULL, 0);
	else if (session->config.instrument == LOAD_CALLS)
		session->pairs_left += calls_sweep(session);
	else
		visit_pairs(&visit, sweep_one);
}

void load_pairs(struct load_session *session, struct load_pairs *pairs)
{
	int n, fd;
	struct tictoc_counts *each, sum = {};
	struct visit visit = {.session = session};
	u32 zero = 0;

	if (session->is_remote) {
		remote_get(WIRE_PAIRS, NULL, 0, pairs, sizeof(*pairs));
		return;
	}
	fd = object_map(session->object, "tictoc_counts");
	n = libbpf_num_possible_cpus();
	each = calloc((size_t)n, sizeof(*each));
	if (!each)
		error_no_memory();
	if (!bpf_map_lookup_elem(fd, &zero, each))
		for (int cpu = 0; cpu < n; cpu++)
			for (int i = 0; i < TICTOC_CLASSES; i++)
				sum.n[i] += each[cpu].n[i];
	free(each);
	if (session->config.instrument == LOAD_CALLS)
		visit.open = calls_open(session);
	else
		visit_pairs(&visit, count_one);
	*pairs = (struct load_pairs){
		.open = visit.open,
		.overwritten = sum.n[TICTOC_OVERWRITTEN],
		.left = sum.n[TICTOC_LEFT] + session->pairs_left,
		.lost = sum.n[TICTOC_LOST],
		.toc_alone = sum.n[TICTOC_TOC_ALONE],
		.key_error = sum.n[TICTOC_KEY_ERROR],
		.slow = sum.n[TICTOC_SLOW],
		.slow_rate = sum.n[TICTOC_SLOW_RATE],
		.slow_full = sum.n[TICTOC_SLOW_FULL],
		.slow_emitted = sum.n[TICTOC_SLOW_EMITTED],
		.uncaptured = sum.n[TICTOC_UNCAPTURED],
	};
}

static void read_row(struct load_session *session, u32 row, struct histogram *histogram)
{
	struct histogram_cells *cells = malloc(sizeof(*cells));
	u32 n = stripes(session);

	if (!cells)
		error_no_memory();
	for (u32 i = 0; i < n; i++) {
		u32 index = row * n + i;

		if (!bpf_map_lookup_elem(object_map(session->object, "histograms"), &index, cells))
			histogram_merge_cells(histogram, cells, 1);
	}
	free(cells);
}

static void add_row(struct load_session *session, struct arena *arena, const struct row_key *key,
		    u32 row, struct load_tictoc_row **rows, size_t *n)
{
	struct histogram *histogram = calloc(1, sizeof(*histogram));
	struct load_tictoc_row *added;

	if (!histogram)
		error_no_memory();
	read_row(session, row, histogram);
	if (histogram->count) {
		added = arena_push(arena, *rows, *n);
		added->is_overflow = !key;
		added->histogram = *histogram;
		if (key)
			added->key = *key;
	}
	free(histogram);
}

void load_tictoc_rows(struct load_session *session, struct arena *arena, struct load_tictoc_row **rows, size_t *n)
{
	struct row_key key, *before = NULL;
	u32 row;
	int fd;

	*rows = NULL;
	*n = 0;
	if (session->is_remote) {
		remote_tictoc_rows(arena, rows, n);
		return;
	}
	fd = object_map(session->object, "rows");
	/* Keys are only ever added. */
	for (u32 i = 0; i < session->config.tictoc.max_rows; i++) {
		if (bpf_map_get_next_key(fd, before, &key))
			break;
		before = &key;
		if (!bpf_map_lookup_elem(fd, &key, &row))
			add_row(session, arena, &key, row, rows, n);
	}
	add_row(session, arena, NULL, ROW_OVERFLOW, rows, n);
}
