/* SPDX-License-Identifier: BSD-2-Clause */
/* One line of `snapline doctor`. */
#ifndef SNAPLINE_CHECK_H
#define SNAPLINE_CHECK_H

#include "cmd/privilege.h"
#include "load/load.h"

enum check_status { CHECK_OK, CHECK_WARN, CHECK_NO };

/* What the checks ask; read once. */
struct host {
	struct arena *arena;
	struct privileges privileges;
	struct load_features features;
};

struct check {
	enum check_status
		status;	  /* NO: snap can't work; WARN: something is missing or costs more */
	const char *text; /* what was found */
	const char *cure; /* what to do; NULL if nothing needs to be done */
};

struct check_type {
	const char *name;
	void (*run)(const struct host *host, struct check *check);
	bool needs_bpf; /* says nothing where programs don't load */
};

const struct check_type *check_types(size_t *n);
void check_run(const struct check_type *type, const struct host *host, struct check *check);

#endif
