/* SPDX-License-Identifier: BSD-2-Clause */
#include "event/recording.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/host.h"
#include "event/recording_format.h"
#include "event/report.h"

struct recording {
	FILE *file;
	char *path;
	bool failed; /* sticky; errno of the first failure is kept */
	int failure;
	struct arena *arena;
};

static void put(struct recording *recording, const void *bytes, size_t len)
{
	if (!recording->failed && len && fwrite(bytes, len, 1, recording->file) != 1) {
		recording->failed = true;
		recording->failure = errno;
	}
}

/* A section of two parts; either may be empty. */
static void put_section(struct recording *recording, enum section_kind kind, const void *first,
			size_t first_len, const void *second, size_t second_len)
{
	struct section section = {kind, (u32)(first_len + second_len)};
	static const u8 zeros[SECTION_ALIGN];

	put(recording, &section, sizeof(section));
	put(recording, first, first_len);
	put(recording, second, second_len);
	put(recording, zeros, -(first_len + second_len) % SECTION_ALIGN);
}

struct error *recording_create(const char *path, const struct plan *plan, s64 realtime_offset,
			       struct recording **recording)
{
	_cleanup_(strbuf_free) struct strbuf text = {0};
	struct arena *arena;
	struct recording *result;
	int fd = host_create(path);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "w");

	if (!file)
		return error_errno(ERROR_FAILED, "%s can't be written", path);
	arena = arena_new();
	result = arena_alloc(arena, sizeof(*result));
	result->arena = arena;
	result->file = file;
	result->path = arena_strdup(arena, path);
	plan_write(plan, &text);
	put(result, RECORDING_MAGIC, strlen(RECORDING_MAGIC));
	put_section(result, SECTION_PLAN, text.text, text.len, NULL, 0);
	put_section(result, SECTION_CLOCK, &realtime_offset, sizeof(realtime_offset), NULL, 0);
	*recording = result;
	return NULL;
}

static void format_maps(const struct process *process, struct strbuf *text)
{
	for (size_t i = 0; i < process->source.n_maps; i++) {
		const struct proc_map *map = &process->source.maps[i];

		strbuf_printf(text, "%" PRIx64 "-%" PRIx64 " %c%c%c%c %" PRIx64 " %x:%x %" PRIu64,
			      map->start, map->end, map->readable ? 'r' : '-',
			      map->writable ? 'w' : '-', map->executable ? 'x' : '-',
			      map->shared ? 's' : 'p', map->offset, map->dev_major, map->dev_minor,
			      map->inode);
		strbuf_printf(text, " %s\n", map->path);
	}
}

static void put_identities(struct recording *recording, const struct process *process)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct file_identity *items = NULL;
	size_t n = 0;

	for (size_t i = 0; i < process->n_modules; i++) {
		const struct event_module *module = &process->modules[i];

		if (module->dw)
			*arena_push(arena, items, n) = (struct file_identity){
				module->map_start, *elf_file_build_id(dw_file(module->dw))};
	}
	put_section(recording, SECTION_FILES, items, n * sizeof(*items), NULL, 0);
}

static void put_process(struct recording *recording, const struct process *process)
{
	_cleanup_(strbuf_free) struct strbuf text = {0};
	struct section_process head = {.pid = process->pid, .start_time = process->start_time};

	format_maps(process, &text);
	put_section(recording, SECTION_PROCESS, &head, sizeof(head), text.text, text.len);
	put_identities(recording, process);
	if (process->source.vdso_len)
		put_section(recording, SECTION_VDSO, process->source.vdso, process->source.vdso_len, NULL, 0);
}

static void put_late(void *context, u64 address, const void *bytes, size_t len)
{
	put_section(context, SECTION_LATE, &address, sizeof(address), bytes, len);
}

void recording_add(struct recording *recording, const struct record_head *record,
		   const struct event *event)
{
	struct process *process = event->process;

	if (process && process->source.n_maps && !process->recorded) {
		put_process(recording, process);
		process->recorded = true;
	}
	if (event->image)
		image_each(event->image, IMAGE_LATE, put_late, recording);
	put_section(recording, SECTION_RECORD, record, record->size, NULL, 0);
}

void recording_summary(struct recording *recording, u32 probe, const struct accounting *counts)
{
	struct section_summary summary = {
		.probe = probe,
		.missed_known = counts->missed_known,
		.hits = counts->hits,
		.over_limit = counts->over_limit,
		.condition_error = counts->condition_error,
		.condition_false = counts->condition_false,
		.rate_limited = counts->rate_limited,
		.buffer_full = counts->buffer_full,
		.emitted = counts->emitted,
		.missed = counts->missed,
		.faulted = counts->faulted,
		.seconds = counts->seconds,
		.out_places = counts->taken_out.places,
		.out_of = counts->taken_out.of,
		.out_seconds = counts->taken_out.seconds,
		.overhead_known = counts->overhead_known,
		.overhead = counts->overhead,
	};

	put_section(recording, SECTION_SUMMARY, &summary, sizeof(summary), NULL, 0);
}

void recording_count(struct recording *recording, const struct count_report *report)
{
	_cleanup_(strbuf_free) struct strbuf bytes = {0};

	report_write(report, &bytes);
	put_section(recording, SECTION_COUNT, bytes.text, bytes.len, NULL, 0);
}

void recording_tictoc(struct recording *recording, const struct tictoc_row *row)
{
	const struct histogram *histogram = &row->histogram;
	struct section_tictoc head = {
		.key = row->key,
		.is_overflow = row->is_overflow,
		.is_first = row->is_first,
		.seconds = row->seconds,
		.sum = histogram->sum,
		.min = histogram->min,
		.max = histogram->max,
	};
	struct section_bucket buckets[HISTOGRAM_BUCKETS];

	for (u32 i = 0; i < HISTOGRAM_BUCKETS; i++)
		if (histogram->buckets[i])
			buckets[head.n_buckets++] =
				(struct section_bucket){i, histogram->buckets[i]};
	put_section(recording, SECTION_TICTOC, &head, sizeof(head), buckets,
		    head.n_buckets * sizeof(buckets[0]));
}

void recording_pairs(struct recording *recording, const struct pairs_accounting *sum)
{
	struct section_pairs section = {
		.missed_known = sum->missed_known,
		.missed = sum->missed,
		.seconds = sum->seconds,
		.out_places = sum->taken_out.places,
		.out_of = sum->taken_out.of,
		.out_seconds = sum->taken_out.seconds,
	};

	_Static_assert(sizeof(section.numbers) == offsetof(struct pairs_accounting, missed_known),
		       "no number is missing");
	memcpy(section.numbers, sum, sizeof(section.numbers));
	put_section(recording, SECTION_PAIRS, &section, sizeof(section), NULL, 0);
}

struct error *recording_close(struct recording *recording)
{
	struct error *err = NULL;

	if (fclose(recording->file) != 0 && !recording->failed) {
		recording->failed = true;
		recording->failure = errno;
	}
	if (recording->failed) {
		errno = recording->failure;
		err = error_errno(ERROR_FAILED, "%s could not be written", recording->path);
	}
	arena_free(recording->arena);
	return err;
}
