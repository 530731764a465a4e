/* SPDX-License-Identifier: BSD-2-Clause */
/* Live tests of user/load/: counts, limits, filters. Prints TAP; needs root. */
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/wait.h>
#include <time.h>

#include <bpf/bpf.h>

#include "live.h"

enum { CALLS = 20000, THREADS = 4, CALLS_EACH = 2500000 };
enum { LONGEST_S = 60, ENOUGH = 100000 }; /* of CALLS_EACH in each thread: seconds, calls in all */

static void call_hit(u64 *shared, u64 n)
{
	for (u64 i = 1; i <= n; i++) {
		live_hit(i, NULL);
		shared[0]++;
	}
}

static u64 now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ull + ts.tv_nsec;
}

struct worker {
	u64 n;
	u64 *calls;
};

/* On a slow machine fewer, in whole thousands, so that there is an end to it. */
static void *work_thread(void *context)
{
	struct worker *worker = context;
	u64 end = now_ns() + LONGEST_S * 1000000000ull;

	for (u64 i = 1; i <= worker->n && (i % 1000 != 1 || now_ns() < end); i++) {
		live_hit(i, NULL);
		++*worker->calls;
	}
	return NULL;
}

/* Counters of their own, 64 bytes apart. */
static void call_in_threads(u64 *shared, u64 n)
{
	struct worker workers[THREADS];
	pthread_t threads[THREADS];

	for (int i = 0; i < THREADS; i++) {
		workers[i] = (struct worker){n, &shared[8 * i]};
		pthread_create(&threads[i], NULL, work_thread, &workers[i]);
	}
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
}

static u64 calls_of_threads(const u64 *shared)
{
	u64 sum = 0;

	for (int i = 0; i < THREADS; i++)
		sum += shared[8 * i];
	return sum;
}

static void test_counts(void)
{
	struct live_child child = live_fork(call_hit, CALLS);
	struct load_config config = live_config(&child);
	struct live_result got = live_run(&config, &child, NULL, NULL);

	live_ok(live_sum_holds(&got.counts) && got.counts.hits == child.shared[0] &&
			got.delivered == got.counts.emitted,
		"every call is a hit, and every emitted record is delivered");
}

/* The child does its work to the end before a record is taken. */
static void end_unread(struct load_session *session, struct live_child *child)
{
	live_go(child);
	while (!live_ended(child))
		usleep(20000);
	load_stop(session);
}

static void test_saturated(void)
{
	struct live_child child = live_fork(call_in_threads, CALLS_EACH);
	struct load_config config = live_config(&child);
	struct load_program program = {.condition = *live_every(1000)};
	struct load_session *session;
	const struct record_head *record;
	struct load_counts counts;
	u64 delivered = 0;

	config.programs = &program;
	config.stack_bytes = 16384;
	config.buffer_bytes = 1 << 20;
	session = live_start(&config);
	end_unread(session, &child);
	for (;;) {
		error_free(load_next(session, 0, -1, &record));
		if (!record)
			break;
		delivered++;
	}
	load_counts(session, 0, &counts);
	load_free(session);
	live_ok(live_sum_holds(&counts), "4 threads, ring saturated: the classes add up");
	live_ok(counts.hits == calls_of_threads(child.shared) && counts.hits >= ENOUGH,
		"... to the program's own count, %lu", calls_of_threads(child.shared));
	live_ok(counts.condition_false == counts.hits / 1000 * 999 && counts.buffer_full > 0 &&
			counts.emitted == delivered,
		"... one in a thousand passed, %lu found the ring full, %lu are delivered",
		counts.buffer_full, delivered);
}

/* Larger than the near ring, and all of it there before the first is taken. */
static void test_burst(void)
{
	enum { BURST = 300 };
	struct live_child child = live_fork(call_hit, BURST);
	struct load_config config = live_config(&child);
	const struct record_head *record;
	struct load_session *session;
	struct load_counts counts;
	u64 in_order = 0;

	config.stack_bytes = 16384;
	config.buffer_bytes = 16 << 20;
	session = live_start(&config);
	end_unread(session, &child);
	for (;;) {
		error_free(load_next(session, 0, -1, &record));
		if (!record)
			break;
		in_order += record->hit == in_order + 1;
	}
	load_counts(session, 0, &counts);
	load_free(session);
	live_ok(counts.emitted == BURST && in_order == BURST,
		"a burst that is larger than the near ring is whole and in order, %lu of %d", in_order,
		BURST);
}

