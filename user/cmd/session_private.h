/* SPDX-License-Identifier: BSD-2-Clause */
/* What session_start.c and session.c share. */
#ifndef SNAPLINE_SESSION_PRIVATE_H
#define SNAPLINE_SESSION_PRIVATE_H

#include "cmd/lives.h"
#include "cmd/obstacles.h"
#include "cmd/overhead.h"
#include "cmd/recall.h"
#include "cmd/session.h"

struct session {
	struct arena *arena;
	const struct plan *plan;
	const struct target *target;
	struct load_session *load;
	struct launch *launch; /* NULL without COMMAND */
	struct watch *watch;   /* NULL where processes don't come and go */
	struct decoder decoder;
	struct lives *lives;
	struct overhead *overhead; /* NULL: no probe is watched */
	struct obstacles *obstacles;
	bool stopped, interrupted, released;
	u64 checked_ns;	      /* when files and processes were last looked at */
	struct error *ended;  /* why it had to end early */
	const char **notices; /* to be shown, from n_told on */
	size_t n_notices, n_told;
	bool told_replaced;
	bool by_pid;  /* LOAD_PIDS */
	bool forked;  /* processes have children that may still have breakpoints, */
	u64 clear_ns; /* which are not taken out before then */
	u64 started_ns, stopped_ns;
	struct error *(*idle)(void *context); /* or NULL */
	void *idle_context;
	u64 tick_ns, next_tick; /* 0: no ticks */
	bool ticked;
};

static inline bool session_replaces_returns(const struct session *session)
{
	return session->plan->returns == RETURNS_SESSION;
}

/* session.c: what session_notice() will give. */
void session_notify(struct session *session, const char *format, ...) _printf_(2, 3);
/* Ends the session if probes stand in another file's code by now: they have to go at once. */
void session_check_files(struct session *session);
/* Why it had to end early; the caller's from now on. */
struct error *session_take_end(struct session *session);
/* The first thread of the process has ended, and the link with it. */
void session_attach_again(void *session, int pid);
/* A process of the target has forked. */
void session_see_fork(void *session);
/* Of SIGINT, SIGTERM and SIGHUP the first ends the session, from now on. */
void session_catch_signals(void);

#endif
