/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Is a module still the file that the plan was made from? A probe belongs to an inode: a file that
 * is overwritten in place keeps its probes, now in the middle of other code; one that is replaced
 * by rename has none, while the processes that run the old one keep them.
 */
#ifndef SNAPLINE_IDENTITY_H
#define SNAPLINE_IDENTITY_H

#include "plan/plan.h"

enum identity { IDENTITY_SAME, IDENTITY_REPLACED, IDENTITY_OVERWRITTEN };

/* Remembers the file as it is now; for plan_build(), before it reads the file. */
void identity_take(struct plan_module *module);
/* Cheap where nothing has changed: one stat(). */
enum identity identity_check(struct plan_module *module);

#endif
