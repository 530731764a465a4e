/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>
#include <string.h>

#include "event/recording.h"
#include "event/recording_format.h"

enum { MAX_LATE = 100000 };

struct replay {
	FILE *file;
	char *path;
	u64 offset;
	struct arena *head;  /* the plan's text */
	struct arena *arena; /* of one item */
	struct section pending; /* a section head that was read ahead; kind 0: none */
};

static struct error *damaged(const struct replay *replay, const char *what)
{
	return error_new(ERROR_FAILED, "%s: damaged record file: %s at offset %llu", replay->path,
			 what, (unsigned long long)replay->offset);
}

static bool get(struct replay *replay, void *bytes, size_t len)
{
	size_t got = fread(bytes, 1, len, replay->file);

	replay->offset += got;
	return got == len;
}

/* error_end at the end of the file. */
static struct error *get_head(struct replay *replay, struct section *section)
{
	int c;

	if (replay->pending.kind) {
		*section = replay->pending;
		replay->pending.kind = 0;
		return NULL;
	}
	c = fgetc(replay->file);
	if (c == EOF)
		return &error_end;
	ungetc(c, replay->file);
	if (!get(replay, section, sizeof(*section)))
		return damaged(replay, "a section is cut off");
	if (!section->kind || section->len > SECTION_BIGGEST)
		return damaged(replay, "a section of impossible length");
	return NULL;
}

/* The section's bytes, with a NUL behind them. Memory grows as bytes come, not as lengths say. */
static struct error *get_bytes(struct replay *replay, const struct section *section,
			       struct arena *arena, u8 **bytes)
{
	enum { STEP = 1024 * 1024 };
	u32 padding = -section->len % SECTION_ALIGN, len = section->len + padding;
	u8 *result = arena_alloc(arena, min_u64(len, STEP) + 1);
	u32 done = 0;

	while (done < len) {
		u32 part = (u32)min_u64(len - done, STEP);

		if (done)
			result = arena_grow(arena, result, done, (size_t)done + part + 1);
		if (!get(replay, result + done, part))
			return damaged(replay, "a section is cut off");
		done += part;
	}
	result[section->len] = '\0';
	*bytes = result;
	return NULL;
}

static struct error *get_section(struct replay *replay, enum section_kind kind, const char *missing,
				 struct section *section, u8 **bytes)
{
	struct error *err = get_head(replay, section);

	if (err == &error_end || (!err && section->kind != kind))
		return damaged(replay, missing);
	return err ? err : get_bytes(replay, section, replay->head, bytes);
}

static struct error *read_head(struct replay *replay, const char **plan_text, size_t *plan_len,
			       s64 *realtime_offset)
{
	char magic[sizeof(RECORDING_MAGIC) - 1];
	struct section section;
	struct error *err;
	u8 *bytes;

	if (!get(replay, magic, sizeof(magic)) || memcmp(magic, RECORDING_MAGIC, sizeof(magic)) != 0)
		return error_cure(error_new(ERROR_FAILED, "%s is not a record file", replay->path),
				  "Record files are written with -o FILE.");
	err = get_section(replay, SECTION_PLAN, "the plan is missing", &section, &bytes);
	if (err)
		return err;
	*plan_text = (const char *)bytes;
	*plan_len = section.len;
	err = get_section(replay, SECTION_CLOCK, "the clock is missing", &section, &bytes);
	if (!err && section.len != sizeof(*realtime_offset))
		err = damaged(replay, "a clock of impossible length");
	if (!err)
		memcpy(realtime_offset, bytes, sizeof(*realtime_offset));
	return err;
}

struct error *replay_open(FILE *file, const char *path, struct replay **replay,
			  const char **plan_text, size_t *plan_len, s64 *realtime_offset)
{
	struct arena *arena = arena_new();
	struct replay *result;
	struct error *err;

	result = arena_alloc(arena, sizeof(*result));
	result->file = file;
	result->head = arena;
	result->arena = arena_new();
	result->path = arena_strdup(arena, path);
	err = read_head(result, plan_text, plan_len, realtime_offset);
	if (err) {
		replay_close(result);
		return err;
	}
	*replay = result;
	return NULL;
}

/* A process is followed by what belongs to it; the first section that doesn't is kept. */
static struct error *read_parts(struct replay *replay, struct arena *arena,
				struct process_source *source)
{
	struct section next;
	struct error *err;
	u8 *bytes;

	for (;;) {
		err = get_head(replay, &next);
		if (err)
			return err == &error_end ? NULL : err;
		if (next.kind != SECTION_FILES && next.kind != SECTION_VDSO)
			break;
		err = get_bytes(replay, &next, arena, &bytes);
		if (err)
			return err;
		if (next.kind == SECTION_VDSO) {
			source->vdso = bytes;
			source->vdso_len = next.len;
		} else {
			source->identities = (const struct file_identity *)bytes;
			source->n_identities = next.len / sizeof(struct file_identity);
		}
	}
	replay->pending = next;
	return NULL;
}

static struct error *add_process(struct replay *replay, struct processes *processes, u8 *bytes,
				 u32 len)
{
	struct arena *arena = processes_arena(processes);
	struct process_source source = {0};
	struct section_process head;
	struct proc_map *maps;
	struct error *err;

	if (len < sizeof(head))
		return damaged(replay, "a process is cut off");
	memcpy(&head, bytes, sizeof(head));
	err = proc_maps_parse((char *)bytes + sizeof(head), len - sizeof(head), arena, &maps,
			      &source.n_maps);
	if (err)
		return error_prefix(err, "%s", replay->path);
	source.maps = maps;
	err = read_parts(replay, arena, &source);
	if (!err)
		processes_add(processes, head.pid, head.start_time, &source);
	return err;
}

