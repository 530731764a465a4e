/* SPDX-License-Identifier: BSD-2-Clause */
#include "cmd/session.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cmd/config.h"
#include "cmd/privilege.h"
#include "load/watch.h"
#include "plan/identity.h"
#include "proc/launch.h"

struct session {
	struct arena *arena;
	const struct plan *plan;
	const struct target *target;
	struct load_session *load;
	struct launch *launch; /* NULL without COMMAND */
	struct watch *watch;   /* NULL where processes don't come and go */
	struct decoder decoder;
	int wake; /* epoll of the pidfds: readable when a process ends */
	int *pidfds;
	size_t n_pidfds, n_alive;
	bool stopped, interrupted;
	u64 checked_ns;      /* when the files were last looked at */
	struct error *ended; /* why it had to end early */
	const char *notice;  /* to be shown, or NULL */
	bool told_replaced;
	u64 started_ns, stopped_ns;
};

/* Set by SIGINT and SIGTERM; a second one ends the program as usual. */
static volatile sig_atomic_t interrupted;

static void on_signal(int signal)
{
	interrupted = 1;
}

static void catch_signals(void)
{
	struct sigaction action = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND};

	interrupted = 0;
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
}

static u64 now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (u64)now.tv_sec * 1000000000ULL + (u64)now.tv_nsec;
}

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

/* The processes that are there at the start. */
static int *first_pids(struct session *session, size_t *n)
{
	const struct target *target = session->target;
	int *pids = arena_array(session->arena, int, target->n_processes + 1);

	*n = 0;
	if (session->launch)
		pids[(*n)++] = launch_pid(session->launch);
	else if (target->spec->kind != TARGET_BINARY)
		for (size_t i = 0; i < target->n_processes; i++)
			pids[(*n)++] = target->processes[i].pid;
	return pids;
}

static struct error *load(struct session *session)
{
	struct load_config config;
	struct error *err;

	config_from_plan(session->plan, session->target, session->arena, &config);
	config.pids = first_pids(session, &config.n_pids);
	err = load_start(&config, &session->load);
	return err ? err : load_attach(session->load);
}

/* Only a convenience: without it, processes that are gone show their probed module alone. */
static void start_watch(struct session *session)
{
	enum target_kind kind = session->target->spec->kind;

	if (kind == TARGET_PIDS && !session->target->spec->follow)
		return;
	error_free(watch_start(NULL, 0, &session->watch));
}

static bool recall(void *context, int pid, u64 ktime, struct arena *arena, struct proc_map **maps,
		   size_t *n)
{
	struct session *session = context;
	const struct watch_map *known;
	struct proc_map *result;
	size_t n_known;

	if (!session->watch)
		return false;
	watch_poll(session->watch);
	if (!watch_maps(session->watch, pid, ktime, &known, &n_known))
		return false;
	result = arena_array(arena, struct proc_map, n_known);
	for (size_t i = 0; i < n_known; i++)
		result[i] = (struct proc_map){
			.start = known[i].start,
			.end = known[i].start + known[i].len,
			.offset = known[i].offset,
			.readable = true,
			.executable = known[i].executable,
			.dev_major = known[i].dev_major,
			.dev_minor = known[i].dev_minor,
			.inode = known[i].path[0] == '/' ? max_u64(known[i].inode, 1) : 0,
			.path = arena_strdup(arena, known[i].path),
		};
	*maps = result;
	*n = n_known;
	return true;
}

static void make_decoder(struct session *session)
{
	const struct plan *plan = session->plan;

	session->decoder = (struct decoder){
		.plan = plan,
		.processes = processes_new(true, NULL),
		.realtime_offset = decoder_realtime_offset(),
		.live = true,
	};
	processes_set_recall(session->decoder.processes, recall, session);
	for (size_t i = 0; i < plan->n_modules; i++)
		processes_know_file(session->decoder.processes, plan->modules[i]->path,
				    plan->modules[i]->dw);
}

/* One that is gone already counts as ended: its end is seen at the first wait. */
static void watch_process(struct session *session, int pid)
{
	struct epoll_event event = {.events = EPOLLIN | EPOLLONESHOT};
	int fd = (int)syscall(SYS_pidfd_open, pid, 0);

	if (fd < 0)
		return;
	session->pidfds[session->n_pidfds++] = fd;
	session->n_alive++;
	epoll_ctl(session->wake, EPOLL_CTL_ADD, fd, &event);
}

/* The session ends with the processes it was started for; -x waits for new ones. */
static void watch_processes(struct session *session)
{
	size_t n;
	int *pids = first_pids(session, &n);

	session->pidfds = arena_array(session->arena, int, n + 1);
	for (size_t i = 0; i < n; i++)
		watch_process(session, pids[i]);
}

static struct error *overwritten(const struct plan_module *module)
{
	return error_cure(error_new(ERROR_FAILED,
				    "%s was overwritten while it was probed: its probes are taken out",
				    module->shown),
			  "Its processes may be harmed by the overwriting itself. Install files by renaming.");
}

/* Probes that stand in another file's code by now have to go at once. */
static void check_files(struct session *session)
{
	enum { EVERY_NS = 1000000000 };
	const struct plan *plan = session->plan;

	if (now_ns() - session->checked_ns < EVERY_NS)
		return;
	session->checked_ns = now_ns();
	for (size_t i = 0; i < plan->n_modules && !session->ended; i++) {
		struct plan_module *module = plan->modules[i];

		switch (identity_check(module)) {
		case IDENTITY_SAME:
			break;
		case IDENTITY_OVERWRITTEN:
			session->ended = overwritten(module);
			break;
		case IDENTITY_REPLACED:
			if (session->target->spec->kind == TARGET_BINARY && !session->told_replaced)
				session->notice = arena_printf(
					session->arena,
					"%s was replaced: processes that start from now on run a file "
					"that isn't probed",
					module->shown);
			session->told_replaced = true;
			break;
		}
	}
}

