/* SPDX-License-Identifier: BSD-2-Clause */
#include "unit.h"

#include <elf.h>
#include <stdlib.h>

#include "../expr/scope.h"
#include "base/strbuf.h"
#include "gen/asm.h"

static void all_reachable(const struct gen_code *code, bool *ok)
{
	bool *seen = calloc(code->n, sizeof(*seen));

	seen[0] = true;
	*ok = true;
	for (size_t i = 0; i < code->n; i++) {
		const struct bpf_insn *insn = &code->insns[i];
		u8 class = BPF_CLASS(insn->code), op = BPF_OP(insn->code);
		bool is_jump = class == BPF_JMP && op != BPF_CALL && op != BPF_EXIT;
		bool goes_on = class != BPF_JMP || (op != BPF_EXIT && op != BPF_JA);

		*ok &= seen[i];
		if (is_jump)
			seen[(s64)i + 1 + insn->off] = true;
		if (insn->code == (BPF_LD | BPF_DW | BPF_IMM))
			seen[++i + 1] = true;
		else if (goes_on)
			seen[i + 1] = true;
	}
	free(seen);
}

static void test_dead_code_is_dropped(void **state)
{
	struct arena *arena = arena_new();
	struct asm_label unused, end;
	struct assembler as;

	asm_init(&as, 16, arena);
	unused = asm_label(&as);
	end = asm_label(&as);
	asm_jump(&as, end);
	asm_alu_imm(&as, BPF_MOV, BPF_REG_0, 1);
	asm_bind(&as, unused);
	asm_exit(&as);
	asm_bind(&as, end);
	asm_alu_imm(&as, BPF_MOV, BPF_REG_0, 2);
	asm_exit(&as);
	asm_alu_imm(&as, BPF_MOV, BPF_REG_0, 3);
	assert_null(asm_finish(&as));
	assert_int_equal(as.n, 3);
	assert_int_equal(as.insns[0].off, 0);
	assert_int_equal(as.insns[1].imm, 2);
	arena_free(arena);
}

static void test_errors_stick(void **state)
{
	struct arena *arena = arena_new();
	struct assembler as;

	asm_init(&as, 4, arena);
	for (int i = 0; i < 10; i++)
		asm_alu_imm(&as, BPF_MOV, BPF_REG_0, i);
	asm_exit(&as);
	assert_int_equal(as.n, 4);
	assert_non_null(asm_finish(&as));
	asm_init(&as, 4, arena);
	asm_alu_imm(&as, BPF_MOV, BPF_REG_0, 0);
	assert_string_equal(asm_finish(&as), "the code doesn't end");
	arena_free(arena);
}

static struct error *compile(struct world_scope *world, const char *text, struct gen_code *code)
{
	struct expr *tree, *typed;
	struct error *err = expr_parse(text, world->arena, &tree);

	if (!err)
		err = expr_type(tree, text, &world->scope, world->arena, &typed);
	return err ? err : gen_condition(typed, text, &world->place, world->arena, code);
}

/* What the verifier refuses: instructions that no path reaches. */
static void test_all_code_is_reachable(void **state)
{
	static const char *const texts[] = {
		"1",
		"0",
		"1 && si",
		"0 && p->value",
		"1 || p->value",
		"0 ? si : sj",
		"!(1 || si)",
		"exact == \"too long\"",
		"starts_with(string, \"\") || si",
		"contains(buffer, \"\") && 0",
		"contains(string, \"x\") ? si : 0",
		"f < 1 || real > si",
		"(si / sj) % uj",
		"$comm == \"x\"",
	};
	struct world_scope world;
	struct gen_code code;
	bool ok;

	world_scope_init(&world, 0x10000, arch_by_machine(EM_X86_64));
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct error *err = compile(&world, texts[i], &code);

		assert_null(err);
		all_reachable(&code, &ok);
		if (!ok)
			print_error("%s\n%s", texts[i], gen_listing(&code, world.arena));
		assert_true(ok);
	}
	arena_free(world.arena);
}

static void test_too_large_is_said(void **state)
{
	struct world_scope world;
	struct strbuf text = {};
	struct gen_code code;
	struct error *err;

	world_scope_init(&world, 0x10000, arch_by_machine(EM_X86_64));
	strbuf_puts(&text, "si");
	for (int i = 0; i < 200; i++)
		strbuf_puts(&text, " + si");
	err = compile(&world, text.text, &code);
	assert_non_null(err);
	assert_int_equal(err->kind, ERROR_USAGE);
	assert_non_null(strstr(err->text, "more instructions than"));
	error_free(err);
	strbuf_free(&text);
	arena_free(world.arena);
}

/* A thread-local's distance comes from the plan; other modules' addresses don't compile. */
static bool tls_offset(void *context, struct dw *dw, u64 offset, s64 *from_thread_pointer)
{
	*from_thread_pointer = -64 + (s64)offset;
	return context != NULL;
}

