/* SPDX-License-Identifier: BSD-2-Clause */
/* A session whose probes stand: what it sees, the records, its end. */
#include "cmd/session_private.h"

#include <poll.h>
#include <signal.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "load/remote.h"
#include "plan/identity.h"

/* Set by SIGINT, SIGTERM and SIGHUP; a second one ends the program as usual. */
static volatile sig_atomic_t interrupted;

static void on_signal(int signal)
{
	interrupted = 1;
}

void session_catch_signals(void)
{
	/* output that is being written is written to its end */
	struct sigaction action = {.sa_handler = on_signal,
				   .sa_flags = (int)(SA_RESETHAND | SA_RESTART)},
			 before;

	interrupted = 0;
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	if (sigaction(SIGHUP, NULL, &before) == 0 && before.sa_handler != SIG_IGN) /* nohup */
		sigaction(SIGHUP, &action, NULL);
}

struct error *session_take_end(struct session *session)
{
	struct error *err = session->ended;

	session->ended = NULL;
	return err;
}

void session_notify(struct session *session, const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	*arena_push(session->arena, session->notices, session->n_notices) =
		arena_strdup(session->arena, text);
}

void session_attach_again(void *context, int pid)
{
	static const char *const became[] = {
		[LOAD_AGAIN] = "hits of the last moment may be missing",
		[LOAD_AGAIN_WIDER] = "hits of the last moment may be missing, and the probes stand "
				     "in every process that runs the file now, where they look "
				     "who it is",
	};
	struct session *session = context;
	enum load_again how;
	struct error *err;

	if (session->stopped || session_replaces_returns(session))
		return;
	err = load_attach_again(session->load, pid, &how);
	if (err)
		session_notify(session, "the first thread of process %d has ended: %s", pid,
			       err->text);
	else if (how != LOAD_NOT_AGAIN)
		session_notify(session, "the first thread of process %d has ended: %s", pid,
			       became[how]);
	error_free(err);
}

static struct error *overwritten(const struct plan_module *module)
{
	return error_cure(
		error_new(ERROR_FAILED,
			  "%s was overwritten while it was probed: its probes are taken out",
			  module->shown),
		"Its processes may be harmed by the overwriting itself. Install files by "
		"renaming.");
}

void session_check_files(struct session *session)
{
	const struct plan *plan = session->plan;

	for (size_t i = 0; i < plan->n_modules && !session->ended; i++) {
		struct plan_module *module = plan->modules[i];

		switch (identity_check(module)) {
		case IDENTITY_SAME: break;
		case IDENTITY_OVERWRITTEN: session->ended = overwritten(module); break;
		case IDENTITY_REPLACED:
			if (session->target->spec->kind == TARGET_BINARY && !session->told_replaced)
				session_notify(
					session,
					"%s was replaced: processes that start from now on run a "
					"file that isn't probed",
					module->shown);
			session->told_replaced = true;
			break;
		}
	}
}

/* Without a watch, or if its events were lost, it is seen by looking. */
static void check_threads(struct session *session)
{
	int pid = session->by_pid ? lives_headless(session->lives) : 0;

	if (pid)
		session_attach_again(session, pid);
}

/* Who forks and executes something else needs a moment to do so. */
void session_see_fork(void *context)
{
	enum { AFTER_NS = 50000000 };
	struct session *session = context;

	if (!session->forked)
		session->clear_ns = max_u64(session->clear_ns, clock_now() + AFTER_NS);
	session->forked = true;
}

/* It takes the kernel as long as to attach, so a program that forks all the time has to wait. */
static void check_children(struct session *session)
{
	enum { PAUSE = 20, MOST_NS = 1000000000 }; /* times as long as it took, but not longer */
	u64 start = clock_now(), end;

	if (!session->forked || session->stopped || start < session->clear_ns)
		return;
	session->forked = !load_clear_children(session->load);
	end = clock_now();
	session->clear_ns = end + min_u64(PAUSE * (end - start), MOST_NS);
}

static void check_obstacles(struct session *session)
{
	const char *text;

	while ((text = obstacles_look(session->obstacles, session->arena)))
		session_notify(session, "%s", text);
}

static void check_target(struct session *session)
{
	enum { EVERY_NS = 1000000000 };

	if (session->stopped || clock_now() - session->checked_ns < EVERY_NS)
		return;
	session->checked_ns = clock_now();
	session_check_files(session);
	check_threads(session);
	check_obstacles(session);
}

static void check_overhead(struct session *session)
{
	const char *const *texts;
	struct error *err;
	size_t n;

	if (!session->overhead || session->stopped || session->ended)
		return;
	err = overhead_look(session->overhead, session->load, &texts, &n);
	for (size_t i = 0; i < n; i++)
		session_notify(session, "%s", texts[i]);
	session->ended = err || !n ? err : overhead_all_out(session->overhead);
}

struct load_session *session_load(struct session *session)
{
	return session->load;
}

struct decoder *session_decoder(struct session *session)
{
	return &session->decoder;
}

