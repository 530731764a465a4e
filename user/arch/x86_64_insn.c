/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One x86-64 instruction: what it does, and what the kernel does with a probe on it. The second
 * part follows arch/x86/kernel/uprobes.c and was checked against a running 6.18 by attaching to
 * each opcode. A kernel that refuses more says so when attaching.
 */
#include <stdio.h>
#include <string.h>

#include <Zydis/Zydis.h>

#include "arch/arch_private.h"

struct decoded {
	ZydisDecodedInstruction insn;
	ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
};

/* DWARF number of a general or vector register (or a part of one), -1 for any other. */
static int dwarf_of(ZydisRegister reg)
{
	/* the order of the instruction encoding to the order of DWARF */
	static const u8 general[] = {0, 2, 1, 3, 7, 6, 4, 5, 8, 9, 10, 11, 12, 13, 14, 15};
	ZydisRegister full = ZydisRegisterGetLargestEnclosing(ZYDIS_MACHINE_MODE_LONG_64, reg);
	int id = ZydisRegisterGetId(full);

	switch (ZydisRegisterGetClass(full)) {
	case ZYDIS_REGCLASS_GPR64: return id < ARRAY_LEN(general) ? general[id] : -1;
	case ZYDIS_REGCLASS_XMM:
	case ZYDIS_REGCLASS_YMM:
	case ZYDIS_REGCLASS_ZMM: return 17 + id;
	default: return -1;
	}
}

static u32 mask_of(ZydisRegister reg)
{
	int number = reg == ZYDIS_REGISTER_NONE ? -1 : dwarf_of(reg);

	return number >= 0 && number < 32 ? 1u << number : 0;
}

static bool is_call(const ZydisDecodedInstruction *insn)
{
	return insn->meta.category == ZYDIS_CATEGORY_CALL;
}

/* No access faults that stays within 8 bytes of what a valid stack pointer points to. */
static bool is_stack_access(const ZydisDecodedOperand *operand)
{
	const ZydisDecodedOperandMem *mem = &operand->mem;

	return mem->base == ZYDIS_REGISTER_RSP && mem->index == ZYDIS_REGISTER_NONE &&
	       mem->segment != ZYDIS_REGISTER_FS && mem->segment != ZYDIS_REGISTER_GS &&
	       operand->size <= 64;
}

static int plain_base(const ZydisDecodedOperand *operand)
{
	const ZydisDecodedOperandMem *mem = &operand->mem;

	if (mem->base == ZYDIS_REGISTER_NONE || mem->base == ZYDIS_REGISTER_RIP ||
	    mem->index != ZYDIS_REGISTER_NONE || mem->segment == ZYDIS_REGISTER_FS ||
	    mem->segment == ZYDIS_REGISTER_GS || operand->size > 64)
		return -1;
	return dwarf_of(mem->base);
}

static void note_memory(const struct decoded *decoded, const ZydisDecodedOperand *operand,
			struct insn *insn)
{
	insn->regs_read |= mask_of(operand->mem.base) | mask_of(operand->mem.index);
	if (operand->mem.type == ZYDIS_MEMOP_TYPE_AGEN || insn->is_nop)
		return;
	if ((operand->actions & ZYDIS_OPERAND_ACTION_MASK_WRITE) &&
	    !(is_call(&decoded->insn) && operand->visibility == ZYDIS_OPERAND_VISIBILITY_HIDDEN))
		insn->writes_memory = true;
	if (is_stack_access(operand))
		return;
	insn->fault_base = insn->may_fault ? -1 : plain_base(operand);
	insn->may_fault = true;
}

static void note_address(const struct decoded *decoded, const ZydisDecodedOperand *operand,
			 struct insn *insn)
{
	const ZydisDecodedOperandMem *mem = &operand->mem;
	struct insn_memory *memory = &insn->memory;
	bool lea = mem->type == ZYDIS_MEMOP_TYPE_AGEN;

	if (memory->present || operand->visibility == ZYDIS_OPERAND_VISIBILITY_HIDDEN ||
	    mem->segment == ZYDIS_REGISTER_FS || mem->segment == ZYDIS_REGISTER_GS)
		return;
	memory->present = true;
	memory->pc_relative = mem->base == ZYDIS_REGISTER_RIP;
	memory->size = lea || operand->size > 512 ? 0 : operand->size / 8;
	memory->base = mem->base == ZYDIS_REGISTER_NONE ? -1 : dwarf_of(mem->base);
	memory->index = mem->index == ZYDIS_REGISTER_NONE ? -1 : dwarf_of(mem->index);
	memory->scale = mem->scale;
	memory->disp = mem->disp.has_displacement ? (u64)mem->disp.value : 0;
	if (memory->pc_relative)
		ZydisCalcAbsoluteAddress(&decoded->insn, operand, insn->address, &memory->disp);
}

