/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Characters against a literal, as expr/eval_string.c defines it. A string behind a pointer is read
 * by a helper that stops at the NUL and says how far it came; an array, which is all there, by a
 * plain read; $comm lies in env. Comparison is by words against constants. contains() looks at one
 * character a step and keeps in one bit for each prefix of the text whether it ends there (the
 * shift-and algorithm), without a branch for the verifier to follow.
 */
#include "gen/compiler.h"

#include <string.h>

struct subject {
	bool is_comm, is_array;
	u64 limit;   /* characters it can have; UINT64_MAX: a string */
	s16 address; /* stack slot that holds it */
};

/* Its address to a stack slot. */
static void compile_subject(struct compiler *c, const struct expr *expr, struct subject *subject)
{
	const struct type *bare = type_strip(expr->type);

	*subject = (struct subject){.limit = UINT64_MAX};
	if (expr->kind == EXPR_BUILTIN) {
		subject->is_comm = true;
		subject->limit = 16;
		return;
	}
	if (bare->kind == TYPE_ARRAY) {
		compile_address(c, expr);
		subject->is_array = bare->count_known;
		if (bare->count_known)
			subject->limit = bare->count;
	} else {
		compile_value(c, expr);
	}
	subject->address = compiler_stack(c, 8);
	asm_store(&c->as, 8, BPF_REG_10, subject->address, BPF_REG_0);
}

/* Compares `len` bytes at base + offset with text, NUL padded; jumps to mismatch. */
static void compare_bytes(struct compiler *c, u8 base, s16 offset, const char *text,
			  size_t text_len, size_t len, struct asm_label mismatch)
{
	for (size_t done = 0; done < len;) {
		size_t left = len - done;
		unsigned size = left >= 8 ? 8 : left >= 4 ? 4 : left >= 2 ? 2 : 1;
		u64 want = 0;

		if (done < text_len)
			memcpy(&want, text + done, min_u64(size, text_len - done));
		asm_load(&c->as, size, BPF_REG_1, base, (s16)(offset + (s16)done));
		if (want <= INT32_MAX) {
			asm_branch_imm(&c->as, BPF_JNE, BPF_REG_1, (s32)want, mismatch);
		} else {
			asm_const(&c->as, BPF_REG_2, want);
			asm_branch(&c->as, BPF_JNE, BPF_REG_1, BPF_REG_2, mismatch);
		}
		done += size;
	}
}

/* r3 = address + done, r2 = size, r1 = the buffer. */
static void read_arguments(struct compiler *c, const struct subject *subject, u64 done, s16 buffer,
			   size_t size)
{
	asm_load(&c->as, 8, BPF_REG_3, BPF_REG_10, subject->address);
	if (done)
		asm_alu_imm(&c->as, BPF_ADD, BPF_REG_3, (s32)done);
	asm_alu_imm(&c->as, BPF_MOV, BPF_REG_2, (s32)size);
	asm_alu(&c->as, BPF_MOV, BPF_REG_1, BPF_REG_10);
	asm_alu_imm(&c->as, BPF_ADD, BPF_REG_1, buffer);
}

static void match_piece(struct compiler *c, const struct subject *subject, const struct expr *expr,
			u64 done, size_t want, s16 buffer, struct asm_label mismatch)
{
	size_t chars = min_u64(want, expr->text_len - done);

	if (subject->is_array) {
		read_arguments(c, subject, done, buffer, want);
		asm_call(&c->as, BPF_FUNC_probe_read_user);
		asm_branch_imm(&c->as, BPF_JNE, BPF_REG_0, 0, c->failed);
		compare_bytes(c, BPF_REG_10, buffer, expr->text + done, chars, want, mismatch);
		return;
	}
	read_arguments(c, subject, done, buffer, want + 1);
	asm_call(&c->as, BPF_FUNC_probe_read_user_str);
	asm_branch_imm(&c->as, BPF_JSLT, BPF_REG_0, 0, c->failed);
	asm_branch_imm(&c->as, BPF_JNE, BPF_REG_0, (s32)chars + 1, mismatch);
	compare_bytes(c, BPF_REG_10, buffer, expr->text + done, chars, chars, mismatch);
}

