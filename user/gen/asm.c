/* SPDX-License-Identifier: BSD-2-Clause */
#include "gen/asm.h"

void asm_init(struct assembler *as, size_t limit, struct arena *arena)
{
	*as = (struct assembler){.limit = limit, .is_reachable = true};
	as->insns = arena_array(arena, struct bpf_insn, limit);
	as->labels = arena_array(arena, s32, ASM_MAX_LABELS);
	as->is_target = arena_array(arena, bool, ASM_MAX_LABELS);
	as->jumps = arena_array(arena, struct asm_jump, ASM_MAX_JUMPS);
}

void asm_fail(struct assembler *as, const char *what)
{
	if (!as->error)
		as->error = what;
}

static void emit(struct assembler *as, struct bpf_insn insn)
{
	if (as->error || !as->is_reachable)
		return;
	if (as->n == as->limit) {
		asm_fail(as, "it takes more instructions than the kernel program has room for");
		return;
	}
	as->insns[as->n++] = insn;
}

struct asm_label asm_label(struct assembler *as)
{
	if (as->n_labels == ASM_MAX_LABELS) {
		asm_fail(as, "it branches more often than snapline can compile");
		return (struct asm_label){0};
	}
	as->labels[as->n_labels] = -1;
	as->is_target[as->n_labels] = false;
	return (struct asm_label){as->n_labels++};
}

void asm_bind(struct assembler *as, struct asm_label label)
{
	as->labels[label.index] = (s32)as->n;
	as->is_reachable |= as->is_target[label.index];
}

static void alu(struct assembler *as, u8 class, u8 op, u8 source, u8 dst, u8 src, s32 imm)
{
	emit(as, (struct bpf_insn){
			 .code = class | op | source, .dst_reg = dst, .src_reg = src, .imm = imm});
}

void asm_alu(struct assembler *as, u8 op, u8 dst, u8 src)
{
	alu(as, BPF_ALU64, op, BPF_X, dst, src, 0);
}

void asm_alu_imm(struct assembler *as, u8 op, u8 dst, s32 imm)
{
	alu(as, BPF_ALU64, op, BPF_K, dst, 0, imm);
}

void asm_neg(struct assembler *as, u8 dst)
{
	alu(as, BPF_ALU64, BPF_NEG, BPF_K, dst, 0, 0);
}

void asm_signed(struct assembler *as, u8 op, u8 dst, u8 src)
{
	emit(as, (struct bpf_insn){
			 .code = BPF_ALU64 | op | BPF_X, .dst_reg = dst, .src_reg = src, .off = 1});
}

void asm_zero_extend32(struct assembler *as, u8 dst)
{
	alu(as, BPF_ALU, BPF_MOV, BPF_X, dst, dst, 0);
}

void asm_const(struct assembler *as, u8 dst, u64 value)
{
	if ((s64)value >= INT32_MIN && (s64)value <= INT32_MAX) {
		asm_alu_imm(as, BPF_MOV, dst, (s32)value);
		return;
	}
	if (value <= UINT32_MAX) {
		alu(as, BPF_ALU, BPF_MOV, BPF_K, dst, 0, (s32)value);
		return;
	}
	if (as->n + 2 > as->limit) {
		asm_fail(as, "it takes more instructions than the kernel program has room for");
		return;
	}
	emit(as, (struct bpf_insn){.code = BPF_LD | BPF_DW | BPF_IMM,
				   .dst_reg = dst,
				   .imm = (s32)(u32)value});
	emit(as, (struct bpf_insn){.imm = (s32)(u32)(value >> 32)});
}

static u8 size_code(unsigned size)
{
	switch (size) {
	case 1: return BPF_B;
	case 2: return BPF_H;
	case 4: return BPF_W;
	default: return BPF_DW;
	}
}

void asm_load(struct assembler *as, unsigned size, u8 dst, u8 src, s16 offset)
{
	emit(as, (struct bpf_insn){.code = BPF_LDX | BPF_MEM | size_code(size),
				   .dst_reg = dst,
				   .src_reg = src,
				   .off = offset});
}

void asm_store(struct assembler *as, unsigned size, u8 dst, s16 offset, u8 src)
{
	emit(as, (struct bpf_insn){.code = BPF_STX | BPF_MEM | size_code(size),
				   .dst_reg = dst,
				   .src_reg = src,
				   .off = offset});
}

void asm_store_imm(struct assembler *as, unsigned size, u8 dst, s16 offset, s32 imm)
{
	emit(as, (struct bpf_insn){.code = BPF_ST | BPF_MEM | size_code(size),
				   .dst_reg = dst,
				   .off = offset,
				   .imm = imm});
}

static void jump(struct assembler *as, struct asm_label label, struct bpf_insn insn)
{
	if (as->error || !as->is_reachable)
		return;
	if (as->n_jumps == ASM_MAX_JUMPS) {
		asm_fail(as, "it branches more often than snapline can compile");
		return;
	}
	as->jumps[as->n_jumps++] = (struct asm_jump){(u32)as->n, label.index};
	as->is_target[label.index] = true;
	emit(as, insn);
}

void asm_jump(struct assembler *as, struct asm_label label)
{
	jump(as, label, (struct bpf_insn){.code = BPF_JMP | BPF_JA});
	as->is_reachable = false;
}

void asm_branch(struct assembler *as, u8 op, u8 dst, u8 src, struct asm_label label)
{
	jump(as, label,
	     (struct bpf_insn){.code = BPF_JMP | op | BPF_X, .dst_reg = dst, .src_reg = src});
}

void asm_branch_imm(struct assembler *as, u8 op, u8 dst, s32 imm, struct asm_label label)
{
	jump(as, label,
	     (struct bpf_insn){.code = BPF_JMP | op | BPF_K, .dst_reg = dst, .imm = imm});
}

void asm_call(struct assembler *as, s32 helper)
{
	if (helper != BPF_FUNC_probe_read_user && helper != BPF_FUNC_probe_read_user_str) {
		asm_fail(as, "it calls what generated code may not call");
		return;
	}
	emit(as, (struct bpf_insn){.code = BPF_JMP | BPF_CALL, .imm = helper});
}

void asm_exit(struct assembler *as)
{
	emit(as, (struct bpf_insn){.code = BPF_JMP | BPF_EXIT});
	as->is_reachable = false;
}

const char *asm_finish(struct assembler *as)
{
	if (as->is_reachable)
		asm_fail(as, "the code doesn't end");
	for (u32 i = 0; i < as->n_jumps && !as->error; i++) {
		s32 target = as->labels[as->jumps[i].label];
		s32 distance = target - (s32)as->jumps[i].insn - 1;

		if (target < 0 || target >= (s32)as->n || distance < INT16_MIN ||
		    distance > INT16_MAX)
			asm_fail(as, "a jump leads nowhere");
		else
			as->insns[as->jumps[i].insn].off = (s16)distance;
	}
	return as->error;
}
