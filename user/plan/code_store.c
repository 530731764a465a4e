/* SPDX-License-Identifier: BSD-2-Clause */
#include "plan/code_store.h"

#include <stdlib.h>

#include "base/map.h"

enum { MAX_INSNS_KEPT = 1 << 17 }; /* about 30 MB; beyond that the store begins anew */

struct code_store {
	struct dw *dw;
	struct arena *forever, *arena; /* labels; functions and their map */
	struct code_labels labels;
	struct map by_pc; /* of each instruction */
	size_t n_insns;
};

struct code_store *code_store_new(struct dw *dw)
{
	struct arena *forever = arena_new();
	struct code_store *store = arena_alloc(forever, sizeof(*store));

	*store = (struct code_store){.dw = dw, .forever = forever, .arena = arena_new()};
	map_init(&store->by_pc, store->arena);
	return store;
}

void code_store_free(struct code_store *store)
{
	if (!store)
		return;
	arena_free(store->arena);
	arena_free(store->forever);
}

static void begin_anew(struct code_store *store)
{
	arena_reset(store->arena);
	map_init(&store->by_pc, store->arena);
	store->n_insns = 0;
}

struct error *code_store_at(struct code_store *store, u64 pc, struct code **code)
{
	struct code *found = map_get(&store->by_pc, pc);
	struct code_extent extent;
	struct error *err;

	if (found) {
		*code = found;
		return NULL;
	}
	if (store->n_insns > MAX_INSNS_KEPT)
		begin_anew(store);
	err = code_extent_at(store->dw, pc, store->arena, &extent);
	if (err)
		return err;
	found = arena_alloc(store->arena, sizeof(*found));
	err = code_decode(store->dw, &extent, store->arena, found);
	if (err)
		return err;
	found->labels = &store->labels;
	found->labels->arena = store->forever;
	code_trace(found);
	for (size_t i = 0; i < found->n; i++)
		map_put(&store->by_pc, found->insns[i].insn.address, found);
	store->n_insns += found->n;
	*code = found;
	return NULL;
}
