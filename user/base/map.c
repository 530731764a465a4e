/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/map.h"

#include <string.h>

struct map_slot {
	u64 key;
	void *value;
};

void map_init(struct map *map, struct arena *arena)
{
	*map = (struct map){.arena = arena};
}

/* The finalizer of MurmurHash3: every bit of the key reaches the low ones. */
static u64 scramble(u64 key)
{
	key ^= key >> 33;
	key *= 0xff51afd7ed558ccdULL;
	key ^= key >> 33;
	return key;
}

static struct map_slot *find(struct map_slot *slots, size_t capacity, u64 key)
{
	size_t i = scramble(key) & (capacity - 1);

	while (slots[i].value && slots[i].key != key)
		i = (i + 1) & (capacity - 1);
	return &slots[i];
}

void *map_get(const struct map *map, u64 key)
{
	return map->capacity ? find(map->slots, map->capacity, key)->value : NULL;
}

static void grow(struct map *map)
{
	size_t capacity = map->capacity ? map->capacity * 2 : 64;
	struct map_slot *slots = arena_array(map->arena, struct map_slot, capacity);

	for (size_t i = 0; i < map->capacity; i++)
		if (map->slots[i].value)
			*find(slots, capacity, map->slots[i].key) = map->slots[i];
	map->slots = slots;
	map->capacity = capacity;
}

void map_put(struct map *map, u64 key, void *value)
{
	struct map_slot *slot;

	if (map->used * 4 >= map->capacity * 3)
		grow(map);
	slot = find(map->slots, map->capacity, key);
	if (!slot->value)
		map->used++;
	*slot = (struct map_slot){key, value};
}

/* FNV-1a. Two strings with one hash take keys that follow each other. */
static u64 hash(const char *text, size_t len)
{
	u64 value = 0xcbf29ce484222325ULL;

	for (size_t i = 0; i < len; i++)
		value = (value ^ (u8)text[i]) * 0x100000001b3ULL;
	return value;
}

const char *map_intern(struct map *strings, const char *text, size_t len)
{
	u64 key = hash(text, len);
	char *known;

	while ((known = map_get(strings, key))) {
		if (!strncmp(known, text, len) && !known[len])
			return known;
		key++;
	}
	known = arena_strndup(strings->arena, text, len);
	map_put(strings, key, known);
	return known;
}
