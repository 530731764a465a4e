/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The worker's side of the border (keeper.h): base/host.h and load/load.h by messages. What is not
 * named here the worker does itself: it reads the rings and the probes' states, which it has
 * mapped.
 */
#ifndef SNAPLINE_REMOTE_H
#define SNAPLINE_REMOTE_H

#include "load/wire.h"

struct load_session;

/* From now on this process asks the keeper at the other end; there is no way back, and no going on
 * without it: a request that finds it gone ends the process.
 */
void remote_use(int socket);
bool remote_is_used(void);
/* Has COMMAND ended? *status as waitpid() gives it. */
bool remote_command_ended(int *status);
/* All is done. */
void remote_bye(void);

/* One request and its answer, which is exactly got_len bytes. */
struct error *remote_call(enum wire_request request, const void *given, size_t len, void *got,
			  size_t got_len) _must_use_;
/* The same for what has no error of its own: zeroes when it fails. */
void remote_get(enum wire_request request, const void *given, size_t len, void *got,
		size_t got_len);
/* An answer of any length, in the arena. */
struct error *remote_fetch(enum wire_request request, const void *given, size_t len,
			   struct arena *arena, const u8 **bytes, size_t *n) _must_use_;
/* A descriptor, or negative errno. */
int remote_fd(enum wire_request request, const void *given, size_t len);

/* Of a session with its copy of the config: rings, states, info. */
struct error *remote_start(struct load_session *session) _must_use_;
void remote_use_of_probes(struct load_session *session, struct load_use *use);
struct error *remote_count_rows(u32 n_probes, struct arena *arena, struct load_count_row **rows,
				size_t *n, u64 **lost) _must_use_;
void remote_tictoc_rows(struct arena *arena, struct load_tictoc_row **rows, size_t *n);
struct error *remote_attach_more(struct load_session *session, const struct load_place *places,
				 size_t n) _must_use_;

#endif
