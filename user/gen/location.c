/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Locations (DWARF 5, section 2.5 and 2.6) to instructions. The DWARF stack is kept at compile
 * time: an entry is a constant, a register plus a constant, or a stack slot of the program. So the
 * usual locations, frame base plus offset, cost one load and one addition.
 */
#include "gen/compiler.h"

#include <dwarf.h>
#include <string.h>

#include "dwarf/dw.h"

enum { MAX_ENTRIES = 16, MAX_OPS = 256, MAX_FRAME_BASES = 2 };

enum entry_kind {
	ENTRY_CONST,  /* value */
	ENTRY_SLOT,   /* the u64 of pt_regs + value */
	ENTRY_BIASED, /* the module's bias + value */
	ENTRY_THREAD, /* thread pointer + value */
	ENTRY_SPILL,  /* in the stack slot */
};

struct entry {
	enum entry_kind kind;
	unsigned slot;
	u64 value;
	s16 offset;
	const struct type *type; /* NULL: DWARF's generic type, 64 bits */
};

struct machine {
	struct compiler *c;
	const struct loc *frame_base;
	struct dw *dw;
	struct entry entries[MAX_ENTRIES];
	unsigned n;
	unsigned nesting;
	bool is_value; /* ends with DW_OP_stack_value */
};

static void run(struct machine *m, const struct loc_op *ops, size_t n);

static void refuse(struct machine *m, const char *why)
{
	compiler_fail(m->c, NULL, "'%s' can't be used in the kernel: %s", compiler_name(m->c), why);
}

static void push(struct machine *m, struct entry entry)
{
	if (m->n == MAX_ENTRIES)
		refuse(m, "its location is computed in too many steps");
	else
		m->entries[m->n++] = entry;
}

static struct entry pop(struct machine *m)
{
	if (!m->n) {
		refuse(m, "its location is not understood");
		return (struct entry){};
	}
	return m->entries[--m->n];
}

static void load_entry(struct machine *m, const struct entry *entry, u8 dst)
{
	struct assembler *as = &m->c->as;
	u8 other = dst == BPF_REG_0 ? BPF_REG_2 : BPF_REG_3;

	switch (entry->kind) {
	case ENTRY_CONST: asm_const(as, dst, entry->value); return;
	case ENTRY_SLOT: compile_slot(m->c, entry->slot, dst); break;
	case ENTRY_BIASED: asm_load(as, 8, dst, REG_ENV, offsetof(struct bay_env, bias)); break;
	case ENTRY_THREAD:
		asm_load(as, 8, dst, REG_ENV, offsetof(struct bay_env, thread_pointer));
		break;
	case ENTRY_SPILL: asm_load(as, 8, dst, BPF_REG_10, entry->offset); return;
	}
	if ((s64)entry->value >= INT32_MIN && (s64)entry->value <= INT32_MAX) {
		if (entry->value)
			asm_alu_imm(as, BPF_ADD, dst, (s32)entry->value);
		return;
	}
	asm_const(as, other, entry->value);
	asm_alu(as, BPF_ADD, dst, other);
}

/* r0 becomes the top of the stack. */
static void push_result(struct machine *m, const struct type *type)
{
	struct entry entry = {.kind = ENTRY_SPILL, .type = type};

	entry.offset = compiler_stack(m->c, 8);
	asm_store(&m->c->as, 8, BPF_REG_10, entry.offset, BPF_REG_0);
	push(m, entry);
}

static void push_register(struct machine *m, u64 reg, s64 offset, const struct type *type)
{
	const struct arch *arch = m->c->place->arch;
	const char *name;

	if (reg < arch->n_dwarf_regs && arch->dwarf_slot[reg] >= 0) {
		push(m, (struct entry){ENTRY_SLOT, (unsigned)arch->dwarf_slot[reg], (u64)offset, 0,
				       type});
		return;
	}
	name = arch->dwarf_name ? arch->dwarf_name((unsigned)reg) : NULL;
	compiler_fail(m->c, NULL, "'%s' is in %s, not visible to a uprobe", compiler_name(m->c),
		      name ? name : "a register");
}

