/* SPDX-License-Identifier: BSD-2-Clause */
#include "load/bays.h"

#include <string.h>

#include "bay.h"
#include "load/uapi.h"
#include "probe.h"

#ifndef BPF_FETCH
#define BPF_FETCH 0x01
#endif

enum {
	BAY_SLOTS = 2 + BAY_INSNS + 2, /* marker, no-ops, r0 = 0, exit */
	PSEUDO_LDIMM64_SLOTS = 2,
};

static const struct bpf_insn nop = {.code = BPF_JMP | BPF_JA};

/* The number of the marker at insns[i], 0 if there is none. */
static u32 marker_at(const struct bpf_insn *insns, size_t n, size_t i)
{
	if (i + 1 >= n || insns[i].code != (BPF_LD | BPF_IMM | BPF_DW) || insns[i].src_reg)
		return 0;
	return (u32)insns[i + 1].imm == BAY_MAGIC ? (u32)insns[i].imm : 0;
}

static bool is_exit(const struct bpf_insn *insn)
{
	return insn->code == (BPF_JMP | BPF_EXIT);
}

/*
 * The code goes to the bay's end, so that its last exit is the function's own. The no-ops in front
 * of it have to be reachable, but only by a branch that the verifier knows is not taken: dead code
 * it removes at once, while it would remove no-ops one by one, which takes a hundred milliseconds.
 */
static void fill_front(struct bpf_insn *bay, size_t n)
{
	for (size_t i = 0; i < n; i++)
		bay[i] = nop;
	if (n < 2)
		return;
	bay[0] = (struct bpf_insn){.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0};
	bay[1] = (struct bpf_insn){
		.code = BPF_JMP | BPF_JEQ | BPF_K,
		.dst_reg = BPF_REG_0,
		.off = n - 2,
	};
}

static struct error *fill_bay(struct bpf_insn *bay, size_t room, const struct gen_code *code)
{
	static const struct bpf_insn nothing[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K},
		{.code = BPF_JMP | BPF_EXIT},
	};
	static const struct gen_code none = {nothing, ARRAY_LEN(nothing)};

	if (!code || !code->n)
		code = &none;
	if (room < BAY_SLOTS || !is_exit(&bay[BAY_SLOTS - 1]))
		return error_new(ERROR_FAILED, "a patch bay does not look as it was written");
	if (code->n > BAY_SLOTS)
		return error_new(
			ERROR_USAGE,
			"the condition or the variables need %zu instructions, more than %d",
			code->n, BAY_INSNS);
	if (!is_exit(&code->insns[code->n - 1]))
		return error_new(ERROR_FAILED, "generated code does not end in an exit");
	fill_front(bay, BAY_SLOTS - code->n);
	memcpy(&bay[BAY_SLOTS - code->n], code->insns, code->n * sizeof(*code->insns));
	return NULL;
}

static void fill_word(struct bpf_insn *insn, u64 word)
{
	insn[0].imm = (s32)word;
	insn[1].imm = (s32)(word >> 32);
}

/* Marker, rX = 1, atomic add; the marker's value says which of the two the add is. */
static void fill_fetch(struct bpf_insn *insn, size_t room, bool fetch_add)
{
	struct bpf_insn *add = &insn[PSEUDO_LDIMM64_SLOTS + 1];

	fill_word(insn, 0);
	if (!fetch_add || room < PSEUDO_LDIMM64_SLOTS + 2 ||
	    add->code != (BPF_STX | BPF_XADD | BPF_DW))
		return;
	fill_word(insn, 1);
	add->imm |= BPF_FETCH;
}

/* A helper's call becomes one of a kernel function. */
static struct error *fill_is_return(struct bpf_insn *insn, size_t room, s32 function)
{
	struct bpf_insn *call = &insn[PSEUDO_LDIMM64_SLOTS];

	fill_word(insn, 0);
	if (!function || room < PSEUDO_LDIMM64_SLOTS + 1 || call->code != (BPF_JMP | BPF_CALL))
		return error_new(ERROR_FAILED, "a session program can't ask whether it returns");
	*call = (struct bpf_insn){
		.code = BPF_JMP | BPF_CALL,
		.src_reg = PSEUDO_KFUNC_CALL,
		.imm = function,
	};
	return NULL;
}

struct error *bay_patch(struct bpf_insn *insns, size_t n, const struct bay_patch *patch)
{
	struct error *err = NULL;

	for (size_t i = 0; i < n && !err; i++) {
		switch (marker_at(insns, n, i)) {
		/* What was filled in is not searched: a constant in it may look like a marker. */
		case BAY_CONDITION:
			err = fill_bay(&insns[i], n - i, patch->condition);
			i += BAY_SLOTS - 1;
			break;
		case BAY_ROOTS:
			err = fill_bay(&insns[i], n - i, patch->roots);
			i += BAY_SLOTS - 1;
			break;
		case BAY_VALUES:
			err = fill_bay(&insns[i], n - i, patch->values);
			i += BAY_SLOTS - 1;
			break;
		case BAY_PROGRAM: fill_word(&insns[i], patch->word); break;
		case BAY_FETCH: fill_fetch(&insns[i], n - i, patch->fetch_add); break;
		case BAY_IS_RETURN:
			err = fill_is_return(&insns[i], n - i, patch->is_return);
			break;
		default: break;
		}
	}
	return err;
}

/* What a field of struct bay_env costs to have. */
static u64 need_at(size_t offset)
{
	static const struct {
		size_t start, end;
		u64 need;
	} fields[] = {
		{offsetof(struct bay_env, thread_pointer), offsetof(struct bay_env, pid),
		 PROGRAM_NEEDS_THREAD},
		{offsetof(struct bay_env, pid), offsetof(struct bay_env, cpu),
		 PROGRAM_NEEDS_PROCESS},
		{offsetof(struct bay_env, time), offsetof(struct bay_env, hits),
		 PROGRAM_NEEDS_TIME},
		{offsetof(struct bay_env, hits), offsetof(struct bay_env, elapsed),
		 PROGRAM_NEEDS_HITS},
		{offsetof(struct bay_env, comm), sizeof(struct bay_env), PROGRAM_NEEDS_COMM},
	};

	for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
		if (offset >= fields[i].start && offset < fields[i].end)
			return fields[i].need;
	}
	return 0;
}

/* A load through r10 is of the code's own stack; through others it may be of the environment. */
u64 bay_needs(const struct gen_code *code)
{
	u64 needs = 0;

	for (size_t i = 0; i < code->n; i++) {
		const struct bpf_insn *insn = &code->insns[i];

		if (BPF_CLASS(insn->code) == BPF_LDX && insn->src_reg != BPF_REG_10)
			needs |= need_at(insn->off);
		if (insn->code == (BPF_ALU64 | BPF_ADD | BPF_K))
			needs |= need_at(insn->imm);
	}
	return needs;
}
