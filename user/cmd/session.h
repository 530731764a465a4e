/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What every instrument does between its plan and its output: loads, attaches, starts the command,
 * waits for records, and ends when a limit, a signal or the end of its processes says so.
 */
#ifndef SNAPLINE_SESSION_H
#define SNAPLINE_SESSION_H

#include "event/decode.h"
#include "load/load.h"
#include "plan/plan.h"
#include "proc/launch.h"
#include "proc/target.h"

struct session;

/* What plans need to know of the kernel; ERROR_PRIVILEGE, with what to grant, if it refuses us. */
struct error *session_gen_features(struct gen_features *features) _must_use_;

/*
 * launch: of COMMAND, or NULL. Everything is in place when this returns; the command runs from the
 * first session_next() on.
 */
struct error *session_start(const struct plan *plan, const struct target *target,
			    struct launch *launch, struct session **session) _must_use_;
/* For decoding this session's records. */
struct decoder *session_decoder(struct session *session);
/* session_next() comes back so often besides; session_ticked() says that it did, once. */
void session_set_tick(struct session *session, u64 ns);
bool session_ticked(struct session *session);
/* Seconds since the start, until the end. */
double session_seconds(const struct session *session);
/* What instruments keep in the kernel is read from there. */
struct load_session *session_load(struct session *session);
/*
 * What has to go on while nobody asks for the next record: what becomes of the target's processes
 * and files, the cost budget, the end in time.
 */
void session_watch(void *session);
/*
 * The next record; error_end when the session is over and all is read. *record is NULL when there
 * is a notice, or a tick, instead.
 */
struct error *session_next(struct session *session, const struct record_head **record) _must_use_;
/* Called when all that is there has been handed over, before it waits for more. */
void session_on_idle(struct session *session, struct error *(*idle)(void *context), void *context);
/* Something the user should know, once; else NULL. */
const char *session_notice(struct session *session);
/* Was this place of the plan taken out by --max-overhead? */
bool session_is_out(const struct session *session, u32 place);
/* Final figures of one probe, after error_end. */
void session_accounting(struct session *session, u32 probe, struct accounting *accounting);
/* Waits for the command's end. ERROR_NO_HIT if nothing was emitted and nobody interrupted it. */
struct error *session_end(struct session *session) _must_use_;
void session_free(struct session *session);

#endif