static struct error *read_summary(struct replay *replay, const u8 *bytes, u32 len,
				  struct replay_item *item)
{
	struct section_summary summary = {0};

	if (len != sizeof(summary) && len != offsetof(struct section_summary, out_places))
		return damaged(replay, "a summary of impossible length");
	memcpy(&summary, bytes, len);
	item->is_summary = true;
	item->probe = summary.probe;
	item->accounting = (struct accounting){
		.hits = summary.hits,
		.over_limit = summary.over_limit,
		.condition_error = summary.condition_error,
		.condition_false = summary.condition_false,
		.rate_limited = summary.rate_limited,
		.buffer_full = summary.buffer_full,
		.emitted = summary.emitted,
		.missed_known = summary.missed_known,
		.missed = summary.missed,
		.faulted = summary.faulted,
		.seconds = summary.seconds,
		.overhead_known = summary.overhead_known,
		.overhead = summary.overhead,
		.taken_out = {summary.out_places, summary.out_of, summary.out_seconds},
	};
	return NULL;
}

static struct error *read_tictoc(struct replay *replay, const u8 *bytes, u32 len,
				 struct replay_item *item)
{
	struct tictoc_row *row = arena_alloc(replay->arena, sizeof(*row));
	struct section_tictoc head;
	struct section_bucket bucket;

	if (len < sizeof(head))
		return damaged(replay, "a histogram is cut off");
	memcpy(&head, bytes, sizeof(head));
	if (head.n_buckets > HISTOGRAM_BUCKETS ||
	    len - sizeof(head) != head.n_buckets * sizeof(bucket))
		return damaged(replay, "a histogram of impossible length");
	row->key = head.key;
	row->is_overflow = head.is_overflow;
	row->is_first = head.is_first;
	row->seconds = head.seconds;
	row->histogram.sum = head.sum;
	row->histogram.min = head.min;
	row->histogram.max = head.max;
	for (u32 i = 0; i < head.n_buckets; i++) {
		memcpy(&bucket, bytes + sizeof(head) + i * sizeof(bucket), sizeof(bucket));
		if (bucket.bucket >= HISTOGRAM_BUCKETS)
			return damaged(replay, "a histogram with an impossible bucket");
		row->histogram.buckets[bucket.bucket] = bucket.count;
		row->histogram.count += bucket.count;
	}
	item->row = row;
	return NULL;
}

static struct error *read_pairs(struct replay *replay, const u8 *bytes, u32 len,
				struct replay_item *item)
{
	struct pairs_accounting *pairs = arena_alloc(replay->arena, sizeof(*pairs));
	struct section_pairs section = {0};

	/* Files that are older know nothing of what was taken out. */
	if (len != sizeof(section) && len != offsetof(struct section_pairs, out_places))
		return damaged(replay, "a sum of pairs of impossible length");
	memcpy(&section, bytes, len);
	memcpy(pairs, section.numbers, sizeof(section.numbers));
	pairs->missed_known = section.missed_known;
	pairs->missed = section.missed;
	pairs->seconds = section.seconds;
	pairs->taken_out =
		(struct taken_out){section.out_places, section.out_of, section.out_seconds};
	item->pairs = pairs;
	return NULL;
}

static struct error *add_late(struct replay *replay, u8 *bytes, u32 len, struct late_memory **late,
			      size_t *n)
{
	struct late_memory memory = {.bytes = bytes + sizeof(u64)};

	if (len < sizeof(u64) || *n >= MAX_LATE)
		return damaged(replay, "late memory is cut off");
	memcpy(&memory.address, bytes, sizeof(u64));
	memory.len = len - sizeof(u64);
	*arena_push(replay->arena, *late, *n) = memory;
	return NULL;
}

struct error *replay_next(struct replay *replay, struct processes *processes,
			  struct replay_item *item)
{
	struct late_memory *late = NULL;
	size_t n_late = 0;
	struct section section;
	struct error *err;
	u8 *bytes;

	arena_reset(replay->arena);
	*item = (struct replay_item){0};
	for (;;) {
		err = get_head(replay, &section);
		if (!err)
			err = get_bytes(replay, &section, replay->arena, &bytes);
		if (err)
			return err;
		switch (section.kind) {
		case SECTION_PROCESS:
			err = add_process(replay, processes, bytes, section.len);
			break;
		case SECTION_LATE:
			err = add_late(replay, bytes, section.len, &late, &n_late);
			break;
		case SECTION_SUMMARY:
			return read_summary(replay, bytes, section.len, item);
		case SECTION_COUNT:
			item->report = bytes;
			item->report_len = section.len;
			return NULL;
		case SECTION_TICTOC:
			return read_tictoc(replay, bytes, section.len, item);
		case SECTION_PAIRS:
			return read_pairs(replay, bytes, section.len, item);
		case SECTION_RECORD:
			item->record = bytes;
			item->record_len = section.len;
			item->late = late;
			item->n_late = n_late;
			return NULL;
		default:
			err = damaged(replay, "a section of unknown kind");
		}
		if (err)
			return err;
	}
}

void replay_close(struct replay *replay)
{
	if (!replay)
		return;
	fclose(replay->file);
	arena_free(replay->arena);
	arena_free(replay->head);
}

void replay_closep(struct replay **replay)
{
	replay_close(*replay);
}