static bool time_is_up(const struct session *session)
{
	u64 duration = session->plan->spec->limits.duration_ns;

	return duration && clock_now() - session->started_ns >= duration;
}

static bool is_over(struct session *session)
{
	session->interrupted = session->interrupted || interrupted;
	return session->ended || session->interrupted || load_finished(session->load) ||
	       time_is_up(session);
}

/* A counter's hits end at once; taking many probes out takes its time. */
static void stop(struct session *session)
{
	u64 now = clock_now();

	load_stop(session->load);
	session->stopped_ns =
		session->plan->spec->instrument == INSTRUMENT_COUNT ? now : clock_now();
	session->stopped = true;
}

void session_on_idle(struct session *session, struct error *(*idle)(void *context), void *context)
{
	session->idle = idle;
	session->idle_context = context;
}

void session_set_tick(struct session *session, u64 ns)
{
	session->tick_ns = ns;
	session->next_tick = session->started_ns + ns;
}

bool session_ticked(struct session *session)
{
	bool ticked = session->ticked;

	session->ticked = false;
	return ticked;
}

double session_seconds(const struct session *session)
{
	u64 end = session->stopped ? session->stopped_ns : clock_now();

	return (double)(end - session->started_ns) / 1e9;
}

/* Ticks that nobody waited for are left out. */
static bool tick(struct session *session)
{
	u64 now = clock_now();

	if (!session->tick_ns || session->stopped || now < session->next_tick)
		return false;
	session->next_tick +=
		(now - session->next_tick) / session->tick_ns * session->tick_ns + session->tick_ns;
	session->ticked = true;
	return true;
}

static int wait_ms(const struct session *session)
{
	enum { STEP_MS = 100, ALERT_MS = 10 };
	int step = session_replaces_returns(session) ? ALERT_MS : STEP_MS;
	u64 now = clock_now();

	if (!session->tick_ns || now + (u64)step * 1000000 < session->next_tick)
		return step;
	return now < session->next_tick ? (int)((session->next_tick - now) / 1000000) + 1 : 0;
}

/*
 * At the first wait: by then whoever reads has opened its files. Loading took its time, in which
 * the whole system's mappings were told: they are taken in first, so that there is room for the
 * command's.
 */
static struct error *release_command(struct session *session)
{
	if (!session->launch || session->released)
		return NULL;
	session->released = true;
	if (session->watch)
		watch_poll(session->watch);
	return launch_release(session->launch);
}

void session_watch(void *context)
{
	struct session *session = context;

	if (session->watch)
		watch_poll(session->watch);
	check_target(session);
	check_children(session);
	check_overhead(session);
	if (!session->stopped && is_over(session))
		stop(session);
}

/* Also while records come without a pause, ends are seen. */
struct error *session_next(struct session *session, const struct record_head **record)
{
	struct error *err = release_command(session);

	if (err)
		return err;
	for (;;) {
		session_watch(session);
		*record = NULL;
		if (session->n_told < session->n_notices || tick(session))
			return NULL;
		err = load_next(session->load, 0, -1, record);
		if (!err && !*record && session->idle)
			err = session->idle(session->idle_context);
		if (!err && !*record)
			err = load_next(session->load, wait_ms(session), lives_fd(session->lives),
					record);
		if (err || *record)
			return err;
		if (session->stopped)
			return &error_end;
		if (lives_all_ended(session->lives, session->load))
			stop(session);
	}
}

bool session_is_out(const struct session *session, u32 place)
{
	return overhead_is_out(session->overhead, place);
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
	overhead_of_probe(session->overhead, probe, accounting);
}

/* The probes are gone; the command goes on, and snapline stays with it like any wrapper. */
static void await_command(struct session *session)
{
	struct pollfd ended = {.fd = launch_fd(session->launch), .events = POLLIN};
	int status;

	while (!interrupted && !remote_command_ended(&status))
		poll(&ended, 1, 500); /* a signal may come just before it */
	if (!interrupted && WIFSIGNALED(status) && WTERMSIG(status) == SIGTRAP)
		fputs("snapline: the command was ended by a trap; a program that copies its own "
		      "code "
		      "copies probes with it: start it first, then use -p\n",
		      stderr);
	if (interrupted || !session->plan->spec->verbose)
		return;
	if (WIFSIGNALED(status))
		fprintf(stderr, "command ended by signal %d\n", WTERMSIG(status));
	else
		fprintf(stderr, "command ended with status %d\n", WEXITSTATUS(status));
}

const char *session_notice(struct session *session)
{
	return session->n_told < session->n_notices ? session->notices[session->n_told++] : NULL;
}

struct error *session_end(struct session *session)
{
	struct load_counts counts;
	u64 emitted = 0, hits = 0;

	if (session->launch)
		await_command(session);
	if (session->ended)
		return session_take_end(session);
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
	processes_free(session->decoder.processes);
	watch_free(session->watch);
	obstacles_free(session->obstacles);
	lives_free(session->lives);
	overhead_free(session->overhead);
	arena_free(session->arena);
}
