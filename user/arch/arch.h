/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What differs between CPUs. Nobody outside this room names a register or an instruction: they ask
 * a struct arch. One CPU is one file and one line in arch.c's table.
 *
 * Registers travel as the kernel's struct pt_regs for this CPU, in units of u64 ("slots"): slot i
 * is the u64 at byte 8 * i of the pt_regs that a uprobe program gets as its context.
 */
#ifndef SNAPLINE_ARCH_H
#define SNAPLINE_ARCH_H

#include "base/base.h"

enum { ARCH_MAX_SLOTS = 40, ARCH_MAX_DWARF_REGS = 34 };

/* The names under which a register can be written in an expression ($rax, $eax, $al ...). */
struct arch_reg_name {
	const char *name;
	u8 slot;
	u8 size;  /* bytes: 1, 2, 4, 8 */
	u8 shift; /* bits to shift right first ($ah: 8) */
};

/* What an emulated or single-stepped probe does with the instruction (FACTS.md, "What a hit
 * costs"). */
enum insn_cost {
	INSN_EMULATED,	  /* one trap */
	INSN_SINGLE_STEP, /* executed out of line: two traps */
	INSN_REFUSED,	  /* the kernel refuses it, or a probe on it is a hazard (see hazard) */
};

enum insn_flow {
	FLOW_NEXT,   /* falls through */
	FLOW_JUMP,   /* direct, to target */
	FLOW_BRANCH, /* conditional: target or next */
	FLOW_CALL,   /* direct, to target; next is the return point */
	FLOW_CALL_INDIRECT,
	FLOW_JUMP_INDIRECT, /* jump table or tail call through a pointer */
	FLOW_RETURN,
	FLOW_STOP, /* ud2, hlt, int3: control doesn't go on */
};

/* The memory operand of an instruction, or what lea computes. Registers by DWARF number, -1: none.
 */
struct insn_memory {
	bool present;
	bool pc_relative; /* no registers; disp is the address itself */
	u8 size;	  /* bytes accessed; 0: none (lea) */
	s8 base, index;
	u8 scale; /* of index: 1, 2, 4, 8 */
	u64 disp;
};

/* One decoded instruction. */
struct insn {
	u64 address;
	u8 len;
	enum insn_cost cost;
	enum insn_flow flow;
	u64 target;	    /* of direct jumps, branches and calls */
	const char *hazard; /* why INSN_REFUSED, a clause; else NULL */
	bool writes_memory; /* other than by pushing a call's return address */
	bool may_fault;	    /* a load or store not relative to the stack pointer, a division */
	/*
	 * may_fault is only for one access at this register plus a constant (DWARF number): whoever
	 * knows that it is the frame pointer knows that it can't fault. -1: another reason or none.
	 */
	s8 fault_base;
	bool is_nop;
	bool load_exclusive;  /* arm64: opens a span in which a trap would make the loop endless, */
	bool store_exclusive; /* ... and closes it */
	bool is_landing;      /* endbr, bti: marks where indirect jumps may arrive */
	bool strips_return;    /* xpaclri: what the compiler makes of __builtin_return_address() */
	bool is_prologue_push; /* push of a register, endbr, sub sp: for listings only */
	u32 regs_written;      /* mask by DWARF register number (0 to 31), flags excluded */
	u32 regs_read;
	struct insn_memory memory; /* the one that is written in the instruction, not push's */
	u64 immediate;		   /* not of branches; 0: none */
	u64 page; /* arm64's adrp: the page whose address it computes, for the add behind it; 0 */
	char text[96]; /* disassembly, the field's usual syntax (AT&T) */
};

struct arch {
	const char *name; /* "x86_64" */
	u16 elf_machine;  /* EM_X86_64 */
	u8 pointer_size;  /* 8 */
	u8 n_slots;	  /* u64s in the saved pt_regs */
	u8 pc_slot, sp_slot, fp_slot;
	u8 n_dwarf_regs;		    /* DWARF numbers 0 .. n-1 may have a slot */
	s8 dwarf_slot[ARCH_MAX_DWARF_REGS]; /* DWARF number to slot, -1: not in pt_regs */
	u8 dwarf_sp, dwarf_pc; /* DWARF numbers of stack pointer and return address column */
	u8 dwarf_fp;	       /* of the frame pointer */
	u8 n_arg_regs;
	u8 arg_dwarf[8];	/* DWARF numbers of the integer arguments $arg1 ... */
	u8 return_dwarf;	/* of the integer return value */
	u8 return2_dwarf;	/* of its second 8 bytes */
	u8 return_vector_dwarf; /* of a floating point value; the next number has the next 8 bytes
				 */
	u8 return_real_dwarf;	/* of a long double */
	bool splits_structs;	/* a struct of at most 16 bytes comes back in both kinds of them,
				 * a larger one's address in return_dwarf (x86-64 psABI 3.2.3) */
	u8 call_pushes;		/* bytes that a call leaves on the stack */
	u8 code_bits;		/* of an address of code; above stands its signature */
	u8 wide_code_bits;	/* of one that is mapped where only a larger address space has room */
	u16 red_zone;		/* bytes below sp that belong to the function: 128 */
	int refused;		/* what arch_uprobe_analyze_insn() returns of an instruction that
				 * the kernel doesn't probe: errno, or its own ENOTSUPP */
	u32 callee_saved;	/* mask by DWARF number: a callee gives them back */
	const struct arch_reg_name *names;
	size_t n_names;
	/* "xmm3" for a DWARF number that isn't in pt_regs; NULL if there is no such register. */
	const char *(*dwarf_name)(unsigned dwarf_reg);
	/* Decodes one instruction; false if the bytes are none. */
	bool (*decode)(const u8 *code, size_t len, u64 address, struct insn *insn);
	/*
	 * Does the instruction give the stack pointer a value that comes neither from itself nor
	 * from the frame pointer? *insn_len is at least 1, also for bytes that are none. len is at
	 * least 1.
	 */
	bool (*loads_stack_pointer)(const u8 *code, size_t len, size_t *insn_len);
};

/* A return address without its signature (arm64's pointer authentication). */
static inline u64 arch_code_address(const struct arch *arch, u64 word)
{
	return word & (~0ULL >> (64 - arch->code_bits));
}

static inline u64 arch_wide_code_address(const struct arch *arch, u64 word)
{
	return word & (~0ULL >> (64 - arch->wide_code_bits));
}

const struct arch *arch_by_machine(u16 elf_machine); /* NULL: not supported */
const struct arch *arch_native(void);
const struct arch_reg_name *arch_reg_by_name(const struct arch *arch, const char *name);

#endif
