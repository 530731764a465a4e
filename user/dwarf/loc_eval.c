/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Running a location description over registers and a memory image (DWARF 5, section 2.6). A
 * description is a series of pieces, or one; what fails makes its own piece absent, not the others.
 */
#include <string.h>
#include <dwarf.h>

#include "dwarf/dw.h"
#include "dwarf/loc_machine.h"

enum { MAX_STACK = 128, MAX_STEPS = 10000, MAX_CALLS = 8, MAX_PIECES = 1024, MAX_NESTING = 4 };

/* What the operators so far describe. */
enum state { STATE_MEMORY, STATE_REGISTER, STATE_VALUE, STATE_BYTES, STATE_POINTER, STATE_NOTHING };

struct machine {
	const struct loc_context *context;
	struct slot stack[MAX_STACK];
	size_t depth;
	unsigned steps;
	unsigned calls;
	enum state state;
	const struct loc_op *last; /* operator that set a state other than memory */
	enum absence absence;	   /* why this piece can't be had */
	u16 absent_reg;
	bool late;
	struct loc_result *result;
};

static void fail(struct machine *machine, enum absence why)
{
	if (machine->absence == PRESENT)
		machine->absence = why;
}

static void push_slot(struct machine *machine, struct slot slot)
{
	if (machine->depth >= MAX_STACK) {
		fail(machine, ABSENT_UNSUPPORTED);
		return;
	}
	machine->stack[machine->depth++] = slot;
}

static void push(struct machine *machine, u64 value)
{
	push_slot(machine, slot_generic(value));
}

static struct slot pop(struct machine *machine)
{
	if (machine->depth == 0) {
		fail(machine, ABSENT_UNSUPPORTED);
		return slot_generic(0);
	}
	return machine->stack[--machine->depth];
}

static u64 pop_number(struct machine *machine)
{
	struct slot slot = pop(machine);

	return slot_number(&slot);
}

/* The nth from the top, 0 is the top. */
static void pick(struct machine *machine, u64 nth)
{
	if (nth >= machine->depth)
		fail(machine, ABSENT_UNSUPPORTED);
	else
		push_slot(machine, machine->stack[machine->depth - 1 - nth]);
}

static bool read_register(struct machine *machine, u64 reg, u64 *value)
{
	const struct loc_context *context = machine->context;
	enum absence why = register_absence(context, reg);

	*value = 0;
	if (why != PRESENT) {
		machine->absent_reg = (u16)reg;
		fail(machine, why);
		return false;
	}
	machine->late |= context->regs->late[reg];
	*value = context->regs->value[reg];
	return true;
}

static void push_register(struct machine *machine, u64 reg, s64 offset)
{
	u64 value;

	if (read_register(machine, reg, &value))
		push(machine, value + (u64)offset);
}

static void push_typed_register(struct machine *machine, const struct loc_op *op)
{
	struct slot slot;
	u64 value;

	if (!read_register(machine, (u64)op->a, &value))
		return;
	if (slot_from_bytes(op->type, (u8 *)&value, sizeof(value), &slot))
		push_slot(machine, slot);
	else
		fail(machine, ABSENT_UNSUPPORTED);
}

static void push_frame_base(struct machine *machine, s64 offset)
{
	struct loc_context context = *machine->context;
	enum absence why;
	u64 base;

	if (!context.frame_base) {
		fail(machine, ABSENT_UNSUPPORTED);
		return;
	}
	context.frame_base = NULL;
	why = loc_eval_number_late(machine->context->frame_base, &context, &base, &machine->late);
	if (why != PRESENT)
		fail(machine, why);
	else
		push(machine, base + (u64)offset);
}

