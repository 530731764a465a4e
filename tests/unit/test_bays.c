/* SPDX-License-Identifier: BSD-2-Clause */
/* Instructions written into patch bays. */
#include "unit.h"

#include <string.h>

#include "bay.h"
#include "load/bays.h"
#include "probe.h"

enum { BAY_AT = 3, BAY_SLOTS = BAY_INSNS + 4, AFTER = BAY_AT + BAY_SLOTS, TOTAL = AFTER + 8 };

static const struct bpf_insn exit_insn = {.code = BPF_JMP | BPF_EXIT};
static const struct bpf_insn nop_insn = {.code = BPF_JMP | BPF_JA};

static void put_marker(struct bpf_insn *at, u32 number)
{
	at[0] = (struct bpf_insn){.code = BPF_LD | BPF_IMM | BPF_DW, .imm = number};
	at[1] = (struct bpf_insn){.imm = BAY_MAGIC};
}

/* A program with the condition's bay, then a fetch-and-add and the word. */
static void make_program(struct bpf_insn *insns)
{
	memset(insns, 0, TOTAL * sizeof(*insns));
	put_marker(&insns[BAY_AT], BAY_CONDITION);
	for (int i = 0; i < BAY_INSNS; i++)
		insns[BAY_AT + 2 + i] = nop_insn;
	insns[AFTER - 2] = (struct bpf_insn){.code = BPF_ALU64 | BPF_MOV | BPF_K};
	insns[AFTER - 1] = exit_insn;
	put_marker(&insns[AFTER], BAY_FETCH);
	insns[AFTER + 2] = (struct bpf_insn){.code = BPF_ALU64 | BPF_MOV | BPF_K, .imm = 1};
	insns[AFTER + 3] = (struct bpf_insn){.code = BPF_STX | BPF_XADD | BPF_DW};
	put_marker(&insns[AFTER + 4], BAY_PROGRAM);
}

static struct bpf_insn program[TOTAL];
static const struct gen_code none;

static void test_code_ends_the_bay(void **state)
{
	struct bpf_insn insns[5] = {};
	struct gen_code code = {insns, ARRAY_LEN(insns)};
	struct bay_patch patch = {.condition = &code, .roots = &none};

	put_marker(insns, BAY_PROGRAM); /* a constant that looks like a marker stays */
	insns[4] = exit_insn;
	make_program(program);
	assert_null(bay_patch(program, TOTAL, &patch));
	assert_memory_equal(&program[AFTER - 5], insns, sizeof(insns));
	/* The front jumps over what is left, to the code's first instruction. */
	assert_int_equal(program[BAY_AT + 1].code, BPF_JMP | BPF_JEQ | BPF_K);
	assert_int_equal(BAY_AT + 2 + program[BAY_AT + 1].off, AFTER - 5);
	assert_memory_equal(&program[BAY_AT + 2], &nop_insn, sizeof(nop_insn));
}

static void test_no_code(void **state)
{
	struct bay_patch patch = {.condition = &none, .roots = &none};

	make_program(program);
	assert_null(bay_patch(program, TOTAL, &patch));
	assert_int_equal(program[AFTER - 2].code, BPF_ALU64 | BPF_MOV | BPF_K);
	assert_int_equal(BAY_AT + 2 + program[BAY_AT + 1].off, AFTER - 2);
}

static void test_code_fills_the_bay(void **state)
{
	static struct bpf_insn insns[BAY_SLOTS + 1];
	struct gen_code code = {insns, BAY_SLOTS};
	struct bay_patch patch = {.condition = &code, .roots = &none};
	struct error *err;

	for (int i = 0; i <= BAY_SLOTS; i++)
		insns[i] = exit_insn;
	for (size_t n = BAY_SLOTS - 2; n <= BAY_SLOTS; n++) {
		code.n = n;
		make_program(program);
		assert_null(bay_patch(program, TOTAL, &patch));
		assert_memory_equal(&program[AFTER - 1], &exit_insn, sizeof(exit_insn));
		assert_int_equal(program[AFTER].imm, 0);
	}
	code.n = BAY_SLOTS + 1;
	make_program(program);
	err = bay_patch(program, TOTAL, &patch);
	assert_non_null(err);
	assert_int_equal(err->kind, ERROR_USAGE);
	error_free(err);
}

