/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Record files as `replay` reads them: sections, the plan in them, processes, records, reports;
 * then shown as text and as JSON. The mutator keeps the frame of sections and changes what is in
 * them.
 */
#include <stdlib.h>

#include "cmd/border.h"
#include "cmd/cmd.h"
#include "event/recording_format.h"
#include "fuzz.h"

/* The programs that were recorded lie in this folder. */
static const char path[] = "build/fuzz/files/input.snap";

struct error *__wrap_border_cross_to_read(const struct spec *spec, const struct target *target,
					  int fd);

/* Who crashes is found here, not in a process of its own. */
struct error *__wrap_border_cross_to_read(const struct spec *spec, const struct target *target,
					  int fd)
{
	return NULL;
}

static void replay(const char *form)
{
	char *argv[] = {"replay", "-f", (char *)(uintptr_t)form, (char *)(uintptr_t)path, NULL};
	struct arena *arena = arena_new();
	struct spec *spec;
	struct error *err = spec_parse(4, argv, arena, &spec);

	if (!err)
		err = cmd_replay(spec, arena);
	fuzz_error(err);
	arena_free(arena);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	fuzz_write(path, data, size);
	replay("json");
	replay("text");
	return 0;
}

/* Sections. */

enum { MAX_SECTIONS = 256, HEAD = sizeof(RECORDING_MAGIC) - 1 };

struct part {
	u32 kind;
	size_t start, len; /* of its bytes */
	size_t from, to;   /* all of it */
};

static size_t find_parts(const u8 *data, size_t size, struct part *parts)
{
	size_t at = HEAD, n = 0;

	while (n < MAX_SECTIONS && at < size && size - at >= sizeof(struct section)) {
		struct section head;
		size_t end;

		memcpy(&head, data + at, sizeof(head));
		end = at + sizeof(head) + head.len + (-head.len % SECTION_ALIGN);
		if (head.len > size || end > size)
			break;
		parts[n++] = (struct part){head.kind, at + sizeof(head), head.len, at, end};
		at = end;
	}
	return n;
}

/* New bytes in place of a part's, with head and padding; the size of it all, or 0: no room. */
static size_t replace(u8 *data, size_t size, size_t max_size, const struct part *part,
		      const u8 *bytes, size_t len)
{
	size_t padded = len + (-len % SECTION_ALIGN), tail = size - part->to;
	size_t end = part->start + padded;
	u32 new_len = (u32)len;

	if (end + tail > max_size)
		return 0;
	memmove(data + end, data + part->to, tail);
	memset(data + part->start, 0, padded);
	memcpy(data + part->start, bytes, len);
	memcpy(data + part->from + offsetof(struct section, len), &new_len, sizeof(new_len));
	return end + tail;
}

static size_t mutate_inside(u8 *data, size_t size, size_t max_size, const struct part *part)
{
	size_t room = part->len + 64, len;
	u8 *bytes = malloc(room);
	size_t result;

	memcpy(bytes, data + part->start, part->len);
	len = LLVMFuzzerMutate(bytes, part->len, room);
	result = replace(data, size, max_size, part, bytes, len);
	free(bytes);
	return result;
}

/* One number of the part's: few bits of it, as a length, an offset or a count may be. */
static size_t mutate_number(u8 *data, size_t size, const struct part *part,
			    struct fuzz_random *random)
{
	size_t width = 1ull << fuzz_random(random, 4), at;

	if (part->len < width)
		return size;
	at = part->start + fuzz_random(random, part->len - width + 1);
	if (fuzz_random(random, 4))
		at -= (at - part->start) % width;
	fuzz_change_number(data + at, width, random);
	return size;
}

static size_t repeat(u8 *data, size_t size, size_t max_size, const struct part *part,
		     const struct part *before)
{
	size_t len = part->to - part->from;

	if (size + len > max_size)
		return 0;
	u8 *copy = malloc(len);

	memcpy(copy, data + part->from, len);
	memmove(data + before->from + len, data + before->from, size - before->from);
	memcpy(data + before->from, copy, len);
	free(copy);
	return size + len;
}

static size_t drop(u8 *data, size_t size, const struct part *part)
{
	memmove(data + part->from, data + part->to, size - part->to);
	return size - (part->to - part->from);
}

size_t LLVMFuzzerCustomMutator(u8 *data, size_t size, size_t max_size, unsigned seed)
{
	struct fuzz_random random = {seed};
	struct part parts[MAX_SECTIONS];
	size_t n = find_parts(data, size, parts), result = 0;
	const struct part *part, *other;

	if (!n || !fuzz_random(&random, 50))
		return LLVMFuzzerMutate(data, size, max_size);
	part = &parts[fuzz_random(&random, n)];
	other = &parts[fuzz_random(&random, n)];
	switch (fuzz_random(&random, 16)) {
	case 0: result = repeat(data, size, max_size, part, other); break;
	case 1: result = drop(data, size, part); break;
	case 2:
		fuzz_change_number(data + part->from, 4, &random);
		result = size;
		break;
	case 3:
	case 4:
	case 5:
	case 6:
	case 7: result = mutate_inside(data, size, max_size, part); break;
	default:
		for (u64 i = fuzz_random(&random, 4) + 1; i; i--)
			result = mutate_number(data, size, part, &random);
	}
	return result ? result : size;
}
