/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The read table: which memory to copy at a hit, as a graph of nodes (include/bay.h). It is built
 * from types alone, so one table serves every place of a plan. A node is a type at a remaining
 * depth: following a pointer leads to the node of its target with one less, and ends at 0. Strings
 * cost no depth, because a char pointer without its text says nothing.
 */
#include "plan/table.h"

#include <string.h>

/* Types of one node, for finding it again. */
struct table_key {
	const struct type *type;
	u32 depth;
	bool is_string;
};

struct table {
	struct table_key *keys; /* keys[i] is of node i */
	size_t n_keys;
	u32 *buckets; /* node numbers by hash, open addressing; 0 is free */
};

enum { N_BUCKETS = 4 * SNAPLINE_MAX_NODES };

static u32 *table_bucket(struct table *table, struct table_key key)
{
	u64 hash = ((uintptr_t)key.type >> 4) * 0x9e3779b97f4a7c15ULL + key.depth * 31 + key.is_string;

	for (u32 i = (hash >> 20) % N_BUCKETS;; i = (i + 1) % N_BUCKETS) {
		u32 node = table->buckets[i];
		const struct table_key *there = &table->keys[node];

		if (!node || (there->type == key.type && there->depth == key.depth &&
			      there->is_string == key.is_string))
			return &table->buckets[i];
	}
}

static struct table *table_of(struct plan *plan)
{
	if (!plan->table) {
		plan->table = arena_alloc(plan->arena, sizeof(*plan->table));
		plan->table->buckets = arena_array(plan->arena, u32, N_BUCKETS);
		*arena_push(plan->arena, plan->nodes, plan->n_nodes) = (struct read_node){0};
		*arena_push(plan->arena, plan->table->keys, plan->table->n_keys) =
			(struct table_key){0};
	}
	return plan->table;
}

/* A new node, or 0 if the table is full: what it would have copied is then read late. */
static u32 node_new(struct plan *plan, u32 *bucket, struct table_key key, struct read_node node)
{
	struct table *table = plan->table;

	if (plan->n_nodes >= SNAPLINE_MAX_NODES)
		return 0;
	*bucket = (u32)plan->n_nodes;
	*arena_push(plan->arena, plan->nodes, plan->n_nodes) = node;
	*arena_push(plan->arena, table->keys, table->n_keys) = key;
	return *bucket;
}

/* Edges found in one type, before they are put in the table in one run. */
struct edge_list {
	struct read_edge *edges;
	size_t n;
};

enum { MAX_EDGES_OF_NODE = 256, MAX_NESTING = 32 };

static void collect_edges(struct plan *plan, const struct type *type, u64 offset, u32 depth,
			  int nesting, struct edge_list *list);

static void collect_members(struct plan *plan, const struct type *type, u64 offset, u32 depth,
			    int nesting, struct edge_list *list)
{
	const struct type_member *members;
	size_t n = type_members(type, &members);

	for (size_t i = 0; i < n; i++)
		if (!members[i].is_static && !members[i].place && !members[i].bit_size)
			collect_edges(plan, members[i].type, offset + members[i].offset, depth,
				      nesting, list);
}

static void collect_elements(struct plan *plan, const struct type *type, u64 offset, u32 depth,
			     int nesting, struct edge_list *list)
{
	const struct type *element = type_strip(type_target(type));
	u64 count = min_u64(type->count, plan->spec->limits.elements);

	if (type_is_char_array(type))
		return;
	for (u64 i = 0; i < count && list->n < MAX_EDGES_OF_NODE; i++)
		collect_edges(plan, element, offset + i * element->size, depth, nesting, list);
}

static void collect_edges(struct plan *plan, const struct type *type, u64 offset, u32 depth,
			  int nesting, struct edge_list *list)
{
	u32 target;

	type = type_strip(type);
	if (nesting > MAX_NESTING || list->n >= MAX_EDGES_OF_NODE ||
	    offset + sizeof(u64) > SNAPLINE_MAX_READ)
		return;
	switch (type->kind) {
	case TYPE_POINTER:
	case TYPE_REFERENCE:
		target = plan_table_pointee(plan, type, depth);
		if (target)
			*arena_push(plan->arena, list->edges, list->n) =
				(struct read_edge){(u32)offset, target};
		break;
	case TYPE_STRUCT:
	case TYPE_UNION:
		collect_members(plan, type, offset, depth, nesting + 1, list);
		break;
	case TYPE_ARRAY:
		collect_elements(plan, type, offset, depth, nesting + 1, list);
		break;
	default:
		break;
	}
}

/* The edges of a node stand in one run, so they are added when all nodes below it exist. */
static void node_set_edges(struct plan *plan, u32 node, const struct edge_list *list)
{
	if (!list->n || plan->n_edges + list->n > SNAPLINE_MAX_EDGES)
		return;
	plan->nodes[node].first_edge = (u32)plan->n_edges;
	plan->nodes[node].n_edges = (u16)list->n;
	for (size_t i = 0; i < list->n; i++)
		*arena_push(plan->arena, plan->edges, plan->n_edges) = list->edges[i];
}

static u64 readable_size(const struct plan *plan, const struct type *type)
{
	u64 size = type->size;

	if (type->kind == TYPE_ARRAY && !type->count_known)
		size = type_strip(type_target(type))->size * plan->spec->limits.elements;
	return min_u64(size, SNAPLINE_MAX_READ);
}

u32 plan_table_node(struct plan *plan, const struct type *type, u32 depth)
{
	struct table *table = table_of(plan);
	struct table_key key = {type_strip(type), depth, false};
	u32 *bucket = table_bucket(table, key), node;
	struct read_node object = {.kind = READ_OBJECT, .elements = 1};
	struct edge_list list = {0};

	if (*bucket)
		return *bucket;
	object.size = (u32)readable_size(plan, key.type);
	if (!object.size)
		return 0;
	node = node_new(plan, bucket, key, object);
	if (!node)
		return 0;
	collect_edges(plan, key.type, 0, depth, 0, &list);
	node_set_edges(plan, node, &list);
	return node;
}

static u32 string_node(struct plan *plan)
{
	struct table *table = table_of(plan);
	struct table_key key = {NULL, 0, true};
	u32 *bucket = table_bucket(table, key);
	/* One byte more than is shown tells a cut string from one that just fits; and a NUL. */
	u32 size = (u32)min_u64(plan->spec->limits.string_bytes + 2, SNAPLINE_MAX_READ);

	if (*bucket)
		return *bucket;
	return node_new(plan, bucket, key, (struct read_node){.size = size, .kind = READ_STRING});
}

u32 plan_table_pointee(struct plan *plan, const struct type *type, u32 depth)
{
	const struct type *target;

	type = type_strip(type);
	if (type_is_char_pointer(type))
		return string_node(plan);
	if (!depth)
		return 0;
	target = type_strip(type_target(type));
	if (target->kind == TYPE_VOID || target->kind == TYPE_FUNCTION)
		return 0;
	return plan_table_node(plan, target, depth - 1);
}
