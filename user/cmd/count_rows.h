/* SPDX-License-Identifier: BSD-2-Clause */
/* The rows of a counter's reports, from the maps of the kernel and from records with stacks. */
#ifndef SNAPLINE_COUNT_ROWS_H
#define SNAPLINE_COUNT_ROWS_H

#include "cmd/session.h"
#include "event/report.h"

struct counter;

struct counter *counter_new(const struct plan *plan, struct session *session);
void counter_free(struct counter *counter);
/* A hit with its stack (--by $stack). */
struct error *counter_add(struct counter *counter, const struct record_head *record) _must_use_;
/* What was counted so far; valid until the next call. */
struct error *counter_report(struct counter *counter, bool is_interval,
			     const struct count_report **report) _must_use_;

#endif
