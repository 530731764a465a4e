/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory that is read after the hit, of a real process: this one. Its reads are counted, as each is
 * a request to another process where snapline looks into a program.
 */
#include "unit.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/host.h"
#include "event/late.h"
#include "event/process.h"

enum { PAGE = 4096, PAGES = 200 };

/* Two pages that were written to, one of each other kind, then the rest like the first. */
enum { FIRST, SECOND, CLOSED, THIRD, UNTOUCHED, FOURTH };

static struct processes *processes;
static struct process process;
static struct event event;
static u8 *memory;
static size_t n_reads, n_opened;
static bool is_zombie;

static bool counting_read(int pid, u64 address, void *bytes, size_t len, char *stat)
{
	bool good = host_direct.read_resident(pid, address, bytes, len, stat);

	n_reads++;
	if (good && is_zombie)
		strrchr(stat, ')')[2] = 'Z';
	return good;
}

static int counting_open(const char *path)
{
	n_opened++;
	return host_direct.open(path);
}

static u8 byte_at(size_t i)
{
	return (u8)(i * 7 + i / PAGE);
}

static int begin_all(void **state)
{
	static struct host host;

	host = host_direct;
	host.read_resident = counting_read;
	host.open = counting_open;
	host_use(&host);
	processes = processes_new(true, NULL);
	memory = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		      0);
	assert_true(memory != MAP_FAILED);
	assert_int_equal(madvise(memory, PAGES * PAGE, MADV_NOHUGEPAGE), 0);
	for (size_t i = 0; i < PAGES * PAGE; i++)
		if (i / PAGE != UNTOUCHED)
			memory[i] = byte_at(i);
	assert_int_equal(mprotect(memory + CLOSED * PAGE, PAGE, PROT_NONE), 0);
	return 0;
}

static int end_all(void **state)
{
	munmap(memory, PAGES * PAGE);
	processes_free(processes);
	return 0;
}

static void begin_event(int pid)
{
	event = (struct event){.arena = arena_new(), .process = &process};
	event.image = image_new(event.arena);
	late_attach(&event, true);
	process.pid = process.thread = pid;
	n_reads = n_opened = 0;
}

static int begin(void **state)
{
	u64 ticks;

	is_zombie = false;
	assert_null(proc_start_time(getpid(), &ticks));
	process = (struct process){.owner = processes, .start_time = ticks * 10000000};
	begin_event(getpid());
	return 0;
}

static int end(void **state)
{
	arena_free(event.arena);
	return 0;
}

static enum absence get(size_t offset, void *bytes, size_t len)
{
	enum image_origin origin = IMAGE_HIT;
	enum absence why =
		image_read(event.image, (u64)(uintptr_t)memory + offset, bytes, len, &origin);

	assert_true(why != PRESENT || origin == IMAGE_LATE);
	return why;
}

static void check_word(size_t offset)
{
	u8 word[8];

	assert_int_equal(get(offset, word, sizeof(word)), PRESENT);
	for (size_t i = 0; i < sizeof(word); i++)
		assert_int_equal(word[i], byte_at(offset + i));
}

static void test_all_words_of_a_page_are_one_read(void **state)
{
	for (size_t at = 0; at < PAGE; at += 8)
		check_word(at);
	assert_int_equal(n_reads, 1);
	assert_int_equal(n_opened, 0); /* whose they are was said with them */
	check_word(PAGE);
	assert_int_equal(n_reads, 2);
}

static void test_a_word_on_two_pages(void **state)
{
	u8 word[8] = "as was.";

	check_word(SECOND * PAGE - 3);
	assert_int_equal(n_reads, 2);
	assert_int_equal(get(CLOSED * PAGE - 3, word, 8), ABSENT_BAD_ADDRESS);
	assert_int_equal(get(CLOSED * PAGE + PAGE - 3, word, 8), ABSENT_BAD_ADDRESS);
	assert_int_equal(get(UNTOUCHED * PAGE - 3, word, 8), ABSENT_NOT_RESIDENT);
	assert_int_equal(get(UNTOUCHED * PAGE + PAGE - 3, word, 8), ABSENT_NOT_RESIDENT);
	assert_string_equal(word, "as was.");
}

