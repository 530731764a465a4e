/* SPDX-License-Identifier: BSD-2-Clause */
/* Messages between keeper and worker: whole, in pieces, and damaged. */
#include "unit.h"

#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "load/remote.h"
#include "load/wire.h"

static int ends[2];

static int open_channel(void **state)
{
	return socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends);
}

static int close_channel(void **state)
{
	close(ends[0]);
	return ends[1] >= 0 ? close(ends[1]) : 0;
}

static void test_parcel(void **state)
{
	struct parcel sent = {.number = 7, .fds = {STDIN_FILENO, STDERR_FILENO}, .n_fds = 2};
	struct parcel got = {};

	strbuf_puts(&sent.bytes, "hello");
	assert_true(channel_send(ends[0], 0, &sent));
	assert_true(channel_receive(ends[1], 0, 100, 2, &got));
	assert_int_equal(got.number, 7);
	assert_string_equal(got.bytes.text, "hello");
	assert_int_equal(got.n_fds, 2);
	assert_true(got.fds[0] > STDERR_FILENO && got.fds[1] > STDERR_FILENO);
	parcel_free(&got);
	sent.n_fds = 0;
	parcel_free(&sent);
}

static void *send_it(void *parcel)
{
	return channel_send(ends[0], 0, parcel) ? parcel : NULL;
}

static void test_long_parcel(void **state)
{
	enum { LONG = 3000001 };
	struct parcel sent = {}, got = {};
	pthread_t sender;
	void *done;

	for (u32 i = 0; i < LONG; i++)
		strbuf_putc(&sent.bytes, (char)(i * 7));
	pthread_create(&sender, NULL, send_it, &sent);
	assert_true(channel_receive(ends[1], 0, LONG, 0, &got));
	pthread_join(sender, &done);
	assert_non_null(done);
	assert_int_equal(got.bytes.len, LONG);
	assert_memory_equal(got.bytes.text, sent.bytes.text, LONG);
	parcel_free(&got);
	parcel_free(&sent);
}

static void test_bounds(void **state)
{
	struct parcel sent = {.fds = {STDIN_FILENO}, .n_fds = 1}, got = {};
	struct {
		u32 number, unused;
		u64 len;
	} head = {1, 0, UINT64_MAX};

	strbuf_puts(&sent.bytes, "hello");
	assert_true(channel_send(ends[0], 0, &sent));
	assert_false(channel_receive(ends[1], 0, 100, 0, &got)); /* no descriptors are expected */
	assert_int_equal(got.n_fds, 0);
	assert_true(channel_send(ends[0], 0, &sent));
	assert_false(channel_receive(ends[1], 0, 4, 1, &got)); /* too long */
	assert_int_equal(got.n_fds, 0);
	assert_int_equal(send(ends[0], "abc", 3, 0), 3);
	assert_false(channel_receive(ends[1], 0, 100, 1, &got)); /* no head */
	assert_int_equal(send(ends[0], &head, sizeof(head), 0), sizeof(head));
	assert_false(channel_receive(ends[1], 0, SIZE_MAX, 1, &got)); /* says more than there is */
	close(ends[0]);
	assert_false(channel_receive(ends[1], 0, 100, 1, &got)); /* nobody is there */
	assert_false(channel_send(ends[1], 0, &sent));
	sent.n_fds = 0;
	parcel_free(&sent);
	parcel_free(&got);
	ends[0] = dup(ends[1]);
}

/* What a worker says of a session comes from its keeper. */
static void test_gone_keeper(void **state)
{
	enum { WENT_ON = 42 };
	int pair[2], status, code;
	pid_t worker;

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
	worker = fork();
	if (worker == 0) {
		close(pair[0]);
		remote_use(pair[1]);
		remote_command_ended(&code);
		_exit(WENT_ON);
	}
	close(pair[1]);
	close(pair[0]);
	assert_int_equal(waitpid(worker, &status, 0), worker);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), ERROR_FAILED);
}

static const struct bpf_insn insns[] = {{.code = 0xb7, .imm = 1}, {.code = 0x95}};