static void push_cfa(struct machine *m, s64 offset)
{
	const struct cfi_row *row = m->c->place->cfi;

	if (!row) {
		refuse(m, "no call frame information covers this place");
	} else if (!row->cfa_is_expr) {
		push_register(m, row->cfa_reg, (s64)((u64)row->cfa_offset + (u64)offset), NULL);
	} else {
		run(m, row->cfa_expr->ops, row->cfa_expr->n_ops);
		if (m->n && m->entries[m->n - 1].kind == ENTRY_SPILL) {
			load_entry(m, &m->entries[--m->n], BPF_REG_0);
			asm_alu_imm(&m->c->as, BPF_ADD, BPF_REG_0, (s32)offset);
			push_result(m, NULL);
		} else if (m->n) {
			m->entries[m->n - 1].value += (u64)offset;
		}
	}
}

/* A frame base is an address, or a register whose value it is (DWARF 5, section 3.3.5). */
static void push_frame_base(struct machine *m, s64 offset)
{
	const struct loc *base = m->frame_base;
	const struct loc_op *op = base && base->n_ops == 1 ? &base->ops[0] : NULL;

	if (!base || base->absence != PRESENT || m->nesting++ >= MAX_FRAME_BASES) {
		refuse(m, "its frame base is not known");
	} else if (op && op->opcode == DW_OP_call_frame_cfa) {
		push_cfa(m, offset);
	} else if (op && op->opcode >= DW_OP_reg0 && op->opcode <= DW_OP_reg31) {
		push_register(m, op->opcode - DW_OP_reg0, offset, NULL);
	} else {
		run(m, base->ops, base->n_ops);
		if (m->n && m->entries[m->n - 1].kind != ENTRY_SPILL)
			m->entries[m->n - 1].value += (u64)offset;
		else
			refuse(m, "its frame base is computed");
	}
	m->nesting--;
}

static void push_tls(struct machine *m)
{
	const struct gen_place *place = m->c->place;
	struct entry entry = pop(m);
	s64 offset;

	if (entry.kind != ENTRY_CONST || !place->tls_offset ||
	    !place->tls_offset(place->context, m->dw, entry.value, &offset))
		refuse(m, "its thread-local storage is not at a fixed distance from the thread "
			  "pointer");
	else
		push(m, (struct entry){.kind = ENTRY_THREAD, .value = (u64)offset});
}


static void run_deref(struct machine *m, unsigned size, const struct type *type)
{
	struct entry address = pop(m);

	if (size != 1 && size != 2 && size != 4 && size != 8) {
		refuse(m, "its location reads an odd number of bytes");
		return;
	}
	load_entry(m, &address, BPF_REG_0);
	compile_read(m->c, size, 0);
	if (type)
		compile_wrap(m->c, type);
	push_result(m, type);
}

static bool is_integer(const struct type *type)
{
	return !type || scalar_is_integer(type) || scalar_is_pointer(type);
}

/* Converts the top to an integer type (DWARF 5, section 2.5.1.6). */
static void run_convert(struct machine *m, const struct type *type)
{
	struct entry entry = pop(m);

	if (!is_integer(type) || !is_integer(entry.type)) {
		refuse(m, "it is computed in floating point");
		return;
	}
	load_entry(m, &entry, BPF_REG_0);
	if (entry.type)
		compile_wrap(m->c, entry.type);
	if (type)
		compile_wrap(m->c, type);
	push_result(m, type);
}

static const struct {
	u8 opcode, alu;
} binary_ops[] = {
	{DW_OP_plus, BPF_ADD},
	{DW_OP_minus, BPF_SUB},
	{DW_OP_mul, BPF_MUL},
	{DW_OP_and, BPF_AND},
	{DW_OP_or, BPF_OR},
	{DW_OP_xor, BPF_XOR},
	/* only in the generic type: */
	{DW_OP_shl, BPF_LSH},
	{DW_OP_shr, BPF_RSH},
	{DW_OP_shra, BPF_ARSH},
	{DW_OP_div, BPF_DIV},
	{DW_OP_mod, BPF_MOD},
};

