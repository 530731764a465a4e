/* SPDX-License-Identifier: BSD-2-Clause */
/* Record files that somebody made up: every changed byte gives events or an error, never harm. */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/show.h"
#include "event/log.h"
#include "event/recording.h"

#define FOLDER "tests/golden/snapshots"

static char *read_file(const char *path, size_t *len)
{
	FILE *file = fopen(path, "r");
	char *bytes;
	long size;

	assert_non_null(file);
	fseek(file, 0, SEEK_END);
	size = ftell(file);
	rewind(file);
	bytes = malloc((size_t)size);
	assert_int_equal(fread(bytes, 1, (size_t)size, file), size);
	fclose(file);
	*len = (size_t)size;
	return bytes;
}

static struct error *show_line(struct log_decoder *log, const struct replay_item *item, int *n)
{
	const struct event *event;
	struct error *err = log_decode(log, item->record, item->record_len, &event);

	*n += !err;
	return err;
}

static struct error *show_item(struct decoder *decoder, struct log_decoder *log,
			       const struct replay_item *item, int *n)
{
	struct event *event;
	struct error *err;

	if (item->is_summary || item->row || item->pairs)
		return NULL;
	if (log_is_record(item->record, item->record_len))
		return show_line(log, item, n);
	err = show_decode(decoder, item->record, item->record_len, item->late, item->n_late, &event);
	if (err)
		return err;
	*n += 1;
	event_free(event);
	return NULL;
}

static struct error *show_all(struct replay *replay, struct plan *plan, s64 offset, int *n)
{
	struct processes *processes = processes_new(false, FOLDER);
	struct decoder decoder = {
		.plan = plan, .processes = processes, .realtime_offset = offset};
	struct log_decoder *log = log_decoder_new(&decoder, true);
	struct replay_item item;
	struct error *err;

	do {
		err = replay_next(replay, processes, &item);
		if (!err)
			err = show_item(&decoder, log, &item, n);
	} while (!err);
	log_decoder_free(log);
	processes_free(processes);
	return err == &error_end ? NULL : err;
}

/* How many events the file gives before its end or an error. */
static struct error *replay_file(const char *path, int *n)
{
	struct replay *replay;
	struct plan *plan;
	const char *text;
	size_t len;
	s64 offset;
	struct error *err = replay_open(fopen(path, "r"), path, &replay, &text, &len, &offset);

	*n = 0;
	if (err)
		return err;
	err = plan_read(text, len, FOLDER, &plan);
	if (!err) {
		err = show_all(replay, plan, offset, n);
		plan_free(plan);
	}
	replay_close(replay);
	return err;
}

static void test_a_recording_gives_its_events(void **state)
{
	int n;

	assert_null(replay_file(FOLDER "/orders-gcc-O2.snap", &n));
	assert_int_equal(n, 4);
	assert_null(replay_file(FOLDER "/log-gcc-O2.snap", &n));
	assert_int_equal(n, 3);
}

static void write_file(const char *path, const char *bytes, size_t len)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, len, file), len);
	fclose(file);
}

static void damage(const char *recording)
{
	enum { ROUNDS = 300 };
	char path[] = "/tmp/snapline-replay-XXXXXX";
	unsigned seed = 7;
	size_t len;
	char *bytes = read_file(recording, &len), *copy = malloc(len);
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	close(fd);
	for (int i = 0; i < ROUNDS; i++) {
		size_t cut = i % 3 ? len : (size_t)rand_r(&seed) % len;
		int n;

		memcpy(copy, bytes, len);
		for (int j = 0; j < 1 + i % 8; j++)
			copy[(size_t)rand_r(&seed) % len] = (char)rand_r(&seed);
		write_file(path, copy, cut);
		error_free(replay_file(path, &n));
		assert_in_range(n, 0, 4);
	}
	unlink(path);
	free(copy);
	free(bytes);
}

static void test_damaged_recordings_do_no_harm(void **state)
{
	damage(FOLDER "/orders-gcc-O0.snap");
	damage(FOLDER "/log-gcc-O2.snap");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_recording_gives_its_events),
		cmocka_unit_test(test_damaged_recordings_do_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
