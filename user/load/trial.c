/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a probe costs on this kernel, measured once on an own child: whether a one-byte nop is
 * emulated. A test instruction, which every kernel single-steps, is the yardstick: it costs at
 * least twice an emulated one (FACTS: 2.5 to 40 times).
 */
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "load/session.h"
#include "load/tries.h"
#include "proc/proc.h"

#if defined(__x86_64__)
asm(".pushsection .text\n"
    ".type trial_nop, @function\ntrial_nop: nop\nret\n.size trial_nop, . - trial_nop\n"
    ".type trial_step, @function\ntrial_step: test %rdi, %rdi\nret\n"
    ".size trial_step, . - trial_step\n.popsection\n");
#elif defined(__aarch64__)
asm(".pushsection .text\n"
    ".type trial_nop, %function\ntrial_nop: nop\nret\n"
    ".type trial_step, %function\ntrial_step: tst x0, x0\nret\n.popsection\n");
#endif
void trial_nop(void);
void trial_step(void);

enum { ROUNDS = 5, CALLS = 200 };

static u64 cpu_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return ts.tv_sec * 1000000000ull + ts.tv_nsec;
}

static u64 best_time(void (*function)(void))
{
	u64 best = UINT64_MAX;

	for (int round = 0; round < ROUNDS; round++) {
		u64 start = cpu_ns();

		for (int i = 0; i < CALLS; i++)
			function();
		best = min_u64(best, cpu_ns() - start);
	}
	return best;
}

/* The child: waits for a byte, measures, answers. */
static void measure(int go, int answer)
{
	u64 times[2];
	char c;

	if (read(go, &c, 1) != 1)
		_exit(1);
	times[0] = best_time(trial_nop);
	times[1] = best_time(trial_step);
	_exit(write(answer, times, sizeof(times)) != sizeof(times));
}

static bool own_offset(const void *code, u64 *offset)
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

static bool compare(int pid, int go, int answer, int prog)
{
	u64 offsets[2], times[2] = {};
	int links[2] = {-1, -1};
	bool good = own_offset(trial_nop, &offsets[0]) && own_offset(trial_step, &offsets[1]);

	for (int i = 0; i < 2 && good; i++) {
		links[i] = attach_one(prog, "/proc/self/exe", offsets[i], pid);
		good = links[i] >= 0;
	}
	good = good && write(go, "g", 1) == 1 &&
	       read(answer, times, sizeof(times)) == sizeof(times);
	for (int i = 0; i < 2; i++) {
		if (links[i] >= 0)
			close(links[i]);
	}
	return good && times[0] < times[1] / 2;
}

bool try_emulated_nop(void)
{
	int prog = try_load_kept(), go[2], answer[2], pid;
	bool emulated = false;

	if (prog < 0)
		return false;
	if (pipe(go) || pipe(answer)) {
		close(prog);
		return false;
	}
	pid = fork();
	if (!pid) {
		close(answer[0]);
		close(go[1]);
		measure(go[0], answer[1]);
	}
	close(answer[1]);
	close(go[0]);
	if (pid > 0) {
		emulated = compare(pid, go[1], answer[0], prog);
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
	close(go[1]);
	close(answer[0]);
	close(prog);
	return emulated;
}