static int binary_alu(u8 opcode)
{
	for (size_t i = 0; i < ARRAY_LEN(binary_ops); i++)
		if (binary_ops[i].opcode == opcode)
			return binary_ops[i].alu;
	return -1;
}

static bool add_constant(struct machine *m, u8 opcode, const struct entry *a, const struct entry *b)
{
	struct entry sum = *a;

	if (b->kind != ENTRY_CONST || a->kind == ENTRY_SPILL || a->type)
		return false;
	if (opcode == DW_OP_plus)
		sum.value += b->value;
	else if (opcode == DW_OP_minus)
		sum.value -= b->value;
	else
		return false;
	push(m, sum);
	return true;
}

static void run_binary(struct machine *m, u8 opcode, int alu)
{
	struct entry b = pop(m), a = pop(m);
	bool wraps = alu == BPF_ADD || alu == BPF_SUB || alu == BPF_MUL || alu == BPF_AND ||
		     alu == BPF_OR || alu == BPF_XOR;

	if (add_constant(m, opcode, &a, &b))
		return;
	if ((a.type || b.type) && (!wraps || !is_integer(a.type))) {
		refuse(m, "it is computed in a type of its own");
		return;
	}
	load_entry(m, &a, BPF_REG_0);
	load_entry(m, &b, BPF_REG_1);
	if (alu == BPF_DIV || alu == BPF_MOD) {
		compile_divide(m->c, (u8)alu, opcode == DW_OP_div, true);
	} else if (alu == BPF_LSH || alu == BPF_RSH || alu == BPF_ARSH) {
		if (b.kind != ENTRY_CONST || b.value > 63)
			refuse(m, "its location shifts by a variable count");
		asm_alu_imm(&m->c->as, (u8)alu, BPF_REG_0, (s32)b.value);
	} else {
		asm_alu(&m->c->as, (u8)alu, BPF_REG_0, BPF_REG_1);
	}
	if (a.type)
		compile_wrap(m->c, a.type);
	push_result(m, a.type);
}

/* Of what the dynamic linker binds, the address is in the module's global offset table. */
static void push_address(struct machine *m, const struct loc_op *op)
{
	const struct elf_binding *binding = op->binding;

	if (m->dw && m->c->place->module && m->dw != m->c->place->module) {
		refuse(m, "it belongs to another module than the probe, which each process has at an "
			  "address of its own");
	} else if (!binding) {
		push(m, (struct entry){.kind = ENTRY_BIASED, .value = (u64)op->a});
	} else if (!binding->slot) {
		refuse(m, "each process's dynamic linker decides which module's it is, and the probed "
			  "module keeps no pointer to it");
	} else {
		push(m, (struct entry){.kind = ENTRY_BIASED, .value = binding->slot});
		run_deref(m, 8, NULL);
		push(m, (struct entry){.value = (u64)op->a - binding->pc});
		if (m->n && m->entries[m->n - 1].value)
			run_binary(m, DW_OP_plus, BPF_ADD);
		else
			pop(m);
	}
}

static const struct {
	u8 opcode, jump;
} compare_ops[] = {
	{DW_OP_eq, BPF_JEQ},  {DW_OP_ne, BPF_JNE},  {DW_OP_lt, BPF_JSLT},
	{DW_OP_le, BPF_JSLE}, {DW_OP_gt, BPF_JSGT}, {DW_OP_ge, BPF_JSGE},
};

static int compare_jump(u8 opcode)
{
	for (size_t i = 0; i < ARRAY_LEN(compare_ops); i++)
		if (compare_ops[i].opcode == opcode)
			return compare_ops[i].jump;
	return -1;
}

