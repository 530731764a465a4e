/* SPDX-License-Identifier: BSD-2-Clause */
#include "gen/gen.h"

#include "gen/compiler.h"

static struct error *finish(struct compiler *c, struct gen_code *code)
{
	const char *error = asm_finish(&c->as);

	if (c->error)
		return c->error;
	if (error && c->text)
		return error_span(error_new(ERROR_USAGE, "expression can't be compiled: %s", error),
				  c->text, 0, 1);
	if (error)
		return error_new(ERROR_FAILED, "program can't be compiled: %s", error);
	*code = (struct gen_code){c->as.insns, c->as.n};
	return NULL;
}

static void compile_return(struct compiler *c, s32 value)
{
	asm_alu_imm(&c->as, BPF_MOV, BPF_REG_0, value);
	asm_exit(&c->as);
}

static bool is_value(const struct expr *expr)
{
	const struct type *bare = type_strip(expr->type);

	return scalar_is_integer(bare) || bare->kind == TYPE_FLOAT || bare->kind == TYPE_POINTER;
}

struct error *gen_condition(const struct expr *typed, const char *text,
			    const struct gen_place *place, struct arena *arena,
			    struct gen_code *code)
{
	struct compiler c;
	struct asm_label no;

	if (!is_value(typed))
		return error_span(
			error_new(ERROR_USAGE,
				  "a condition is a number or a pointer, this has type %s",
				  type_name(typed->type, arena)),
			text, typed->start, typed->len);
	compiler_init(&c, place, text, arena);
	no = asm_label(&c.as);
	compile_branch(&c, typed, no, false);
	compile_return(&c, BAY_TRUE);
	asm_bind(&c.as, no);
	compile_return(&c, BAY_FALSE);
	asm_bind(&c.as, c.failed);
	compile_return(&c, BAY_ERROR);
	return finish(&c, code);
}

static void compile_root(struct compiler *c, const struct gen_root *root)
{
	struct home home = {};

	if (root->lvalue) {
		compile_address(c, root->lvalue);
		return;
	}
	compile_variable(c, root->loc, root->frame_base, NULL, 0,
			 root->is_value ? root->value_size : 1, &home);
	if (c->error)
		return;
	if (root->is_value)
		compile_home_load(c, &home, (unsigned)root->value_size);
	else if (home.kind != HOME_MEMORY || home.offset)
		compiler_fail(c, NULL, "not in memory");
}

/* Leaves the root in its slot, or 0; false, and nothing emitted, if it can't be compiled. */
static bool add_root(struct compiler *c, const struct gen_root *root, size_t i, size_t reserve)
{
	struct compiler before = *c;
	struct asm_label end = asm_label(&c->as);

	c->failed = c->divided = c->later = asm_label(&c->as);
	compile_root(c, root);
	asm_store(&c->as, 8, REG_ROOTS, (s16)(8 * i), BPF_REG_0);
	asm_jump(&c->as, end);
	asm_bind(&c->as, c->failed);
	asm_store_imm(&c->as, 8, REG_ROOTS, (s16)(8 * i), 0);
	asm_bind(&c->as, end);
	if (!c->error && !c->as.error && c->as.n + reserve <= c->as.limit)
		return true;
	error_free(c->error);
	*c = before;
	return false;
}

struct error *gen_roots(const struct gen_root *roots, size_t n, const struct gen_place *place,
			struct arena *arena, struct gen_code *code, bool *skipped)
{
	struct compiler c;

	compiler_init(&c, place, NULL, arena);
	asm_alu(&c.as, BPF_MOV, REG_ROOTS, BPF_REG_3);
	c.n_spill_regs = 1;
	for (size_t i = 0; i < n; i++) {
		skipped[i] = !add_root(&c, &roots[i], i, n - i + 2);
		if (skipped[i])
			asm_store_imm(&c.as, 8, REG_ROOTS, (s16)(8 * i), 0);
	}
	compile_return(&c, 0);
	return finish(&c, code);
}

static void store_state(struct compiler *c, size_t i, enum value_state state)
{
	asm_store_imm(&c->as, 8, REG_ROOTS,
		      (s16)(i * sizeof(struct bay_value) + offsetof(struct bay_value, state)),
		      (s32)state);
}

/* State and length are stored as one, so the state has to come first in memory. */
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "struct bay_value");

/* What comes from there has no value. */
static void add_missing(struct compiler *c, size_t i, struct asm_label from, enum value_state state,
			struct asm_label end)
{
	asm_jump(&c->as, end);
	asm_bind(&c->as, from);
	asm_store_imm(&c->as, 8, REG_ROOTS, (s16)(i * sizeof(struct bay_value)), 0);
	store_state(c, i, state);
}

static void add_value(struct compiler *c, const struct gen_value *value, size_t i)
{
	struct asm_label end = asm_label(&c->as);
	s16 bits = (s16)(i * sizeof(struct bay_value));

	c->text = value->text;
	c->at = value->expr;
	c->failed = asm_label(&c->as);
	c->divided = asm_label(&c->as);
	c->later = asm_label(&c->as);
	if (value->is_address)
		compile_address(c, value->expr);
	else
		compile_value(c, value->expr);
	asm_store(&c->as, 8, REG_ROOTS, bits, BPF_REG_0);
	store_state(c, i, VALUE_OK);
	add_missing(c, i, c->failed, VALUE_UNREADABLE, end);
	add_missing(c, i, c->divided, VALUE_DIVISION, end);
	add_missing(c, i, c->later, VALUE_TAIL_CALL, end);
	asm_bind(&c->as, end);
}

struct error *gen_values(const struct gen_value *values, size_t n, const struct gen_place *place,
			 struct arena *arena, struct gen_code *code)
{
	struct compiler c;

	compiler_init(&c, place, n ? values[0].text : NULL, arena);
	asm_alu(&c.as, BPF_MOV, REG_ROOTS, BPF_REG_3);
	c.n_spill_regs = 1;
	for (size_t i = 0; i < n && !c.error; i++)
		add_value(&c, &values[i], i);
	compile_return(&c, 0);
	return finish(&c, code);
}
