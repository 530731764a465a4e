/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Live tests of load_detach() and load_use(): places are taken out while four threads hit all of
 * them. Those that stay must have every hit of these threads, once; those that go leave nothing
 * behind. Several places share an address, as lines of a listing do, and some of these go alone.
 */
#include <dirent.h>
#include <pthread.h>

#include "live.h"
#include "proc/proc.h"

enum { THREADS = 4, STRIDE = 64, STOP = THREADS * STRIDE, BYTES_EACH = 16, ROUNDS = 12 };
enum { SHARES = 3, PLACES = SHARES * LIVE_MANY }; /* place % LIVE_MANY is its address */

struct caller {
	u64 *calls; /* by place */
	const u64 *stop;
};

static void *call_all(void *context)
{
	struct caller *caller = context;

	while (!__atomic_load_n(caller->stop, __ATOMIC_ACQUIRE)) {
		for (u32 i = 0; i < LIVE_MANY; i++) {
			((void (*)(void))(live_many + i * BYTES_EACH))();
			caller->calls[i]++;
		}
	}
	return NULL;
}

static void call_in_threads(u64 *shared, u64 unused)
{
	struct caller callers[THREADS];
	pthread_t threads[THREADS];

	for (int i = 0; i < THREADS; i++) {
		callers[i] = (struct caller){&shared[i * STRIDE], &shared[STOP]};
		pthread_create(&threads[i], NULL, call_all, &callers[i]);
	}
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
}

static u64 calls_of(const u64 *shared, u32 place)
{
	u64 sum = 0;

	for (int i = 0; i < THREADS; i++)
		sum += shared[i * STRIDE + place % LIVE_MANY];
	return sum;
}

static size_t count_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	size_t n = 0;

	while (dir && readdir(dir))
		n++;
	if (dir)
		closedir(dir);
	return n;
}

static u8 code_before; /* of each place, before there were probes */

static bool has_breakpoint(int pid, u32 place)
{
	u8 code = code_before;

	proc_read_memory(pid, (u64)(uintptr_t)(live_many + place % LIVE_MANY * BYTES_EACH), &code,
			 1);
	return code != code_before;
}

/* What went wrong, summed up. */
struct wrong {
	u64 lost, twice, left, gone, grown;
};

/* Of four addresses one loses all its places, and one the second. */
static bool goes_ever(u32 place)
{
	u32 address = place % LIVE_MANY;

	return address % 4 == 1 || (address % 4 == 2 && place / LIVE_MANY == 1);
}

static bool goes(u32 place, u32 round)
{
	return goes_ever(place) && place % LIVE_MANY / 4 % ROUNDS == round;
}

static bool stays(u32 place)
{
	return !goes_ever(place) || place % LIVE_MANY / 4 >= ROUNDS;
}

static bool is_shared(u32 place)
{
	return place % LIVE_MANY % 4 == 2;
}

static void take_out(struct load_session *session, int pid, struct wrong *wrong, u64 *final)
{
	struct load_use use;

	for (u32 round = 0; round < ROUNDS; round++) {
		u32 places[PLACES], n = 0;

		for (u32 i = 0; i < PLACES; i++)
			if (goes(i, round))
				places[n++] = i;
		usleep(20000);
		error_free(load_detach(session, places, n));
		load_use(session, &use);
		for (u32 i = 0; i < n; i++) {
			final[places[i]] = use.hits[places[i]];
			wrong->left += !is_shared(places[i]) && has_breakpoint(pid, places[i]);
		}
		for (u32 i = 0; i < PLACES; i++)
			wrong->gone += stays(i) && !has_breakpoint(pid, i);
	}
}

static void compare(struct load_session *session, const u64 *shared, const u64 *final,
		    struct wrong *wrong)
{
	struct load_use use;

	load_use(session, &use);
	for (u32 i = 0; i < PLACES; i++) {
		u64 calls = calls_of(shared, i);

		if (!stays(i)) {
			wrong->grown += use.hits[i] != final[i] || final[i] > calls;
			continue;
		}
		wrong->lost += calls > use.hits[i] ? calls - use.hits[i] : 0;
		wrong->twice += use.hits[i] > calls ? use.hits[i] - calls : 0;
	}
}

static void test_detach(const char *name, struct load_config config)
{
	struct live_child child = live_fork(call_in_threads, 0);
	size_t fds = count_fds();
	struct load_place places[PLACES];
	u64 final[PLACES] = {0};
	struct load_session *session;
	struct load_counts counts;
	struct wrong wrong = {0};
	struct load_program program = {0};

	if (config.instrument == LOAD_SNAP)
		program.condition = *live_answer(0);
	for (u32 i = 0; i < PLACES; i++)
		places[i] = (struct load_place){
			.index = i,
			.path = "/proc/self/exe",
			.offset = live_offset(live_many) + i % LIVE_MANY * BYTES_EACH,
		};
	config.programs = &program;
	config.n_programs = 1;
	config.places = places;
	config.n_places = PLACES;
	config.n_probes = 1;
	config.pids = &child.pid;
	config.n_pids = 1;
	config.budget = true;
	session = live_start(&config);
	live_go(&child);
	take_out(session, child.pid, &wrong, final);
	__atomic_store_n(&child.shared[STOP], 1, __ATOMIC_RELEASE);
	while (!live_ended(&child))
		usleep(10000);
	load_stop(session);
	compare(session, child.shared, final, &wrong);
	load_counts(session, 0, &counts);
	load_free(session);
	live_ok(!wrong.left && !wrong.grown && !wrong.gone,
		"%s: places that are out have no breakpoint and no more hits, others stand", name);
	live_ok(live_sum_holds(&counts) && counts.hits > 1000, "%s: the classes add up", name);
	printf("# lost %lu, twice %lu\n", wrong.lost, wrong.twice);
	live_ok(!wrong.lost && !wrong.twice, "%s: places that stay have every hit, once", name);
	live_ok(count_fds() <= fds, "%s: no descriptor is left", name);
}

static bool has_multi(void)
{
	struct load_features features;

	load_probe_features(&features);
	return features.multi_links && features.cookies;
}

int main(void)
{
	struct load_costs costs;

	code_before = (u8)live_many[0];
	load_measure_costs(&costs);
	printf("# a hit: emulated %lu ns, single-stepped %lu ns\n", costs.emulated_ns,
	       costs.stepped_ns);
	live_ok(costs.known && costs.emulated_ns && costs.stepped_ns,
		"what a hit costs is measured");
	if (has_multi()) {
		test_detach("count, one link",
			    (struct load_config){.instrument = LOAD_COUNT, .filter = LOAD_PIDS});
		test_detach("snap, one link",
			    (struct load_config){.instrument = LOAD_SNAP, .filter = LOAD_FOLLOW});
	} else {
		live_ok(true, "one link # SKIP this kernel has no links for many places (6.6)");
	}
	test_detach("count, a link each", (struct load_config){.instrument = LOAD_COUNT,
							       .filter = LOAD_PIDS,
							       .old_kernel = true});
	return live_plan();
}