/* Falls through if it matches. */
static void compile_match(struct compiler *c, const struct subject *subject,
			  const struct expr *expr, bool whole, struct asm_label mismatch)
{
	u64 total = expr->text_len + (whole && expr->text_len < subject->limit);
	s16 buffer;

	if (expr->text_len > subject->limit) {
		asm_jump(&c->as, mismatch);
		return;
	}
	if (subject->is_comm) {
		compare_bytes(c, REG_ENV, offsetof(struct bay_env, comm), expr->text,
			      expr->text_len, total, mismatch);
		return;
	}
	if (!total)
		return;
	buffer = compiler_stack(c, (unsigned)min_u64(total, EXPR_STRING_CHUNK) + 1);
	for (u64 done = 0; done < total; done += EXPR_STRING_CHUNK)
		match_piece(c, subject, expr, done, min_u64(total - done, EXPR_STRING_CHUNK),
			    buffer, mismatch);
}

/*
 * r2 = the prefixes that can go on with the character in r0: for each distinct character of the
 * text its positions, if it is that. x ^ c is 0 only for c, and only 0 - 1 has the top bit set.
 */
static void positions_of(struct assembler *as, const struct expr *expr)
{
	u64 positions[256] = {};
	bool first = true;

	for (size_t i = 0; i < expr->text_len; i++)
		positions[(u8)expr->text[i]] |= 1ULL << i;
	for (s32 i = 0; i < 256; i++) {
		if (!positions[i])
			continue;
		asm_alu(as, BPF_MOV, BPF_REG_1, BPF_REG_0);
		asm_alu_imm(as, BPF_XOR, BPF_REG_1, i);
		asm_alu_imm(as, BPF_SUB, BPF_REG_1, 1);
		asm_alu_imm(as, BPF_RSH, BPF_REG_1, 63);
		asm_const(as, BPF_REG_3, positions[i]);
		asm_alu(as, BPF_MUL, BPF_REG_1, BPF_REG_3);
		asm_alu(as, first ? BPF_MOV : BPF_OR, BPF_REG_2, BPF_REG_1);
		first = false;
	}
}

/* Eight characters in r5; r9 is the prefixes that end here. */
static void search_word(struct assembler *as, const struct expr *expr, struct asm_label found,
			struct asm_label missing)
{
	struct asm_label next = asm_label(as);

	asm_alu_imm(as, BPF_MOV, BPF_REG_4, 8);
	asm_bind(as, next);
	asm_alu(as, BPF_MOV, BPF_REG_0, BPF_REG_5);
	asm_alu_imm(as, BPF_AND, BPF_REG_0, 0xff);
	asm_branch_imm(as, BPF_JEQ, BPF_REG_0, 0, missing);
	asm_alu_imm(as, BPF_RSH, BPF_REG_5, 8);
	positions_of(as, expr);
	asm_alu_imm(as, BPF_LSH, BPF_REG_9, 1);
	asm_alu_imm(as, BPF_OR, BPF_REG_9, 1);
	asm_alu(as, BPF_AND, BPF_REG_9, BPF_REG_2);
	asm_const(as, BPF_REG_3, 1ULL << (expr->text_len - 1));
	asm_branch(as, BPF_JSET, BPF_REG_9, BPF_REG_3, found);
	asm_alu_imm(as, BPF_SUB, BPF_REG_4, 1);
	asm_branch_imm(as, BPF_JNE, BPF_REG_4, 0, next);
}

/* The next eight characters, r8 from the start, to the read buffer, NUL padded, and to r5. */
static void read_word(struct compiler *c, const struct subject *subject)
{
	struct assembler *as = &c->as;
	struct asm_label full = asm_label(as);

	asm_store_imm(as, 8, BPF_REG_10, -READ_BUFFER, 0);
	asm_store_imm(as, 8, BPF_REG_10, -READ_BUFFER + 8, 0);
	read_arguments(c, subject, 0, -READ_BUFFER, subject->is_array ? 8 : 9);
	asm_alu(as, BPF_ADD, BPF_REG_3, BPF_REG_8);
	if (subject->is_array && subject->limit < EXPR_SEARCHED && subject->limit % 8) {
		if (subject->limit > 8)
			asm_branch_imm(as, BPF_JLE, BPF_REG_8, (s32)subject->limit - 8, full);
		asm_alu_imm(as, BPF_MOV, BPF_REG_2, (s32)subject->limit % 8);
		asm_bind(as, full);
	}
	if (subject->is_array) {
		asm_call(as, BPF_FUNC_probe_read_user);
		asm_branch_imm(as, BPF_JNE, BPF_REG_0, 0, c->failed);
	} else {
		asm_call(as, BPF_FUNC_probe_read_user_str);
		asm_branch_imm(as, BPF_JSLT, BPF_REG_0, 0, c->failed);
	}
	asm_load(as, 8, BPF_REG_5, BPF_REG_10, -READ_BUFFER);
}