static void run_compare(struct machine *m, int jump)
{
	struct assembler *as = &m->c->as;
	struct asm_label yes = asm_label(as), end = asm_label(as);
	struct entry b = pop(m), a = pop(m);

	if (a.type || b.type) {
		refuse(m, "it is computed in a type of its own");
		return;
	}
	load_entry(m, &a, BPF_REG_0);
	load_entry(m, &b, BPF_REG_1);
	asm_branch(as, (u8)jump, BPF_REG_0, BPF_REG_1, yes);
	asm_alu_imm(as, BPF_MOV, BPF_REG_0, 0);
	asm_jump(as, end);
	asm_bind(as, yes);
	asm_alu_imm(as, BPF_MOV, BPF_REG_0, 1);
	asm_bind(as, end);
	push_result(m, NULL);
}

static void run_unary(struct machine *m, u8 opcode)
{
	struct assembler *as = &m->c->as;
	struct asm_label positive = asm_label(as);
	struct entry a = pop(m);

	load_entry(m, &a, BPF_REG_0);
	if (opcode == DW_OP_not)
		asm_alu_imm(as, BPF_XOR, BPF_REG_0, -1);
	if (opcode == DW_OP_abs)
		asm_branch_imm(as, BPF_JSGE, BPF_REG_0, 0, positive);
	if (opcode != DW_OP_not)
		asm_neg(as, BPF_REG_0);
	asm_bind(as, positive);
	if (a.type)
		compile_wrap(m->c, a.type);
	push_result(m, a.type);
}

static void run_stack(struct machine *m, const struct loc_op *op)
{
	unsigned index = op->opcode == DW_OP_over   ? 1
			 : op->opcode == DW_OP_pick ? (unsigned)op->a
						    : 0;
	struct entry a, b;

	if (op->opcode == DW_OP_drop) {
		pop(m);
	} else if (op->opcode == DW_OP_swap) {
		a = pop(m);
		b = pop(m);
		push(m, a);
		push(m, b);
	} else if (op->opcode == DW_OP_rot) {
		struct entry top = pop(m);

		a = pop(m);
		b = pop(m);
		push(m, top);
		push(m, b);
		push(m, a);
	} else if (index >= m->n) {
		refuse(m, "its location is not understood");
	} else {
		push(m, m->entries[m->n - 1 - index]);
	}
}

static void push_const_type(struct machine *m, const struct loc_op *op)
{
	u64 value = 0;

	if (!is_integer(op->type) || op->block_len > sizeof(value)) {
		refuse(m, "it is computed in floating point");
		return;
	}
	memcpy(&value, op->block, op->block_len);
	push(m, (struct entry){ENTRY_CONST, 0, op->type ? scalar_wrap(op->type, value) : value, 0,
			       op->type});
}

static void push_typed_register(struct machine *m, const struct loc_op *op)
{
	if (!is_integer(op->type)) {
		refuse(m, "it is computed in floating point");
		return;
	}
	push_register(m, (u64)op->a, 0, op->type);
	run_convert(m, op->type);
}

