/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How to find a thing at one pc: a DWARF expression (DWARF 5, section 2.5 and 2.6), decoded, and
 * its evaluation over registers and a sparse memory image. The same decoded form is what gen/
 * compiles to BPF for conditions, so both sides read one thing.
 */
#ifndef SNAPLINE_LOC_H
#define SNAPLINE_LOC_H

#include "arch/arch.h"
#include "base/absence.h"
#include "base/arena.h"
#include "base/image.h"

struct dw;
struct elf_binding;
struct type;

/* One operation. Opcodes are the DW_OP_* numbers of dwarf.h; GNU forms are mapped to DWARF 5's. */
struct loc_op {
	u8 opcode;
	s64 a;		 /* operands, sign-extended or zero-extended as the operator says; */
	s64 b;		 /* branch targets are indices into ops */
	const u8 *block; /* DW_OP_implicit_value, const_type */
	size_t block_len;
	const struct type *type; /* DW_OP_convert, regval_type, ...: NULL is the generic type */
	const struct loc *inner; /* DW_OP_entry_value, call2/4: the nested expression */
	/*
	 * DW_OP_addr of what the dynamic linker binds by name (elf_file.h): the address is that of
	 * the binding, plus a - binding->pc. NULL: it is a.
	 */
	const struct elf_binding *binding;
};

struct loc {
	enum absence
		absence; /* not PRESENT: nothing is there at this pc (no location list entry) */
	const struct loc_op *ops;
	size_t n_ops;
};

/* Where the dynamic linker keeps the address of a DW_OP_addr that it binds; NULL: nowhere. */
const struct loc *loc_slot(const struct loc_op *op, struct arena *arena);

/* Shapes that gen/ and explain treat specially. */
enum loc_shape {
	LOC_ABSENT,
	LOC_REGISTER,	/* DW_OP_regN: the value is in the register */
	LOC_REG_MEMORY, /* DW_OP_bregN off or fbreg with a register CFA: memory at register + offset
			 */
	LOC_STATIC,	/* DW_OP_addr: memory at module bias + address */
	LOC_TLS,	/* thread-local: offset in the module's block */
	LOC_CONSTANT,	/* implicit value or constant stack value */
	LOC_VALUE,	/* computed (DW_OP_stack_value) */
	LOC_COMPUTED,	/* memory at a computed address */
	LOC_PIECES,
	LOC_ENTRY, /* needs the caller's frame (entry value) */
	LOC_OTHER, /* implicit pointer, ... */
};
enum loc_shape loc_shape(const struct loc *loc);
/* In memory where the register points to. */
struct loc *loc_at_register(u16 reg, struct arena *arena);
/* `size` bytes in registers of 8 bytes each, LOC_NO_REGISTER for 8 bytes that are nowhere; n 1: all
 * in one. */
enum { LOC_NO_REGISTER = -1 };
struct loc *loc_in_registers(const s16 *regs, unsigned n, u64 size, struct arena *arena);
/* At this distance from the frame base; and how far below the frame base memory is, or 0. */
struct loc *loc_at_base(s64 offset, struct arena *arena);
u64 loc_below_base(const struct loc *loc);
/* The registers 0 to 31 that it reads, a mask; those of an entry value are the caller's: not here.
 */
u32 loc_regs(const struct loc *loc);
/* Do they find the same thing if registers and memory are the same? NULL is like NULL only. */
bool loc_same(const struct loc *a, const struct loc *b);
/*
 * Is a member's `place` (type.h) the object's address plus the word at `slot` in its virtual table?
 * gcc and clang write that of virtual bases: DW_OP_dup, deref, constu 24, minus, deref, plus.
 */
bool loc_table_slot(const struct loc *place, s64 *slot);
/* "in rdi", "at rsp+24", "constant 7", "entry value of rsi", for explain and list. */
const char *loc_text(const struct loc *loc, const struct arch *arch, struct arena *arena);

/* The registers of one frame: what is known, and why not. Indexed by DWARF number. */
struct frame_regs {
	u64 value[ARCH_MAX_DWARF_REGS];
	u8 absence[ARCH_MAX_DWARF_REGS]; /* enum absence; PRESENT: value is valid */
	bool late[ARCH_MAX_DWARF_REGS];	 /* restored from memory that was read after the hit */
	/*
	 * NOT_SAVED, but `value` is what the callees left there: right if they don't touch it, as
	 * the caller's compiler may know (loc_context.trusts_kept).
	 */
	bool kept[ARCH_MAX_DWARF_REGS];
};