static void test_limit(void)
{
	struct live_child child = live_fork(call_in_threads, CALLS);
	struct load_config config = live_config(&child);
	struct live_result got;

	config.limits.hits = 5;
	got = live_run(&config, &child, NULL, NULL);
	live_ok(live_sum_holds(&got.counts) && got.counts.emitted == 5 && got.delivered == 5 &&
			got.counts.over_limit == THREADS * CALLS - 5 &&
			got.counts.hits == THREADS * CALLS,
		"-n 5 of 4 threads is 5, the others are over the limit");
}

static void see_number(const struct record_head *record, void *context)
{
	u64 *wrong = context;

	*wrong += record->hit <= 10 || (record->hit - 11) % 7 ||
		  record->hit != record->regs[LIVE_ARG1];
}

static void test_skip_and_sample(void)
{
	struct live_child child = live_fork(call_hit, CALLS);
	struct load_config config = live_config(&child);
	struct live_result got;
	u64 wrong = 0;

	config.limits.skip = 10;
	config.limits.sample = 7;
	got = live_run(&config, &child, see_number, &wrong);
	live_ok(live_sum_holds(&got.counts) &&
			got.counts.emitted + got.counts.buffer_full == (CALLS - 10 + 6) / 7 &&
			!wrong,
		"--skip 10 --sample 1/7 takes hits 11, 18, 25 ...");
}

struct pace {
	u64 last, least;
};

static void see_pace(const struct record_head *record, void *context)
{
	struct pace *pace = context;

	if (pace->last && record->ktime - pace->last < pace->least)
		pace->least = record->ktime - pace->last;
	pace->last = record->ktime;
}

static void call_for_seconds(u64 *shared, u64 seconds)
{
	u64 end = now_ns() + seconds * 1000000000ull;

	while (now_ns() < end) {
		live_hit(1, NULL);
		shared[0]++;
		usleep(1000);
	}
}

static void test_rate(void)
{
	struct live_child child = live_fork(call_for_seconds, 3);
	struct load_config config = live_config(&child);
	struct pace pace = {.least = UINT64_MAX};
	struct live_result got;

	config.limits.rate = 1;
	got = live_run(&config, &child, see_pace, &pace);
	printf("# calls %lu, records at least %lu ns apart\n", child.shared[0], pace.least);
	live_ok(live_sum_holds(&got.counts) && got.counts.emitted > 1 &&
			pace.least >= 1000000000ull &&
			got.counts.rate_limited == child.shared[0] - got.counts.emitted,
		"--rate 1/s keeps records a second apart (%lu of %lu hits)", got.counts.emitted,
		got.counts.hits);
}

static void test_duration(void)
{
	struct live_child child = live_fork(call_for_seconds, 2);
	struct load_config config = live_config(&child);
	struct live_result got;

	config.limits.duration_ns = 1000000000ull;
	got = live_run(&config, &child, NULL, NULL);
	live_ok(live_sum_holds(&got.counts) && got.counts.hits == child.shared[0] &&
			got.counts.over_limit > 0 && got.counts.emitted > 0,
		"-d 1s: later hits are over the limit");
}

static void test_condition_error(void)
{
	struct live_child child = live_fork(call_hit, CALLS);
	struct load_config config = live_config(&child);
	struct load_program program = {.condition = *live_answer(BAY_ERROR)};
	struct live_result got;

	config.programs = &program;
	got = live_run(&config, &child, NULL, NULL);
	live_ok(live_sum_holds(&got.counts) && got.counts.condition_error == CALLS,
		"a condition in error is counted as that");
}

static void test_filter(void)
{
	struct live_child wanted = live_fork(call_hit, CALLS), other = live_fork(call_hit, CALLS);
	enum load_filter filters[] = {LOAD_PIDS, LOAD_SET, LOAD_FOLLOW};

	live_go(&other);
	for (size_t i = 0; i < ARRAY_LEN(filters); i++) {
		struct load_config config;
		struct live_result got;

		if (i) {
			wanted = live_fork(call_hit, CALLS);
			live_kill(&other);
			other = live_fork(call_hit, CALLS);
			live_go(&other);
		}
		config = live_config(&wanted);
		config.filter = filters[i];
		got = live_run(&config, &wanted, NULL, NULL);
		live_ok(got.counts.hits == CALLS && live_sum_holds(&got.counts),
			"filter %zu: hits of the other process are none", i);
	}
	live_kill(&other);
}

