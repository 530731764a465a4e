/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the kernel side writes, with any bytes in it, under plans that are fixed: records of snap,
 * of log, of tictoc's slow pairs; reports of count; histograms of tictoc. Shown as text and as JSON.
 *
 *	u8	which of these, modulo 5, in this order; bit 7: taken out of a ring buffer before
 *	...	the bytes
 */
#include <linux/bpf.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "cmd/show.h"
#include "event/log.h"
#include "event/process.h"
#include "event/report.h"
#include "load/rings.h"
#include "shown.h"

#define PROGRAM "tests/golden/snapshots/orders-gcc-O2"

struct world {
	struct arena *arena;
	struct spec *spec;
	struct plan *plan;
};

enum { SNAP, LOG, TICTOC, COUNT, HISTOGRAM, KINDS };

static const char *const command_lines[KINDS][32] = {
	[SNAP] = {"snap", "-x", PROGRAM, "orders.c:50", "--regs", "--capture", "item->name",
		  "--capture", "*item"},
	[LOG] = {"log", "-x", PROGRAM, "handle",
		 "order {order->id} {order->state} of {depth:d}, {order->note}, {order->note:s}: "
		 "{order->items->name} {order->items->is_gift:x} {*order->items} {10 / depth} "
		 "{((struct item *)8)->count} {((struct order *)0)->items->name:s} {totals} "
		 "{$caller} {{}"},
	[TICTOC] = {"tictoc", "-x", PROGRAM, "handle", "--slower", "0", "--capture", "order->note",
		    "--capture", "*order", "--capture", "order->items->name", "--by", "depth"},
	[COUNT] = {"count", "-x", PROGRAM, "orders.c:*", "handle", "--by", "$tid", "--by",
		   "$stack"},
	[HISTOGRAM] = {"tictoc", "-x", PROGRAM, "handle", "--by", "depth", "--by", "order->note",
		       "--by", "order->items->name", "--by", "order->weight"},
};
static struct world worlds[KINDS];
static struct processes *processes;

static struct error *files_of(void *context, const char *binary, struct arena *arena,
			      struct plan_file **files, size_t *n)
{
	*files = arena_alloc(arena, sizeof(**files));
	(*files)[0] = (struct plan_file){PROGRAM, PROGRAM, ""};
	*n = 1;
	return NULL;
}

static void make_world(struct world *world, const char *const *words)
{
	static const struct plan_host host;
	char **argv;
	struct error *err;
	int argc = 0;

	world->arena = arena_new();
	argv = arena_array(world->arena, char *, 32);
	for (; words[argc]; argc++)
		argv[argc] = arena_strdup(world->arena, words[argc]);
	err = spec_parse(argc, argv, world->arena, &world->spec);
	if (!err)
		err = plan_build(world->spec, files_of, NULL, &host, &world->plan);
	if (err) {
		error_print(err, stderr);
		abort();
	}
}

/* Process 1 has the program and a stack. */
static void make_processes(void)
{
	static const char maps_text[] = "400000-402000 r-xp 00000000 00:01 1 " PROGRAM "\n"
					"7ffe00000000-7ffe00010000 rw-p 00000000 00:00 0 [stack]\n";
	static struct file_identity identity = {.start = 0x400000};
	struct process_source source = {.identities = &identity, .n_identities = 1};
	struct proc_map *maps;
	struct error *err;

	processes = processes_new(false, "tests/golden/snapshots");
	err = proc_maps_parse(maps_text, sizeof(maps_text) - 1, processes_arena(processes), &maps,
			      &source.n_maps);
	if (err)
		abort();
	source.maps = maps;
	identity.build_id = worlds[SNAP].plan->modules[0]->build_id;
	processes_add(processes, 1, 1, &source);
}

/* A ring buffer without a kernel: a page of the consumer, one of the producer, then the data. */
enum { PAGE = 4096, RING = 1 << 16, THROUGH_RING = 0x80 };
static u8 *ring;
static struct rings *rings;

