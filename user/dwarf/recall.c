/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the debug information says at a pc doesn't change, and the stacks of one session go through
 * the same few pcs: each is read once.
 */
#include "dwarf/die.h"

enum { RECALLED_MOST = 2048 }; /* pcs of each kind */

struct recalled {
	void *items;
	size_t n;
};

struct dw_scopes {
	struct map frames, sites, tail_calls;
};

static struct dw_scopes *scopes_of(struct dw *dw)
{
	if (!dw->scopes) {
		dw->scopes = arena_alloc(dw->arena, sizeof(*dw->scopes));
		map_init(&dw->scopes->frames, dw->arena);
		map_init(&dw->scopes->sites, dw->arena);
		map_init(&dw->scopes->tail_calls, dw->arena);
	}
	return dw->scopes;
}

typedef struct error *(*find_fn)(struct dw *dw, u64 pc, struct arena *arena,
				 struct recalled *found);

static struct error *recall(struct dw *dw, struct map *map, find_fn find, u64 pc,
			    struct arena *arena, struct recalled *found)
{
	struct recalled *known = map_get(map, pc), fresh = {};
	bool keep = map->used < RECALLED_MOST;
	struct error *err;

	if (known) {
		*found = *known;
		return NULL;
	}
	err = find(dw, pc, keep ? dw->arena : arena, &fresh);
	if (err)
		return err;
	if (keep)
		map_put(map, pc, arena_memdup(dw->arena, &fresh, sizeof(fresh)));
	*found = fresh;
	return NULL;
}

static struct error *find_frames(struct dw *dw, u64 pc, struct arena *arena, struct recalled *found)
{
	struct dw_frame *frames = NULL;
	struct error *err = dw_frames_at(dw, pc, arena, &frames, &found->n);

	found->items = frames;
	return err;
}

static struct error *find_site(struct dw *dw, u64 return_pc, struct arena *arena,
			       struct recalled *found)
{
	struct dw_call_site *site = NULL;
	struct error *err = dw_call_site_at(dw, return_pc, arena, &site);

	found->items = site;
	return err;
}

static struct error *find_tail_calls(struct dw *dw, u64 pc, struct arena *arena,
				     struct recalled *found)
{
	struct dw_call_site *sites = NULL;
	struct error *err = dw_tail_calls_at(dw, pc, arena, &sites, &found->n);

	found->items = sites;
	return err;
}

struct error *dw_recall_frames(struct dw *dw, u64 pc, struct arena *arena,
			       const struct dw_frame **frames, size_t *n)
{
	struct recalled found = {};
	struct error *err = recall(dw, &scopes_of(dw)->frames, find_frames, pc, arena, &found);

	*frames = found.items;
	*n = found.n;
	return err;
}

struct error *dw_recall_call_site(struct dw *dw, u64 return_pc, struct arena *arena,
				  const struct dw_call_site **site)
{
	struct recalled found = {};
	struct error *err = recall(dw, &scopes_of(dw)->sites, find_site, return_pc, arena, &found);

	*site = found.items;
	return err;
}

struct error *dw_recall_tail_calls(struct dw *dw, u64 pc, struct arena *arena,
				   const struct dw_call_site **sites, size_t *n)
{
	struct recalled found = {};
	struct error *err =
		recall(dw, &scopes_of(dw)->tail_calls, find_tail_calls, pc, arena, &found);

	*sites = found.items;
	*n = found.n;
	return err;
}