static void fork_and_call(u64 *shared, u64 n)
{
	for (int i = 0; i < 3; i++) {
		if (!fork()) {
			if (!fork()) {
				call_hit(shared + 8, n);
				_exit(0);
			}
			wait(NULL);
			call_hit(shared, n);
			_exit(0);
		}
		wait(NULL);
	}
}

/* The one that calls was forked before anything was attached. */
static void test_follow_existing(void)
{
	struct live_child child = live_fork_under(call_hit, 1000);
	struct load_config config = live_config(&child);
	struct live_result got;

	config.filter = LOAD_FOLLOW;
	got = live_run(&config, &child, NULL, NULL);
	live_ok(got.counts.hits == 1000 && child.shared[0] == 1000,
		"a child that was there before is followed too");
}

static void test_follow(void)
{
	struct live_child child = live_fork(fork_and_call, 1000);
	struct load_config config = live_config(&child);
	struct live_result got;

	config.filter = LOAD_FOLLOW;
	got = live_run(&config, &child, NULL, NULL);
	live_ok(live_sum_holds(&got.counts) && got.counts.hits == 6000 &&
			child.shared[0] + child.shared[8] == 6000,
		"descendants are followed from their fork on");
	child = live_fork(fork_and_call, 1000);
	config.pids = &child.pid;
	config.filter = LOAD_PIDS;
	got = live_run(&config, &child, NULL, NULL);
	live_ok(got.counts.hits == 0, "... and only if asked for");
}

static void call_both(u64 *shared, u64 n)
{
	for (u64 i = 1; i <= n; i++) {
		live_hit(i, NULL);
		if (i % 2)
			live_hit2(i, NULL);
	}
}

static void see_places(const struct record_head *record, void *context)
{
	((u64 *)context)[record->place & 7]++;
}

/* Two places share a program with a cookie; a third program has another condition. */
static void test_places(enum load_links links, const char *name)
{
	struct live_child child = live_fork(call_both, 1000);
	struct load_config config = live_config(&child);
	struct load_program programs[2] = {{}, {.condition = *live_every(10)}};
	struct load_place places[3];
	struct live_result got;
	u64 seen[8] = {};

	for (u32 i = 0; i < ARRAY_LEN(places); i++) {
		places[i] = config.places[0];
		places[i].index = i + 2;
		places[i].program = i == 2;
	}
	places[1].offset = places[1].pc = live_offset(live_hit2);
	config.programs = programs;
	config.n_programs = ARRAY_LEN(programs);
	config.places = places;
	config.n_places = ARRAY_LEN(places);
	config.links = links;
	config.buffer_bytes = 32 << 20;
	got = live_run(&config, &child, see_places, seen);
	live_ok(live_sum_holds(&got.counts) && seen[2] == 1000 && seen[3] == 500 && seen[4] == 100,
		"%s links: three places, two programs, each with its own hits (%lu %lu %lu)", name,
		seen[2], seen[3], seen[4]);
}

static u8 first_byte(int pid, const void *function)
{
	char path[64];
	u8 byte = 0;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/mem", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (pread(fd, &byte, 1, (off_t)function) != 1)
		byte = 0;
	close(fd);
	return byte;
}

/* The second of two places can't be probed: then neither is. */
static void test_all_or_nothing(enum load_links links, const char *name)
{
	struct live_child child = live_fork(call_hit, 1000);
	struct load_config config = live_config(&child);
	struct load_session *session;
	struct load_place places[2];
	u8 before = first_byte(child.pid, live_hit);
	struct error *err;
	bool refused;

	for (u32 i = 0; i < ARRAY_LEN(places); i++) {
		places[i] = config.places[0];
		places[i].index = i;
	}
	places[1].offset = places[1].pc = live_offset(live_refused);
	config.places = places;
	config.n_places = ARRAY_LEN(places);
	config.links = links;
	err = load_start(&config, &session);
	if (!err) {
		err = load_attach(session);
		load_free(session);
	}
	refused = err && strstr(err->text, "the kernel refuses the instruction there");
	live_ok(refused && before && first_byte(child.pid, live_hit) == before,
		"%s links: one place that the kernel refuses, and none stands: %s", name,
		err ? err->text : "no error");
	error_free(err);
	live_go(&child);
	while (!live_ended(&child))
		poll(NULL, 0, 10);
	live_ok(child.shared[0] == 1000, "... and the program goes on");
}