/* What an expression may ask for. All callbacks may be NULL: then what needs them is absent. */
struct loc_context {
	const struct arch *arch;
	const struct frame_regs *regs;
	const struct image *image;
	struct arena *arena;
	u64 bias; /* ip - pc of the module the expression is from */
	bool has_cfa;
	u64 cfa;
	const struct loc *frame_base; /* DW_AT_frame_base of the function at this pc, or NULL */
	bool has_object;
	u64 object; /* DW_OP_push_object_address */
	/*
	 * The locations end where a call clobbers their register (gcc), so one that is still valid
	 * behind the call means that the callee is known to keep it.
	 */
	bool trusts_kept;
	struct dw *dw; /* for references to other variables, with pc (both may be 0) */
	u64 pc;	       /* address as in the file at which scopes are looked up */
	/*
	 * Value of the parameter that the caller's call site gives for this entry expression (or
	 * for a single DW_OP_GNU_parameter_ref). *late is set if the caller was read after the hit.
	 */
	enum absence (*entry_value)(void *context, const struct loc *entry, u64 *value, bool *late);
	/* Address of offset in the thread's storage for the module. */
	enum absence (*tls_address)(void *context, u64 offset, u64 *address);
	/* Address of what the process's modules define by this name. */
	enum absence (*symbol_address)(void *context, const char *name, u64 *address);
	/* Makes *loc one for expressions of another module; false if the process has it not. */
	bool (*enter_module)(void *context, struct dw *dw, struct loc_context *loc);
	void *context;
	u8 nesting; /* private: bounds references to other variables */
};

enum loc_piece_kind {
	PIECE_ABSENT,
	PIECE_MEMORY,
	PIECE_REGISTER,
	PIECE_BYTES,
	PIECE_POINTER, /* implicit pointer: what it points to is at `die`, plus offset */
};

struct loc_piece {
	enum loc_piece_kind kind;
	enum absence absence; /* ABSENT: why */
	u64 size;	      /* bytes; 0 in a single piece: the whole thing */
	u16 bit_offset; /* DW_OP_bit_piece: where in the source; size is then in bits / 8 rounded up
			 */
	u16 bit_size;	/* 0: whole bytes */
	u64 address;	/* MEMORY */
	u16 reg;	/* REGISTER, DWARF number; ABSENT for VECTOR_REGISTER: which one */
	bool late;	/* computed with what was read after the hit */
	const u8 *bytes;    /* BYTES */
	size_t bytes_len;   /* how many there are; a piece may be larger or smaller */
	u64 die;	    /* POINTER: .debug_info offset of the variable pointed to */
	s64 pointer_offset; /* POINTER */
};

struct loc_result {
	struct loc_piece *pieces;
	size_t n_pieces;
};

/* Never fails: what can't be had is a piece with the reason. Bounded: 10,000 operations. */
void loc_eval(const struct loc *loc, const struct loc_context *context, struct loc_result *result);
/* Evaluates to a plain number (frame base, VLA bound, call-site value). */
enum absence loc_eval_number(const struct loc *loc, const struct loc_context *context, u64 *value);
/* Also sets *late if anything that it used was read after the hit. */
enum absence loc_eval_number_late(const struct loc *loc, const struct loc_context *context,
				  u64 *value, bool *late);
/* Where a member with a `place` (type.h) is in the object at this address. */
enum absence loc_eval_member(const struct loc *place, const struct loc_context *context, u64 object,
			     u64 *address, bool *late);
/* Gathers size bytes of a result; *address is set if all is one run of memory (else 0). */
enum absence loc_gather(const struct loc_result *result, const struct loc_context *context,
			u64 size, u8 *bytes, u64 *address, enum image_origin *origin,
			u16 *vector_reg);
/* The same for a part: size bytes from byte `offset` (a member of a struct that lies in pieces). */
enum absence loc_gather_at(const struct loc_result *result, const struct loc_context *context,
			   u64 offset, u64 size, u8 *bytes, u64 *address, enum image_origin *origin,
			   u16 *vector_reg);

#endif
