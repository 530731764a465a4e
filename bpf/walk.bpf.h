/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
/*
 * The walk: copies what the read table (bay.h) says, starting from the roots.
 *
 * The record's chunks are the work list: a pointer that is found is appended as a chunk that is not
 * yet read, and the walk reads one after the other, so objects come breadth first and near ones
 * win when room runs out. Example: a root of node 5 (a list element, edges: next -> node 6,
 * name -> node 7, a string) becomes chunk 1; reading it appends chunk 2 (node 6) and 3 (node 7).
 *
 * All state is in the record and is loaded anew in each step, with indices masked: without
 * bpf_loop() the verifier then takes one step's instructions for each step, where a work list in
 * registers makes it follow each combination. A step does one thing: follow one edge, read one
 * chunk, or look at one for faulting.
 */
#ifndef SNAPLINE_WALK_BPF_H
#define SNAPLINE_WALK_BPF_H

#include "fault.bpf.h"
#include "record.bpf.h"

enum {
	WALK_STEPS = 4096,
	WALK_STEPS_UNROLLED = 768, /* the verifier follows each */
	FIRST_ADDRESS = 4096,	   /* below: never mapped (vm.mmap_min_addr is more) */
	CHUNK_MASK = SNAPLINE_MAX_CHUNKS - 1,
};
#define LAST_ADDRESS (1ull << 56) /* above: kernel or not canonical, on every CPU */

enum walk_mode { WALK_UNROLLED, WALK_LOOP, WALK_FAULTING };

_inline_ u32 seen_slot(u64 address, u32 node)
{
	u64 hash = (address ^ ((u64)node << 48)) * 0x9e3779b97f4a7c15ull;

	return hash >> 54; /* SEEN_SLOTS is 1 << 10 */
}

_inline_ bool walk_seen(struct record *record, u64 address, u32 node)
{
	u32 slot = seen_slot(address, node) & (SEEN_SLOTS - 1);
	u32 n = record->head.n_chunks;
	u32 index = record->walk.seen[slot];
	struct record_chunk *chunk = &record->chunks[index & CHUNK_MASK];

	record->walk.seen[slot] = n;
	return index < n && chunk->address == address && chunk->node == node;
}

/* Appends a chunk to be read. Until it is, it says that there was no room. */
_inline_ void walk_push(struct record *record, u64 address, u32 node_index)
{
	u64 n = record->head.n_chunks;
	struct record_chunk *chunk = &record->chunks[n & CHUNK_MASK];
	struct read_node *node;

	if (!address || !node_index || n >= SNAPLINE_MAX_CHUNKS)
		return;
	node = bpf_map_lookup_elem(&nodes, &node_index);
	if (!node || !node->size || walk_seen(record, address, node_index))
		return;
	chunk->address = address;
	chunk->len = node->size;
	chunk->offset = 0;
	chunk->state = CHUNK_NO_ROOM;
	chunk->kind = node->kind == READ_STRING ? 2 : 1;
	chunk->node = node_index;
	record->head.n_chunks = n + 1;
}

/* Bytes read; 0: none. A string that reaches a page that can't be read gives none. */
_inline_ u64 read_plain(void *to, u64 len, const struct record_chunk *chunk)
{
	void *from = (void *)chunk->address;
	long got;

	if (chunk->kind == 2) {
		/* One more than wanted: its place takes the NUL that the helper puts behind a
		 * string that it cut, which is not the program's. */
		got = bpf_probe_read_user_str(to, len + 1, from);
		if (got > (long)len)
			return len;
		return got > 0 ? got : 0;
	}
	return bpf_probe_read_user(to, len, from) ? 0 : len;
}

/* The part of it that lies in its first page. */
_inline_ u64 read_first_page(void *to, u64 len, const struct record_chunk *chunk)
{
	u64 left = PAGE_BYTES - (chunk->address & (PAGE_BYTES - 1));

	if (left >= len || left > SNAPLINE_MAX_READ)
		return 0;
	return bpf_probe_read_user(to, left, (void *)chunk->address) ? 0 : left;
}