static void deref(struct machine *machine, u64 size, const struct type *type)
{
	u64 address = pop_number(machine);
	enum image_origin origin = IMAGE_HIT;
	u8 bytes[sizeof(u128)] = {0};
	struct slot slot;
	enum absence why;

	if (machine->absence != PRESENT)
		return;
	if (size == 0 || size > sizeof(bytes) || !machine->context->image) {
		fail(machine, ABSENT_UNSUPPORTED);
		return;
	}
	why = image_read(machine->context->image, address, bytes, size, &origin);
	if (why != PRESENT) {
		fail(machine, why);
		return;
	}
	machine->late |= origin == IMAGE_LATE;
	if (slot_from_bytes(type, bytes, size, &slot))
		push_slot(machine, slot);
	else
		fail(machine, ABSENT_UNSUPPORTED);
}

static void push_entry(struct machine *machine, const struct loc *entry)
{
	const struct loc_context *context = machine->context;
	enum absence why = ABSENT_NO_CALL_SITE;
	bool late = false;
	struct slot slot;
	u64 value = 0;

	if (context->entry_value)
		why = context->entry_value(context->context, entry, &value, &late);
	machine->late |= late;
	if (why != PRESENT)
		fail(machine, why);
	else if (entry && entry->n_ops && entry->ops[0].opcode == DW_OP_regval_type &&
		 slot_from_bytes(entry->ops[0].type, (u8 *)&value, sizeof(value), &slot))
		push_slot(machine, slot);
	else
		push(machine, value);
}

static void push_address(struct machine *machine, const struct loc_op *op)
{
	u64 address = 0;
	enum absence why = loc_address(op, machine->context, &address);

	if (why != PRESENT)
		fail(machine, why);
	else
		push(machine, address);
}

static void push_parameter(struct machine *machine, const struct loc_op *op)
{
	struct loc entry = {.ops = op, .n_ops = 1};

	push_entry(machine, &entry);
}

static void push_tls(struct machine *machine)
{
	const struct loc_context *context = machine->context;
	u64 offset = pop_number(machine), address = 0;
	enum absence why = ABSENT_NO_TLS;

	if (context->tls_address)
		why = context->tls_address(context->context, offset, &address);
	if (why != PRESENT)
		fail(machine, why);
	else
		push(machine, address);
}

/* DW_OP_GNU_variable_value: the value of another variable at the same pc. */
static void push_variable(struct machine *machine, u64 die)
{
	struct loc_context context = *machine->context;
	enum image_origin origin = IMAGE_HIT;
	u8 bytes[sizeof(u128)] = {0};
	struct loc_result result;
	enum absence why;
	struct loc *loc = NULL;
	struct dw_var var;
	struct slot slot;
	u64 size, address;

	if (!context.dw || context.nesting++ >= MAX_NESTING) {
		fail(machine, ABSENT_UNSUPPORTED);
		return;
	}
	error_free(dw_var_by_die(context.dw, die, context.arena, &var));
	error_free(dw_var_loc(context.dw, die, context.pc, context.arena, &loc));
	size = loc ? type_strip(var.type)->size : 0;
	if (size == 0 || size > sizeof(bytes)) {
		fail(machine, ABSENT_UNSUPPORTED);
		return;
	}
	loc_eval(loc, &context, &result);
	why = loc_gather(&result, &context, size, bytes, &address, &origin, &machine->absent_reg);
	machine->late |= origin == IMAGE_LATE;
	if (why != PRESENT)
		fail(machine, why);
	else if (slot_from_bytes(var.type, bytes, size, &slot))
		push(machine, slot_number(&slot));
	else
		fail(machine, ABSENT_UNSUPPORTED);
}

static void swap_or_rotate(struct machine *machine, u8 opcode)
{
	size_t n = opcode == DW_OP_swap ? 2 : 3;
	struct slot *top, held;

	if (machine->depth < n) {
		fail(machine, ABSENT_UNSUPPORTED);
		return;
	}
	top = &machine->stack[machine->depth - 1];
	held = top[0];
	for (size_t i = 0; i + 1 < n; i++)
		top[-(ptrdiff_t)i] = top[-(ptrdiff_t)i - 1];
	top[1 - (ptrdiff_t)n] = held;
}