static void note_operands(const struct decoded *decoded, struct insn *insn)
{
	for (int i = 0; i < decoded->insn.operand_count; i++) {
		const ZydisDecodedOperand *operand = &decoded->operands[i];

		if (operand->type == ZYDIS_OPERAND_TYPE_MEMORY) {
			note_memory(decoded, operand, insn);
			note_address(decoded, operand, insn);
		} else if (operand->type == ZYDIS_OPERAND_TYPE_IMMEDIATE) {
			insn->immediate = operand->imm.is_relative ? 0 : operand->imm.value.u;
		} else if (operand->type == ZYDIS_OPERAND_TYPE_REGISTER) {
			if (operand->actions & ZYDIS_OPERAND_ACTION_MASK_READ)
				insn->regs_read |= mask_of(operand->reg.value);
			if (operand->actions & ZYDIS_OPERAND_ACTION_MASK_WRITE)
				insn->regs_written |= mask_of(operand->reg.value);
		}
	}
}

/* What operands don't tell: traps, and effects outside of registers and memory operands. */
static void note_effects(const ZydisDecodedInstruction *decoded, struct insn *insn)
{
	switch (decoded->meta.category) {
	case ZYDIS_CATEGORY_STRINGOP: /* Zydis leaves rdi out for scas */
		insn->regs_written |= insn->regs_read &
				      (mask_of(ZYDIS_REGISTER_RSI) | mask_of(ZYDIS_REGISTER_RDI));
		return;
	case ZYDIS_CATEGORY_SYSCALL:
	case ZYDIS_CATEGORY_INTERRUPT:
	case ZYDIS_CATEGORY_IO:
	case ZYDIS_CATEGORY_IOSTRINGOP:
	case ZYDIS_CATEGORY_SYSTEM:
		insn->writes_memory = insn->may_fault = true;
		insn->fault_base = -1;
		return;
	default: break;
	}
	switch (decoded->mnemonic) {
	case ZYDIS_MNEMONIC_DIV:
	case ZYDIS_MNEMONIC_IDIV:
	case ZYDIS_MNEMONIC_WRFSBASE:
	case ZYDIS_MNEMONIC_WRGSBASE:
	case ZYDIS_MNEMONIC_WRPKRU:
	case ZYDIS_MNEMONIC_XABORT:
	case ZYDIS_MNEMONIC_XEND:
		insn->may_fault = true;
		insn->fault_base = -1;
		return;
	default: return;
	}
}

static enum insn_flow flow_of(const struct decoded *decoded)
{
	bool direct = decoded->insn.operand_count > 0 &&
		      decoded->operands[0].type == ZYDIS_OPERAND_TYPE_IMMEDIATE &&
		      decoded->operands[0].imm.is_relative;

	switch (decoded->insn.mnemonic) {
	case ZYDIS_MNEMONIC_UD0:
	case ZYDIS_MNEMONIC_UD1:
	case ZYDIS_MNEMONIC_UD2:
	case ZYDIS_MNEMONIC_HLT:
	case ZYDIS_MNEMONIC_INT1:
	case ZYDIS_MNEMONIC_INT3: return FLOW_STOP;
	default: break;
	}
	switch (decoded->insn.meta.category) {
	case ZYDIS_CATEGORY_CALL: return direct ? FLOW_CALL : FLOW_CALL_INDIRECT;
	case ZYDIS_CATEGORY_UNCOND_BR: return direct ? FLOW_JUMP : FLOW_JUMP_INDIRECT;
	case ZYDIS_CATEGORY_COND_BR: return direct ? FLOW_BRANCH : FLOW_NEXT;
	case ZYDIS_CATEGORY_RET: return FLOW_RETURN;
	case ZYDIS_CATEGORY_SYSRET: return FLOW_STOP;
	default: return FLOW_NEXT;
	}
}

static bool is_one_byte_map(const ZydisDecodedInstruction *insn)
{
	return insn->encoding == ZYDIS_INSTRUCTION_ENCODING_LEGACY &&
	       insn->opcode_map == ZYDIS_OPCODE_MAP_DEFAULT;
}