/* The edges of what was read are followed in the next steps. */
_inline_ void walk_enter(struct walk *walk, const struct record_chunk *chunk,
			 const struct read_node *node)
{
	walk->data = chunk->offset;
	walk->len = chunk->len;
	walk->first_edge = node->first_edge;
	walk->n_edges = chunk->kind == 2 ? 0 : node->n_edges;
	walk->edge = 0;
	walk->element = 0;
	walk->elements = node->elements;
	walk->stride = node->stride;
}

_inline_ void walk_took(struct record *record, struct record_chunk *chunk, u64 got, u16 state)
{
	chunk->offset = record->walk.used;
	chunk->len = got;
	chunk->state = state;
	/* What follows stays aligned: edges are loaded eight bytes at a time. */
	record->walk.used += (got + 7) & ~7ull;
}

/* A chunk whose second page is missing becomes two: what came, and what didn't. */
_inline_ void walk_split(struct record *record, struct record_chunk *chunk, u64 got, u16 state)
{
	u64 n = record->head.n_chunks;
	struct record_chunk *rest = &record->chunks[n & CHUNK_MASK];

	if (n >= SNAPLINE_MAX_CHUNKS)
		return;
	rest->address = chunk->address + got;
	rest->len = chunk->len - got;
	rest->offset = 0;
	rest->state = state;
	rest->kind = chunk->kind;
	rest->node = 0; /* not to be read as the node's start */
	record->head.n_chunks = n + 1;
}

_inline_ void walk_read(struct record *record, u64 index, bool may_fault)
{
	struct walk *walk = &record->walk;
	struct record_chunk *chunk = &record->chunks[index & CHUNK_MASK];
	u32 node_index = chunk->node;
	struct read_node *node = bpf_map_lookup_elem(&nodes, &node_index);
	u64 used = walk->used, len = chunk->len, got;
	void *to;

	if (!node || !node_index || used > knob_data_limit)
		return;
	if (chunk->address < FIRST_ADDRESS || chunk->address >= LAST_ADDRESS) {
		chunk->state = CHUNK_BAD_ADDRESS;
		return;
	}
	if (!len || len > SNAPLINE_MAX_READ)
		return;
	to = (void *)record + knob_data_at + used;
	got = read_plain(to, len, chunk);
	if (!got) {
		chunk->state = CHUNK_NOT_RESIDENT;
		if (may_fault)
			return; /* walk_retry() comes to it */
		got = read_first_page(to, len, chunk);
		if (!got)
			return;
		walk_split(record, chunk, got, CHUNK_NOT_RESIDENT);
	}
	walk_took(record, chunk, got, CHUNK_OK);
	walk_enter(walk, chunk, node);
}

/* A string's length is not known before it is read: its pages are touched one by one. */
_inline_ u64 fault_string(void *to, u64 len, const struct record_chunk *chunk)
{
	u64 address = chunk->address, next = (address | (PAGE_BYTES - 1)) + 1;
	u64 got;

	if (bpf_copy_from_user(to, 1, (void *)address))
		return 0;
	got = read_plain(to, len, chunk);
	if (got || next > address + len || vma_kind(next, 1) != VMA_PLAIN)
		return got;
	if (bpf_copy_from_user(to, 1, (void *)next))
		return 0;
	return read_plain(to, len, chunk);
}

