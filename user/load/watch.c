/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Records of perf_event_open(2) (include/uapi/linux/perf_event.h): MMAP2, COMM, FORK, EXIT, LOST,
 * one ring a CPU, each record followed by its sample_id (tid, time). A process that was there
 * before has the mappings that /proc shows when it is first heard of.
 */
#include "load/watch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <linux/perf_event.h>

#include "base/clock.h"
#include "base/grow.h"
#include "base/host.h"
#include "load/remote.h"
#include "load/session.h"
#include "load/spaces.h"
#include "proc/proc.h"

enum {
	RING_PAGES = 128,
	MAX_CPUS = 4096,
};

struct cpu_ring {
	int fd;
	struct perf_event_mmap_page *page;
};

/* A record's head and what all have in common. */
struct told {
	struct perf_event_header header;
	u64 time;
	u8 *bytes; /* the whole record */
};

/* A process whose first thread ends, and it isn't known yet whether the others go on. */
struct leaving {
	u32 pid;
	u64 time;
};

struct watch {
	struct cpu_ring *rings;
	size_t n_rings;
	bool everyone;
	struct watch_calls calls;
	struct spaces spaces;
	struct asked {
		u32 pid;
		u64 time;
	} in_vain[1024];
	struct told *told; /* of this poll */
	size_t n_told, told_capacity;
	struct leaving *leaving;
	size_t n_leaving, leaving_capacity;
	u64 looked; /* after them */
	struct watch_map *answer;
	size_t answer_capacity;
	u64 lost, lost_time; /* records that the kernel dropped, and when the last of them were */
};

/* Of the sample_id that closes each record, with PERF_SAMPLE_TID | PERF_SAMPLE_TIME. */
struct sample_id {
	u32 pid, tid;
	u64 time;
};

struct mmap2_record {
	struct perf_event_header header;
	u32 pid, tid;
	u64 address, len, offset;
	u32 major, minor;
	u64 inode, generation;
	u32 protection, flags;
	char path[];
};

struct task_record {
	struct perf_event_header header;
	u32 pid, parent_pid, tid, parent_tid;
	u64 time;
};

/*
 * A process from before, which may not be for us to look at. A system maps all the time: who is
 * asked for in vain isn't asked for again within a second.
 */
static struct space *add_from_before(struct watch *watch, u32 pid, u64 now)
{
	enum { AGAIN_NS = 1000000000 };
	struct asked *asked = &watch->in_vain[pid % ARRAY_LEN(watch->in_vain)];
	struct space *space;

	if (asked->pid == pid && now < asked->time + AGAIN_NS)
		return NULL;
	space = spaces_add_from_proc(&watch->spaces, (int)pid);
	if (!space)
		*asked = (struct asked){pid, now};
	return space;
}

static void take_fork(struct watch *watch, const struct told *told)
{
	const struct task_record *task = (const void *)told->bytes;
	struct space *parent, *child;

	if (told->header.size < sizeof(*task) || task->pid == task->parent_pid)
		return;
	parent = spaces_at(&watch->spaces, task->parent_pid, told->time);
	if (!parent && watch->everyone)
		parent = add_from_before(watch, task->parent_pid, told->time);
	/* with the number of one that is known, nothing is known of it all the same */
	if (!parent && !spaces_at(&watch->spaces, task->pid, told->time))
		return;
	if (parent && watch->calls.forked)
		watch->calls.forked(watch->calls.context);
	child = spaces_add(&watch->spaces, task->pid, told->time);
	for (size_t i = 0; parent && i < parent->n; i++)
		spaces_map(&watch->spaces, child, &parent->maps[i].map, parent->maps[i].time);
}

static void take_exit(struct watch *watch, const struct told *told)
{
	const struct task_record *task = (const void *)told->bytes;

	if (told->header.size < sizeof(*task) || task->pid != task->tid ||
	    !spaces_at(&watch->spaces, task->pid, told->time))
		return;
	watch->leaving = grow(watch->leaving, watch->n_leaving, &watch->leaving_capacity,
			      sizeof(*watch->leaving));
	watch->leaving[watch->n_leaving++] = (struct leaving){task->pid, told->time};
}

/*
 * A thread tells of its end while it ends (kernel/exit.c, do_exit()), and one that executes another
 * program ends the first one and takes its place: what becomes of the process shows a little later.
 */
static bool has_left(struct watch *watch, const struct leaving *leaving)
{
	enum { AFTER_NS = 10000000 };
	struct space *space;

	if (proc_ended((int)leaving->pid)) {
		space = spaces_at(&watch->spaces, leaving->pid, leaving->time);
		if (space)
			space->ended = leaving->time;
		return true;
	}
	if (clock_now() < leaving->time + AFTER_NS || !proc_lives((int)leaving->pid))
		return false;
	if (watch->calls.headless)
		watch->calls.headless(watch->calls.context, (int)leaving->pid);
	return true;
}