/* What 5.10 has: no fetch-and-add, no cookies, no typed tasks, no multi links. */
static void test_old_kernel(void)
{
	struct live_child child = live_fork(call_in_threads, CALLS);
	struct load_config config = live_config(&child);
	struct live_result got;

	config.old_kernel = true;
	config.limits.hits = 5;
	got = live_run(&config, &child, NULL, NULL);
	live_ok(live_sum_holds(&got.counts) && got.counts.emitted == 5 && got.delivered == 5 &&
			got.counts.hits == THREADS * CALLS,
		"with what 5.10 has, -n 5 of 4 threads is 5 too");
	child = live_fork(fork_and_call, 1000);
	config = live_config(&child);
	config.old_kernel = true;
	config.filter = LOAD_FOLLOW;
	got = live_run(&config, &child, NULL, NULL);
	live_ok(live_sum_holds(&got.counts) && got.counts.hits == 6000, "... descendants too");
}

static void test_links(enum load_links links, const char *name)
{
	struct load_features features;

	load_probe_features(&features);
	if (links == LOAD_LINKS_MULTI && !features.multi_links) {
		live_ok(true, "%s links # SKIP this kernel has none (6.6)", name);
		return;
	}
	test_places(links, name);
	test_all_or_nothing(links, name);
}

/*
 * `add %gs:..., %r9` is how a program gets to a stack that its CPU's other runs use too
 * (arch/x86/net/bpf_jit_comp.c, emit_private_frame_ptr()); on arm64 it's `add x27, x27, x10`
 * (arch/arm64/net/bpf_jit_comp.c, emit_percpu_ptr()), as x27 serves nothing else there.
 */
static bool shares_its_stack(u32 id)
{
#ifdef __aarch64__
	static const u8 to_stack[] = {0x7b, 0x03, 0x0a, 0x8b};
#else
	static const u8 to_stack[] = {0x65, 0x4c, 0x03, 0x0c, 0x25};
#endif
	static u8 code[1 << 18];
	struct bpf_prog_info info = {.jited_prog_insns = (u64)(uintptr_t)code,
				     .jited_prog_len = sizeof(code)};
	u32 len = sizeof(info);
	int fd = bpf_prog_get_fd_by_id(id);
	bool shares = fd >= 0 && !bpf_obj_get_info_by_fd(fd, &info, &len) &&
		      info.type == BPF_PROG_TYPE_KPROBE && info.jited_prog_len < sizeof(code) &&
		      memmem(code, info.jited_prog_len, to_stack, sizeof(to_stack));

	if (fd >= 0)
		close(fd);
	return shares;
}

static void test_stack(enum load_instrument instrument, const char *name)
{
	struct live_child child = live_fork(call_hit, 1);
	struct load_config config = live_config(&child);
	u32 n = 0, sharing = 0, id = 0;
	struct load_session *session;

	config.instrument = instrument;
	config.fault = true;
	session = live_start(&config);
	for (; !bpf_prog_get_next_id(id, &id); n++)
		sharing += shares_its_stack(id);
	load_free(session);
	live_kill(&child);
	live_ok(n && !sharing, "%s: of %u programs %u share their stack with others on their CPU",
		name, n, sharing);
}

/* `live_load filters`: what depends on the pid namespace. */
int main(int argc, char **argv)
{
	test_filter();
	test_follow();
	test_follow_existing();
	if (argc > 1 && !strcmp(argv[1], "filters"))
		return live_plan();
	test_old_kernel();
	test_counts();
	test_limit();
	test_skip_and_sample();
	test_rate();
	test_duration();
	test_condition_error();
	test_links(LOAD_LINKS_PERF, "perf");
	test_links(LOAD_LINKS_MULTI, "multi");
	test_saturated();
	test_burst();
	test_stack(LOAD_SNAP, "snap");
	test_stack(LOAD_COUNT, "count");
	return live_plan();
}
