/* SPDX-License-Identifier: BSD-2-Clause */
#include "cmd/host.h"

#include "load/load.h"
#include "plan/tictoc.h"
#include "proc/unwinds.h"

static bool is_of_target(const struct target *target, int pid)
{
	for (size_t i = 0; i < target->n_processes; i++)
		if (target->processes[i].pid == pid)
			return true;
	return false;
}

static const char *others_run(const struct target *target, const struct target_file *file,
			      struct arena *arena)
{
	int *pids;
	size_t n = 0;
	struct error *err = proc_by_file(file->path, arena, &pids, &n);

	error_free(err);
	for (size_t i = 0; !err && i < n; i++)
		if (!is_of_target(target, pids[i]))
			return arena_printf(arena,
					    "process %d runs %s too, and a session link would stop "
					    "it at each entry",
					    pids[i], file->shown);
	return NULL;
}

/* They would be let go without a return, but at the price of a trap. */
static const char *others_run_it(const struct spec *spec, const struct target *target,
				 struct arena *arena)
{
	struct target_file *files = target->files;
	size_t n = target->n_files;
	const char *why = NULL;

	/* A library that isn't there is told when its places are looked up. */
	if (spec->places[0].binary)
		error_free(target_library(target, spec->places[0].binary, arena, &files, &n));
	for (size_t i = 0; i < n && !why; i++)
		why = others_run(target, &files[i], arena);
	return why;
}

static const char *whose_kind(const struct target *target)
{
	if (target->spec->kind != TARGET_PIDS || target->spec->follow)
		return "only with -p, without --follow, is every process known";
	return NULL;
}

static bool is_asked(const struct spec *spec)
{
	return spec->instrument == INSTRUMENT_TICTOC && plan_tictoc_mode(spec) == PAIR_FUNCTION &&
	       spec->tictoc.returns != RETURNS_INSTRUCTIONS;
}

void host_try_returns(const struct spec *spec, const struct target *target, struct arena *arena,
		      struct plan_host *host)
{
	if (!is_asked(spec))
		return;
	host->no_session = whose_kind(target);
	if (!host->no_session)
		load_try_sessions(&host->no_session);
	if (!host->no_session)
		host->rather_no_session = others_run_it(spec, target, arena);
}

void host_read_returns(const struct spec *spec, const struct target *target, struct arena *arena,
		       struct plan_host *host)
{
	if (is_asked(spec) && !host->no_session)
		host->no_session = target_unwinds(target, arena);
}
