/* SPDX-License-Identifier: BSD-2-Clause */
/* Instructions that tests write out, as initialisers of struct bpf_insn. */
#ifndef SNAPLINE_TESTS_INSNS_H
#define SNAPLINE_TESTS_INSNS_H

#include <linux/bpf.h>

#define CALL(number)                                        \
	{                                                   \
		.code = BPF_JMP | BPF_CALL, .imm = (number) \
	}
#define EXIT                               \
	{                                  \
		.code = BPF_JMP | BPF_EXIT \
	}

#endif
