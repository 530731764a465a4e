/* SPDX-License-Identifier: BSD-2-Clause */
/* Runs generated code in the kernel, on this process's memory (a SYSCALL program; Linux 5.14). */
#ifndef SNAPLINE_TESTS_KERNEL_H
#define SNAPLINE_TESTS_KERNEL_H

#include "bay.h"
#include "gen/gen.h"

enum { KERNEL_MAX_SLOTS = 40, KERNEL_MAX_ROOTS = 16 };

/* What the code sees: pt_regs, then env; and what bay_roots() wrote. */
struct kernel_context {
	u64 slots[KERNEL_MAX_SLOTS];
	struct bay_env env;
	struct bay_root roots[KERNEL_MAX_ROOTS];
};

/* A program that calls the code as a bay is called; a file descriptor, or -errno with the log. */
int kernel_load(const struct gen_code *code, char *log, size_t log_size);
/* The code's r0, or -errno. */
int kernel_run(int program, struct kernel_context *context);

#endif