static void make_ring(void)
{
	int fd = memfd_create("ring", MFD_CLOEXEC);
	struct error *err;

	if (fd < 0 || ftruncate(fd, 2 * PAGE + 2 * RING) != 0)
		abort();
	ring = mmap(NULL, 2 * PAGE + RING, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	err = rings_new(&(struct ring_set){1, {fd}, {RING}}, &rings);
	if (ring == MAP_FAILED || err)
		abort();
}

/* NULL: it is none. */
static struct record_head *through_ring(const u8 *bytes, size_t len)
{
	u64 start = 0, end;

	len = min_u64(len, RING - BPF_RINGBUF_HDR_SZ);
	end = (len + BPF_RINGBUF_HDR_SZ + 7) & ~7ull;
	memcpy(ring + 2 * PAGE, &(u64){len}, sizeof(u64));
	memcpy(ring + 2 * PAGE + BPF_RINGBUF_HDR_SZ, bytes, len);
	memcpy(ring, &start, sizeof(start));
	memcpy(ring + PAGE, &end, sizeof(end));
	rings_wait(rings, 0, -1);
	return rings_pop(rings, true);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	for (int i = 0; i < KINDS; i++)
		make_world(&worlds[i], command_lines[i]);
	make_processes();
	make_ring();
	return 0;
}

static struct error *show_record(struct sink *sink, struct decoder *decoder, const u8 *bytes,
				 size_t len)
{
	_cleanup_(event_freep) struct event *event = NULL;
	struct error *err = show_decode(decoder, bytes, len, NULL, 0, &event);

	return err ? err : sink_event(sink, event);
}

static struct error *show_line(struct sink *sink, struct decoder *decoder, const u8 *bytes,
			       size_t len)
{
	struct log_decoder *log = log_decoder_new(decoder, true);
	const struct event *event;
	struct error *err = log_decode(log, bytes, len, &event);

	if (!err)
		err = sink_event(sink, event);
	log_decoder_free(log);
	return err;
}

static struct error *show_report(struct sink *sink, struct decoder *decoder, const u8 *bytes,
				 size_t len)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct count_report report;
	struct error *err = report_read(bytes, len, decoder->plan, arena, &report);

	return err ? err : show_count(sink, &report);
}

/* The key and the flags as they come; then pairs of a bucket and its count. */
static struct error *show_histogram(struct sink *sink, struct decoder *decoder, const u8 *bytes,
				    size_t len)
{
	struct feed feed = {bytes, bytes + len};
	struct tictoc_row row = {0};
	struct error *err;
	u8 flags = (u8)feed_number(&feed, 1);

	feed_copy(&feed, &row.key, sizeof(row.key));
	row.is_overflow = flags & 1;
	row.is_first = flags & 2;
	feed_copy(&feed, &row.seconds, sizeof(row.seconds));
	row.histogram.sum = feed_number(&feed, 8);
	row.histogram.min = feed_number(&feed, 8);
	row.histogram.max = feed_number(&feed, 8);
	while (feed.at < feed.end) {
		u64 bucket = feed_number(&feed, 2) % HISTOGRAM_BUCKETS;
		u64 count = feed_number(&feed, 8);

		row.histogram.buckets[bucket] = count;
		row.histogram.count += count;
	}
	err = show_row(sink, decoder->plan, &row);
	if (!err) {
		struct pairs_accounting sum = {0};

		feed = (struct feed){bytes, bytes + len};
		feed_copy(&feed, &sum, offsetof(struct pairs_accounting, missed_known));
		err = show_pairs(sink, decoder->plan, &sum);
	}
	return err;
}

struct input {
	u8 kind;
	const u8 *bytes;
	size_t len;
};

static struct error *show(void *context, struct sink *sink)
{
	static struct error *(*const shows[])(struct sink *, struct decoder *, const u8 *,
					      size_t) = {
		[SNAP] = show_record,	      [LOG] = show_line,
		[TICTOC] = show_record,	      [COUNT] = show_report,
		[HISTOGRAM] = show_histogram,
	};
	const struct input *input = context;
	struct decoder decoder = {.plan = worlds[input->kind].plan, .processes = processes};

	return shows[input->kind](sink, &decoder, input->bytes, input->len);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct record_head *record = NULL;
	struct input input;
	u8 *bytes;

	if (size < 2)
		return 0;
	/* Records are aligned. */
	bytes = malloc(size - 1);
	memcpy(bytes, data + 1, size - 1);
	input = (struct input){data[0] % THROUGH_RING % KINDS, bytes, size - 1};
	if (data[0] & THROUGH_RING && input.kind <= TICTOC) {
		record = through_ring(bytes, size - 1);
		input.bytes = record ? (const u8 *)record : bytes;
		input.len = record ? record->size : size - 1;
	}
	shown(show, &input);
	free(record);
	free(bytes);
	return 0;
}

/* Records are words: most mutations change a number where one is, the others are libFuzzer's. */
size_t LLVMFuzzerCustomMutator(u8 *data, size_t size, size_t max_size, unsigned seed)
{
	enum { HEADS = sizeof(struct record_head) + 16 * sizeof(struct record_chunk) };
	struct fuzz_random random = {seed};

	if (size < 32 || fuzz_random(&random, 4) == 0)
		return LLVMFuzzerMutate(data, size, max_size);
	for (u64 i = 1 + fuzz_random(&random, 4); i; i--) {
		size_t width = 2ull << fuzz_random(&random, 3);
		size_t room = fuzz_random(&random, 4) ? min_u64(size - 1, HEADS) : size - 1;
		size_t at = fuzz_random(&random, room - width + 1);

		fuzz_change_number(data + 1 + at - at % width, width, &random);
	}
	return size;
}