static struct error *end_early(struct session *session)
{
	struct error *err = session->ended;

	session->ended = NULL;
	return err;
}

static struct error *prepare(struct session *session)
{
	const struct target_spec *spec = session->target->spec;
	struct error *err = NULL;

	if (spec->command)
		err = launch_start(spec->command, &session->launch);
	if (err)
		return err;
	start_watch(session);
	make_decoder(session);
	err = load(session);
	if (err)
		return err;
	check_files(session); /* it may have changed between reading and attaching */
	if (session->ended)
		return end_early(session);
	watch_processes(session);
	session->started_ns = now_ns();
	return session->launch ? launch_release(session->launch) : NULL;
}

struct error *session_start(const struct plan *plan, const struct target *target,
			    struct session **session)
{
	struct arena *arena = arena_new();
	struct session *result = arena_alloc(arena, sizeof(*result));
	struct error *err;

	*result = (struct session){.arena = arena, .plan = plan, .target = target};
	result->wake = epoll_create1(EPOLL_CLOEXEC);
	catch_signals();
	err = prepare(result);
	if (err) {
		session_free(result);
		return err;
	}
	*session = result;
	return NULL;
}

struct decoder *session_decoder(struct session *session)
{
	return &session->decoder;
}

static void count_ends(struct session *session)
{
	struct epoll_event events[16];
	int n = epoll_wait(session->wake, events, ARRAY_LEN(events), 0);

	if (n > 0)
		session->n_alive -= min_u64((u64)n, session->n_alive);
}

static bool time_is_up(const struct session *session)
{
	u64 duration = session->plan->spec->limits.duration_ns;

	return duration && now_ns() - session->started_ns >= duration;
}

/* A following session lives as long as its descendants do; nobody tells, so it asks. */
static bool all_ended(struct session *session)
{
	enum target_kind kind = session->target->spec->kind;

	count_ends(session);
	return kind != TARGET_BINARY && session->n_alive == 0;
}

static bool is_over(struct session *session)
{
	check_files(session);
	session->interrupted = session->interrupted || interrupted;
	return session->ended || session->interrupted || load_finished(session->load) || time_is_up(session) ||
	       all_ended(session);
}

struct error *session_next(struct session *session, const struct record_head **record)
{
	enum { STEP_MS = 100 };
	struct error *err;

	for (;;) {
		if (session->watch)
			watch_poll(session->watch);
		err = load_next(session->load, STEP_MS, session->wake, record);
		if (err || *record || session->notice)
			return err;
		if (session->stopped)
			return &error_end;
		if (is_over(session)) {
			load_stop(session->load);
			session->stopped_ns = now_ns();
			session->stopped = true;
		}
	}
}

void session_accounting(struct session *session, u32 probe, struct accounting *accounting)
{
	struct load_counts counts;

	load_counts(session->load, probe, &counts);
	*accounting = (struct accounting){
		.hits = counts.hits,
		.over_limit = counts.over_limit,
		.condition_error = counts.condition_error,
		.condition_false = counts.condition_false,
		.rate_limited = counts.rate_limited,
		.buffer_full = counts.buffer_full,
		.emitted = counts.emitted,
		.faulted = counts.faulted,
		.seconds = (double)(session->stopped_ns - session->started_ns) / 1e9,
	};
	accounting->missed_known = load_missed(session->load, &accounting->missed);
}

/* The probes are gone; the command goes on, and snapline stays with it like any wrapper. */
static void await_command(struct session *session)
{
	struct pollfd ended = {.fd = launch_fd(session->launch), .events = POLLIN};
	int status;

	while (!interrupted && !launch_ended(session->launch, &status))
		poll(&ended, 1, -1);
	if (interrupted || !session->plan->spec->verbose)
		return;
	if (WIFSIGNALED(status))
		fprintf(stderr, "command ended by signal %d\n", WTERMSIG(status));
	else
		fprintf(stderr, "command ended with status %d\n", WEXITSTATUS(status));
}

const char *session_notice(struct session *session)
{
	const char *notice = session->notice;

	session->notice = NULL;
	return notice;
}

struct error *session_end(struct session *session)
{
	struct load_counts counts;
	u64 emitted = 0, hits = 0;

	if (session->launch)
		await_command(session);
	if (session->ended)
		return end_early(session);
	for (u32 i = 0; i < session->plan->n_probes; i++) {
		load_counts(session->load, i, &counts);
		emitted += counts.emitted;
		hits += counts.hits;
	}
	if (emitted || session->interrupted)
		return NULL;
	if (hits)
		return error_new(ERROR_NO_HIT, "%llu hits, but none that was to be shown",
				 (unsigned long long)hits);
	return error_new(ERROR_NO_HIT, "no hit");
}

void session_free(struct session *session)
{
	if (!session)
		return;
	error_free(session->ended);
	load_free(session->load);
	watch_free(session->watch);
	processes_free(session->decoder.processes);
	launch_free(session->launch);
	for (size_t i = 0; i < session->n_pidfds; i++)
		close(session->pidfds[i]);
	if (session->wake >= 0)
		close(session->wake);
	arena_free(session->arena);
}
