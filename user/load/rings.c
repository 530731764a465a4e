/* SPDX-License-Identifier: BSD-2-Clause */
#include "load/rings.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <linux/bpf.h>

#include "base/clock.h"
#include "base/grow.h"

enum {
	LATE_WINDOW_NS = 20000000,
	MAX_WAITING_BYTES = 64 << 20,
	GATHER_US = 500,
	BATCH = 64, /* records of one ring before the next has its turn */
};

struct ring {
	int fd;
	size_t size;
	const u64 *consumer; /* page 0, ours to write */
	u8 *producer;	     /* page 1, then the data, mapped twice in a row */
};

struct rings {
	struct ring rings[SNAPLINE_MAX_RINGS];
	size_t n;
	/* A heap, oldest on top. */
	struct record_head **waiting;
	size_t n_waiting, capacity;
	size_t waiting_bytes;
	u64 taken; /* when, by clock_now() */
	u64 n_foreign;
};

static size_t producer_len(const struct ring *ring)
{
	return sysconf(_SC_PAGESIZE) + 2 * ring->size;
}

static struct error *ring_map(struct ring *ring)
{
	size_t page = sysconf(_SC_PAGESIZE);
	void *consumer, *producer;

	consumer = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, ring->fd, 0);
	if (consumer != MAP_FAILED)
		ring->consumer = consumer;
	producer = mmap(NULL, producer_len(ring), PROT_READ, MAP_SHARED, ring->fd, page);
	if (producer != MAP_FAILED)
		ring->producer = producer;
	if (consumer == MAP_FAILED || producer == MAP_FAILED)
		return error_errno(ERROR_FAILED, "cannot map a ring buffer");
	return NULL;
}

struct error *rings_new(const struct ring_set *set, struct rings **result)
{
	struct rings *rings = calloc(1, sizeof(*rings));
	struct error *err = NULL;

	if (!rings)
		error_no_memory();
	for (size_t i = 0; i < set->n; i++)
		rings->rings[rings->n++] = (struct ring){.fd = set->fds[i], .size = set->bytes[i]};
	for (size_t i = 0; i < set->n && !err; i++)
		err = ring_map(&rings->rings[i]);
	if (err) {
		rings_free(rings);
		return err;
	}
	*result = rings;
	return NULL;
}

static void heap_push(struct rings *rings, struct record_head *record)
{
	size_t i = rings->n_waiting++;

	rings->waiting = grow(rings->waiting, i, &rings->capacity, sizeof(*rings->waiting));
	while (i && rings->waiting[(i - 1) / 2]->ktime > record->ktime) {
		rings->waiting[i] = rings->waiting[(i - 1) / 2];
		i = (i - 1) / 2;
	}
	rings->waiting[i] = record;
	rings->waiting_bytes += record->size;
}

static struct record_head *heap_pop(struct rings *rings)
{
	struct record_head *top = rings->waiting[0];
	struct record_head *last = rings->waiting[--rings->n_waiting];
	size_t i = 0, child;

	while ((child = 2 * i + 1) < rings->n_waiting) {
		if (child + 1 < rings->n_waiting &&
		    rings->waiting[child + 1]->ktime < rings->waiting[child]->ktime)
			child++;
		if (rings->waiting[child]->ktime >= last->ktime)
			break;
		rings->waiting[i] = rings->waiting[child];
		i = child;
	}
	rings->waiting[i] = last;
	rings->waiting_bytes -= top->size;
	return top;
}

static void *copy_of(const void *bytes, size_t len)
{
	void *copy = malloc(len);

	if (!copy)
		error_no_memory();
	return memcpy(copy, bytes, len);
}

/* A log line is whole as it is. */
static struct record_head *log_trim(const u8 *bytes, size_t len)
{
	const struct log_head *head = (const void *)bytes;
	size_t values;

	if (len < sizeof(*head) || head->size > len || head->n_values > SNAPLINE_MAX_VALUES)
		return NULL;
	values = sizeof(*head) + head->n_values * sizeof(struct bay_value);
	if (head->data_offset < values || head->data_offset > head->size)
		return NULL;
	return copy_of(bytes, head->size);
}

/* Copies what is in use: head, chunks, their bytes. NULL: not a record of ours. */
static struct record_head *record_trim(const u8 *bytes, size_t len)
{
	const struct record_head *head = (const void *)bytes;
	struct record_head *copy;
	size_t chunks, data;

	if (len >= sizeof(head->magic) && head->magic == SNAPLINE_LOG_MAGIC)
		return log_trim(bytes, len);
	if (len < sizeof(*head) || head->magic != SNAPLINE_RECORD_MAGIC || head->size > len ||
	    head->n_chunks > SNAPLINE_MAX_CHUNKS || head->data_offset > head->size)
		return NULL;
	chunks = head->n_chunks * sizeof(struct record_chunk);
	if (sizeof(*head) + chunks > head->data_offset)
		return NULL;
	data = head->size - head->data_offset;
	copy = malloc(sizeof(*head) + chunks + data);
	if (!copy)
		error_no_memory();
	memcpy(copy, bytes, sizeof(*head) + chunks);
	memcpy((u8 *)copy + sizeof(*head) + chunks, bytes + head->data_offset, data);
	copy->data_offset = sizeof(*head) + chunks;
	copy->size = copy->data_offset + data;
	return copy;
}

