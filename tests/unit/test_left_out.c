/* SPDX-License-Identifier: BSD-2-Clause */
/* What is told of places that can't be had. */
#include "unit.h"

#include "plan/left_out.h"

static void leave_out(struct left_outs *all, struct arena *arena, unsigned line, const char *reason)
{
	const struct resolved found = {.pc = 0x1000 + line, .line = line};

	left_out_add(all, arena, &found, reason);
}

static struct plan told_of(const struct left_outs *all, struct arena *arena)
{
	struct plan plan = {.arena = arena};

	left_out_tell(all, &plan, "a.c:*");
	return plan;
}

static void test_few(void **state)
{
	struct arena *arena = arena_new();
	struct left_outs all = {0};
	struct plan plan;

	leave_out(&all, arena, 16, "it is alone");
	leave_out(&all, arena, 20, "two of a line");
	leave_out(&all, arena, 30, "two lines");
	leave_out(&all, arena, 20, "two of a line");
	leave_out(&all, arena, 31, "two lines");
	plan = told_of(&all, arena);
	assert_int_equal(plan.n_notes, 3);
	assert_string_equal(plan.notes[0],
			    "a.c:*: its place at line 16, 0x1010, is left out: it is alone");
	assert_string_equal(plan.notes[1],
			    "a.c:*: 2 of its places, at line 20, are left out: two of a line");
	assert_string_equal(plan.notes[2],
			    "a.c:*: 2 of its places, at lines 30 and 31, are left out: two lines");
	arena_free(arena);
}

static void test_many(void **state)
{
	struct arena *arena = arena_new();
	struct left_outs all = {0};
	struct plan plan;

	assert_int_equal(told_of(&all, arena).n_notes, 0);
	for (unsigned i = 0; i < 10000; i++) {
		leave_out(&all, arena, 1 + i / 2 % LEFT_OUT_LINES, "as many as are named");
		leave_out(&all, arena, 1 + i, "more");
	}
	plan = told_of(&all, arena);
	assert_int_equal(plan.n_notes, 2);
	assert_string_equal(plan.notes[0], "a.c:*: 10000 of its places, at lines 1, 2, 3, 4, 5, 6, "
					   "7 and 8, are left out: as many as are named");
	assert_string_equal(plan.notes[1], "a.c:*: 10000 of its places, at lines 1, 2, 3, 4, 5, 6, "
					   "7, 8 and more, are left out: more");
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_few),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
