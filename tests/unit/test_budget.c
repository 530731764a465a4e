/* SPDX-License-Identifier: BSD-2-Clause */
#include "unit.h"

#include "cmd/budget.h"

enum { PARTS = 3, CPUS = 2 };
#define MS 1000000ull

static const bool all[PARTS] = {true, true, true};

/* A target that is sampled: what it and its parts have used so far. */
struct world {
	struct budget *budget;
	u64 time_ns, cpu_ns, spent_ns[PARTS], hits[PARTS];
	const struct budget_verdict *verdicts;
};

static void begin(struct world *world, double share, const bool *watched)
{
	const struct budget_rule rule = {share, CPUS, watched, PARTS};

	*world = (struct world){.budget = budget_new(&rule)};
}

static u32 judge(struct world *world)
{
	const struct budget_sample sample = {world->time_ns, world->cpu_ns, world->spent_ns,
					     world->hits};

	return budget_judge(world->budget, &sample, &world->verdicts);
}

/* ms go by in which the target works so long for itself, and has hits that take 10 us each. */
static u32 pass(struct world *world, u64 ms, u64 own_ms, u64 hits0, u64 hits1)
{
	const u64 hits[PARTS] = {hits0, hits1, 0};

	world->time_ns += ms * MS;
	world->cpu_ns += own_ms * MS;
	for (u32 i = 0; i < PARTS; i++) {
		world->hits[i] += hits[i];
		world->spent_ns[i] += hits[i] * MS / 100;
		world->cpu_ns += hits[i] * MS / 100;
	}
	return judge(world);
}

static void test_within_the_share_nothing_goes(void **state)
{
	struct world world;

	begin(&world, 0.2, all);
	assert_int_equal(judge(&world), 0);
	/* 190 ms of hits to a second of its own */
	for (int i = 0; i < 40; i++)
		assert_int_equal(pass(&world, 250, 250, 4750, 0), 0);
	budget_free(world.budget);
}

static void test_over_the_share_the_dearest_goes(void **state)
{
	struct world world;

	begin(&world, 0.2, all);
	judge(&world);
	for (int i = 0; i < 3; i++)
		assert_int_equal(pass(&world, 250, 200, 4000, 500), 0);
	assert_int_equal(pass(&world, 250, 200, 4000, 500), 1);
	assert_int_equal(world.verdicts[0].part, 0);
	assert_int_equal(world.verdicts[0].hit_ns, 10000);
	assert_float_equal(world.verdicts[0].share, 0.2, 0.001);
	assert_float_equal(world.verdicts[0].rate, 16000, 1);
	/* what it has spent is still in the window, but it is out */
	assert_int_equal(pass(&world, 250, 240, 0, 500), 0);
	budget_free(world.budget);
}

static void test_as_many_go_as_it_takes(void **state)
{
	struct world world;

	begin(&world, 0.2, all);
	judge(&world);
	assert_int_equal(pass(&world, 1000, 400, 9000, 30000), 2);
	assert_int_equal(world.verdicts[0].part, 1);
	assert_int_equal(world.verdicts[1].part, 0);
	assert_float_equal(world.verdicts[0].all,
			   world.verdicts[0].share + world.verdicts[1].share, 0.001);
	assert_float_equal(world.verdicts[1].all, world.verdicts[1].share, 0.001);
	budget_free(world.budget);
}

static void test_a_sleeping_target_may_be_probed(void **state)
{
	struct world world;

	begin(&world, 0.2, all);
	judge(&world);
	/* 1.9 ms of hits a second, and nothing of its own */
	for (int i = 0; i < 40; i++)
		assert_int_equal(pass(&world, 250, 0, 47, 0), 0);
	/* 2.4 ms are more than 20 % of 10 ms */
	for (int i = 0; i < 3; i++)
		assert_int_equal(pass(&world, 250, 0, 47, 0), 0);
	assert_int_equal(pass(&world, 250, 0, 107, 0), 1);
	budget_free(world.budget);
}

static void test_a_burst_counts_over_a_second(void **state)
{
	struct world world;

	begin(&world, 0.2, all);
	judge(&world);
	for (int i = 0; i < 10; i++) {
		assert_int_equal(pass(&world, 100, 20, 8000, 0), 0);
		assert_int_equal(pass(&world, 400, 400, 0, 0), 0);
		assert_int_equal(pass(&world, 500, 500, 0, 0), 0);
	}
	budget_free(world.budget);
}

static void test_a_storm_goes_before_its_second_is_over(void **state)
{
	struct world world;
	u64 ms = 0;

	begin(&world, 0.2, all);
	judge(&world);
	/* one thread in nothing but hits: by then two idle CPUs can't make up for it */
	while (!pass(&world, 50, 0, 5000, 0))
		ms += 50;
	assert_in_range(ms, 200, 300);
	budget_free(world.budget);
}

static void test_a_storm_in_a_busy_target(void **state)
{
	struct world world;
	u64 ms = 0;

	begin(&world, 0.2, all);
	judge(&world);
	for (int i = 0; i < 20; i++)
		pass(&world, 250, 250, 0, 0);
	while (!pass(&world, 50, 0, 5000, 0))
		ms += 50;
	assert_in_range(ms, 100, 200);
	budget_free(world.budget);
}

static void test_who_is_not_watched_stays(void **state)
{
	const bool watched[PARTS] = {false, true, false};
	struct world world;

	begin(&world, 0.2, watched);
	judge(&world);
	/* the time of the first is no time of the target's own */
	assert_int_equal(pass(&world, 1000, 100, 90000, 1900), 0);
	assert_int_equal(pass(&world, 1000, 100, 90000, 2100), 1);
	assert_int_equal(world.verdicts[0].part, 1);
	budget_free(world.budget);
}

static void test_samples_that_come_too_late_or_too_often(void **state)
{
	struct world world;
	u64 ms = 0;

	begin(&world, 0.2, all);
	judge(&world);
	assert_int_equal(judge(&world), 0);
	/* ten seconds at once are judged by themselves: 1 % of them, and 20 % of that */
	assert_int_equal(pass(&world, 10000, 0, 1900, 0), 0);
	pass(&world, 1000, 1000, 0, 0);
	for (int i = 0; i < 3000; i++)
		assert_int_equal(pass(&world, 1, 1, 19, 0), 0);
	while (!pass(&world, 1, 1, 25, 0))
		ms++;
	assert_in_range(ms, 150, 250);
	budget_free(world.budget);
}

static void test_costs_that_are_guessed_too_high(void **state)
{
	struct world world;

	begin(&world, 0.2, all);
	judge(&world);
	world.time_ns = 1000 * MS;
	world.cpu_ns = 50 * MS; /* less than its hits are said to have taken */
	world.spent_ns[2] = 60 * MS;
	world.hits[2] = 10;
	assert_int_equal(judge(&world), 1);
	assert_float_equal(world.verdicts[0].share, 6, 0.01);
	budget_free(world.budget);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_within_the_share_nothing_goes),
		cmocka_unit_test(test_over_the_share_the_dearest_goes),
		cmocka_unit_test(test_as_many_go_as_it_takes),
		cmocka_unit_test(test_a_sleeping_target_may_be_probed),
		cmocka_unit_test(test_a_burst_counts_over_a_second),
		cmocka_unit_test(test_a_storm_goes_before_its_second_is_over),
		cmocka_unit_test(test_a_storm_in_a_busy_target),
		cmocka_unit_test(test_who_is_not_watched_stays),
		cmocka_unit_test(test_samples_that_come_too_late_or_too_often),
		cmocka_unit_test(test_costs_that_are_guessed_too_high),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
