/* SPDX-License-Identifier: BSD-2-Clause */
/* Where an x86-64 instruction takes its stack from. */
#include <Zydis/Zydis.h>

#include "arch/arch_private.h"

static bool is_frame_register(ZydisRegister reg)
{
	return reg == ZYDIS_REGISTER_RBP || reg == ZYDIS_REGISTER_RSP;
}

/* gcc leaves a frame that it has realigned so: it keeps the CFA in r10. */
static bool is_realigned(const ZydisDecodedOperandMem *mem)
{
	return mem->base == ZYDIS_REGISTER_R10 && mem->index == ZYDIS_REGISTER_NONE &&
	       mem->disp.value == -8;
}

/* mov from the frame pointer, lea from either, and what reads the stack pointer before it writes.
 */
static bool stays(const ZydisDecodedInstruction *insn, const ZydisDecodedOperand *operands)
{
	switch (insn->mnemonic) {
	case ZYDIS_MNEMONIC_MOV:
		return operands[1].type == ZYDIS_OPERAND_TYPE_REGISTER &&
		       is_frame_register(operands[1].reg.value);
	case ZYDIS_MNEMONIC_LEA:
		return is_frame_register(operands[1].mem.base) || is_realigned(&operands[1].mem);
	case ZYDIS_MNEMONIC_ADD:
	case ZYDIS_MNEMONIC_SUB:
	case ZYDIS_MNEMONIC_AND:
	case ZYDIS_MNEMONIC_OR:
	case ZYDIS_MNEMONIC_INC:
	case ZYDIS_MNEMONIC_DEC: return true;
	default: return false;
	}
}

bool x86_64_loads_stack_pointer(const u8 *code, size_t len, size_t *insn_len)
{
	ZydisDecoder decoder;
	ZydisDecodedInstruction insn;
	ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];

	*insn_len = 1;
	ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
	if (ZYAN_FAILED(ZydisDecoderDecodeFull(&decoder, code, len, &insn, operands)))
		return false;
	*insn_len = insn.length;
	for (int i = 0; i < insn.operand_count_visible; i++) {
		const ZydisDecodedOperand *operand = &operands[i];

		if (operand->type == ZYDIS_OPERAND_TYPE_REGISTER &&
		    (operand->actions & ZYDIS_OPERAND_ACTION_MASK_WRITE) &&
		    ZydisRegisterGetLargestEnclosing(ZYDIS_MACHINE_MODE_LONG_64,
						     operand->reg.value) == ZYDIS_REGISTER_RSP)
			return !stays(&insn, operands);
	}
	return false;
}
