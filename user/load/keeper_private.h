/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of the keeper share: keeper.c has the loop and the host, keeper_session.c load.h.
 */
#ifndef SNAPLINE_KEEPER_PRIVATE_H
#define SNAPLINE_KEEPER_PRIVATE_H

#include "load/keeper.h"
#include "load/wire.h"

struct keeper {
	int socket;
	struct permit *permit;
	struct launch *launch;
	struct load_session *load; /* NULL: not started */
	bool is_done;
};

/* What a request is answered from, and to. */
struct call {
	struct keeper *keeper;
	struct cursor in;
	struct parcel *answer;
	struct arena *arena; /* of this request */
};

void give(struct call *call, const void *bytes, size_t len);
void give_code(struct call *call, int code); /* negative errno is the answer; else nothing */
void give_error(struct call *call, struct error *err); /* NULL: nothing */
void give_fd(struct call *call, int fd);      /* which ends with the answer, or negative errno */
void give_kept_fd(struct call *call, int fd); /* which stays open here too */
s32 take_s32(struct call *call);

/* The answer to a request about a session. False: it is none, or there is no session of that kind.
 */
bool keeper_answer_session(struct call *call, u32 request);

#endif
