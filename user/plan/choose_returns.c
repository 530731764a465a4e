/* SPDX-License-Identifier: BSD-2-Clause */
#include "plan/choose.h"
#include "plan/code.h"

#include <stdlib.h>

static int by_start(const void *a, const void *b)
{
	const struct pc_range *x = a, *y = b;

	return x->start < y->start ? -1 : x->start > y->start;
}

/* A label inside the function whose address is taken: an indirect jump may be a computed goto. */
static bool has_inner_labels(const struct code *code)
{
	for (size_t i = 0; i < code->n; i++) {
		bool start = false;

		for (size_t r = 0; r < code->extent.n_ranges; r++)
			start |= code->insns[i].insn.address == code->extent.ranges[r].start;
		if (code->insns[i].is_root && !start)
			return true;
	}
	return false;
}

static bool leaves(const struct code *code, const struct code_insn *at)
{
	if (at->insn.flow == FLOW_RETURN)
		return true;
	if (at->insn.flow == FLOW_JUMP)
		return !code_holds(code, at->insn.target);
	return at->insn.flow == FLOW_JUMP_INDIRECT && at->is_pointer_jump &&
	       !has_inner_labels(code);
}

/* An exit that only a later look could tell from going on. */
static bool may_leave(const struct code *code, const struct code_insn *at)
{
	if (at->insn.flow == FLOW_BRANCH)
		return !code_holds(code, at->insn.target);
	if (at->insn.flow != FLOW_JUMP_INDIRECT || at->is_table_jump)
		return false;
	return !at->is_pointer_jump || has_inner_labels(code);
}

struct error *choose_returns(struct dw *dw, const struct pc_range *ranges, size_t n_ranges,
			     struct arena *arena, struct function_exit **exits, size_t *n,
			     const char **note)
{
	struct pc_range *sorted = arena_memdup(arena, ranges, n_ranges * sizeof(*ranges));
	struct code_extent extent = {.ranges = sorted, .n_ranges = n_ranges, .is_whole = true};
	size_t found = 0, missed = 0;
	struct code code;
	struct function_exit *list = NULL;
	struct error *err;

	if (!n_ranges)
		return error_new(ERROR_FAILED, "a function without code has no return");
	qsort(sorted, n_ranges, sizeof(*sorted), by_start);
	extent.entry = ranges[0].start;
	err = code_decode(dw, &extent, arena, &code);
	if (err)
		return err;
	code_trace(&code);
	for (size_t i = 0; i < code.n; i++) {
		const struct code_insn *at = &code.insns[i];

		if (!at->is_reached || at->insn.address >= code.doubtful_from)
			continue;
		if (leaves(&code, at))
			*arena_push(arena, list, found) = (struct function_exit){
				at->insn.address, at->insn.flow != FLOW_RETURN};
		missed += may_leave(&code, at);
	}
	*exits = list;
	*n = found;
	*note = missed ? arena_printf(
				 arena,
				 "%zu jump%s may leave the function and may stay in it: returns by "
				 "%s are not seen",
				 missed, missed == 1 ? "" : "s", missed == 1 ? "it" : "them")
		       : NULL;
	return NULL;
}
