/* SPDX-License-Identifier: BSD-2-Clause */
/* What the harnesses share. */
#ifndef SNAPLINE_FUZZ_H
#define SNAPLINE_FUZZ_H

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"

/* libFuzzer's side. */
int LLVMFuzzerTestOneInput(const u8 *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);
size_t LLVMFuzzerCustomMutator(u8 *data, size_t size, size_t max_size, unsigned seed);
size_t LLVMFuzzerMutate(u8 *data, size_t size, size_t max_size);

/* Prints it, as main() would, to nowhere, and frees it: its span lies inside its source. */
static inline void fuzz_error(struct error *err)
{
	static FILE *nowhere;

	if (!err)
		return;
	if (!nowhere)
		nowhere = fopen("/dev/null", "we");
	if (!err->text && !err->is_static)
		__builtin_trap();
	if (err->source && err->span_start > strlen(err->source))
		__builtin_trap();
	if (!err->is_static)
		error_print(err, nowhere);
	error_free(err);
}

/* Puts the input where a command reads it; cut afterwards, as ext4 waits where a file is emptied.
 */
static inline void fuzz_write(const char *path, const u8 *data, size_t size)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	if (fd < 0 || pwrite(fd, data, size, 0) != (ssize_t)size || ftruncate(fd, (off_t)size))
		__builtin_trap();
	close(fd);
}

/* For mutators: the same seed gives the same change. */
struct fuzz_random {
	u64 state;
};

/* 0 to n - 1. */
static inline u64 fuzz_random(struct fuzz_random *random, u64 n)
{
	u64 z = random->state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return (z ^ z >> 31) % n;
}

/* What lengths, offsets, counts and addresses go wrong with. */
static inline void fuzz_change_number(u8 *bytes, size_t width, struct fuzz_random *random)
{
	static const u64 edges[] = {
		0,	    1,	       2,	   0x7f,	   0x80,       0xff,
		0x7fff,	    0x8000,    0xffff,	   0x7fffffff,	   0x80000000, 0xfffffff0,
		0xffffffff, INT64_MAX, 1ull << 63, UINT64_MAX - 7, UINT64_MAX};
	u64 number = 0;

	memcpy(&number, bytes, width);
	switch (fuzz_random(random, 6)) {
	case 0: number = edges[fuzz_random(random, ARRAY_LEN(edges))]; break;
	case 1: number ^= 1ull << fuzz_random(random, 8 * width); break;
	case 2: number += fuzz_random(random, 16) + 1; break;
	case 3: number -= fuzz_random(random, 16) + 1; break;
	case 4: number *= fuzz_random(random, 2) ? 2 : 256; break;
	default: number = fuzz_random(random, UINT64_MAX);
	}
	memcpy(bytes, &number, width);
}

/* The input as a stream of decisions and numbers; behind its end there are zeros. */
struct feed {
	const u8 *at, *end;
};

static inline void feed_copy(struct feed *feed, void *bytes, size_t len)
{
	size_t left = (size_t)(feed->end - feed->at), n = min_u64(left, len);

	memset(bytes, 0, len);
	memcpy(bytes, feed->at, n);
	feed->at += n;
}

static inline u64 feed_number(struct feed *feed, size_t bytes)
{
	u64 number = 0;

	feed_copy(feed, &number, bytes);
	return number;
}

/* A block with its length in front; stays in the input. */
static inline const u8 *feed_block(struct feed *feed, size_t *len)
{
	const u8 *block;
	size_t asked = feed_number(feed, 1);

	block = feed->at;
	*len = min_u64(asked, (size_t)(feed->end - feed->at));
	feed->at += *len;
	return block;
}

#endif