/* call, jmp and jcc with an offset: what the kernel emulates, and refuses with a 0x66 prefix. */
static bool is_direct_branch(const ZydisDecodedInstruction *insn)
{
	u8 op = insn->opcode;

	if (insn->encoding != ZYDIS_INSTRUCTION_ENCODING_LEGACY)
		return false;
	if (insn->opcode_map == ZYDIS_OPCODE_MAP_0F)
		return op >= 0x80 && op <= 0x8f;
	return insn->opcode_map == ZYDIS_OPCODE_MAP_DEFAULT &&
	       (op == 0xe8 || op == 0xe9 || op == 0xeb || (op >= 0x70 && op <= 0x7f));
}

static bool has_prefix(const ZydisDecodedInstruction *insn, u8 prefix)
{
	for (int i = 0; i < insn->raw.prefix_count; i++)
		if (insn->raw.prefixes[i].value == prefix)
			return true;
	return false;
}

/*
 * The kernel's table of one-byte opcodes that it takes in 64-bit programs. It looks up the opcode
 * of VEX and EVEX instructions there as well, whatever map they are in, so that a load by vmovdqa
 * (6f) is refused as if it were outs.
 */
static bool opcode_is_refused(u8 op)
{
	static const u8 refused[] = {
		0x06, 0x07, 0x0e, 0x16, 0x17, 0x1e, 0x1f, 0x27, 0x2f, 0x37, 0x3f, 0x60, 0x61, 0x62,
		0x6c, 0x6d, 0x6e, 0x6f, 0x82, 0x9a, 0xcc, 0xcd, 0xce, 0xcf, 0xd4, 0xd5, 0xd6, 0xe4,
		0xe5, 0xe6, 0xe7, 0xea, 0xec, 0xed, 0xee, 0xef, 0xf1, 0xf4, 0xfa, 0xfb,
	};

	return memchr(refused, op, sizeof(refused)) != NULL;
}

static const char *refusal(const struct decoded *decoded)
{
	static const u8 bad_prefixes[] = {0x26, 0x2e, 0x36, 0x3e};
	const ZydisDecodedInstruction *insn = &decoded->insn;
	bool legacy = insn->encoding == ZYDIS_INSTRUCTION_ENCODING_LEGACY;

	if (has_prefix(insn, 0xf0))
		return "the kernel refuses probes on instructions with a lock prefix";
	for (size_t i = 0; i < sizeof(bad_prefixes); i++)
		if (has_prefix(insn, bad_prefixes[i]))
			return "the kernel refuses probes on instructions with a segment or "
			       "notrack prefix";
	if (is_direct_branch(insn) && has_prefix(insn, 0x66))
		return "the kernel refuses probes on calls and jumps with an operand-size prefix";
	if (is_one_byte_map(insn) && insn->opcode == 0x8e && insn->raw.modrm.reg == 2)
		return "the kernel refuses probes on instructions that hold back exceptions";
	if (is_one_byte_map(insn) && opcode_is_refused(insn->opcode))
		return "the kernel refuses probes on traps, port accesses and far transfers";
	if (!legacy && opcode_is_refused(insn->opcode))
		return "the kernel refuses probes on this vector instruction";
	return NULL;
}

/*
 * The kernel turns a nop of 5 bytes into a call after the first hit (6.18 to about 7.1): the call
 * overwrites what a leaf function keeps below its stack pointer, and a forked child has nothing
 * mapped where it goes to. A jump to the next instruction counts as a nop there, and so do moves of
 * a register to itself.
 */
static bool is_rewritten_nop(const struct decoded *decoded, const struct insn *insn)
{
	const ZydisDecodedOperand *operands = decoded->operands;

	if (insn->len != 5)
		return false;
	if (insn->is_nop || (insn->flow == FLOW_JUMP && insn->target == insn->address + 5))
		return true;
	if (decoded->insn.mnemonic != ZYDIS_MNEMONIC_LEA)
		return false;
	return operands[1].mem.base == operands[0].reg.value &&
	       operands[1].mem.index == ZYDIS_REGISTER_NONE && operands[1].mem.disp.value == 0;
}

static const char *hazard_of(const struct decoded *decoded, const struct insn *insn)
{
	const ZydisDecodedInstruction *zydis = &decoded->insn;

	if (is_rewritten_nop(decoded, insn))
		return "some kernels turn a 5-byte nop with a probe into a call, which overwrites "
		       "the "
		       "function's data below the stack pointer and kills children that it forks";
	if (is_one_byte_map(zydis) && zydis->opcode == 0x90 &&
	    (zydis->attributes & ZYDIS_ATTRIB_HAS_REX) && zydis->raw.rex.B)
		return "some kernels take this exchange of registers for a nop and would skip it";
	if (zydis->attributes &
	    (ZYDIS_ATTRIB_HAS_REP | ZYDIS_ATTRIB_HAS_REPE | ZYDIS_ATTRIB_HAS_REPNE))
		return "the kernel steps through a repeated instruction round by round, and each "
		       "would "
		       "count as a hit";
	if (zydis->mnemonic == ZYDIS_MNEMONIC_SYSCALL)
		return "the kernel would make the system call from a copy of the instruction, and "
		       "the "
		       "program would crash on its return";
	return refusal(decoded);
}

