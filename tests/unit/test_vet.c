/* SPDX-License-Identifier: BSD-2-Clause */
/* Which instructions from a process without rights are let into a patch bay. */
#include "unit.h"

#include "../insns.h"
#include "load/vet.h"

#define MOV(dst, src)                                                                   \
	{                                                                               \
		.code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = (dst), .src_reg = (src) \
	}
#define STORE(dst, offset)                                                            \
	{                                                                             \
		.code = BPF_STX | BPF_MEM | BPF_DW, .dst_reg = (dst), .off = (offset) \
	}
#define LOAD(dst, src)                                                                 \
	{                                                                              \
		.code = BPF_LDX | BPF_MEM | BPF_DW, .dst_reg = (dst), .src_reg = (src) \
	}

static bool passes(const struct bpf_insn *insns, size_t n, enum vet_bay bay)
{
	const struct gen_code code = {insns, n};
	struct error *err = vet_code(&code, bay);

	error_free(err);
	return !err;
}

#define PASSES(bay, ...)                                        \
	({                                                      \
		const struct bpf_insn insns_[] = {__VA_ARGS__}; \
		passes(insns_, ARRAY_LEN(insns_), bay);         \
	})

static void test_what_gen_writes_passes(void **state)
{
	assert_true(PASSES(VET_CONDITION, MOV(6, 1), MOV(7, 2), LOAD(0, 6), STORE(10, -8),
			   CALL(BPF_FUNC_probe_read_user), EXIT));
	assert_true(PASSES(VET_OUTPUT, MOV(6, 1), MOV(7, 2), MOV(8, 3), LOAD(0, 6), STORE(8, 0),
			   CALL(BPF_FUNC_probe_read_user_str), EXIT));
	assert_true(passes(NULL, 0, VET_CONDITION));
}

static void test_calls(void **state)
{
	for (int number = 0; number < 300; number++) {
		bool is_read = number == BPF_FUNC_probe_read_user ||
			       number == BPF_FUNC_probe_read_user_str;

		assert_int_equal(PASSES(VET_CONDITION, CALL(number), EXIT), is_read);
		assert_int_equal(PASSES(VET_OUTPUT, MOV(8, 3), CALL(number), EXIT), is_read);
	}
	for (u8 kind = 1; kind < 16; kind++)
		assert_false(PASSES(VET_CONDITION,
				    {.code = BPF_JMP | BPF_CALL,
				     .src_reg = kind,
				     .imm = BPF_FUNC_probe_read_user},
				    EXIT));
	assert_false(PASSES(VET_CONDITION, {.code = BPF_JMP | BPF_CALL | BPF_X}, EXIT));
	assert_false(PASSES(VET_CONDITION, {.code = BPF_JMP32 | BPF_CALL}, EXIT));
}

static void test_constants(void **state)
{
	for (u8 kind = 0; kind < 16; kind++)
		assert_int_equal(PASSES(VET_CONDITION,
					{.code = BPF_LD | BPF_IMM | BPF_DW, .src_reg = kind}, {},
					EXIT),
				 kind == 0);
	assert_false(PASSES(VET_CONDITION, {.code = BPF_LD | BPF_IMM | BPF_DW}));
	assert_false(PASSES(VET_CONDITION, {.code = BPF_LD | BPF_IMM | BPF_DW}, EXIT, EXIT));
	assert_false(PASSES(VET_CONDITION, {.code = BPF_LD | BPF_ABS | BPF_W}, EXIT));
}

/* The registers of the program that was hit are behind r1. */
static void test_stores(void **state)
{
	for (u8 base = 0; base < 16; base++) {
		assert_int_equal(PASSES(VET_CONDITION, STORE(base, 80), EXIT), base == 10);
		assert_int_equal(PASSES(VET_OUTPUT, MOV(8, 3), STORE(base, 80), EXIT),
				 base == 10 || base == 8);
	}
	assert_false(PASSES(VET_CONDITION, MOV(8, 3), STORE(8, 0), EXIT));
	assert_false(PASSES(VET_OUTPUT, STORE(8, 0), EXIT));
	assert_false(PASSES(VET_OUTPUT, MOV(8, 1), STORE(8, 0), EXIT));
	assert_false(PASSES(VET_OUTPUT, MOV(8, 3), MOV(8, 1), STORE(8, 0), EXIT));
	assert_false(PASSES(VET_OUTPUT, MOV(3, 1), MOV(8, 3), STORE(8, 0), EXIT));
	assert_false(PASSES(VET_OUTPUT, MOV(8, 3), LOAD(8, 6), STORE(8, 0), EXIT));
	assert_false(PASSES(VET_OUTPUT, MOV(8, 3),
			    {.code = BPF_ALU64 | BPF_ADD | BPF_K, .dst_reg = 8}, STORE(8, 0),
			    EXIT));
	assert_false(PASSES(VET_OUTPUT, MOV(8, 3),
			    {.code = BPF_STX | BPF_XADD | BPF_DW, .dst_reg = 8}, EXIT));
}

/* The saving of the output is run again, with another r3. */
static void test_jumps_back(void **state)
{
	assert_false(PASSES(VET_OUTPUT, MOV(6, 1), MOV(8, 3), MOV(3, 1),
			    {.code = BPF_JMP | BPF_JEQ | BPF_K, .off = -3}, STORE(8, 0), EXIT));
	assert_false(PASSES(VET_OUTPUT, MOV(8, 3), MOV(3, 1), {.code = BPF_JMP | BPF_JA, .off = -3},
			    STORE(8, 0), EXIT));
	assert_false(PASSES(VET_OUTPUT, MOV(8, 3), MOV(3, 1),
			    {.code = BPF_JMP32 | BPF_JA, .imm = -3}, STORE(8, 0), EXIT));
	assert_true(PASSES(VET_OUTPUT, MOV(8, 3), MOV(3, 1), {.code = BPF_JMP | BPF_JA, .off = -2},
			   STORE(8, 0), EXIT));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_gen_writes_passes),
		cmocka_unit_test(test_calls),
		cmocka_unit_test(test_constants),
		cmocka_unit_test(test_stores),
		cmocka_unit_test(test_jumps_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
