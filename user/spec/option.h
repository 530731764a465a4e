/* SPDX-License-Identifier: BSD-2-Clause */
/* The table of options: what spec_parse() takes and what the usage text says are one thing. */
#ifndef SNAPLINE_OPTION_H
#define SNAPLINE_OPTION_H

#include "spec/spec.h"

/* Which commands take an option; the bits stand in the order of spec_commands(). */
enum {
	IN_SNAP = 1 << 0,
	IN_LOG = 1 << 1,
	IN_COUNT = 1 << 2,
	IN_TICTOC = 1 << 3,
	IN_LIST = 1 << 4,
	IN_EXPLAIN = 1 << 5,
	IN_REPLAY = 1 << 6,
	IN_DOCTOR = 1 << 7,
	IN_SNAPPING = IN_SNAP | IN_EXPLAIN, /* explain takes whatever snap takes */
	IN_SHOWING = IN_SNAPPING | IN_TICTOC,
	IN_TIMING = IN_TICTOC | IN_EXPLAIN,
	IN_COUNTING = IN_COUNT | IN_EXPLAIN,
	IN_ATTACHING = IN_SNAP | IN_LOG | IN_COUNT | IN_TICTOC,
	IN_TAKING = IN_ATTACHING | IN_EXPLAIN,
	IN_TARGETS = IN_TAKING | IN_LIST,
	IN_FRAMES = IN_SHOWING | IN_REPLAY,
	IN_STACKS = IN_FRAMES | IN_COUNT,
	IN_VALUES = IN_TAKING | IN_REPLAY,
	IN_ALL = IN_TARGETS | IN_REPLAY | IN_DOCTOR,
};

enum option_group { GROUP_TARGET, GROUP_WHAT, GROUP_LIMITS, GROUP_OUTPUT };

struct option {
	const char *name;     /* "-p", "--if" */
	const char *argument; /* its name in the usage text; NULL: a flag */
	unsigned commands;
	enum option_group group;
	const char *help;
	struct error *(*parse)(const struct option *option, const char *value, struct arena *arena,
			       struct spec *spec);
	size_t field; /* where a plain value goes: offset in struct spec */
	u64 min, max; /* of a number */
};

const struct option *options_all(size_t *n);
/* By its full name, for a command (IN_*); NULL if it takes none of that name. */
const struct option *option_by_name(const char *name, size_t len, unsigned command);
/* The name of an option of this command that is near, or NULL. */
const char *option_near(const char *name, size_t len, unsigned command);

#endif
