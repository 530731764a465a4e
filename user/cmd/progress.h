/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Says on a terminal what takes long. Nothing is shown in the first 300 ms, without a terminal on
 * stderr, or with -q; the line is wiped at the end. It doesn't ask the work how far it is, so the
 * work needs to know nothing of it.
 */
#ifndef SNAPLINE_PROGRESS_H
#define SNAPLINE_PROGRESS_H

#include "spec/spec.h"

struct progress;

/* `what`: "reading debug information". NULL if nothing will be shown. */
struct progress *progress_begin(const struct spec *spec, const char *what);
void progress_end(struct progress *progress);
void progress_endp(struct progress **progress); /* for _cleanup_() */

#endif
