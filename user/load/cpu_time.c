/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * CPU time of the processes of the filter, hits included, from each one's clock. Where descendants
 * belong to it, what ended between two looks is found in its parent's time of children; else its
 * last moment is missing.
 */
#include <stdlib.h>
#include <time.h>

#include <bpf/bpf.h>

#include "base/clock.h"
#include "base/map.h"
#include "load/object.h"
#include "load/session.h"
#include "proc/proc.h"

#define SECOND_NS 1000000000ull
#define TICK_NS (SECOND_NS / 100)

/* Of a process, at the last look. */
struct used {
	u64 own_ns, children_ns;
};

struct cpu_time {
	u64 total_ns;
	u64 looked_ns;	      /* at the last time, CLOCK_BOOTTIME; 0: never */
	struct arena *arena;  /* of what was seen then: */
	struct map processes; /* pid to struct used */
	int *pids;	      /* its keys */
	size_t n_pids;
	/* LOAD_ANY: who has the file is searched for now and then. */
	struct arena *search;
	int *found;
	size_t n_found;
	u64 search_ns; /* when the next one is due */
};

static bool follows(const struct load_session *session)
{
	return session->config.filter == LOAD_FOLLOW || session->config.filter == LOAD_BINARY;
}

/* All that the kernel side knows. */
static void read_set(struct load_session *session, struct arena *arena, int **pids, size_t *n)
{
	int map = object_map(session->object, "pids");
	u32 pid, *before = NULL, last;

	while (*n < LOAD_MAX_PIDS && !bpf_map_get_next_key(map, before, &pid)) {
		*arena_push(arena, *pids, *n) = (int)pid;
		last = pid;
		before = &last;
	}
}

/* Looking through all processes takes its time: at most a fiftieth of ours. */
static void search(struct cpu_time *cpu, const struct load_session *session)
{
	enum { SHARE = 50 };
	u64 start = clock_now();

	if (start < cpu->search_ns || !session->config.binary_path)
		return;
	arena_reset(cpu->search);
	cpu->n_found = 0;
	error_free(
		proc_by_file(session->config.binary_path, cpu->search, &cpu->found, &cpu->n_found));
	cpu->search_ns = start + max_u64(SECOND_NS, SHARE * (clock_now() - start));
}

static void list_processes(struct cpu_time *cpu, struct load_session *session, struct arena *arena,
			   int **pids, size_t *n)
{
	*pids = NULL;
	*n = 0;
	if (follows(session)) {
		read_set(session, arena, pids, n);
	} else if (session->config.filter == LOAD_ANY) {
		search(cpu, session);
		*pids = cpu->found;
		*n = cpu->n_found;
	} else {
		*pids = session->pids;
		*n = session->n_pids;
	}
}

/* What it had used at the call before: nothing, if it has started since. */
static struct used used_before(const struct cpu_time *cpu, int pid, const struct used *now,
			       const struct proc_stat *stat)
{
	const struct used *known = map_get(&cpu->processes, (u64)pid);
	bool is_new = stat->start_time * TICK_NS + TICK_NS > cpu->looked_ns;

	if (known && known->own_ns <= now->own_ns && known->children_ns <= now->children_ns)
		return *known;
	return is_new && cpu->looked_ns ? (struct used){0} : *now;
}

static u64 gone_ns(const struct cpu_time *cpu, const struct map *now)
{
	u64 sum = 0;

	for (size_t i = 0; i < cpu->n_pids; i++) {
		const struct used *use;

		if (map_get(now, (u64)cpu->pids[i]))
			continue;
		use = map_get(&cpu->processes, (u64)cpu->pids[i]);
		sum += use->own_ns + use->children_ns;
	}
	return sum;
}

struct cpu_time *cpu_time_new(void)
{
	struct cpu_time *cpu = calloc(1, sizeof(*cpu));

	if (!cpu)
		error_no_memory();
	cpu->arena = arena_new();
	cpu->search = arena_new();
	map_init(&cpu->processes, cpu->arena);
	return cpu;
}

/* Adds what the process has used since the last look; false if it is gone. */
static bool add_process(const struct cpu_time *cpu, int pid, bool with_children, struct used *now,
			struct used *sum)
{
	struct used before;
	struct proc_stat stat;
	struct error *err = proc_stat(pid, &stat);

	if (err) {
		error_free(err);
		return false;
	}
	now->own_ns = proc_cpu_time(pid);
	now->children_ns = with_children ? stat.children_ticks * TICK_NS : 0;
	before = used_before(cpu, pid, now, &stat);
	sum->own_ns += now->own_ns - before.own_ns;
	sum->children_ns += now->children_ns - before.children_ns;
	return true;
}

u64 cpu_time_read(struct cpu_time *cpu, struct load_session *session)
{
	struct arena *arena = arena_new();
	u64 looked_ns = clock_read(CLOCK_BOOTTIME), gone;
	struct used sum = {0};
	struct map seen;
	int *pids, *kept = NULL;
	size_t n, n_kept = 0;

	map_init(&seen, arena);
	list_processes(cpu, session, arena, &pids, &n);
	for (size_t i = 0; i < n; i++) {
		struct used *now = arena_alloc(arena, sizeof(*now));

		if (map_get(&seen, (u64)pids[i]) ||
		    !add_process(cpu, pids[i], follows(session), now, &sum))
			continue;
		map_put(&seen, (u64)pids[i], now);
		*arena_push(arena, kept, n_kept) = pids[i];
	}
	gone = gone_ns(cpu, &seen);
	cpu->total_ns += sum.own_ns + (sum.children_ns > gone ? sum.children_ns - gone : 0);
	arena_free(cpu->arena);
	cpu->arena = arena;
	cpu->processes = seen;
	cpu->pids = kept;
	cpu->n_pids = n_kept;
	cpu->looked_ns = looked_ns;
	return cpu->total_ns;
}

void cpu_time_free(struct cpu_time *cpu)
{
	arena_free(cpu->arena);
	arena_free(cpu->search);
	free(cpu);
}
