/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
/* The memory of a snapshot: the stack, then what the variables point to. */
#ifndef SNAPLINE_MEMORY_BPF_H
#define SNAPLINE_MEMORY_BPF_H

#include "stack.bpf.h"
#include "walk.bpf.h"

/* Returns the bytes of data that are in use. */
_inline_ u32 copy_memory(struct record *record, struct pt_regs *ctx, const struct bay_env *env,
			 const struct hit *hit, enum walk_mode mode)
{
	u32 used = stack_copy(record, ctx);

	if (!(hit->word & PROGRAM_HAS_ROOTS))
		return used;
	bay_roots(ctx, env, record->roots);
	walk_start(record, hit, used);
	walk_all(record, mode);
	hit_count_faulted(hit, record->walk.faulted);
	return record->walk.used;
}

#endif