/* The next record that is committed, and the length that stands before it; NULL: there is none. */
static const u8 *ring_next(const struct ring *ring, u32 *len)
{
	u64 consumer = __atomic_load_n(ring->consumer, __ATOMIC_ACQUIRE);
	const u8 *sample = ring->producer + sysconf(_SC_PAGESIZE) + (consumer & (ring->size - 1));

	if (consumer >= __atomic_load_n((u64 *)ring->producer, __ATOMIC_ACQUIRE))
		return NULL;
	*len = __atomic_load_n((u32 *)sample, __ATOMIC_ACQUIRE);
	return *len & BPF_RINGBUF_BUSY_BIT ? NULL : sample + BPF_RINGBUF_HDR_SZ;
}

/* UINT64_MAX: there is no next record. */
static u64 ring_next_time(const struct ring *ring)
{
	u32 len;
	const struct record_head *head = (const void *)ring_next(ring, &len);
	size_t least = offsetof(struct record_head, ktime) + sizeof(head->ktime);

	if (!head)
		return UINT64_MAX;
	return len & BPF_RINGBUF_DISCARD_BIT || len < least ? 0
							    : min_u64(head->ktime, UINT64_MAX - 1);
}

/* Where room is short the oldest come first, wherever they are; else one ring takes it all. */
static struct ring *oldest_ring(struct rings *rings)
{
	struct ring *oldest = NULL;
	u64 least = UINT64_MAX;

	for (size_t i = 0; i < rings->n; i++) {
		u64 time = ring_next_time(&rings->rings[i]);

		if (time >= least)
			continue;
		least = time;
		oldest = &rings->rings[i];
	}
	return oldest;
}

static void ring_take(struct rings *rings, struct ring *ring)
{
	const u8 *bytes;
	u32 len;

	for (int i = 0; i < BATCH && rings->waiting_bytes <= MAX_WAITING_BYTES; i++) {
		bytes = ring_next(ring, &len);
		if (!bytes)
			return;
		if (!(len & BPF_RINGBUF_DISCARD_BIT)) {
			struct record_head *record = record_trim(bytes, len);

			if (record)
				heap_push(rings, record);
			else
				rings->n_foreign++;
		}
		len &= ~BPF_RINGBUF_DISCARD_BIT;
		__atomic_store_n((u64 *)ring->consumer,
				 *ring->consumer + ((len + BPF_RINGBUF_HDR_SZ + 7) & ~7ull),
				 __ATOMIC_RELEASE);
	}
}

void rings_take(struct rings *rings, bool at_once)
{
	struct ring *ring;
	u64 now = clock_now();

	if (!at_once && now < rings->taken + GATHER_US * 1000)
		return;
	rings->taken = now;
	while (rings->waiting_bytes <= MAX_WAITING_BYTES && (ring = oldest_ring(rings)))
		ring_take(rings, ring);
}

bool rings_wait(struct rings *rings, int timeout_ms, int wake_fd)
{
	struct pollfd fds[SNAPLINE_MAX_RINGS + 1];
	int ready;

	for (size_t i = 0; i < rings->n; i++)
		fds[i] = (struct pollfd){.fd = rings->rings[i].fd, .events = POLLIN};
	fds[rings->n] = (struct pollfd){.fd = wake_fd, .events = POLLIN};
	ready = poll(fds, rings->n + 1, timeout_ms);
	if (ready < 0 && errno == EINTR)
		return false;
	if (fds[rings->n].revents & (POLLIN | POLLHUP | POLLERR))
		return false;
	/* Also if a record that isn't committed yet is what makes its ring readable. */
	if (ready > 0)
		usleep(GATHER_US);
	rings_take(rings, true);
	return true;
}

struct record_head *rings_pop(struct rings *rings, bool all)
{
	if (!rings->n_waiting)
		return NULL;
	if (!all && rings->waiting_bytes <= MAX_WAITING_BYTES &&
	    rings->waiting[0]->ktime + LATE_WINDOW_NS > clock_now())
		return NULL;
	return heap_pop(rings);
}

int rings_next_ms(const struct rings *rings)
{
	u64 due, now = clock_now();

	if (!rings->n_waiting)
		return -1;
	due = rings->waiting[0]->ktime + LATE_WINDOW_NS;
	return due > now ? (due - now) / 1000000 + 1 : 0;
}

u64 rings_foreign(const struct rings *rings)
{
	return rings->n_foreign;
}

void rings_show(const struct rings *rings, struct ring_set *set)
{
	set->n = rings->n;
	for (size_t i = 0; i < rings->n; i++) {
		set->fds[i] = rings->rings[i].fd;
		set->bytes[i] = rings->rings[i].size;
	}
}

void rings_free(struct rings *rings)
{
	size_t page = sysconf(_SC_PAGESIZE);

	if (!rings)
		return;
	for (size_t i = 0; i < rings->n; i++) {
		if (rings->rings[i].consumer)
			munmap((void *)rings->rings[i].consumer, page);
		if (rings->rings[i].producer)
			munmap(rings->rings[i].producer, producer_len(&rings->rings[i]));
		close(rings->rings[i].fd);
	}
	for (size_t i = 0; i < rings->n_waiting; i++)
		free(rings->waiting[i]);
	free(rings->waiting);
	free(rings);
}