/* Sleepable programs only: a chunk that was not resident, when nothing else is left to read. */
_inline_ void walk_retry(struct record *record, u64 index)
{
	struct walk *walk = &record->walk;
	struct record_chunk *chunk = &record->chunks[index & CHUNK_MASK];
	u32 node_index = chunk->node;
	struct read_node *node = bpf_map_lookup_elem(&nodes, &node_index);
	u64 used = walk->used, len = chunk->len, got = 0, kind;
	u16 state = CHUNK_FAULTED;
	void *to;

	if (chunk->state != CHUNK_NOT_RESIDENT || !node || !node_index)
		return;
	if (used > knob_data_limit || !len || len > SNAPLINE_MAX_READ)
		return;
	to = (void *)record + knob_data_at + used;
	kind = vma_kind(chunk->address, chunk->kind == 2 ? 1 : len);
	if (kind == VMA_NONE)
		chunk->state = CHUNK_BAD_ADDRESS;
	if (kind == VMA_PLAIN && chunk->kind == 2)
		got = fault_string(to, len, chunk);
	else if (kind == VMA_PLAIN && !bpf_copy_from_user(to, len, (void *)chunk->address))
		got = len;
	if (got) {
		walk->faulted++;
	} else {
		got = read_first_page(to, len, chunk);
		if (!got)
			return;
		walk_split(record, chunk, got, CHUNK_NOT_RESIDENT);
		state = CHUNK_OK;
	}
	walk_took(record, chunk, got, state);
	walk_enter(walk, chunk, node);
}

_inline_ void walk_edge(struct record *record)
{
	struct walk *walk = &record->walk;
	u32 index = walk->first_edge + walk->edge;
	struct read_edge *edge = bpf_map_lookup_elem(&edges, &index);
	u64 in_object, at;

	if (!edge) {
		walk->element = walk->elements;
		return;
	}
	in_object = (u64)walk->element * walk->stride + edge->offset;
	if (++walk->edge >= walk->n_edges) {
		walk->edge = 0;
		walk->element++;
	}
	at = walk->data + in_object;
	if (in_object + sizeof(u64) > walk->len || at > knob_data_limit)
		return;
	walk_push(record, *(u64 *)((void *)record + knob_data_at + at), edge->node);
}

/* False: nothing is left to do. */
_inline_ bool walk_step(struct record *record, bool may_fault)
{
	struct walk *walk = &record->walk;

	if (walk->n_edges && walk->element < walk->elements) {
		walk_edge(record);
		return true;
	}
	if (walk->next < record->head.n_chunks) {
		walk_read(record, walk->next++, may_fault);
		return true;
	}
	if (!may_fault || walk->retry >= record->head.n_chunks)
		return false;
	walk_retry(record, walk->retry++);
	return true;
}

struct walk_loop {
	struct record *record;
};

static long walk_loop_step(u32 step, void *context)
{
	return !walk_step(((struct walk_loop *)context)->record, false);
}

static long walk_loop_step_faulting(u32 step, void *context)
{
	return !walk_step(((struct walk_loop *)context)->record, true);
}

/* bpf_loop() (5.17) is verified once. A kernel with sleepable uprobes has it. */
_inline_ void walk_all(struct record *record, enum walk_mode mode)
{
	struct walk_loop loop = {.record = record};

	if (mode == WALK_FAULTING)
		bpf_loop(WALK_STEPS, walk_loop_step_faulting, &loop, 0);
	else if (mode == WALK_LOOP)
		bpf_loop(WALK_STEPS, walk_loop_step, &loop, 0);
	else
		for (int i = 0; i < WALK_STEPS_UNROLLED && walk_step(record, false); i++)
			;
}

_inline_ void walk_start(struct record *record, const struct hit *hit, u32 used)
{
	u32 first = PROGRAM_INDEX(hit->word) * SNAPLINE_MAX_ROOTS;

	record->walk.next = record->head.n_chunks; /* the stack is read */
	record->walk.used = (used + 7) & ~7u;
	record->walk.n_edges = 0;
	record->walk.retry = record->head.n_chunks;
	record->walk.faulted = 0;
	for (u32 i = 0; i < SNAPLINE_MAX_ROOTS; i++) {
		u32 index = first + i;
		u32 *node = bpf_map_lookup_elem(&root_nodes, &index);

		if (node)
			walk_push(record, record->roots[i].address, *node);
	}
}

#endif
