/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Rules, all of single instructions but one:
 *
 *	call	of bpf_probe_read_user() and bpf_probe_read_user_str(), which read the target
 *	ldimm64	of a number; not of a map, a function, a kernel symbol
 *	store	not atomic; through r10 (its own stack), or r8 where the bay has an output
 *	r8	there written once: by `r8 = r3` among the first instructions, which are moves
 *		between registers and leave r3 alone, and to which no jump leads back
 *	r10	is never written (the verifier says so too)
 *
 * So a store can't reach the registers of the program that was hit, whatever values the code makes.
 */
#include "load/vet.h"

enum { PREFIX_MOST = 8 };

static struct error *refused(size_t at, const struct bpf_insn *insn, const char *why)
{
	return error_new(ERROR_FAILED, "refused: instruction %zu (code 0x%02x) of a patch bay %s",
			 at, insn->code, why);
}

static bool is_known_helper(const struct bpf_insn *insn)
{
	return !insn->src_reg &&
	       (insn->imm == BPF_FUNC_probe_read_user || insn->imm == BPF_FUNC_probe_read_user_str);
}

static bool writes_register(const struct bpf_insn *insn)
{
	u8 class = BPF_CLASS(insn->code);

	return class == BPF_ALU || class == BPF_ALU64 || class == BPF_LD || class == BPF_LDX;
}

static bool is_move(const struct bpf_insn *insn)
{
	return insn->code == (BPF_ALU64 | BPF_MOV | BPF_X) && !insn->off;
}

/* Where the output pointer is saved in r8; code->n: nowhere that is sure to be it. */
static size_t output_saved_at(const struct gen_code *code)
{
	for (size_t i = 0; i < code->n && i < PREFIX_MOST && is_move(&code->insns[i]); i++) {
		const struct bpf_insn *insn = &code->insns[i];

		if (insn->dst_reg == BPF_REG_3)
			break;
		if (insn->dst_reg == BPF_REG_8 && insn->src_reg == BPF_REG_3)
			return i;
	}
	return code->n;
}

static const char *check_load(const struct bpf_insn *insn, size_t left)
{
	if (BPF_CLASS(insn->code) == BPF_LDX)
		return BPF_MODE(insn->code) == BPF_MEM ? NULL : "loads in an unknown way";
	if (insn->code != (BPF_LD | BPF_IMM | BPF_DW) || left < 2)
		return "loads in an unknown way";
	if (insn->src_reg || insn[1].code || insn[1].src_reg || insn[1].dst_reg || insn[1].off)
		return "names a map or a symbol";
	return NULL;
}

static const char *check_store(const struct bpf_insn *insn, bool has_output)
{
	if (BPF_MODE(insn->code) != BPF_MEM)
		return "is an atomic operation";
	if (insn->dst_reg == BPF_REG_10 || (has_output && insn->dst_reg == BPF_REG_8))
		return NULL;
	return "stores elsewhere than to its stack and its output";
}

static const char *check_jump(const struct bpf_insn *insn)
{
	if (insn->code == (BPF_JMP | BPF_CALL))
		return is_known_helper(insn) ? NULL : "calls what is not on the list";
	if (BPF_OP(insn->code) == BPF_CALL)
		return "calls in an unknown way";
	return NULL;
}

static const char *check(const struct bpf_insn *insn, size_t left, bool has_output)
{
	switch (BPF_CLASS(insn->code)) {
	case BPF_LD:
	case BPF_LDX: return check_load(insn, left);
	case BPF_ST:
	case BPF_STX: return check_store(insn, has_output);
	case BPF_JMP:
	case BPF_JMP32: return check_jump(insn);
	default: return NULL; /* arithmetic */
	}
}

/* A jump can't come back to the prefix: r8 would be set from what r3 is by then. */
static bool jumps_to_prefix(const struct gen_code *code, size_t saved)
{
	for (size_t i = 0; i < code->n; i++) {
		const struct bpf_insn *insn = &code->insns[i];
		u8 class = BPF_CLASS(insn->code), op = BPF_OP(insn->code);
		s64 distance = insn->code == (BPF_JMP32 | BPF_JA) ? insn->imm : insn->off;

		if ((class != BPF_JMP && class != BPF_JMP32) || op == BPF_CALL || op == BPF_EXIT)
			continue;
		if ((s64)i + 1 + distance <= (s64)saved)
			return true;
	}
	return false;
}

struct error *vet_code(const struct gen_code *code, enum vet_bay bay)
{
	size_t saved = bay == VET_OUTPUT ? output_saved_at(code) : code->n;
	bool has_output = saved < code->n && !jumps_to_prefix(code, saved);

	for (size_t i = 0; i < code->n; i++) {
		const struct bpf_insn *insn = &code->insns[i];
		const char *why = check(insn, code->n - i, has_output);

		if (!why && writes_register(insn) &&
		    (insn->dst_reg >= BPF_REG_10 ||
		     (has_output && insn->dst_reg == BPF_REG_8 && i != saved)))
			why = "writes a register that is kept";
		if (why)
			return refused(i, insn, why);
		i += BPF_CLASS(insn->code) == BPF_LD; /* takes two */
	}
	return NULL;
}
