/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a hit costs on this machine, measured once on an own child: three functions, each with a
 * program at its first instruction that does nothing. A jump is emulated by every kernel that has
 * uprobes for this CPU, a test is single-stepped by every one, and a one-byte nop tells which it
 * is.
 *
 * The child attaches the probes to itself and keeps them until its end (own_child.h).
 */
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "load/link.h"
#include "load/own_child.h"
#include "load/remote.h"
#include "load/session.h"
#include "load/tries.h"
#include "proc/proc.h"

#if defined(__x86_64__)
asm(".pushsection .text\n"
    ".type trial_nop, @function\ntrial_nop: nop\nret\n.size trial_nop, . - trial_nop\n"
    ".type trial_jump, @function\ntrial_jump: jmp 1f\n1: ret\n"
    ".size trial_jump, . - trial_jump\n"
    ".type trial_step, @function\ntrial_step: test %rdi, %rdi\nret\n"
    ".size trial_step, . - trial_step\n.popsection\n");
#elif defined(__aarch64__)
asm(".pushsection .text\n"
    ".type trial_nop, %function\ntrial_nop: nop\nret\n"
    ".type trial_jump, %function\ntrial_jump: b 1f\n1: ret\n"
    ".type trial_step, %function\ntrial_step: tst x0, x0\nret\n.popsection\n");
#endif
void trial_nop(void);
void trial_jump(void);
void trial_step(void);

enum { ROUNDS = 5, CALLS = 50 };

/* Nanoseconds of a call with a probe; as the child answers. */
struct trial {
	u64 nop, jump, step;
};

static int by_size(const void *a, const void *b)
{
	u64 x = *(const u64 *)a, y = *(const u64 *)b;

	return (x > y) - (x < y);
}

static u64 median_time(clockid_t clock, void (*function)(void))
{
	u64 times[ROUNDS];

	for (int round = 0; round < ROUNDS; round++) {
		u64 start = clock_read(clock);

		for (int i = 0; i < CALLS; i++)
			function();
		times[round] = (clock_read(clock) - start) / CALLS;
	}
	qsort(times, ROUNDS, sizeof(times[0]), by_size);
	return times[ROUNDS / 2];
}

bool trial_offset(const void *code, u64 *offset)
{
	struct arena *arena = arena_new();
	struct proc_map *maps;
	size_t n = 0;
	struct error *err = proc_maps(getpid(), arena, &maps, &n);
	bool found = false;

	for (size_t i = 0; !err && i < n && !found; i++) {
		found = (u64)(uintptr_t)code >= maps[i].start && (u64)(uintptr_t)code < maps[i].end;
		if (found)
			*offset = (u64)(uintptr_t)code - maps[i].start + maps[i].offset;
	}
	error_free(err);
	arena_free(arena);
	return found;
}

static bool probe_own(void (*function)(void))
{
	u64 offset;

	return trial_offset(function, &offset) &&
	       link_empty("/proc/self/exe", offset, getpid()) >= 0;
}

static struct trial measure_by(clockid_t clock)
{
	return (struct trial){
		.nop = median_time(clock, trial_nop),
		.jump = median_time(clock, trial_jump),
		.step = median_time(clock, trial_step),
	};
}

/* Where a guest's time stamp counter isn't trusted, CPU time goes on by timer ticks only. */
static void measure(int answer)
{
	struct trial trial;

	if (!probe_own(trial_nop) || !probe_own(trial_jump) || !probe_own(trial_step))
		return;
	trial = measure_by(CLOCK_THREAD_CPUTIME_ID);
	if (!trial.nop || !trial.jump || !trial.step)
		trial = measure_by(CLOCK_MONOTONIC);
	if (write(answer, &trial, sizeof(trial)) != sizeof(trial))
		_exit(1);
}

static const struct trial *trial_once(void)
{
	static struct trial trial;
	static bool tried;

	if (!tried && !own_child_ask(measure, &trial, sizeof(trial)))
		trial = (struct trial){0};
	tried = true;
	return trial.jump ? &trial : NULL;
}

bool try_emulated_nop(void)
{
	const struct trial *trial = trial_once();

	return trial && trial->nop < trial->step / 2;
}

void load_measure_costs(struct load_costs *costs)
{
	const struct trial *trial = trial_once();

	*costs = (struct load_costs){0};
	if (remote_is_used()) {
		remote_get(WIRE_COSTS, NULL, 0, costs, sizeof(*costs));
		return;
	}
	if (trial)
		*costs = (struct load_costs){true, trial->jump, trial->step};
}