static void run_op(struct machine *m, const struct loc_op *op)
{
	int alu = binary_alu(op->opcode), jump = compare_jump(op->opcode);

	if (op->opcode >= DW_OP_lit0 && op->opcode <= DW_OP_lit31) {
		push(m, (struct entry){.value = op->opcode - DW_OP_lit0});
	} else if (op->opcode >= DW_OP_breg0 && op->opcode <= DW_OP_breg31) {
		push_register(m, op->opcode - DW_OP_breg0, op->a, NULL);
	} else if (alu >= 0) {
		run_binary(m, op->opcode, alu);
	} else if (jump >= 0) {
		run_compare(m, jump);
	} else {
		switch (op->opcode) {
		case DW_OP_nop: break;
		case DW_OP_const1u:
		case DW_OP_const1s:
		case DW_OP_const2u:
		case DW_OP_const2s:
		case DW_OP_const4u:
		case DW_OP_const4s:
		case DW_OP_const8u:
		case DW_OP_const8s:
		case DW_OP_constu:
		case DW_OP_consts: push(m, (struct entry){.value = (u64)op->a}); break;
		case DW_OP_addr: push_address(m, op); break;
		case DW_OP_bregx: push_register(m, (u64)op->a, op->b, NULL); break;
		case DW_OP_fbreg: push_frame_base(m, op->a); break;
		case DW_OP_call_frame_cfa: push_cfa(m, 0); break;
		case DW_OP_plus_uconst:
			push(m, (struct entry){.value = (u64)op->a});
			run_binary(m, DW_OP_plus, BPF_ADD);
			break;
		case DW_OP_dup:
		case DW_OP_drop:
		case DW_OP_over:
		case DW_OP_pick:
		case DW_OP_swap:
		case DW_OP_rot: run_stack(m, op); break;
		case DW_OP_neg:
		case DW_OP_not:
		case DW_OP_abs: run_unary(m, op->opcode); break;
		case DW_OP_deref: run_deref(m, 8, NULL); break;
		case DW_OP_deref_size: run_deref(m, (unsigned)op->a, NULL); break;
		case DW_OP_deref_type:
			run_deref(m, is_integer(op->type) ? (unsigned)op->a : 0, op->type);
			break;
		case DW_OP_const_type: push_const_type(m, op); break;
		case DW_OP_regval_type: push_typed_register(m, op); break;
		case DW_OP_convert:
		case DW_OP_reinterpret: run_convert(m, op->type); break;
		case DW_OP_form_tls_address: push_tls(m); break;
		case DW_OP_entry_value:
			compiler_fail(m->c, NULL,
				      "'%s' needs the caller's frame (entry value), which "
				      "the kernel can't look at",
				      compiler_name(m->c));
			break;
		case DW_OP_implicit_pointer:
			refuse(m, "what it points to was optimized out");
			break;
		case DW_OP_stack_value: m->is_value = true; break;
		default:
			refuse(m, "its location is computed in a way the kernel can't follow");
			break;
		}
	}
}

static void run(struct machine *m, const struct loc_op *ops, size_t n)
{
	if (n > MAX_OPS)
		refuse(m, "its location is computed in too many steps");
	for (size_t i = 0; i < n && !m->c->error; i++)
		run_op(m, &ops[i]);
}

enum home_kind compile_location(struct compiler *c, const struct loc_op *ops, size_t n,
				const struct loc *frame_base, struct dw *dw)
{
	struct machine m = {.c = c, .frame_base = frame_base, .dw = dw};
	unsigned stack = c->stack;

	run(&m, ops, n);
	if (!c->error) {
		struct entry top = pop(&m);

		load_entry(&m, &top, BPF_REG_0);
	}
	c->stack = stack;
	return m.is_value ? HOME_VALUE : HOME_MEMORY;
}

void compile_caller(struct compiler *c, const struct expr *expr)
{
	const struct cfi_row *row = c->place->cfi;
	const struct cfi_rule *rule = row ? &row->rules[row->return_column] : NULL;
	struct machine m = {.c = c, .dw = c->place->module};
	unsigned stack = c->stack, signature = 64 - c->place->arch->code_bits;

	c->at = expr;
	if (rule && rule->kind == CFI_OFFSET) {
		push_cfa(&m, rule->offset);
		if (!c->error) {
			load_entry(&m, &m.entries[0], BPF_REG_0);
			compile_read(c, 8, 0);
		}
	} else if (rule && rule->kind == CFI_SAME) {
		push_register(&m, row->return_column, 0, NULL);
		if (!c->error)
			load_entry(&m, &m.entries[0], BPF_REG_0);
	} else {
		refuse(&m, "no call frame information says where the return address is");
	}
	if (!c->error && signature) {
		asm_alu_imm(&c->as, BPF_LSH, BPF_REG_0, signature);
		asm_alu_imm(&c->as, BPF_RSH, BPF_REG_0, signature);
	}
	c->stack = stack;
}