static void make_config(struct load_config *config)
{
	static struct load_program programs[2] = {
		{.condition = {insns, 2}, .n_roots = 3, .root_nodes = {1, 2, 3}},
		{.values = {insns, 1},
		 .n_values = 1,
		 .value_slots = {{1, 2, 3, 4, 5}},
		 .is_toc = true},
	};
	static const struct load_place places[] = {
		{.index = 4,
		 .probe = 1,
		 .program = 1,
		 .path = "/bin/true",
		 .offset = 77,
		 .pc = 88,
		 .pair = 9,
		 .cfa_offset = -16,
		 .cfa_is_fp = true},
		{.path = ""},
	};
	static const struct read_node nodes[] = {{.size = 1}, {.size = 2, .n_edges = 1}};
	static const struct read_edge edges[] = {{8, 1}};
	static const int pids[] = {10, 20, 30};
	static const u64 ticks[] = {1, 2, 3};

	*config = (struct load_config){
		.instrument = LOAD_TICTOC,
		.counting = {.keys = 5, .histogram = true},
		.tictoc = {.max_open = 6, .slower = true, .slower_ns = 7},
		.programs = programs,
		.n_programs = 2,
		.places = places,
		.n_places = 2,
		.nodes = nodes,
		.n_nodes = 2,
		.edges = edges,
		.n_edges = 1,
		.n_probes = 2,
		.limits = {1, 2, 3, 4, 5},
		.filter = LOAD_FOLLOW,
		.pids = pids,
		.n_pids = 3,
		.pid_ticks = ticks,
		.stack_bytes = 16384,
		.fault = true,
		.budget = true,
	};
}

static void test_config(void **state)
{
	struct arena *arena = arena_new();
	struct load_config config, got;
	struct strbuf bytes = {};
	struct cursor in;

	make_config(&config);
	wire_put_config(&bytes, &config);
	in = cursor_new((const u8 *)bytes.text, bytes.len);
	assert_true(wire_get_config(&in, arena, &got));
	assert_int_equal(got.instrument, LOAD_TICTOC);
	assert_int_equal(got.filter, LOAD_FOLLOW);
	assert_memory_equal(&got.limits, &config.limits, sizeof(got.limits));
	assert_true(got.counting.histogram && got.tictoc.slower && got.fault && got.budget);
	assert_false(got.counting.strings || got.paused || got.old_kernel);
	assert_int_equal(got.n_programs, 2);
	assert_memory_equal(got.programs[0].condition.insns, insns, sizeof(insns));
	assert_int_equal(got.programs[0].roots.n, 0);
	assert_memory_equal(got.programs[0].root_nodes, config.programs[0].root_nodes, 12);
	assert_int_equal(got.programs[1].value_slots[0].offset, 5);
	assert_true(got.programs[1].is_toc);
	assert_int_equal(got.n_places, 2);
	assert_string_equal(got.places[0].path, "/bin/true");
	assert_int_equal(got.places[0].cfa_offset, -16);
	assert_int_equal(got.edges[0].offset, 8);
	assert_int_equal(got.pids[2], 30);
	assert_int_equal(got.pid_ticks[1], 2);
	strbuf_free(&bytes);
	arena_free(arena);
}

/* Cut anywhere it is none; with any byte changed it is one or none, and nothing else happens. */
static void test_damaged_config(void **state)
{
	struct load_config config, got;
	struct strbuf bytes = {};

	make_config(&config);
	wire_put_config(&bytes, &config);
	for (size_t len = 0; len < bytes.len; len++) {
		struct arena *arena = arena_new();
		u8 *part = arena_memdup(arena, bytes.text, len);
		struct cursor in = cursor_new(part, len);

		assert_false(wire_get_config(&in, arena, &got));
		arena_free(arena);
	}
	for (size_t i = 0; i < bytes.len; i++) {
		struct arena *arena = arena_new();
		u8 *changed = arena_memdup(arena, bytes.text, bytes.len);
		struct cursor in = cursor_new(changed, bytes.len);

		changed[i] ^= 0xa5;
		if (wire_get_config(&in, arena, &got))
			assert_true(got.n_places <= LOAD_MAX_PLACES);
		arena_free(arena);
	}
	strbuf_free(&bytes);
}

static void test_error(void **state)
{
	struct parcel answer = {};
	struct error *err;

	wire_put_error(&answer, error_cure(error_new(ERROR_PRIVILEGE, "no"), "ask"));
	err = wire_error(&answer);
	assert_int_equal(err->kind, ERROR_PRIVILEGE);
	assert_string_equal(err->text, "no");
	assert_string_equal(err->cure, "ask");
	error_free(err);
	wire_put_error(&answer, error_new(ERROR_FAILED, "no"));
	err = wire_error(&answer);
	assert_null(err->cure);
	error_free(err);
	answer.number = WIRE_OK;
	assert_null(wire_error(&answer));
	parcel_free(&answer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_parcel, open_channel, close_channel),
		cmocka_unit_test_setup_teardown(test_long_parcel, open_channel, close_channel),
		cmocka_unit_test_setup_teardown(test_bounds, open_channel, close_channel),
		cmocka_unit_test(test_gone_keeper),
		cmocka_unit_test(test_config),
		cmocka_unit_test(test_damaged_config),
		cmocka_unit_test(test_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
