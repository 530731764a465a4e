/* SPDX-License-Identifier: BSD-2-Clause */
#include "plan/flow.h"

#include <stdlib.h>

enum { MAX_INSTRUCTIONS = 1 << 22 };

static int by_pc(const void *a, const void *b)
{
	const struct flow_insn *x = a, *y = b;

	return x->pc < y->pc ? -1 : x->pc > y->pc;
}

static bool falls_through(enum insn_flow flow)
{
	return flow == FLOW_NEXT || flow == FLOW_BRANCH || flow == FLOW_CALL ||
	       flow == FLOW_CALL_INDIRECT;
}

u32 flow_find(const struct flow *flow, u64 pc)
{
	struct flow_insn key = {.pc = pc}, *found;

	found = flow->n ? bsearch(&key, flow->insns, flow->n, sizeof(key), by_pc) : NULL;
	return found ? (u32)(found - flow->insns) : FLOW_NONE;
}

/* Targets are kept beside the instructions until all of these have an index. */
static void decode_range(const struct elf_file *file, struct pc_range range, struct arena *arena,
			 struct flow *flow, u64 **targets, size_t *n_targets)
{
	const struct arch *arch = elf_file_arch(file);
	u64 pc = range.start;

	while (pc < range.end && flow->n < MAX_INSTRUCTIONS) {
		struct flow_insn *item;
		struct insn insn = {};
		const u8 *code;
		size_t len;

		code = elf_file_bytes(file, pc, &len);
		if (!code || !arch->decode(code, min_u64(len, range.end - pc), pc, &insn) ||
		    !insn.len)
			return;
		item = arena_push(arena, flow->insns, flow->n);
		*item = (struct flow_insn){.pc = pc,
					   .len = insn.len,
					   .flow = insn.flow,
					   .is_nop = insn.is_nop,
					   .next = FLOW_NONE,
					   .target = FLOW_NONE};
		*arena_push(arena, *targets, *n_targets) =
			insn.flow == FLOW_JUMP || insn.flow == FLOW_BRANCH ? insn.target : 0;
		pc += insn.len;
	}
}

static int by_start(const void *a, const void *b)
{
	const struct pc_range *x = a, *y = b;

	return x->start < y->start ? -1 : x->start > y->start;
}

size_t flow_ranges(const struct pc_range *ranges, size_t n, struct arena *arena,
		   struct pc_range **tidy)
{
	struct pc_range *out = arena_memdup(arena, ranges, n * sizeof(*ranges));
	size_t kept = 0;

	if (n)
		qsort(out, n, sizeof(*out), by_start);
	for (size_t i = 0; i < n; i++)
		if (!kept || out[i].start >= out[kept - 1].end)
			out[kept++] = out[i];
	*tidy = out;
	return kept;
}

void flow_build(const struct elf_file *file, const struct pc_range *ranges, size_t n_ranges,
		struct arena *arena, struct flow *flow)
{
	struct pc_range *tidy;
	u64 *targets = NULL;
	size_t n_targets = 0;

	*flow = (struct flow){};
	n_ranges = flow_ranges(ranges, n_ranges, arena, &tidy);
	for (size_t i = 0; i < n_ranges; i++)
		decode_range(file, tidy[i], arena, flow, &targets, &n_targets);
	for (size_t i = 0; i < flow->n; i++) {
		struct flow_insn *insn = &flow->insns[i];

		if (falls_through(insn->flow))
			insn->next = flow_find(flow, insn->pc + insn->len);
		if (targets[i])
			insn->target = flow_find(flow, targets[i]);
		if (insn->next != FLOW_NONE)
			flow->insns[insn->next].has_pred = true;
		if (insn->target != FLOW_NONE) {
			flow->insns[insn->target].has_pred = true;
			flow->insns[insn->target].is_target = true;
		}
		flow->has_indirect |= insn->flow == FLOW_JUMP_INDIRECT;
	}
}
