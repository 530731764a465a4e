/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel.h"

#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "gen/asm.h"

static int bpf(int command, union bpf_attr *attr)
{
	long result = syscall(__NR_bpf, command, attr, sizeof(*attr));

	return result < 0 ? -errno : (int)result;
}

/* Copies between the context and the stack, where the real programs have env. */
static void copy(struct assembler *as, size_t context_offset, s16 stack_offset, s16 size, bool out)
{
	for (s16 i = 0; i < size; i += 8) {
		s16 at = (s16)(context_offset + (size_t)i);

		asm_load(as, 8, BPF_REG_0, out ? BPF_REG_10 : BPF_REG_6,
			 out ? stack_offset + i : at);
		asm_store(as, 8, out ? BPF_REG_6 : BPF_REG_10, out ? at : stack_offset + i,
			  BPF_REG_0);
	}
}

/* Calls what follows as bay_roots() is called; the third argument does bay_condition() no harm. */
static void make_caller(struct assembler *as)
{
	const s16 env = sizeof(struct bay_env), roots = KERNEL_MAX_ROOTS * sizeof(struct bay_root);

	asm_alu(as, BPF_MOV, BPF_REG_6, BPF_REG_1);
	copy(as, offsetof(struct kernel_context, env), -env, env, false);
	copy(as, offsetof(struct kernel_context, roots), -env - roots, roots, false);
	asm_alu(as, BPF_MOV, BPF_REG_1, BPF_REG_6);
	asm_alu(as, BPF_MOV, BPF_REG_2, BPF_REG_10);
	asm_alu_imm(as, BPF_ADD, BPF_REG_2, -env);
	asm_alu(as, BPF_MOV, BPF_REG_3, BPF_REG_10);
	asm_alu_imm(as, BPF_ADD, BPF_REG_3, -env - roots);
	/* Of a function, so many instructions further; generated code has none. */
	as->insns[as->n++] = (struct bpf_insn){.code = BPF_JMP | BPF_CALL,
					       .src_reg = BPF_PSEUDO_CALL,
					       .imm = 3 + roots / 8 * 2};
	asm_alu(as, BPF_MOV, BPF_REG_7, BPF_REG_0);
	copy(as, offsetof(struct kernel_context, roots), -env - roots, roots, true);
	asm_alu(as, BPF_MOV, BPF_REG_0, BPF_REG_7);
	asm_exit(as);
}

int kernel_load(const struct gen_code *code, char *log, size_t log_size)
{
	struct arena *arena = arena_new();
	union bpf_attr attr = {};
	struct assembler as;
	int fd;

	asm_init(&as, code->n + 256, arena);
	make_caller(&as);
	memcpy(as.insns + as.n, code->insns, code->n * sizeof(*code->insns));
	attr.prog_type = BPF_PROG_TYPE_SYSCALL;
	attr.prog_flags = BPF_F_SLEEPABLE;
	attr.insns = (u64)as.insns;
	attr.insn_cnt = (u32)(as.n + code->n);
	attr.license = (u64) "GPL";
	fd = bpf(BPF_PROG_LOAD, &attr);
	if (fd < 0 && fd != -EPERM) {
		attr.log_buf = (u64)log;
		attr.log_size = (u32)log_size;
		attr.log_level = 1;
		bpf(BPF_PROG_LOAD, &attr);
	}
	arena_free(arena);
	return fd;
}

int kernel_run(int program, struct kernel_context *context)
{
	union bpf_attr attr = {};
	int result;

	attr.test.prog_fd = (u32)program;
	attr.test.ctx_in = (u64)context;
	attr.test.ctx_size_in = sizeof(*context);
	result = bpf(BPF_PROG_TEST_RUN, &attr);
	return result < 0 ? result : (int)attr.test.retval;
}
