/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A sparse memory image: what is known of an address space, in ranges. Reading is exact: bytes that
 * nobody put here are absent, with the reason, never zero. When ranges overlap, the one added first
 * wins (the record of the hit is added before anything that was read later).
 */
#ifndef SNAPLINE_IMAGE_H
#define SNAPLINE_IMAGE_H

#include "base/absence.h"
#include "base/arena.h"

/* Where bytes come from, in the order of trust. */
enum image_origin {
	IMAGE_HIT,  /* copied by the kernel at the instant of the hit */
	IMAGE_FILE, /* of a mapping that can't be written: the file's bytes are memory's */
	IMAGE_LATE, /* read from the process after the hit */
};

struct image;

/*
 * Called for bytes that no range has. Fills all len bytes and returns PRESENT with *origin set, or
 * the reason. What it gives is kept in the image.
 */
typedef enum absence (*image_reader_fn)(void *context, u64 address, void *bytes, size_t len,
					enum image_origin *origin);

struct image *image_new(struct arena *arena);
/* The bytes are not copied and have to live as long as the image. */
void image_add(struct image *image, u64 address, const void *bytes, size_t len,
	       enum image_origin origin);
/*
 * Says that the kernel tried to read this at the hit and could not. ABSENT_BAD_ADDRESS is final;
 * for other reasons the reader is asked too.
 */
void image_add_absent(struct image *image, u64 address, size_t len, enum absence why);
void image_set_reader(struct image *image, image_reader_fn reader, void *context);
/*
 * Reads len bytes, which may span ranges. On success *origin (may be NULL) is the least trusted
 * origin of them. On failure the bytes are untouched.
 */
enum absence image_read(const struct image *image, u64 address, void *bytes, size_t len,
			enum image_origin *origin);
/*
 * Reads the first part of [address, address + *len) that comes from one source, and sets *len to
 * its length, or, on failure, to the length that is absent for the reason returned. *len stays
 * above 0.
 */
enum absence image_read_run(const struct image *image, u64 address, void *bytes, size_t *len,
			    enum image_origin *origin);

/*
 * Calls visit for every range of bytes with that origin, in the order in which they were added; for
 * writing down what a reader gave.
 */
void image_each(const struct image *image, enum image_origin origin,
		void (*visit)(void *context, u64 address, const void *bytes, size_t len),
		void *context);

#endif
