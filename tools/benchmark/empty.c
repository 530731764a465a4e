/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The yardstick: a program that does nothing, on one instruction of one process, or of all (-1), until standard input
 * ends; with `session` at a function's entry and at its returns, by one session link; with `clock` so, too, and all
 * that it does is to read the clock.
 * usage: empty PID FILE OFFSET [session|clock]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>
#include <linux/bpf.h>

#include "load/link.h"
#include "load/load.h"
#include "load/session.h"
#include "load/uapi.h"

static int load_clock(void)
{
	struct bpf_insn insns[] = {
		{.code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_ktime_get_ns},
		{.code = BPF_ALU64 | BPF_MOV | BPF_K},
		{.code = BPF_JMP | BPF_EXIT},
	};
	LIBBPF_OPTS(bpf_prog_load_opts, opts,
		    .expected_attach_type = (enum bpf_attach_type)TRACE_UPROBE_SESSION);

	return bpf_prog_load(BPF_PROG_TYPE_KPROBE, "clock", "Dual BSD/GPL", insns, ARRAY_LEN(insns),
			     &opts);
}

static int attach_kind(const char *kind, const char *path, u64 offset, int pid)
{
	int prog;

	if (!*kind)
		return link_empty(path, offset, pid);
	prog = strcmp(kind, "clock") ? link_empty_program(TRACE_UPROBE_SESSION) : load_clock();
	return prog < 0 ? prog
			: link_multi(prog, TRACE_UPROBE_SESSION, path, &offset, NULL, 1, pid);
}

int main(int argc, char **argv)
{
	const char *kind = argc == 5 ? argv[4] : "";
	int link;

	if (argc < 4 || argc > 5 || (*kind && strcmp(kind, "session") && strcmp(kind, "clock")))
		return 2;
	link = attach_kind(kind, argv[2], strtoull(argv[3], NULL, 0), atoi(argv[1]));
	if (link < 0) {
		fprintf(stderr, "empty: cannot attach: %s\n", strerror(-link));
		return 5;
	}
	while (getchar() != EOF)
		;
	return 0;
}
