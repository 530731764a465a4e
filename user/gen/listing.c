/* SPDX-License-Identifier: BSD-2-Clause */
/* BPF instructions as text, in the form of bpftool and the verifier's log. */
#include "gen/gen.h"

#include <inttypes.h>

#include "base/strbuf.h"

static const char *const alu_ops[16] = {
	[BPF_ADD >> 4] = "+=",	[BPF_SUB >> 4] = "-=",	[BPF_MUL >> 4] = "*=",
	[BPF_DIV >> 4] = "/=",	[BPF_OR >> 4] = "|=",	[BPF_AND >> 4] = "&=",
	[BPF_LSH >> 4] = "<<=", [BPF_RSH >> 4] = ">>=", [BPF_MOD >> 4] = "%=",
	[BPF_XOR >> 4] = "^=",	[BPF_MOV >> 4] = "=",	[BPF_ARSH >> 4] = "s>>=",
};

static const char *const jump_ops[16] = {
	[BPF_JEQ >> 4] = "==",	 [BPF_JGT >> 4] = ">",	  [BPF_JGE >> 4] = ">=",
	[BPF_JSET >> 4] = "&",	 [BPF_JNE >> 4] = "!=",	  [BPF_JSGT >> 4] = "s>",
	[BPF_JSGE >> 4] = "s>=", [BPF_JLT >> 4] = "<",	  [BPF_JLE >> 4] = "<=",
	[BPF_JSLT >> 4] = "s<",	 [BPF_JSLE >> 4] = "s<=",
};

static const struct {
	s32 id;
	const char *name;
} helpers[] = {
	{BPF_FUNC_probe_read_user, "bpf_probe_read_user"},
	{BPF_FUNC_probe_read_user_str, "bpf_probe_read_user_str"},
};

static const char *size_name(u8 code)
{
	switch (BPF_SIZE(code)) {
	case BPF_B: return "u8";
	case BPF_H: return "u16";
	case BPF_W: return "u32";
	default: return "u64";
	}
}

static void put_alu(struct strbuf *buf, const struct bpf_insn *insn)
{
	char reg = BPF_CLASS(insn->code) == BPF_ALU ? 'w' : 'r';
	const char *op = alu_ops[BPF_OP(insn->code) >> 4];
	const char *sign = insn->off == 1 ? "s" : "";

	if (BPF_OP(insn->code) == BPF_NEG)
		strbuf_printf(buf, "%c%d = -%c%d", reg, insn->dst_reg, reg, insn->dst_reg);
	else if (BPF_SRC(insn->code) == BPF_X)
		strbuf_printf(buf, "%c%d %s%s %c%d", reg, insn->dst_reg, sign, op ? op : "?=", reg,
			      insn->src_reg);
	else
		strbuf_printf(buf, "%c%d %s%s %d", reg, insn->dst_reg, sign,
			      op ? op : "?=", insn->imm);
}

static void put_call(struct strbuf *buf, const struct bpf_insn *insn)
{
	for (size_t i = 0; i < ARRAY_LEN(helpers); i++)
		if (helpers[i].id == insn->imm) {
			strbuf_printf(buf, "call %s#%d", helpers[i].name, insn->imm);
			return;
		}
	strbuf_printf(buf, "call unknown#%d", insn->imm);
}

static void put_jump(struct strbuf *buf, const struct bpf_insn *insn)
{
	char reg = BPF_CLASS(insn->code) == BPF_JMP32 ? 'w' : 'r';
	const char *op = jump_ops[BPF_OP(insn->code) >> 4];

	if (BPF_OP(insn->code) == BPF_EXIT)
		strbuf_puts(buf, "exit");
	else if (BPF_OP(insn->code) == BPF_CALL)
		put_call(buf, insn);
	else if (BPF_OP(insn->code) == BPF_JA)
		strbuf_printf(buf, "goto pc%+d", insn->off);
	else if (BPF_SRC(insn->code) == BPF_X)
		strbuf_printf(buf, "if %c%d %s %c%d goto pc%+d", reg, insn->dst_reg, op ? op : "?",
			      reg, insn->src_reg, insn->off);
	else
		strbuf_printf(buf, "if %c%d %s 0x%x goto pc%+d", reg, insn->dst_reg, op ? op : "?",
			      (u32)insn->imm, insn->off);
}

static void put_insn(struct strbuf *buf, const struct bpf_insn *insn)
{
	switch (BPF_CLASS(insn->code)) {
	case BPF_ALU:
	case BPF_ALU64: put_alu(buf, insn); break;
	case BPF_JMP:
	case BPF_JMP32: put_jump(buf, insn); break;
	case BPF_LDX:
		strbuf_printf(buf, "r%d = *(%s *)(r%d %+d)", insn->dst_reg, size_name(insn->code),
			      insn->src_reg, insn->off);
		break;
	case BPF_STX:
		strbuf_printf(buf, "*(%s *)(r%d %+d) = r%d", size_name(insn->code), insn->dst_reg,
			      insn->off, insn->src_reg);
		break;
	case BPF_ST:
		strbuf_printf(buf, "*(%s *)(r%d %+d) = %d", size_name(insn->code), insn->dst_reg,
			      insn->off, insn->imm);
		break;
	default: strbuf_printf(buf, "BUG_%02x", insn->code); break;
	}
}

static bool is_wide(const struct bpf_insn *insn)
{
	return insn->code == (BPF_LD | BPF_DW | BPF_IMM);
}

const char *gen_listing(const struct gen_code *code, struct arena *arena)
{
	struct strbuf buf = {};
	const char *text;

	for (size_t i = 0; i < code->n; i++) {
		const struct bpf_insn *insn = &code->insns[i];

		strbuf_printf(&buf, "%4zu: (%02x) ", i, insn->code);
		if (is_wide(insn) && i + 1 < code->n) {
			u64 value = (u32)insn->imm | (u64)(u32)insn[1].imm << 32;

			strbuf_printf(&buf, "r%d = 0x%" PRIx64 " ll", insn->dst_reg, value);
			i++;
		} else {
			put_insn(&buf, insn);
		}
		strbuf_putc(&buf, '\n');
	}
	text = arena_strdup(arena, buf.text ? buf.text : "");
	strbuf_free(&buf);
	return text;
}
