/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
/*
 * The stack: from the red zone below sp upwards, page by page. A read that runs past a mapping
 * fails whole and zeroes the buffer, so the first page that fails ends the copy and what came
 * stays.
 */
#ifndef SNAPLINE_STACK_BPF_H
#define SNAPLINE_STACK_BPF_H

#include "record.bpf.h"

enum { STACK_PAGES = 65 }; /* 256 KiB, and one as it starts inside a page */

/* Returns the bytes of data that are in use: the length of chunk 0. */
_inline_ u32 stack_copy(struct record *record, struct pt_regs *ctx)
{
	struct record_chunk *chunk = &record->chunks[0];
	void *data = (void *)record + knob_data_at;
	u64 address = ctx->slot[REGS_SP] - RED_ZONE;
	u64 used = 0;

	if (!knob_stack_bytes)
		return 0;
	for (int i = 0; i < STACK_PAGES && used < knob_stack_bytes; i++) {
		u64 len = PAGE_BYTES - ((address + used) & (PAGE_BYTES - 1));

		if (len > knob_stack_bytes - used)
			len = knob_stack_bytes - used;
		/* The verifier lost the bounds of both in the sums. */
		if (used >= knob_stack_bytes || len > PAGE_BYTES)
			break;
		if (bpf_probe_read_user(data + used, len, (void *)(address + used)))
			break;
		used += len;
	}
	chunk->address = address;
	chunk->len = used;
	chunk->offset = 0;
	chunk->state = used ? CHUNK_OK : CHUNK_NOT_RESIDENT;
	chunk->kind = 0;
	chunk->node = 0;
	record->head.n_chunks = 1;
	return used;
}

#endif
