/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lines on which no statement begins.
 *
 * gcc marks as is_stmt where statements begin. When it optimises, the second line of
 *
 *	if (c->key_specs_num == 1 &&
 *	    c->key_specs[0].begin_search_type == KSPEC_BS_INDEX &&
 *
 * has rows, but none that is marked; nor has a function's closing brace. These rows speak of single
 * instructions, and those are moved: the load of the second line may run before the first line's
 * branch, more often than the line is executed. But what the compiler can't run more often than the
 * source says is what has an effect: the branch on the line's condition, a call, the return. They
 * are the places of such a line.
 *
 * It has none where one of its runs of instructions has no such effect, as that may be a copy of it
 * (a condition that became a conditional move in one path and a branch in the other); and the
 * closing brace where some exits of the function are another line's (tail calls).
 */
#include "plan/line_entry.h"

static const size_t NO_ROW = SIZE_MAX;

static bool is_anchor(const struct line_query *query, const struct flow_insn *at)
{
	switch (at->flow) {
	case FLOW_BRANCH: return true;
	case FLOW_CALL:
	case FLOW_CALL_INDIRECT: return at->next != FLOW_NONE;
	case FLOW_JUMP: return at->target == FLOW_NONE;
	case FLOW_RETURN: return query->copy == 0;
	default: return false;
	}
}

static bool is_exit(const struct flow_insn *at)
{
	switch (at->flow) {
	case FLOW_RETURN:
	case FLOW_JUMP_INDIRECT: return true;
	case FLOW_JUMP:
	case FLOW_BRANCH: return at->target == FLOW_NONE;
	default: return false;
	}
}

/* The row that speaks of an instruction: the last at or above its address, without a gap. */
static size_t row_of(const struct line_body *body, u32 insn, size_t above)
{
	const struct flow_insn *at = &body->flow.insns[insn];
	size_t end = line_rows_end(body, insn);

	if (end > body->first_row[insn])
		return end - 1;
	return insn && at[-1].pc + at[-1].len == at->pc ? above : NO_ROW;
}

/* What was seen of the line's code up to an instruction. */
struct anchor_scan {
	size_t row;		  /* that speaks of the instruction */
	bool in_run, is_anchored; /* in a run of the line's instructions; it has an anchor */
	bool has_bare_run;	  /* some run has none: it may stand for the line, too */
	bool returns, is_left_elsewhere;
};

static void end_run(struct anchor_scan *scan)
{
	scan->has_bare_run |= scan->in_run && !scan->is_anchored;
	scan->in_run = scan->is_anchored = false;
}

static void scan_insn(struct line_query *query, u32 insn, struct anchor_scan *scan)
{
	const struct line_body *body = query->body;
	const struct flow_insn *at = &body->flow.insns[insn];
	size_t n = query->n_entries;

	scan->row = row_of(body, insn, scan->row);
	if (scan->row == NO_ROW || !line_has_row(query, scan->row)) {
		end_run(scan);
		scan->is_left_elsewhere |= is_exit(at);
		return;
	}
	scan->in_run = true;
	scan->returns |= at->flow == FLOW_RETURN;
	if (!is_anchor(query, at))
		return;
	scan->is_anchored = true;
	*arena_push(body->arena, query->entries, n) = insn;
	*arena_push(body->arena, query->entry_rows, query->n_entries) = body->rows[scan->row];
}

void line_find_anchors(struct line_query *query)
{
	struct anchor_scan scan = {.row = NO_ROW};

	for (u32 i = 0; i < query->body->flow.n; i++)
		scan_insn(query, i, &scan);
	end_run(&scan);
	if (scan.has_bare_run || (scan.returns && scan.is_left_elsewhere))
		query->n_entries = 0;
}
