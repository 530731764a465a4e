/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The stack machine of DWARF expressions (DWARF 5, section 2.5): loc_eval.c runs the operators,
 * loc_typed.c computes with typed values.
 */
#ifndef SNAPLINE_LOC_MACHINE_H
#define SNAPLINE_LOC_MACHINE_H

#include "dwarf/loc.h"
#include "dwarf/type.h"

__extension__ typedef unsigned __int128 u128;
__extension__ typedef __int128 s128;

/* One stack entry. The generic type (NULL) is a signed integer of the address size. */
struct slot {
	const struct type *type; /* stripped: an integer kind or a float of 4 or 8 bytes, or NULL */
	u128 bits;		 /* the value's bytes; what lies above its size is zero */
};

/* Why a register's value can't be used in this context; PRESENT if it can. */
enum absence register_absence(const struct loc_context *context, u64 reg);

/* The run-time address that a DW_OP_addr means; untouched if it isn't PRESENT. */
enum absence loc_address(const struct loc_op *op, const struct loc_context *context, u64 *address);

struct slot slot_generic(u64 value);
u64 slot_size(const struct slot *slot);
/* A value from its bytes; false if the type can't be computed with. */
bool slot_from_bytes(const struct type *type, const u8 *bytes, size_t len, struct slot *slot);
/* Sign- or zero-extended to 64 bits by its type. */
u64 slot_number(const struct slot *slot);
/* Two operands of one type; false if it isn't defined for them (division by zero, too). */
bool slot_binary(u8 opcode, const struct slot *left, const struct slot *right, struct slot *result);
bool slot_unary(u8 opcode, const struct slot *operand, struct slot *result);
bool slot_convert(const struct slot *from, const struct type *type, struct slot *result);
bool slot_reinterpret(const struct slot *from, const struct type *type, struct slot *result);

#endif
