/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Own children, on which something is tried. Who started us may have SIGCHLD ignored, and then the
 * kernel keeps no child for us to wait for: so between these two calls it has its default.
 */
#ifndef SNAPLINE_OWN_CHILD_H
#define SNAPLINE_OWN_CHILD_H

#include <signal.h>

#include "base/base.h"

void own_child_begin(struct sigaction *before);
void own_child_end(const struct sigaction *before);

/*
 * A child's child acts, writes `len` bytes as its answer and ends. It is nobody's to wait for: what
 * it has attached takes a grace period of the kernel to take out (some 100 ms). False: no such
 * answer came.
 */
bool own_child_ask(void (*act)(int answer), void *got, size_t len);

#endif
