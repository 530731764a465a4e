/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What probes have used: hits of places, and what the programs take at a hit. That is the kernel's
 * statistics (BPF_ENABLE_STATS, 5.8, needs CAP_SYS_ADMIN), which cost each program of the system
 * two looks at the clock; so they run between two calls of load_use() in STATS_EVERY.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/bpf.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "base/clock.h"
#include "load/object.h"
#include "load/remote.h"
#include "load/session.h"

enum { STATS_EVERY = 4, BATCH = 4096 };

struct usage {
	struct cpu_time *cpu;
	int stats_fd; /* -1: no statistics now */
	u32 calls;
	u64 *hits, *own_ns; /* by place */
	u64 *since;	    /* hits when the statistics began */
	u32 *keys;	    /* of a batch, */
	u64 *each;	    /* with the values of every CPU */
};

/*
 * Links of all processes run it for others too, which it only turns away: what the hits of our
 * processes cost is not the mean of these runs. (Twice a hit is while a link is replaced.)
 */
static u64 mean_of(u64 ns, u64 runs, u64 own)
{
	bool for_others = runs > 2 * own + own / 2;

	return ns / (for_others ? own : runs);
}

static void measure_program(struct prog *prog)
{
	struct bpf_prog_info info = {};
	u32 len = sizeof(info);

	if (bpf_obj_get_info_by_fd(prog->fd, &info, &len))
		return;
	if (info.run_cnt > prog->runs && prog->own_runs)
		prog->mean_ns = mean_of(info.run_time_ns - prog->run_ns,
					info.run_cnt - prog->runs, prog->own_runs);
	prog->run_ns = info.run_time_ns;
	prog->runs = info.run_cnt;
}

/* Of our processes, since the statistics began. */
static void sum_own_runs(struct load_session *session)
{
	const struct usage *usage = session->usage;

	for (size_t i = 0; i < session->n_progs; i++)
		session->progs[i].own_runs = 0;
	for (size_t i = 0; i < session->n_places; i++) {
		u32 place = session->order[i];

		session->progs[session->places[place].prog].own_runs +=
			usage->hits[place] - usage->since[place];
	}
}

static void measure_programs(struct load_session *session)
{
	struct usage *usage = session->usage;

	if (usage->stats_fd >= 0) {
		sum_own_runs(session);
		for (size_t i = 0; i < session->n_progs; i++)
			measure_program(&session->progs[i]);
		close(usage->stats_fd);
		usage->stats_fd = -1;
	}
	if (usage->calls++ % STATS_EVERY == 0) {
		usage->stats_fd = bpf_enable_stats(BPF_STATS_RUN_TIME);
		memcpy(usage->since, usage->hits, session->place_capacity * sizeof(u64));
	}
	for (size_t i = 0; i < session->n_places; i++) {
		u32 place = session->order[i];

		usage->own_ns[place] = session->progs[session->places[place].prog].mean_ns;
	}
}

static void sum_place(struct usage *usage, u32 place, const u64 *each, int n_cpus)
{
	usage->hits[place] = 0;
	for (int cpu = 0; cpu < n_cpus; cpu++)
		usage->hits[place] += each[cpu];
}

static void read_one_by_one(struct usage *usage, int map, u32 n, int n_cpus)
{
	for (u32 i = 0; i < n; i++)
		if (!bpf_map_lookup_elem(map, &i, usage->each))
			sum_place(usage, i, usage->each, n_cpus);
}

/* In batches where the kernel has them for this kind of map (5.13). */
static void read_hits(struct load_session *session, u32 n)
{
	bool plain = count_is_plain(&session->config);
	int map = object_map(session->object, plain ? "place_hits" : "place_runs");
	struct usage *usage = session->usage;
	int n_cpus = libbpf_num_possible_cpus(), code = 0;
	u32 position = 0, at = 0;

	while (at < n && !code) {
		u32 count = BATCH;

		code = bpf_map_lookup_batch(map, at ? &position : NULL, &position, usage->keys,
					    usage->each, &count, NULL);
		if (code && code != -ENOENT)
			return read_one_by_one(usage, map, n, n_cpus);
		for (u32 i = 0; i < count && at < n; i++, at++)
			sum_place(usage, at, &usage->each[(size_t)i * n_cpus], n_cpus);
	}
}

u32 usage_indices(const struct load_session *session)
{
	u32 n = 0;

	for (size_t i = 0; i < session->n_places; i++)
		n = max_u64(n, session->order[i] + 1);
	return n;
}

static struct usage *usage_new(const struct load_session *session)
{
	struct usage *usage = calloc(1, sizeof(*usage));
	size_t cpus = libbpf_num_possible_cpus(), room = session->place_capacity;

	if (!usage || !(usage->hits = calloc(room, sizeof(u64))) ||
	    !(usage->own_ns = calloc(room, sizeof(u64))) ||
	    !(usage->since = calloc(room, sizeof(u64))) ||
	    !(usage->keys = calloc(BATCH, sizeof(u32))) ||
	    !(usage->each = calloc(BATCH * cpus, sizeof(u64))))
		error_no_memory();
	usage->cpu = cpu_time_new();
	usage->stats_fd = -1;
	return usage;
}

void load_use(struct load_session *session, struct load_use *use)
{
	struct usage *usage = session->usage;

	if (session->is_remote) {
		remote_use_of_probes(session, use);
		return;
	}
	if (!usage)
		usage = session->usage = usage_new(session);
	read_hits(session, usage_indices(session));
	measure_programs(session);
	*use = (struct load_use){clock_now(), cpu_time_read(usage->cpu, session), usage->hits,
				 usage->own_ns};
}

void usage_free(struct load_session *session)
{
	struct usage *usage = session->usage;

	if (!usage)
		return;
	if (usage->stats_fd >= 0)
		close(usage->stats_fd);
	cpu_time_free(usage->cpu);
	free(usage->hits);
	free(usage->own_ns);
	free(usage->since);
	free(usage->each);
	free(usage->keys);
	free(usage);
}