static void search_memory(struct compiler *c, const struct subject *subject,
			  const struct expr *expr, struct asm_label found, struct asm_label missing)
{
	struct assembler *as = &c->as;
	struct asm_label begin = asm_label(as), next = asm_label(as);

	if (!subject->limit) {
		asm_jump(as, missing);
		return;
	}
	/*
	 * The verifier remembers states where jumps lead to, and forgets those of a loop's head; so
	 * a jump makes it remember that it has been before the loop, whichever way it came.
	 */
	asm_jump(as, begin);
	asm_bind(as, begin);
	asm_alu_imm(as, BPF_MOV, BPF_REG_8, 0);
	asm_alu_imm(as, BPF_MOV, BPF_REG_9, 0);
	asm_bind(as, next);
	read_word(c, subject);
	search_word(as, expr, found, missing);
	asm_alu_imm(as, BPF_ADD, BPF_REG_8, 8);
	asm_branch_imm(as, BPF_JLT, BPF_REG_8, (s32)min_u64(subject->limit, EXPR_SEARCHED), next);
	asm_jump(as, missing);
}

static void search_comm(struct compiler *c, const struct expr *expr, struct asm_label found,
			struct asm_label missing)
{
	asm_alu_imm(&c->as, BPF_MOV, BPF_REG_9, 0);
	for (s16 i = 0; i < 16; i += 8) {
		asm_load(&c->as, 8, BPF_REG_5, REG_ENV, (s16)(offsetof(struct bay_env, comm) + i));
		search_word(&c->as, expr, found, missing);
	}
	asm_jump(&c->as, missing);
}

/* r8 and r9 count and remember across the reads; what they held waits on the stack. */
static void compile_contains(struct compiler *c, const struct subject *subject,
			     const struct expr *expr, struct asm_label mismatch)
{
	struct assembler *as = &c->as;
	struct asm_label found = asm_label(as), missing = asm_label(as), end = asm_label(as);
	unsigned n_saved = c->n_spilled < c->n_spill_regs ? c->n_spilled : c->n_spill_regs;
	s16 saved[2] = {};

	if (c->n_spill_regs < 2) {
		compiler_fail(c, expr, "contains() can't stand in an address");
		return;
	}
	if (!expr->text_len)
		return;
	for (unsigned i = 0; i < n_saved; i++) {
		saved[i] = compiler_stack(c, 8);
		asm_store(as, 8, BPF_REG_10, saved[i], c->spill_regs[i]);
	}
	if (subject->is_comm)
		search_comm(c, expr, found, missing);
	else
		search_memory(c, subject, expr, found, missing);
	asm_bind(as, found);
	asm_alu_imm(as, BPF_MOV, BPF_REG_0, 1);
	asm_jump(as, end);
	asm_bind(as, missing);
	asm_alu_imm(as, BPF_MOV, BPF_REG_0, 0);
	asm_bind(as, end);
	for (unsigned i = 0; i < n_saved; i++)
		asm_load(as, 8, c->spill_regs[i], BPF_REG_10, saved[i]);
	asm_branch_imm(as, BPF_JEQ, BPF_REG_0, 0, mismatch);
}

void compile_string_branch(struct compiler *c, const struct expr *expr, struct asm_label label,
			   bool sense)
{
	bool on_match = expr->op != OP_NE;
	struct asm_label skip = asm_label(&c->as);
	struct asm_label mismatch = sense == on_match ? skip : label;
	unsigned stack = c->stack;
	struct subject subject;

	compile_subject(c, expr->a, &subject);
	if (c->error)
		return;
	if (expr->op == OP_CONTAINS)
		compile_contains(c, &subject, expr, mismatch);
	else
		compile_match(c, &subject, expr, expr->op != OP_STARTS_WITH, mismatch);
	if (sense == on_match)
		asm_jump(&c->as, label);
	asm_bind(&c->as, skip);
	c->stack = stack;
}