static void test_code_has_to_end(void **state)
{
	struct bpf_insn insns[2] = {};
	struct gen_code code = {insns, 2};
	struct bay_patch patch = {.condition = &code, .roots = &none};
	struct error *err;

	make_program(program);
	err = bay_patch(program, TOTAL, &patch);
	assert_non_null(err);
	error_free(err);
}

static void test_word_and_fetch(void **state)
{
	u64 word = PROGRAM_WORD(7, 0x12345678, PROGRAM_ONE_PLACE);
	struct bay_patch patch = {.condition = &none, .roots = &none, .word = word};

	for (int fetch_add = 0; fetch_add <= 1; fetch_add++) {
		patch.fetch_add = fetch_add;
		make_program(program);
		assert_null(bay_patch(program, TOTAL, &patch));
		assert_int_equal(program[AFTER].imm, fetch_add);
		assert_int_equal(program[AFTER + 1].imm, 0);
		assert_int_equal(program[AFTER + 3].imm, fetch_add);
		assert_int_equal((u32)program[AFTER + 4].imm, (u32)word);
		assert_int_equal((u32)program[AFTER + 5].imm, 0x12345678);
	}
	assert_int_equal(PROGRAM_INDEX(word), 7);
	assert_int_equal(PROGRAM_PLACE(word), 0x12345678);
}

static void test_question_for_the_return(void **state)
{
	struct bay_patch patch = {.condition = &none, .roots = &none, .is_return = 4711};
	struct error *err;

	make_program(program);
	put_marker(&program[AFTER], BAY_IS_RETURN);
	program[AFTER + 2] = (struct bpf_insn){.code = BPF_JMP | BPF_CALL, .imm = 5};
	assert_null(bay_patch(program, TOTAL, &patch));
	assert_int_equal(program[AFTER + 2].src_reg, 2); /* BPF_PSEUDO_KFUNC_CALL */
	assert_int_equal(program[AFTER + 2].imm, 4711);
	put_marker(&program[AFTER], BAY_IS_RETURN);
	patch.is_return = 0;
	err = bay_patch(program, TOTAL, &patch);
	assert_non_null(err);
	error_free(err);
}

static u64 needs_of_load(int base, int offset)
{
	struct bpf_insn insn = {.code = BPF_LDX | BPF_MEM | BPF_DW, .src_reg = base, .off = offset};
	struct gen_code code = {&insn, 1};

	return bay_needs(&code);
}

static void test_needs(void **state)
{
	struct bpf_insn add = {.code = BPF_ALU64 | BPF_ADD | BPF_K,
			       .imm = offsetof(struct bay_env, comm) + 4};
	struct gen_code code = {&add, 1};

	assert_int_equal(needs_of_load(2, offsetof(struct bay_env, pid)), PROGRAM_NEEDS_PROCESS);
	assert_int_equal(needs_of_load(7, offsetof(struct bay_env, tid)), PROGRAM_NEEDS_PROCESS);
	assert_int_equal(needs_of_load(2, offsetof(struct bay_env, time)), PROGRAM_NEEDS_TIME);
	assert_int_equal(needs_of_load(2, offsetof(struct bay_env, thread_pointer)),
			 PROGRAM_NEEDS_THREAD);
	assert_int_equal(needs_of_load(2, offsetof(struct bay_env, comm) + 8), PROGRAM_NEEDS_COMM);
	assert_int_equal(bay_needs(&code), PROGRAM_NEEDS_COMM);
	assert_int_equal(needs_of_load(1, 14 * 8), 0); /* rdi, of pt_regs */
	assert_int_equal(needs_of_load(10, -16), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_code_ends_the_bay),
		cmocka_unit_test(test_no_code),
		cmocka_unit_test(test_code_fills_the_bay),
		cmocka_unit_test(test_code_has_to_end),
		cmocka_unit_test(test_word_and_fetch),
		cmocka_unit_test(test_needs),
		cmocka_unit_test(test_question_for_the_return),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