static void binary(struct machine *machine, u8 opcode)
{
	struct slot right = pop(machine), left = pop(machine), result;

	if (machine->absence != PRESENT)
		return;
	if (slot_binary(opcode, &left, &right, &result))
		push_slot(machine, result);
	else
		fail(machine, ABSENT_UNSUPPORTED);
}

static void unary(struct machine *machine, u8 opcode)
{
	struct slot operand = pop(machine), result;

	if (slot_unary(opcode, &operand, &result))
		push_slot(machine, result);
	else
		fail(machine, ABSENT_UNSUPPORTED);
}

static void convert(struct machine *machine, const struct loc_op *op)
{
	struct slot from = pop(machine), result;
	bool ok = op->opcode == DW_OP_convert ? slot_convert(&from, op->type, &result)
					      : slot_reinterpret(&from, op->type, &result);

	if (ok)
		push_slot(machine, result);
	else
		fail(machine, ABSENT_UNSUPPORTED);
}

static void push_const_type(struct machine *machine, const struct loc_op *op)
{
	struct slot slot;

	if (slot_from_bytes(op->type, op->block, op->block_len, &slot))
		push_slot(machine, slot);
	else
		fail(machine, ABSENT_UNSUPPORTED);
}

static void set_state(struct machine *machine, enum state state, const struct loc_op *op)
{
	machine->state = state;
	machine->last = op;
}

static void value_piece(struct machine *machine, struct loc_piece *piece)
{
	struct slot slot = pop(machine);

	piece->kind = PIECE_BYTES;
	piece->bytes_len = slot_size(&slot);
	piece->bytes = arena_memdup(machine->context->arena, &slot.bits, sizeof(slot.bits));
}

static void describe(struct machine *machine, struct loc_piece *piece)
{
	const struct loc_op *op = machine->last;

	switch (machine->state) {
	case STATE_MEMORY:
		piece->kind = PIECE_MEMORY;
		piece->address = pop_number(machine);
		break;
	case STATE_REGISTER:
		piece->kind = PIECE_REGISTER;
		piece->reg = (u16)op->a;
		if (op->opcode != DW_OP_regx)
			piece->reg = (u16)(op->opcode - DW_OP_reg0);
		break;
	case STATE_VALUE: value_piece(machine, piece); break;
	case STATE_BYTES:
		piece->kind = PIECE_BYTES;
		piece->bytes = op->block;
		piece->bytes_len = op->block_len;
		break;
	case STATE_POINTER:
		piece->kind = PIECE_POINTER;
		piece->die = (u64)op->a;
		piece->pointer_offset = op->b;
		break;
	case STATE_NOTHING: fail(machine, ABSENT_OPTIMIZED_OUT);
	}
}

/* Closes a piece: size 0 is the only one. */
static void end_piece(struct machine *machine, u64 bits, u64 bit_offset, bool whole_bytes)
{
	struct loc_result *result = machine->result;
	struct loc_piece piece = {.size = (bits + 7) / 8};

	if (machine->state == STATE_MEMORY && machine->depth == 0 && bits)
		machine->state = STATE_NOTHING;
	if (machine->absence == PRESENT)
		describe(machine, &piece);
	if (machine->absence != PRESENT)
		piece = (struct loc_piece){.kind = PIECE_ABSENT,
					   .absence = machine->absence,
					   .reg = machine->absent_reg,
					   .size = (bits + 7) / 8};
	if (!whole_bytes || bits % 8) {
		piece.bit_offset = (u16)bit_offset;
		piece.bit_size = (u16)bits;
	}
	piece.late = machine->late;
	if (result->n_pieces < MAX_PIECES)
		*arena_push(machine->context->arena, result->pieces, result->n_pieces) = piece;
	machine->absence = PRESENT;
	machine->state = STATE_MEMORY;
	machine->depth = 0;
	machine->late = false;
}

static void run_ops(struct machine *machine, const struct loc *loc);