static void look_after(struct watch *watch)
{
	enum { PAUSE_NS = 2000000 };
	u64 now = clock_now();
	size_t kept = 0;

	if (!watch->n_leaving || now < watch->looked + PAUSE_NS)
		return;
	watch->looked = now;
	for (size_t i = 0; i < watch->n_leaving; i++)
		if (!has_left(watch, &watch->leaving[i]))
			watch->leaving[kept++] = watch->leaving[i];
	watch->n_leaving = kept;
}

static void take_comm(struct watch *watch, const struct told *told)
{
	const u32 *pid = (const void *)(told->bytes + sizeof(told->header));

	if (!(told->header.misc & PERF_RECORD_MISC_COMM_EXEC) ||
	    told->header.size < sizeof(told->header) + 2 * sizeof(u32))
		return;
	if (watch->everyone || spaces_at(&watch->spaces, *pid, told->time))
		spaces_add(&watch->spaces, *pid, told->time);
}

static void take_mmap(struct watch *watch, const struct told *told)
{
	const struct mmap2_record *record = (const void *)told->bytes;
	struct watch_map map;
	struct space *space;

	if (told->header.size <= sizeof(*record) + sizeof(struct sample_id))
		return;
	map = (struct watch_map){
		.start = record->address,
		.len = record->len,
		.offset = record->offset,
		.path = record->path,
		.dev_major = record->major,
		.dev_minor = record->minor,
		.inode = record->inode,
		.executable = record->protection & PROT_EXEC,
	};
	told->bytes[told->header.size - sizeof(struct sample_id) - 1] = 0;
	space = spaces_at(&watch->spaces, record->pid, told->time);
	/* Of a process from before, this alone would look like all it has. */
	if (!space && watch->everyone)
		space = add_from_before(watch, record->pid, told->time);
	if (space)
		spaces_map(&watch->spaces, space, &map, told->time);
	if (watch->calls.mapped && map.executable)
		watch->calls.mapped(watch->calls.context, (int)record->pid, &map);
}

static void take(struct watch *watch, const struct told *told)
{
	switch (told->header.type) {
	case PERF_RECORD_MMAP2: take_mmap(watch, told); break;
	case PERF_RECORD_COMM: take_comm(watch, told); break;
	case PERF_RECORD_FORK: take_fork(watch, told); break;
	case PERF_RECORD_EXIT: take_exit(watch, told); break;
	default: break;
	}
}

/* Copies out of the ring, which may wrap. */
static void copy_out(const struct cpu_ring *ring, u64 at, void *to, size_t len)
{
	size_t size = (size_t)RING_PAGES * sysconf(_SC_PAGESIZE), start = at & (size - 1);
	const u8 *data = (const u8 *)ring->page + sysconf(_SC_PAGESIZE);
	size_t first = min_u64(len, size - start);

	memcpy(to, data + start, first);
	memcpy((u8 *)to + first, data, len - first);
}

static void keep_told(struct watch *watch, const struct cpu_ring *ring, u64 at,
		      const struct perf_event_header *header)
{
	struct sample_id id;
	struct told *told;

	if (header->type == PERF_RECORD_LOST) {
		u64 lost[2] = {};

		copy_out(ring, at + sizeof(*header), lost, sizeof(lost));
		watch->lost += lost[1];
		copy_out(ring, at + header->size - sizeof(id), &id, sizeof(id));
		watch->lost_time = max_u64(watch->lost_time, id.time);
		return;
	}
	if (header->size < sizeof(*header) + sizeof(id))
		return;
	watch->told = grow(watch->told, watch->n_told, &watch->told_capacity, sizeof(*watch->told));
	told = &watch->told[watch->n_told++];
	told->header = *header;
	told->bytes = malloc(header->size);
	if (!told->bytes)
		error_no_memory();
	copy_out(ring, at, told->bytes, header->size);
	memcpy(&id, told->bytes + header->size - sizeof(id), sizeof(id));
	told->time = id.time;
}

static void drain(struct watch *watch, struct cpu_ring *ring)
{
	u64 head = __atomic_load_n(&ring->page->data_head, __ATOMIC_ACQUIRE);
	u64 tail = ring->page->data_tail;

	while (tail < head) {
		struct perf_event_header header;

		copy_out(ring, tail, &header, sizeof(header));
		if (header.size < sizeof(header) || header.size > head - tail)
			break;
		keep_told(watch, ring, tail, &header);
		tail += header.size;
	}
	__atomic_store_n(&ring->page->data_tail, head, __ATOMIC_RELEASE);
}

static int by_time(const void *a, const void *b)
{
	const struct told *x = a, *y = b;

	return x->time < y->time ? -1 : x->time > y->time;
}

/*
 * The rings are read one after the other, so what is told after the first was read may be in a
 * later ring while what came before it, in the first, is not read yet. It waits for the next poll.
 */