static void test_words_beside_pages_that_are_missing(void **state)
{
	size_t asked;
	u8 word[8];

	assert_int_equal(get(CLOSED * PAGE, word, 8), ABSENT_BAD_ADDRESS);
	assert_int_equal(get(UNTOUCHED * PAGE, word, 8), ABSENT_NOT_RESIDENT);
	check_word(CLOSED * PAGE - 8);
	check_word(THIRD * PAGE);
	check_word(UNTOUCHED * PAGE - 8);
	check_word(FOURTH * PAGE);
	asked = n_reads + n_opened;
	assert_int_equal(get(CLOSED * PAGE + 8, word, 8), ABSENT_BAD_ADDRESS);
	assert_int_equal(get(UNTOUCHED * PAGE + 8, word, 8), ABSENT_NOT_RESIDENT);
	assert_int_equal(n_reads + n_opened, asked);
}

static void test_what_the_hit_had_wins(void **state)
{
	u64 address = (u64)(uintptr_t)memory;
	u8 word[8];

	image_add(event.image, address + 18, "hit", 3, IMAGE_HIT);
	check_word(8);
	assert_int_equal(get(16, word, 8), PRESENT);
	assert_memory_equal(word + 2, "hit", 3);
	assert_int_equal(word[1], byte_at(17));
	assert_int_equal(word[5], byte_at(21));
}

static void test_an_event_is_of_one_time(void **state)
{
	check_word(0);
	memory[8]++;
	check_word(8);
	end(state);
	begin_event(getpid());
	memory[0]++;
	memory[8]--;
	check_word(8);
	memory[0]--;
}

static void add_len(void *context, u64 address, const void *bytes, size_t len)
{
	*(size_t *)context += len;
}

static void test_only_what_was_asked_for_is_written_down(void **state)
{
	size_t len = 0;

	check_word(24);
	check_word(SECOND * PAGE - 3);
	image_each(event.image, IMAGE_LATE, add_len, &len);
	assert_int_equal(len, 16);
}

static void test_pages_give_way_to_others(void **state)
{
	for (size_t page = FOURTH; page < PAGES; page++)
		check_word(page * PAGE);
	assert_int_equal(n_reads, PAGES - FOURTH);
	check_word((PAGES - 1) * PAGE + 8);
	check_word(FOURTH * PAGE);
	assert_int_equal(n_reads, PAGES - FOURTH);
	check_word(FOURTH * PAGE + 8);
	assert_int_equal(n_reads, PAGES - FOURTH + 1);
}

static void test_a_process_that_ends_between(void **state)
{
	u8 word[8];

	check_word(0);
	is_zombie = true;
	assert_int_equal(get(SECOND * PAGE, word, 8), ABSENT_PROCESS_GONE);
	check_word(8); /* whose it was had been seen */
	is_zombie = false;
	assert_int_equal(get(THIRD * PAGE, word, 8), ABSENT_PROCESS_GONE);
	assert_int_equal(get(CLOSED * PAGE, word, 8), ABSENT_PROCESS_GONE);
	assert_int_equal(n_reads, 2);
}

static void test_a_number_that_is_another_process_s(void **state)
{
	u8 word[8];

	process.start_time -= 10000000;
	assert_int_equal(get(0, word, 8), ABSENT_PROCESS_GONE);
}

static void test_a_process_that_is_gone(void **state)
{
	int pid = fork();
	u8 word[8];

	if (pid == 0)
		_exit(0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	end(state);
	begin_event(pid);
	assert_int_equal(get(0, word, 8), ABSENT_PROCESS_GONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_all_words_of_a_page_are_one_read, begin, end),
		cmocka_unit_test_setup_teardown(test_a_word_on_two_pages, begin, end),
		cmocka_unit_test_setup_teardown(test_words_beside_pages_that_are_missing, begin,
						end),
		cmocka_unit_test_setup_teardown(test_what_the_hit_had_wins, begin, end),
		cmocka_unit_test_setup_teardown(test_an_event_is_of_one_time, begin, end),
		cmocka_unit_test_setup_teardown(test_only_what_was_asked_for_is_written_down, begin,
						end),
		cmocka_unit_test_setup_teardown(test_pages_give_way_to_others, begin, end),
		cmocka_unit_test_setup_teardown(test_a_process_that_ends_between, begin, end),
		cmocka_unit_test_setup_teardown(test_a_number_that_is_another_process_s, begin,
						end),
		cmocka_unit_test_setup_teardown(test_a_process_that_is_gone, begin, end),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, begin_all, end_all);
}