static void call(struct machine *machine, const struct loc_op *op)
{
	if (!op->inner)
		return;
	if (op->inner->absence != PRESENT || ++machine->calls > MAX_CALLS)
		fail(machine, ABSENT_UNSUPPORTED);
	else
		run_ops(machine, op->inner);
}

static void run_op(struct machine *machine, const struct loc_op *op)
{
	const struct loc_context *context = machine->context;
	u8 opcode = op->opcode;

	if (opcode >= DW_OP_lit0 && opcode <= DW_OP_lit31) {
		push(machine, opcode - DW_OP_lit0);
		return;
	}
	if ((opcode >= DW_OP_reg0 && opcode <= DW_OP_reg31) || opcode == DW_OP_regx) {
		set_state(machine, STATE_REGISTER, op);
		return;
	}
	if (opcode >= DW_OP_breg0 && opcode <= DW_OP_breg31) {
		push_register(machine, opcode - DW_OP_breg0, op->a);
		return;
	}
	switch (opcode) {
	case DW_OP_addr: push_address(machine, op); break;
	case DW_OP_const1u:
	case DW_OP_const1s:
	case DW_OP_const2u:
	case DW_OP_const2s:
	case DW_OP_const4u:
	case DW_OP_const4s:
	case DW_OP_const8u:
	case DW_OP_const8s:
	case DW_OP_constu:
	case DW_OP_consts: push(machine, (u64)op->a); break;
	case DW_OP_bregx: push_register(machine, (u64)op->a, op->b); break;
	case DW_OP_fbreg: push_frame_base(machine, op->a); break;
	case DW_OP_dup: pick(machine, 0); break;
	case DW_OP_over: pick(machine, 1); break;
	case DW_OP_pick: pick(machine, (u64)op->a); break;
	case DW_OP_drop: pop(machine); break;
	case DW_OP_swap:
	case DW_OP_rot: swap_or_rotate(machine, opcode); break;
	case DW_OP_deref:
		deref(machine, context->arch ? context->arch->pointer_size : 8, NULL);
		break;
	case DW_OP_deref_size: deref(machine, (u64)op->a, NULL); break;
	case DW_OP_deref_type: deref(machine, (u64)op->a, op->type); break;
	case DW_OP_abs:
	case DW_OP_neg:
	case DW_OP_not: unary(machine, opcode); break;
	case DW_OP_plus_uconst:
		push(machine, (u64)op->a);
		binary(machine, DW_OP_plus);
		break;
	case DW_OP_and:
	case DW_OP_div:
	case DW_OP_minus:
	case DW_OP_mod:
	case DW_OP_mul:
	case DW_OP_or:
	case DW_OP_plus:
	case DW_OP_shl:
	case DW_OP_shr:
	case DW_OP_shra:
	case DW_OP_xor:
	case DW_OP_eq:
	case DW_OP_ge:
	case DW_OP_gt:
	case DW_OP_le:
	case DW_OP_lt:
	case DW_OP_ne: binary(machine, opcode); break;
	case DW_OP_push_object_address:
		if (context->has_object)
			push(machine, context->object);
		else
			fail(machine, ABSENT_UNSUPPORTED);
		break;
	case DW_OP_call_frame_cfa:
		if (context->has_cfa)
			push(machine, context->cfa);
		else
			fail(machine, ABSENT_NOT_SAVED);
		break;
	case DW_OP_form_tls_address: push_tls(machine); break;
	case DW_OP_entry_value: push_entry(machine, op->inner); break;
	case DW_OP_GNU_parameter_ref: push_parameter(machine, op); break;
	case DW_OP_GNU_variable_value: push_variable(machine, (u64)op->a); break;
	case DW_OP_const_type: push_const_type(machine, op); break;
	case DW_OP_regval_type: push_typed_register(machine, op); break;
	case DW_OP_convert:
	case DW_OP_reinterpret: convert(machine, op); break;
	case DW_OP_call4: call(machine, op); break;
	case DW_OP_stack_value: set_state(machine, STATE_VALUE, op); break;
	case DW_OP_implicit_value: set_state(machine, STATE_BYTES, op); break;
	case DW_OP_implicit_pointer: set_state(machine, STATE_POINTER, op); break;
	case DW_OP_nop:
	case DW_OP_GNU_uninit: break;
	default: fail(machine, ABSENT_UNSUPPORTED);
	}
}

