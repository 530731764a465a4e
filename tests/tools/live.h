/* SPDX-License-Identifier: BSD-2-Clause */
/* For live tests of user/load/: workloads that this program forks itself, and sessions on them. */
#ifndef SNAPLINE_LIVE_H
#define SNAPLINE_LIVE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "load/load.h"

/* The probed functions: a nop and a return each, `call i` counted by the caller. */
void live_hit(u64 i, void *p);
void live_hit2(u64 i, void *p);
extern const char live_refused[]; /* an instruction that the kernel doesn't probe */
extern const char live_many[]; /* LIVE_MANY of them, 16 bytes apart */
enum { LIVE_MANY = 40 };

/* Where struct pt_regs has the first two arguments, and the stack pointer; bytes below that are copied. */
#ifdef __aarch64__
enum { LIVE_ARG1 = 0, LIVE_ARG2 = 1, LIVE_SP = 31, LIVE_RED_ZONE = 0 };
#else
enum { LIVE_ARG1 = 14, LIVE_ARG2 = 13, LIVE_SP = 19, LIVE_RED_ZONE = 128 };
#endif

u64 live_offset(const void *function); /* in this program's file */

/* A forked process that runs work(argument) when it is let go, then exits. */
struct live_child {
	int pid;
	int go;
	u64 *shared; /* 512 u64s, zeroed; the child's too */
};
struct live_child live_fork(void (*work)(u64 *shared, u64 argument), u64 argument);
/* The same, but a child of that process does the work; it is forked at once. */
struct live_child live_fork_under(void (*work)(u64 *shared, u64 argument), u64 argument);
void live_go(struct live_child *child);
bool live_ended(struct live_child *child); /* and reaped */
void live_kill(struct live_child *child);

/* What a session came to. */
struct live_result {
	struct load_counts counts;
	u64 delivered;
};
/* A config of one probe at live_hit in that child (NULL: any), without stack and condition. */
struct load_config live_config(const struct live_child *child);
struct load_session *live_start(const struct load_config *config); /* ends the program on failure */
/* Lets the child go, takes records until it has ended and the rings are empty. */
struct live_result live_run(const struct load_config *config, struct live_child *child,
			    void (*see)(const struct record_head *record, void *context),
			    void *context);
bool live_sum_holds(const struct load_counts *counts);

/* TAP */
void live_ok(bool good, const char *format, ...) _printf_(2, 3);
int live_plan(void); /* prints the plan; the exit status */

/* Conditions: true for multiples of n of the first argument; always `answer`. */
const struct gen_code *live_every(u32 n);
const struct gen_code *live_answer(u32 answer);
/* One root: the second argument. */
const struct gen_code *live_root(void);

#endif