static void take_told(struct watch *watch)
{
	u64 until = clock_now();
	size_t n = 0;

	for (size_t i = 0; i < watch->n_rings; i++)
		drain(watch, &watch->rings[i]);
	if (!watch->n_told)
		return;
	qsort(watch->told, watch->n_told, sizeof(*watch->told), by_time);
	while (n < watch->n_told && watch->told[n].time <= until) {
		take(watch, &watch->told[n]);
		free(watch->told[n].bytes);
		n++;
	}
	if (!n)
		return;
	spaces_trim(&watch->spaces, watch->told[n - 1].time);
	watch->n_told -= n;
	memmove(watch->told, watch->told + n, watch->n_told * sizeof(*watch->told));
}

void watch_poll(struct watch *watch)
{
	take_told(watch);
	look_after(watch);
}

int watch_open(int cpu)
{
	struct perf_event_attr attr = {
		.size = sizeof(attr),
		.type = PERF_TYPE_SOFTWARE,
		.config = PERF_COUNT_SW_DUMMY,
		.sample_type = PERF_SAMPLE_TID | PERF_SAMPLE_TIME,
		.sample_id_all = 1,
		.mmap = 1,
		.mmap2 = 1,
		.comm = 1,
		.comm_exec = 1,
		.task = 1,
		.use_clockid = 1,
		.clockid = CLOCK_MONOTONIC,
		.watermark = 1,
		.wakeup_watermark = 1 << 20,
	};
	int fd = syscall(SYS_perf_event_open, &attr, -1, cpu, -1, PERF_FLAG_FD_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static int open_ring(struct cpu_ring *ring, int cpu)
{
	size_t len = (size_t)(RING_PAGES + 1) * sysconf(_SC_PAGESIZE);

	ring->fd = remote_is_used() ? remote_fd(WIRE_WATCH, &cpu, sizeof(cpu)) : watch_open(cpu);
	if (ring->fd < 0)
		return -ring->fd;
	ring->page = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, ring->fd, 0);
	if (ring->page == MAP_FAILED) {
		int code = errno;

		close(ring->fd);
		return code;
	}
	return 0;
}

static struct error *open_rings(struct watch *watch)
{
	u32 n = host_cpus();

	watch->rings = calloc(n, sizeof(*watch->rings));
	if (!watch->rings)
		error_no_memory();
	for (u32 cpu = 0; cpu < n && cpu < MAX_CPUS; cpu++) {
		int code = open_ring(&watch->rings[watch->n_rings], cpu);

		if (!code)
			watch->n_rings++;
		else if (code != ENODEV) /* offline */
			return kernel_error(code, "cannot watch what processes map");
	}
	return NULL;
}

struct error *watch_start(bool everyone, const int *pids, size_t n_pids, struct watch **result)
{
	struct watch *watch = calloc(1, sizeof(*watch));
	struct error *err;

	if (!watch)
		error_no_memory();
	watch->everyone = everyone;
	err = open_rings(watch);
	if (err) {
		watch_free(watch);
		return err;
	}
	for (size_t i = 0; i < n_pids; i++)
		spaces_add_from_proc(&watch->spaces, pids[i]);
	*result = watch;
	return NULL;
}

void watch_call(struct watch *watch, const struct watch_calls *calls)
{
	watch->calls = *calls;
}

bool watch_maps(struct watch *watch, int pid, u64 ktime, const struct watch_map **maps, size_t *n)
{
	struct space *space = spaces_at(&watch->spaces, pid, ktime);
	size_t count = 0;

	if (!space)
		return false;
	for (size_t i = 0; i < space->n; i++) {
		if (space->maps[i].time > ktime)
			continue;
		watch->answer =
			grow(watch->answer, count, &watch->answer_capacity, sizeof(*watch->answer));
		watch->answer[count++] = space->maps[i].map;
	}
	*maps = watch->answer;
	*n = count;
	return true;
}

u64 watch_changed(const struct watch *watch, int pid, u64 ktime)
{
	const struct space *space = spaces_at(&watch->spaces, pid, ktime);
	u64 lost = watch->lost_time <= ktime ? watch->lost_time : 0;

	return space ? max_u64(lost, space_changed(space, ktime)) : lost;
}

bool watch_ended(struct watch *watch, int pid, u64 *ktime)
{
	struct space *space = spaces_at(&watch->spaces, pid, UINT64_MAX);

	if (!space || !space->ended)
		return false;
	*ktime = space->ended;
	return true;
}

u64 watch_lost(const struct watch *watch)
{
	return watch->lost;
}

void watch_free(struct watch *watch)
{
	size_t len = (size_t)(RING_PAGES + 1) * sysconf(_SC_PAGESIZE);

	if (!watch)
		return;
	for (size_t i = 0; i < watch->n_rings; i++) {
		munmap(watch->rings[i].page, len);
		close(watch->rings[i].fd);
	}
	spaces_free(&watch->spaces);
	for (size_t i = 0; i < watch->n_told; i++)
		free(watch->told[i].bytes);
	free(watch->told);
	free(watch->leaving);
	free(watch->rings);
	free(watch->answer);
	free(watch);
}