/* The index of the next operator: behind this one, or a branch's target. */
static size_t next_op(struct machine *machine, const struct loc_op *op, size_t i)
{
	if (op->opcode == DW_OP_skip)
		return (size_t)op->a;
	if (op->opcode == DW_OP_bra)
		return pop_number(machine) ? (size_t)op->a : i + 1;
	return i + 1;
}

static void run_ops(struct machine *machine, const struct loc *loc)
{
	for (size_t i = 0; i < loc->n_ops;) {
		const struct loc_op *op = &loc->ops[i];

		if (++machine->steps > MAX_STEPS) {
			fail(machine, ABSENT_UNSUPPORTED);
			return;
		}
		if (op->opcode == DW_OP_piece || op->opcode == DW_OP_bit_piece) {
			bool bytes = op->opcode == DW_OP_piece;

			end_piece(machine, min_u64((u64)op->a, UINT32_MAX) * (bytes ? 8 : 1),
				  (u64)op->b, bytes);
			i++;
		} else if (machine->absence != PRESENT) {
			i++;
		} else if (op->opcode == DW_OP_skip || op->opcode == DW_OP_bra) {
			i = next_op(machine, op, i);
		} else {
			run_op(machine, op);
			i++;
		}
	}
}

static void start(struct machine *machine, const struct loc_context *context,
		  struct loc_result *result)
{
	memset(machine, 0, offsetof(struct machine, stack));
	memset(&machine->depth, 0, sizeof(*machine) - offsetof(struct machine, depth));
	machine->context = context;
	machine->result = result;
}

void loc_eval(const struct loc *loc, const struct loc_context *context, struct loc_result *result)
{
	struct machine machine;

	*result = (struct loc_result){0};
	start(&machine, context, result);
	if (loc->absence != PRESENT)
		fail(&machine, loc->absence);
	else
		run_ops(&machine, loc);
	if (result->n_pieces == 0)
		end_piece(&machine, 0, 0, true);
}

/* To a plain number; object, or NULL, is on the stack at the start. */
static enum absence eval_number(const struct loc *loc, const struct loc_context *context,
				const u64 *object, u64 *value, bool *late)
{
	struct loc_result unused = {0};
	struct machine machine;
	u64 number = 0;

	if (loc->absence != PRESENT)
		return loc->absence;
	start(&machine, context, &unused);
	if (object)
		push(&machine, *object);
	run_ops(&machine, loc);
	if (machine.state == STATE_REGISTER) {
		struct loc_piece piece = {0};

		describe(&machine, &piece);
		read_register(&machine, piece.reg, &number);
	} else if (machine.state == STATE_MEMORY || machine.state == STATE_VALUE) {
		number = pop_number(&machine);
	} else if (machine.state == STATE_BYTES && machine.last->block_len <= sizeof(number)) {
		memcpy(&number, machine.last->block, machine.last->block_len);
	} else {
		fail(&machine, ABSENT_UNSUPPORTED);
	}
	if (unused.n_pieces)
		fail(&machine, ABSENT_UNSUPPORTED);
	if (machine.absence != PRESENT)
		return machine.absence;
	*late |= machine.late;
	*value = number;
	return PRESENT;
}

enum absence loc_eval_number_late(const struct loc *loc, const struct loc_context *context,
				  u64 *value, bool *late)
{
	return eval_number(loc, context, NULL, value, late);
}

enum absence loc_eval_number(const struct loc *loc, const struct loc_context *context, u64 *value)
{
	bool late = false;

	return eval_number(loc, context, NULL, value, &late);
}

enum absence loc_eval_member(const struct loc *place, const struct loc_context *context, u64 object,
			     u64 *address, bool *late)
{
	return eval_number(place, context, &object, address, late);
}
