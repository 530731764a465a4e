/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a counter costs, beside an empty program on the same instruction: nanoseconds of a call of a
 * function that is a nop and a return, in interleaved rounds, by medians of ratios. Needs root.
 * usage: live_bench_count [ROUNDS]
 */
#include "base/clock.h"
#include "live.h"
#include "load/session.h"

#include <bpf/bpf.h>
#include <linux/bpf.h>

enum { CALLS = 100000, WARM = 2000, MAX_ROUNDS = 101 };

static int empty_program(void)
{
	struct bpf_insn insns[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K},
		{.code = BPF_JMP | BPF_EXIT},
	};
	int fd = bpf_prog_load(BPF_PROG_TYPE_KPROBE, "empty", "GPL", insns, ARRAY_LEN(insns), NULL);

	if (fd < 0) {
		fprintf(stderr, "bench: cannot load a program: %s\n", strerror(-fd));
		exit(5);
	}
	return fd;
}

static double measure(void)
{
	u64 start;

	for (u64 i = 0; i < WARM; i++)
		live_hit(i, NULL);
	start = clock_now();
	for (u64 i = 0; i < CALLS; i++)
		live_hit(i, NULL);
	return (double)(clock_now() - start) / CALLS;
}

static double bare(void)
{
	return measure();
}

static double with_empty(void)
{
	int program = empty_program();
	int link = attach_one(program, "/proc/self/exe", live_offset(live_hit), getpid());
	double ns = measure();

	close(link);
	close(program);
	return ns;
}

/* As -p PID of this process does it; `any` as -x does. */
static double with_counter(bool any, const struct load_program *program, struct load_limits limits)
{
	int pid = getpid();
	struct load_place place = {.path = "/proc/self/exe", .offset = live_offset(live_hit)};
	struct load_config config = {
		.instrument = LOAD_COUNT,
		.programs = program,
		.n_programs = 1,
		.places = &place,
		.n_places = 1,
		.n_probes = 1,
		.limits = limits,
		.filter = any ? LOAD_ANY : LOAD_PIDS,
		.pids = &pid,
		.n_pids = any ? 0 : 1,
		.buffer_bytes = 4096,
	};
	struct load_session *session = live_start(&config);
	double ns = measure();

	load_free(session);
	return ns;
}

static double counter(void)
{
	static const struct load_program program;

	return with_counter(false, &program, (struct load_limits){});
}

static double counter_of_any(void)
{
	static const struct load_program program;

	return with_counter(true, &program, (struct load_limits){});
}

static double counter_if_false(void)
{
	struct load_program program = {.condition = *live_every(1000000007)};

	return with_counter(false, &program, (struct load_limits){});
}

static double counter_with_limit(void)
{
	static const struct load_program program;

	return with_counter(false, &program, (struct load_limits){.hits = 1000000000});
}

static const struct mode {
	const char *name;
	double (*run)(void);
} modes[] = {
	{"no probe", bare},
	{"an empty program", with_empty},
	{"count -p", counter},
	{"count -x", counter_of_any},
	{"count -p --if FALSE", counter_if_false},
	{"count -p -n LIMIT", counter_with_limit},
};

static int by_size(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static double median(double *values, int n)
{
	qsort(values, n, sizeof(*values), by_size);
	return values[n / 2];
}

int main(int argc, char **argv)
{
	static double ns[ARRAY_LEN(modes)][MAX_ROUNDS], ratios[ARRAY_LEN(modes)][MAX_ROUNDS];
	int rounds = argc > 1 ? atoi(argv[1]) : 15;

	if (rounds < 1 || rounds > MAX_ROUNDS)
		return 2;
	for (int round = 0; round < rounds; round++) {
		for (size_t i = 0; i < ARRAY_LEN(modes); i++)
			ns[i][round] = modes[i].run();
		for (size_t i = 0; i < ARRAY_LEN(modes); i++)
			ratios[i][round] = ns[i][round] / ns[1][round];
	}
	for (size_t i = 0; i < ARRAY_LEN(modes); i++)
		printf("%-22s %8.1f ns a call, %.3f of an empty program (median of %d)\n",
		       modes[i].name, median(ns[i], rounds), median(ratios[i], rounds), rounds);
	return 0;
}