static void test_roots(void **state)
{
	static const struct loc_op tls[] = {{.opcode = DW_OP_const8u, .a = 8},
					    {.opcode = DW_OP_form_tls_address}};
	static const struct loc_op entry[] = {{.opcode = DW_OP_entry_value},
					      {.opcode = DW_OP_stack_value}};
	struct loc tls_loc = {.ops = tls, .n_ops = 2}, entry_loc = {.ops = entry, .n_ops = 2};
	struct gen_root roots[] = {{.loc = &tls_loc},
				   {.loc = &entry_loc, .is_value = true, .value_size = 8}};
	struct world_scope world;
	struct gen_code code;
	bool skipped[2];

	world_scope_init(&world, 0x10000, arch_by_machine(EM_X86_64));
	world.place.tls_offset = tls_offset;
	assert_null(gen_roots(roots, 2, &world.place, world.arena, &code, skipped));
	assert_true(skipped[0]);
	assert_true(skipped[1]);
	world.place.context = &world;
	assert_null(gen_roots(roots, 2, &world.place, world.arena, &code, skipped));
	assert_false(skipped[0]);
	assert_true(skipped[1]);
	assert_string_equal(gen_listing(&code, world.arena), "   0: (bf) r6 = r1\n"
							     "   1: (bf) r7 = r2\n"
							     "   2: (bf) r8 = r3\n"
							     "   3: (79) r0 = *(u64 *)(r7 +8)\n"
							     "   4: (07) r0 += -56\n"
							     "   5: (7b) *(u64 *)(r8 +0) = r0\n"
							     "   6: (05) goto pc+0\n"
							     "   7: (7a) *(u64 *)(r8 +8) = 0\n"
							     "   8: (b7) r0 = 0\n"
							     "   9: (95) exit\n");
	arena_free(world.arena);
}

/* More roots than fit: the rest is skipped, the code stays whole. */
static void test_roots_that_do_not_fit(void **state)
{
	static const struct loc_op deep[] = {
		{.opcode = DW_OP_breg7}, {.opcode = DW_OP_deref}, {.opcode = DW_OP_deref},
		{.opcode = DW_OP_deref}, {.opcode = DW_OP_deref}, {.opcode = DW_OP_deref},
	};
	struct loc loc = {.ops = deep, .n_ops = ARRAY_LEN(deep)};
	struct gen_root roots[SNAPLINE_MAX_ROOTS];
	bool skipped[SNAPLINE_MAX_ROOTS], ok;
	struct world_scope world;
	struct gen_code code;

	world_scope_init(&world, 0x10000, arch_by_machine(EM_X86_64));
	for (size_t i = 0; i < SNAPLINE_MAX_ROOTS; i++)
		roots[i] = (struct gen_root){.loc = &loc};
	assert_null(
		gen_roots(roots, SNAPLINE_MAX_ROOTS, &world.place, world.arena, &code, skipped));
	assert_true(code.n <= BAY_INSNS);
	assert_false(skipped[0]);
	assert_true(skipped[SNAPLINE_MAX_ROOTS - 1]);
	all_reachable(&code, &ok);
	assert_true(ok);
	arena_free(world.arena);
}

/* Each value on its own: what fails says so, and the next goes on. */
static void test_values(void **state)
{
	static const char *const texts[] = {"si", "si / sj", "node"};
	struct gen_value values[ARRAY_LEN(texts)];
	struct world_scope world;
	struct gen_code code;
	const char *listing;
	bool ok;

	world_scope_init(&world, 0x10000, arch_by_machine(EM_X86_64));
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct expr *tree, *typed;

		assert_null(expr_parse(texts[i], world.arena, &tree));
		assert_null(expr_type(tree, texts[i], &world.scope, world.arena, &typed));
		values[i] = (struct gen_value){typed, texts[i], i == 2};
	}
	assert_null(gen_values(values, ARRAY_LEN(texts), &world.place, world.arena, &code));
	all_reachable(&code, &ok);
	assert_true(ok);
	listing = gen_listing(&code, world.arena);
	assert_non_null(strstr(listing, "*(u64 *)(r8 +0) = r0"));
	assert_non_null(strstr(listing, "*(u64 *)(r8 +24) = 2"));
	assert_non_null(strstr(listing, "*(u64 *)(r8 +32) = r0"));
	arena_free(world.arena);
}

static void test_a_value_that_cannot_be_had(void **state)
{
	struct world_scope world;
	struct expr *tree, *typed;
	struct gen_value value = {.text = "1 + entry"};
	struct gen_code code;
	struct error *err;

	world_scope_init(&world, 0x10000, arch_by_machine(EM_X86_64));
	assert_null(expr_parse("1 + entry", world.arena, &tree));
	assert_null(expr_type(tree, "1 + entry", &world.scope, world.arena, &typed));
	value.expr = typed;
	err = gen_values(&value, 1, &world.place, world.arena, &code);
	assert_non_null(err);
	assert_int_equal(err->span_start, 4);
	error_free(err);
	arena_free(world.arena);
}

/* On x86-64 it lies below the CFA. */
static void test_caller(void **state)
{
	static struct cfi_row row = {.cfa_reg = 7, .cfa_offset = 24, .return_column = 16};
	struct world_scope world;
	struct gen_code code;
	const char *listing;

	world_scope_init(&world, 0x10000, arch_by_machine(EM_X86_64));
	row.rules[16] = (struct cfi_rule){.kind = CFI_OFFSET, .offset = -8};
	world.place.cfi = &row;
	assert_null(compile(&world, "$caller == 1", &code));
	listing = gen_listing(&code, world.arena);
	assert_non_null(strstr(listing, "r0 += 16\n"));
	assert_non_null(strstr(listing, "call"));
	world.place.cfi = NULL;
	error_free(compile(&world, "$caller == 1", &code));
	arena_free(world.arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dead_code_is_dropped),
		cmocka_unit_test(test_errors_stick),
		cmocka_unit_test(test_all_code_is_reachable),
		cmocka_unit_test(test_too_large_is_said),
		cmocka_unit_test(test_roots),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_a_value_that_cannot_be_had),
		cmocka_unit_test(test_caller),
		cmocka_unit_test(test_roots_that_do_not_fit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
