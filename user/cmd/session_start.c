/* SPDX-License-Identifier: BSD-2-Clause */
/* A session until its probes stand. */
#include <sys/sysmacros.h>

#include "arch/arch.h"
#include "base/clock.h"
#include "cmd/config.h"
#include "cmd/privilege.h"
#include "cmd/session_private.h"
#include "proc/unwinds.h"

struct error *session_gen_features(struct gen_features *features)
{
	struct load_features kernel;
	struct error *err = privilege_check();

	if (err)
		return err;
	load_probe_features(&kernel);
	if (!kernel.privileged)
		return error_cure(error_new(ERROR_PRIVILEGE, "%s", kernel.why),
				  "`snapline doctor` tests this host, one thing after the other.");
	features->signed_division = kernel.signed_division;
	return NULL;
}

static void tell_attached(struct session *session)
{
	size_t n = load_attached(session->load), places = session->plan->n_places;

	if (!n)
		session_notify(session, "no probe stands: every process of the target has ended");
	else if (session->plan->spec->verbose)
		session_notify(session, "probes stand at %zu place%s", places,
			       places == 1 ? "" : "s");
}

/*
 * The kernel side knows who executes the binary; a library becomes one of a process's files later,
 * which is heard of within a tenth of a second.
 */
static void see_mapping(void *context, int pid, const struct watch_map *map)
{
	struct session *session = context;
	const struct target_file *binary = &session->target->files[0];

	if (map->inode != binary->inode || makedev(map->dev_major, map->dev_minor) != binary->dev)
		return;
	error_free(load_add_pid(session->load, pid));
}

/*
 * A file that a process maps now may unwind through calls that are under way: no further return
 * address is replaced. (Of those that are, nobody can give one back before its call returns.)
 */
static void see_unwinder(void *context, int pid, const struct watch_map *map)
{
	struct session *session = context;
	const char *why;

	if (session->ended || session->stopped || !lives_has(session->lives, pid))
		return;
	why = proc_unwinds_at(pid, map->start, session->arena);
	if (!why)
		return;
	load_pause(session->load);
	session->ended =
		error_cure(error_new(ERROR_FAILED,
				     "process %d has loaded something new: %s; its returns are "
				     "no longer looked at",
				     pid, why),
			   "--returns instructions measures on, whatever it loads.");
}

static void hear(struct session *session, enum load_filter filter)
{
	const struct watch_calls calls = {
		.mapped = filter == LOAD_BINARY		      ? see_mapping
			  : session_replaces_returns(session) ? see_unwinder
							      : NULL,
		.headless = session->by_pid ? session_attach_again : NULL,
		.forked = session->by_pid ? session_see_fork : NULL,
		.context = session,
	};

	if (session->watch)
		watch_call(session->watch, &calls);
}

/* Those that have come between the search for the target's processes and now. */
static struct error *add_new(struct session *session, const struct load_config *config)
{
	struct error *err;
	int *pids;
	size_t n;

	if (config->filter != LOAD_BINARY)
		return NULL;
	err = proc_by_file(config->binary_path, session->arena, &pids, &n);
	for (size_t i = 0; !err && i < n; i++)
		err = load_add_pid(session->load, pids[i]);
	return err;
}

/* What has been mapped between the search through the processes and now was told to nobody. */
static struct error *check_unwinders(struct session *session)
{
	const char *why;

	if (!session_replaces_returns(session))
		return NULL;
	why = session->watch ? target_unwinds(session->target, session->arena)
			     : "what its processes load can't be watched";
	if (!why)
		return NULL;
	return error_cure(error_new(ERROR_FAILED, "no session link may be used: %s", why),
			  "Use --returns instructions.");
}

static struct error *load(struct session *session)
{
	struct load_config config;
	struct error *err = check_unwinders(session);

	if (err)
		return err;
	config_from_plan(session->plan, session->target, session->arena, &config);
	config.pids = lives_pids(session->lives, &config.n_pids);
	config.pid_ticks = lives_ticks(session->lives);
	config.budget = session->overhead != NULL;
	err = load_start(&config, &session->load);
	if (!err)
		err = load_attach(session->load);
	if (!err)
		err = add_new(session, &config);
	if (err)
		return err;
	session->by_pid = config.filter == LOAD_PIDS;
	hear(session, config.filter);
	tell_attached(session);
	return NULL;
}

static void make_decoder(struct session *session)
{
	const struct plan *plan = session->plan;
	const struct target *target = session->target;
	struct processes *processes = processes_new(true, NULL);

	session->decoder = (struct decoder){
		.plan = plan,
		.processes = processes,
		.realtime_offset = decoder_realtime_offset(),
		.live = true,
	};
	recall_connect(session->watch, processes);
	for (size_t i = 0; i < plan->n_modules; i++)
		processes_know_file(processes, plan->modules[i]->path, plan->modules[i]->dw);
	for (size_t i = 0; i < target->n_processes; i++)
		processes_know_root(processes, target->processes[i].exe.root);
}

/* `list`, `explain` and `replay` read any CPU's programs; no process here can run another one's. */
static struct error *check_cpu(const struct plan *plan)
{
	const struct arch *native = arch_native();

	for (size_t i = 0; i < plan->n_modules; i++) {
		const struct arch *arch = elf_file_arch(plan->modules[i]->file);

		if (arch != native)
			return error_cure(error_new(ERROR_NOT_FOUND,
						    "%s is for %s, this machine is %s: nothing can "
						    "be probed in it",
						    plan->modules[i]->shown, arch->name,
						    native->name),
					  "`snapline list`, `explain` and `replay` can read it.");
	}
	return NULL;
}

static struct error *prepare(struct session *session)
{
	struct error *err = check_cpu(session->plan);
	const int *pids;
	size_t n;

	if (!err)
		err = overhead_new(session->plan, &session->overhead);
	if (err)
		return err;
	session->lives =
		lives_new(session->target, session->launch ? launch_pid(session->launch) : 0);
	pids = lives_pids(session->lives, &n);
	recall_start(session->target, pids, n, &session->watch);
	make_decoder(session);
	lives_watch(session->lives);
	session->obstacles = obstacles_new(session->plan, session->target, pids, n);
	err = obstacles_check(session->obstacles);
	if (!err)
		err = load(session);
	if (err)
		return err;
	session_check_files(session); /* it may have changed between reading and attaching */
	if (session->ended)
		return session_take_end(session);
	session->started_ns = clock_now();
	return NULL;
}

struct error *session_start(const struct plan *plan, const struct target *target,
			    struct launch *launch, struct session **session)
{
	struct arena *arena = arena_new();
	struct session *result = arena_alloc(arena, sizeof(*result));
	struct error *err;

	*result =
		(struct session){.arena = arena, .plan = plan, .target = target, .launch = launch};
	session_catch_signals();
	err = prepare(result);
	if (err) {
		session_free(result);
		return err;
	}
	*session = result;
	return NULL;
}
