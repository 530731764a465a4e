/* SPDX-License-Identifier: BSD-2-Clause */
/* What the kernel takes, found by handing it small programs, attached to own children. */
#ifndef SNAPLINE_TRIES_H
#define SNAPLINE_TRIES_H

#include "base/base.h"

int try_load(void);		/* 0, or the negative errno of a program that only returns */
bool try_emulated_nop(void);	/* measured on an own child; about 20 ms */
bool try_fetch_add(void);	/* 5.12 */
bool try_signed_division(void); /* 6.6 */
bool try_sleepable(void);	/* sleepable uprobe programs, 6.0 */
bool try_bounded_loop(void);	/* 5.3 */
bool try_loop(void);		/* bpf_loop(), 5.17 */
bool try_task_btf(void);	/* bpf_get_current_task_btf(), 5.11 */
bool try_cookie(void);		/* attach cookies, 5.15 */
bool try_misses(void);		/* recursion_misses counts for uprobe programs, 6.7 */
bool try_ring_buffer(void);	/* 5.8 */
/* Does a multi link of a process see all its threads? (6.10.) Tried once, on an own child; 5 ms. */
bool try_multi_pids(void);
s32 try_kernel_function(const char *name); /* its id in the kernel's BTF; 0: it has none */

/*
 * A program for links of that type that adds one to an element of a map (u32 to u64) and returns 0:
 * `element` leaves its number in r0. Descriptor or negative errno.
 */
struct bpf_insn;
int try_load_counter(const struct bpf_insn *element, size_t n, u32 attach_type, int map);

#endif
