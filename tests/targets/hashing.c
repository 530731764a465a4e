// SPDX-License-Identifier: BSD-2-Clause
// corpus
// A hash table of string keys with chains, a tagged union as value, and callbacks that walk it.
#include "common.h"

enum kind { KIND_NONE, KIND_NUMBER, KIND_TEXT, KIND_RANGE };

enum access {
	ACCESS_READ = 1,
	ACCESS_WRITE = 2,
	ACCESS_GROW = 4,
	ACCESS_ALL = ACCESS_READ | ACCESS_WRITE | ACCESS_GROW,
};

struct item {
	enum kind kind;
	enum access access;
	union {
		long number;
		char text[16];
		struct {
			short low, high;
		} range;
	};
};

struct entry {
	char key[12];
	uint32_t hash;
	struct item item;
	struct entry *chain;
};

struct table {
	struct entry *buckets[16];
	size_t used;
	struct {
		unsigned hits, misses;
	} stats;
	void (*on_miss)(struct table *, const char *);
};

typedef int (*visitor)(const struct entry *entry, void *context);

static unsigned long looked_up;

static inline uint32_t hash_text(const char *text)
{
	uint32_t hash = 2166136261u;

	while (*text) {
		hash ^= (unsigned char)*text++;
		hash *= 16777619u;
	}
	return hash;
}

static NOINLINE struct entry *table_find(struct table *table, const char *key)
{
	uint32_t hash = hash_text(key);
	struct entry *entry = table->buckets[hash & 15];

	looked_up++;
	while (entry) {
		if (entry->hash == hash && strcmp(entry->key, key) == 0) {
			table->stats.hits++;
			return entry;
		}
		entry = entry->chain;
	}
	table->stats.misses++;
	if (table->on_miss)
		table->on_miss(table, key);
	return NULL;
}

static NOINLINE struct entry *table_put(struct table *table, const char *key, struct item item)
{
	struct entry *entry = table_find(table, key);

	if (!entry) {
		uint32_t hash = hash_text(key);

		entry = calloc(1, sizeof(*entry));
		snprintf(entry->key, sizeof(entry->key), "%s", key);
		entry->hash = hash;
		entry->chain = table->buckets[hash & 15];
		table->buckets[hash & 15] = entry;
		table->used++;
	}
	entry->item = item;
	return entry;
}

static NOINLINE int table_each(const struct table *table, visitor visit, void *context)
{
	int total = 0;

	for (size_t i = 0; i < 16; i++) {
		const struct entry *entry;

		for (entry = table->buckets[i]; entry; entry = entry->chain)
			total += visit(entry, context);
	}
	return total;
}

static int visit_item(const struct entry *entry, void *context)
{
	const struct item *item = &entry->item;
	long *sum = context;

	switch (item->kind) {
	case KIND_NUMBER:
		*sum += item->number;
		return 1;
	case KIND_TEXT:
		*sum += (long)strlen(item->text);
		return 2;
	case KIND_RANGE:
		*sum += item->range.high - item->range.low;
		return 3;
	default:
		return 0;
	}
}

static void missed(struct table *table, const char *key)
{
	table->used += (key[0] == '?');
}

static struct item item_make(unsigned draw)
{
	struct item item = {.kind = (enum kind)(draw % 4), .access = ACCESS_READ};

	if (draw & 16)
		item.access |= ACCESS_WRITE;
	if (draw & 32)
		item.access |= ACCESS_GROW;
	if (item.kind == KIND_NUMBER)
		item.number = -(long)draw;
	else if (item.kind == KIND_TEXT)
		snprintf(item.text, sizeof(item.text), "text %u", draw);
	else if (item.kind == KIND_RANGE)
		item.range.low = -3, item.range.high = (short)(draw & 0x7ff);
	return item;
}

int main(void)
{
	struct sequence sequence = {.state = 99};
	struct table table = {.on_miss = missed};
	char key[12];
	long sum = 0;
	int total;

	for (int i = 0; i < 48; i++) {
		uint32_t draw = sequence_next(&sequence);

		snprintf(key, sizeof(key), "k%u", draw % 30);
		table_put(&table, key, item_make(draw));
	}
	total = table_each(&table, visit_item, &sum);
	printf("used %zu hits %u misses %u\n", table.used, table.stats.hits, table.stats.misses);
	printf("total %d sum %ld\n", total, sum);
	printf("count table_find %lu\n", looked_up);
	return 0;
}
