/* SPDX-License-Identifier: BSD-2-Clause */
/* The plan's serial form: what is written is read again, and nothing made up does harm. */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "plan/plan.h"

static const char written[] =
	"snapline-plan 1\n"
	"arg \"snap\"\n"
	"arg \"-x\"\n"
	"arg \"/no/such/program\"\n"
	"arg \"main\"\n"
	"module \"/no/such/program\" \"program\" 0102a0ff\n"
	"probe \"main\"\n"
	"node 0 0 0 0 0 0\n"
	"node 24 0 1 0 1 0\n"
	"edge 8 1\n"
	"program 1 00000000000000b7 0 - 1 1\n"
	"values 1 0000000000000095 3 0 0 0 0 0 1 0 24 0 0 3 1 257 24 8\n"
	"place 0 0 1139 113d 113d 0 1 4 12 0 \"main\" \"a \\\"b\\\".c\" - \"moved\"\n"
	"note \"/no/such/program is not there\"\n"
	"end\n";

static struct error *read_text(const char *text, struct plan **plan)
{
	return plan_read(text, strlen(text), ".", plan);
}

static void test_plan_is_read_as_it_was_written(void **state)
{
	struct strbuf again = {0};
	struct plan *plan;
	const char *escaped = "a \\x22b\\x22.c";

	char text[sizeof(written) + 16], *quoted;

	strcpy(text, written);
	quoted = strstr(text, "a \\\"b");
	memmove(quoted + strlen(escaped), quoted + strlen("a \\\"b\\\".c"),
		strlen(quoted + strlen("a \\\"b\\\".c")) + 1);
	memcpy(quoted, escaped, strlen(escaped));
	assert_null(read_text(text, &plan));
	assert_int_equal(plan->n_places, 1);
	assert_string_equal(plan->places[0].file, "a \"b\".c");
	assert_int_equal(plan->places[0].asked, 0x1139);
	assert_true(plan->places[0].is_gdb_choice);
	assert_null(plan->places[0].why);
	assert_null(plan->modules[0]->dw);
	assert_int_equal(plan->modules[0]->build_id.len, 4);
	assert_int_equal(plan->edges[0].node, 1);
	assert_string_equal(plan->spec->target.binary, "/no/such/program");
	/* Reading adds a note: the file isn't there. */
	assert_int_equal(plan->n_notes, 2);
	plan->n_notes = 1;
	plan->notes[0] = plan->notes[1];
	plan_write(plan, &again);
	assert_string_equal(again.text, text);
	strbuf_free(&again);
	plan_free(plan);
}

static void test_references_to_nothing_are_refused(void **state)
{
	static const char *const bad[] = {
		"snapline-plan 2\nend\n",
		"snapline-plan 1\nend\n",
		"snapline-plan 1\narg \"snap\"\nprobe \"x\"\nplace 1 0 1 1 1 0 0 0 0 0 - - - -\nend\n",
		"snapline-plan 1\narg \"snap\"\nedge 0 0\nend\n",
		"snapline-plan 1\narg \"sn\\q\"\nend\n",
		"snapline-plan 1\narg \"unterminated\nend\n",
		"snapline-plan 1\nwhat 1\nend\n",
		"",
	};

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct plan *plan = NULL;
		struct error *err = read_text(bad[i], &plan);

		assert_non_null(err);
		assert_null(plan);
		error_free(err);
	}
}

static void test_changed_bytes_do_no_harm(void **state)
{
	enum { ROUNDS = 20000 };
	unsigned seed = 1;
	char text[sizeof(written)];

	for (int i = 0; i < ROUNDS; i++) {
		struct plan *plan = NULL;
		struct error *err;

		memcpy(text, written, sizeof(text));
		for (int j = rand_r(&seed) % 4; j >= 0; j--)
			text[(size_t)rand_r(&seed) % (sizeof(text) - 1)] = (char)rand_r(&seed);
		err = plan_read(text, sizeof(text) - 1, ".", &plan);
		assert_true((err != NULL) == (plan == NULL));
		error_free(err);
		plan_free(plan);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plan_is_read_as_it_was_written),
		cmocka_unit_test(test_references_to_nothing_are_refused),
		cmocka_unit_test(test_changed_bytes_do_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