static enum insn_cost cost_of(const struct decoded *decoded, const struct insn *insn)
{
	const ZydisDecodedInstruction *zydis = &decoded->insn;

	if (insn->hazard)
		return INSN_REFUSED;
	if (is_direct_branch(zydis))
		return INSN_EMULATED;
	if (!is_one_byte_map(zydis))
		return INSN_SINGLE_STEP;
	if (zydis->opcode == 0x90 && insn->is_nop)
		return INSN_EMULATED;
	/* push of a register, with no prefix but REX.B */
	if ((zydis->opcode & 0xf8) == 0x50 &&
	    (insn->len == 1 || (insn->len == 2 && zydis->raw.rex.B && !zydis->raw.rex.W)))
		return INSN_EMULATED;
	return INSN_SINGLE_STEP;
}

static bool is_prologue_push(const struct decoded *decoded)
{
	const ZydisDecodedOperand *operands = decoded->operands;

	switch (decoded->insn.mnemonic) {
	case ZYDIS_MNEMONIC_PUSH: return operands[0].type == ZYDIS_OPERAND_TYPE_REGISTER;
	case ZYDIS_MNEMONIC_ENDBR64: return true;
	case ZYDIS_MNEMONIC_SUB:
		return operands[0].type == ZYDIS_OPERAND_TYPE_REGISTER &&
		       operands[0].reg.value == ZYDIS_REGISTER_RSP &&
		       operands[1].type == ZYDIS_OPERAND_TYPE_IMMEDIATE;
	default: return false;
	}
}

static void note_text(const struct decoded *decoded, struct insn *insn)
{
	ZydisFormatter formatter;
	char text[256];

	if (insn->is_nop) {
		snprintf(insn->text, sizeof(insn->text), insn->len == 1 ? "nop" : "nop (%u bytes)",
			 insn->len);
		return;
	}
	ZydisFormatterInit(&formatter, ZYDIS_FORMATTER_STYLE_ATT);
	ZydisFormatterSetProperty(&formatter, ZYDIS_FORMATTER_PROP_HEX_UPPERCASE, ZYAN_FALSE);
	ZydisFormatterSetProperty(&formatter, ZYDIS_FORMATTER_PROP_ADDR_PADDING_ABSOLUTE,
				  ZYDIS_PADDING_DISABLED);
	if (ZYAN_FAILED(ZydisFormatterFormatInstruction(&formatter, &decoded->insn,
							decoded->operands,
							decoded->insn.operand_count_visible, text,
							sizeof(text), insn->address, ZYAN_NULL)))
		snprintf(text, sizeof(text), "(bad)");
	snprintf(insn->text, sizeof(insn->text), "%.*s", (int)sizeof(insn->text) - 1, text);
}

bool x86_64_decode(const u8 *code, size_t len, u64 address, struct insn *insn)
{
	ZydisDecoder decoder;
	struct decoded decoded;

	ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
	if (ZYAN_FAILED(
		    ZydisDecoderDecodeFull(&decoder, code, len, &decoded.insn, decoded.operands)))
		return false;
	*insn = (struct insn){.address = address, .len = decoded.insn.length, .fault_base = -1};
	insn->is_nop = decoded.insn.mnemonic == ZYDIS_MNEMONIC_NOP;
	insn->flow = flow_of(&decoded);
	if (insn->flow == FLOW_JUMP || insn->flow == FLOW_BRANCH || insn->flow == FLOW_CALL)
		ZydisCalcAbsoluteAddress(&decoded.insn, &decoded.operands[0], address,
					 &insn->target);
	if (!insn->is_nop)
		note_operands(&decoded, insn);
	note_effects(&decoded.insn, insn);
	insn->is_landing = decoded.insn.mnemonic == ZYDIS_MNEMONIC_ENDBR64;
	insn->is_prologue_push = is_prologue_push(&decoded);
	insn->hazard = hazard_of(&decoded, insn);
	insn->cost = cost_of(&decoded, insn);
	note_text(&decoded, insn);
	return true;
}
