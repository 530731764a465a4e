/* SPDX-License-Identifier: BSD-2-Clause */
/* Ring buffers as the kernel lays them out (kernel/bpf/ringbuf.c), in files. */
#include "unit.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/bpf.h>

#include "base/clock.h"
#include "load/rings.h"

enum { RINGS = 2, BYTES = 4096 };

struct fake {
	u8 *pages; /* consumer, producer, the data twice */
	int fd;
};

static struct fake fakes[RINGS];

static int begin(void **state)
{
	struct ring_set set = {.n = RINGS};
	struct error *err;

	for (int i = 0; i < RINGS; i++) {
		size_t len = 4 * (size_t)BYTES;

		set.bytes[i] = BYTES;
		set.fds[i] = memfd_create("ring", MFD_CLOEXEC);
		if (set.fds[i] < 0 || ftruncate(set.fds[i], (off_t)len))
			return -1;
		fakes[i].pages = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, set.fds[i], 0);
		if (fakes[i].pages == MAP_FAILED)
			return -1;
	}
	err = rings_new(&set, (struct rings **)state);
	error_free(err);
	return err ? -1 : 0;
}

static int end(void **state)
{
	rings_free(*state);
	for (int i = 0; i < RINGS; i++)
		munmap(fakes[i].pages, 4 * (size_t)BYTES);
	return 0;
}

static void put(int ring, const void *bytes, u32 len, u32 bits)
{
	u64 *producer = (u64 *)(fakes[ring].pages + BYTES);
	u8 *at = fakes[ring].pages + 2 * (size_t)BYTES + *producer;
	u32 word = len | bits;

	memcpy(at, &word, sizeof(word));
	memcpy(at + BPF_RINGBUF_HDR_SZ, bytes, len);
	*producer += (len + BPF_RINGBUF_HDR_SZ + 7) & ~7u;
}

static void put_log(int ring, u64 ktime, u32 bits)
{
	struct log_head head = {
		.magic = SNAPLINE_LOG_MAGIC,
		.size = sizeof(head),
		.ktime = ktime,
		.data_offset = sizeof(head),
	};

	put(ring, &head, sizeof(head), bits);
}

static void expect(struct rings *rings, u64 ktime)
{
	struct record_head *record = rings_pop(rings, true);

	assert_non_null(record);
	assert_int_equal(record->ktime, ktime);
	free(record);
}

static void test_all_rings_by_time(void **state)
{
	put_log(0, 30, 0);
	put_log(1, 10, 0);
	put_log(1, 20, BPF_RINGBUF_DISCARD_BIT);
	put_log(1, 40, 0);
	rings_take(*state, true);
	expect(*state, 10);
	expect(*state, 30);
	expect(*state, 40);
	assert_null(rings_pop(*state, true));
	assert_int_equal(rings_foreign(*state), 0);
}

static void test_what_is_not_committed_stops_its_ring_only(void **state)
{
	put_log(0, 10, BPF_RINGBUF_BUSY_BIT);
	put_log(0, 20, 0);
	put_log(1, 30, 0);
	rings_take(*state, true);
	expect(*state, 30);
	assert_null(rings_pop(*state, true));
	*(u32 *)(fakes[0].pages + 2 * (size_t)BYTES) &= ~BPF_RINGBUF_BUSY_BIT;
	rings_take(*state, true);
	expect(*state, 10);
	expect(*state, 20);
}

static void test_a_younger_one_waits(void **state)
{
	put_log(0, clock_now() + 1000000000, 0);
	rings_take(*state, true);
	assert_null(rings_pop(*state, false));
	assert_true(rings_next_ms(*state) > 900);
}

static void test_what_is_no_record_is_counted(void **state)
{
	struct record_head cut = {.magic = SNAPLINE_RECORD_MAGIC, .size = sizeof(cut) + 1};
	u8 bytes[sizeof(struct record_head)];

	memset(bytes, 0xff, sizeof(bytes)); /* the latest time that there is, too */
	put(0, bytes, sizeof(bytes), 0);
	put(0, bytes, 3, 0);
	put(0, &cut, sizeof(cut), 0);
	put_log(0, 10, 0);
	rings_take(*state, true);
	expect(*state, 10);
	assert_int_equal(rings_foreign(*state), 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_all_rings_by_time, begin, end),
		cmocka_unit_test_setup_teardown(test_what_is_not_committed_stops_its_ring_only,
						begin, end),
		cmocka_unit_test_setup_teardown(test_a_younger_one_waits, begin, end),
		cmocka_unit_test_setup_teardown(test_what_is_no_record_is_counted, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
