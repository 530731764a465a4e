/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/image.h"

#include <string.h>

struct range {
	u64 address;
	u64 len;
	const u8 *bytes; /* NULL: absent, for the reason */
	enum image_origin origin;
	enum absence why;
};

struct image {
	struct arena *arena;
	struct range *ranges;
	size_t n_ranges;
	image_reader_fn reader;
	void *context;
};

struct image *image_new(struct arena *arena)
{
	struct image *image = arena_alloc(arena, sizeof(*image));

	image->arena = arena;
	return image;
}

static void add_range(struct image *image, struct range range)
{
	if (range.len && range.address + range.len - 1 >= range.address)
		*arena_push(image->arena, image->ranges, image->n_ranges) = range;
}

void image_add(struct image *image, u64 address, const void *bytes, size_t len,
	       enum image_origin origin)
{
	add_range(image, (struct range){address, len, bytes, origin, PRESENT});
}

void image_add_absent(struct image *image, u64 address, size_t len, enum absence why)
{
	add_range(image, (struct range){address, len, NULL, IMAGE_HIT, why});
}

void image_set_reader(struct image *image, image_reader_fn reader, void *context)
{
	image->reader = reader;
	image->context = context;
}

/*
 * The first range with bytes at address. *len shrinks to what can be taken from it, or, where none
 * has bytes there, to the gap before the next one.
 */
static const struct range *range_at(const struct image *image, u64 address, size_t *len,
				    enum absence *why)
{
	const struct range *found = NULL;

	*why = ABSENT_NOT_CAPTURED;
	for (size_t i = 0; i < image->n_ranges; i++) {
		const struct range *range = &image->ranges[i];
		u64 offset = address - range->address;

		if (!range->bytes && offset < range->len)
			*why = range->why;
		if (!range->bytes)
			continue;
		if (offset < range->len) {
			found = range;
			*len = min_u64(*len, range->len - offset);
			break;
		}
		if (range->address > address)
			*len = min_u64(*len, range->address - address);
	}
	return found;
}

/* The kernel's reason at the hit stands, unless there turns out to be no memory at all. */
static enum absence reason_of_both(enum absence at_hit, enum absence late)
{
	return at_hit == ABSENT_NOT_CAPTURED || late == ABSENT_BAD_ADDRESS ? late : at_hit;
}

static enum absence read_late(struct image *image, u64 address, void *bytes, size_t len,
			      enum image_origin *origin)
{
	u8 *kept = arena_alloc(image->arena, len);
	enum absence why = image->reader(image->context, address, kept, len, origin);

	if (why != PRESENT)
		return why;
	memcpy(bytes, kept, len);
	image_add(image, address, kept, len, *origin);
	return PRESENT;
}

enum absence image_read(const struct image *image, u64 address, void *bytes, size_t len,
			enum image_origin *origin)
{
	enum { BIGGEST = 16 * 1024 * 1024 };
	enum image_origin worst = IMAGE_HIT, from = IMAGE_HIT;
	u8 *copy;

	if (len > BIGGEST || address + len < address)
		return ABSENT_BAD_ADDRESS;
	copy = arena_alloc(image->arena, len);
	for (size_t done = 0, part; done < len; done += part) {
		u64 at = address + done;
		enum absence why;
		const struct range *range;

		part = len - done;
		range = range_at(image, at, &part, &why);
		if (range) {
			memcpy(copy + done, range->bytes + (at - range->address), part);
			from = range->origin;
			why = PRESENT;
		} else if (image->reader && why != ABSENT_BAD_ADDRESS) {
			enum absence late =
				read_late((struct image *)image, at, copy + done, part, &from);

			why = late == PRESENT ? PRESENT : reason_of_both(why, late);
		}
		if (why != PRESENT)
			return why;
		if (from > worst)
			worst = from;
	}
	memcpy(bytes, copy, len);
	if (origin)
		*origin = worst;
	return PRESENT;
}

void image_each(const struct image *image, enum image_origin origin,
		void (*visit)(void *context, u64 address, const void *bytes, size_t len),
		void *context)
{
	for (size_t i = 0; i < image->n_ranges; i++) {
		const struct range *range = &image->ranges[i];

		if (range->bytes && range->origin == origin)
			visit(context, range->address, range->bytes, range->len);
	}
}

/* The part of [address, address + len) for which one reason holds. */
static size_t absent_run(const struct image *image, u64 address, size_t len)
{
	for (size_t i = 0; i < image->n_ranges; i++) {
		const struct range *range = &image->ranges[i];

		if (range->bytes)
			continue;
		if (address - range->address < range->len)
			len = min_u64(len, range->len - (address - range->address));
		else if (range->address > address)
			len = min_u64(len, range->address - address);
	}
	return len;
}

enum absence image_read_run(const struct image *image, u64 address, void *bytes, size_t *len,
			    enum image_origin *origin)
{
	enum { PAGE = 4096 };
	enum absence why, late;
	size_t part = *len;
	const struct range *range;

	if (!part || address + part < address)
		return ABSENT_BAD_ADDRESS;
	range = range_at(image, address, &part, &why);
	*len = part;
	if (range) {
		memcpy(bytes, range->bytes + (address - range->address), part);
		*origin = range->origin;
		return PRESENT;
	}
	*len = min_u64(absent_run(image, address, part), PAGE - address % PAGE);
	if (!image->reader || why == ABSENT_BAD_ADDRESS)
		return why;
	late = read_late((struct image *)image, address, bytes, *len, origin);
	return late == PRESENT ? PRESENT : reason_of_both(why, late);
}
