/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/arena.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

enum { BLOCK_SIZE = 64 * 1024, ALIGNMENT = 16 };

struct block {
	struct block *next;
	size_t size;
	size_t used;
	_Alignas(ALIGNMENT) u8 bytes[];
};

struct arena {
	struct block *blocks; /* the first one is filled */
};

struct arena *arena_new(void)
{
	struct arena *arena = calloc(1, sizeof(*arena));

	if (!arena)
		error_no_memory();
	return arena;
}

static struct block *block_new(struct arena *arena, size_t size)
{
	size_t want = size > BLOCK_SIZE ? size : BLOCK_SIZE;
	struct block *block;

	if (want > SIZE_MAX - sizeof(*block))
		error_no_memory();
	block = malloc(sizeof(*block) + want);
	if (!block)
		error_no_memory();
	block->size = want;
	block->used = 0;
	block->next = arena->blocks;
	arena->blocks = block;
	return block;
}

void *arena_alloc(struct arena *arena, size_t size)
{
	size_t rounded = (size + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
	struct block *block = arena->blocks;
	void *result;

	if (rounded < size)
		error_no_memory();
	if (!block || block->size - block->used < rounded)
		block = block_new(arena, rounded);
	result = block->bytes + block->used;
	block->used += rounded;
	return memset(result, 0, rounded);
}

void *arena_grow(struct arena *arena, const void *old, size_t old_size, size_t new_size)
{
	void *result = arena_alloc(arena, new_size);

	if (old_size)
		memcpy(result, old, old_size < new_size ? old_size : new_size);
	return result;
}

void *arena_push_slot(struct arena *arena, void *items, size_t count, size_t size)
{
	bool full = count == 0 || (count >= 8 && (count & (count - 1)) == 0);

	if (full)
		items = arena_grow(arena, items, count * size, (count ? count * 2 : 8) * size);
	return items;
}

void *arena_memdup(struct arena *arena, const void *bytes, size_t size)
{
	return arena_grow(arena, bytes, size, size);
}

char *arena_strndup(struct arena *arena, const char *text, size_t len)
{
	return arena_grow(arena, text, len, len + 1);
}

char *arena_strdup(struct arena *arena, const char *text)
{
	return arena_strndup(arena, text, strlen(text));
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	text = arena_vprintf(arena, format, args);
	va_end(args);
	return text;
}

char *arena_vprintf(struct arena *arena, const char *format, va_list args)
{
	va_list again;
	char *text;
	int len;

	va_copy(again, args);
	len = vsnprintf(NULL, 0, format, args);
	if (len < 0)
		error_no_memory();
	text = arena_alloc(arena, (size_t)len + 1);
	vsnprintf(text, (size_t)len + 1, format, again);
	va_end(again);
	return text;
}

void arena_reset(struct arena *arena)
{
	struct block *block = arena->blocks;

	if (!block)
		return;
	while (block->next) {
		struct block *next = block->next;

		block->next = next->next;
		free(next);
	}
	block->used = 0;
}

void arena_free(struct arena *arena)
{
	if (!arena)
		return;
	while (arena->blocks) {
		struct block *next = arena->blocks->next;

		free(arena->blocks);
		arena->blocks = next;
	}
	free(arena);
}

void arena_freep(struct arena **arena)
{
	arena_free(*arena);
}
