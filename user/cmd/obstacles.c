/* SPDX-License-Identifier: BSD-2-Clause */
#include "cmd/obstacles.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "plan/reach.h"

enum { MAX_PROCESSES = 256 }; /* that are looked at; of more, the first */

struct obstacles {
	const struct plan *plan;
	const struct target *target;
	struct seen {
		int pid, tracer;
		bool told_dead;
	} processes[MAX_PROCESSES];
	size_t n, next; /* the one to look at next; n: this look is over */
	u64 looks;
};

static void add(struct obstacles *obstacles, const int *pids, size_t n)
{
	for (size_t i = 0; i < n && obstacles->n < MAX_PROCESSES; i++) {
		bool known = false;

		for (size_t k = 0; k < obstacles->n; k++)
			known |= obstacles->processes[k].pid == pids[i];
		if (!known)
			obstacles->processes[obstacles->n++] = (struct seen){.pid = pids[i]};
	}
}

struct obstacles *obstacles_new(const struct plan *plan, const struct target *target,
				const int *pids, size_t n)
{
	struct obstacles *obstacles = calloc(1, sizeof(*obstacles));

	if (!obstacles)
		error_no_memory();
	obstacles->plan = plan;
	obstacles->target = target;
	add(obstacles, pids, n);
	return obstacles;
}

void obstacles_free(struct obstacles *obstacles)
{
	free(obstacles);
}

static const char *name_of(int pid, struct arena *arena)
{
	const char *comm = "a debugger";

	error_free(proc_comm(pid, arena, &comm));
	return comm;
}

static struct error *refuse_breakpoint(const struct seen *process, const struct place *place)
{
	struct arena _cleanup_(arena_freep) *arena = arena_new();
	struct error *err = error_new(ERROR_FAILED,
				      "process %d is debugged by %s (%d), which has a breakpoint "
				      "at 0x%llx: a probe there "
				      "would take its hits, and remove it when it ends",
				      process->pid, name_of(process->tracer, arena),
				      process->tracer, (unsigned long long)place->pc);

	return error_cure(err, "Delete the breakpoint, or ask for another place.");
}

struct error *obstacles_check(struct obstacles *obstacles)
{
	for (size_t i = 0; i < obstacles->n; i++) {
		struct seen *process = &obstacles->processes[i];
		struct reach reach = {0};

		process->tracer = proc_tracer(process->pid);
		if (!process->tracer || process->tracer == getpid())
			continue;
		error_free(reach_look(obstacles->plan, process->pid, true, &reach));
		if (reach.patched)
			return refuse_breakpoint(process, reach.patched);
		process->tracer = 0; /* is told with the others */
	}
	return NULL;
}

/* Processes of a binary come and go. */
static void find_new(struct obstacles *obstacles)
{
	struct arena _cleanup_(arena_freep) *arena = arena_new();
	const struct target *target = obstacles->target;
	struct error *err;
	int *pids;
	size_t n;

	if (target->spec->kind != TARGET_BINARY || !target->n_files)
		return;
	err = proc_by_file(target->files[0].path, arena, &pids, &n);
	if (!err)
		add(obstacles, pids, n);
	error_free(err);
}

static const char *look_for_debugger(struct seen *process, struct arena *arena)
{
	int tracer = proc_tracer(process->pid);

	if (tracer == process->tracer || tracer == getpid())
		return NULL;
	process->tracer = tracer;
	if (!tracer)
		return NULL;
	return arena_printf(arena,
			    "process %d is debugged by %s (%d): a breakpoint that it sets at a "
			    "probed address kills the process when snapline ends first",
			    process->pid, name_of(tracer, arena), tracer);
}

/* Of a process that was asked for and executes another file than it did then. */
static const char *other_program(const struct target *target, int pid, struct arena *arena)
{
	const char *now = NULL;

	error_free(proc_exe(pid, arena, &now));
	for (size_t i = 0; now && i < target->n_processes; i++) {
		const struct target_process *process = &target->processes[i];

		if (process->pid == pid && process->exe.shown && strcmp(process->exe.shown, now))
			return now;
	}
	return NULL;
}

static const char *look_for_dead_text(const struct obstacles *obstacles, struct seen *process,
				      struct arena *arena)
{
	struct error *err;
	struct reach reach = {0};
	const char *other = NULL;

	err = reach_look(obstacles->plan, process->pid, false, &reach);
	if (!err && !reach.live && !reach.dead)
		other = other_program(obstacles->target, process->pid, arena);
	error_free(err);
	process->told_dead = reach.dead || other;
	if (other)
		return arena_printf(arena,
				    "process %d executes %s now, which has none of the probed code",
				    process->pid, other);
	if (!reach.dead)
		return NULL;
	return arena_printf(arena,
			    "%zu live place%s of %zu in process %d: its text there is %s, which "
			    "the kernel doesn't probe",
			    reach.live, reach.live == 1 ? "" : "s", reach.live + reach.dead,
			    process->pid, reach.why);
}

/* Reading all mappings costs the process's lock: at looks 1, 2, 4, 8 ... only. */
static bool is_thorough(const struct obstacles *obstacles)
{
	return (obstacles->looks & (obstacles->looks - 1)) == 0;
}

const char *obstacles_look(struct obstacles *obstacles, struct arena *arena)
{
	const char *told = NULL;

	if (obstacles->next == 0) {
		obstacles->looks++;
		if (is_thorough(obstacles))
			find_new(obstacles);
	}
	while (!told && obstacles->next < obstacles->n) {
		struct seen *process = &obstacles->processes[obstacles->next++];

		told = look_for_debugger(process, arena);
		if (!told && !process->told_dead && is_thorough(obstacles))
			told = look_for_dead_text(obstacles, process, arena);
	}
	if (!told)
		obstacles->next = 0;
	return told;
}
