/* SPDX-License-Identifier: BSD-2-Clause */
/* What control can do before and after a row; the essay is in line_place.c. */
#include "plan/line_entry.h"

#include <string.h>

enum { IN = 1, OUT = 2 };
enum { MAX_ENTRIES = 64 }; /* of one line in one copy, that are compared with each other */

size_t line_rows_end(const struct line_body *body, u32 insn)
{
	size_t end = body->first_row[insn];

	while (end < body->n_rows && body->rows[end]->pc == body->flow.insns[insn].pc)
		end++;
	return end;
}

/* Is `copy` inside of `outer`? *call is then the copy directly in `outer` that leads to it. */
static bool is_inside(const struct line_body *body, u32 copy, u32 outer, u32 *call)
{
	while (copy != 0 && copy != outer) {
		*call = copy;
		copy = (u32)body->instances[copy].parent;
	}
	return copy == outer;
}

/* clang leaves the mark out where the row before has the same line, even at a branch target. */
static bool is_statement(const struct line_body *body, size_t row)
{
	return body->rows[row]->is_stmt || body->marks != DW_MARKS_STATEMENTS;
}

bool line_has_row(const struct line_query *query, size_t row)
{
	const struct line_body *body = query->body;

	return body->copy_of[row] == query->copy && body->rows[row]->line == query->line &&
	       body->rows[row]->file == query->file;
}

/* What the state is behind a row. */
static u8 pass_row(const struct line_query *query, size_t row, u8 state)
{
	const struct line_body *body = query->body;
	const struct dw_instance *instance;
	u32 copy = body->copy_of[row], call = 0;

	if (!body->rows[row]->line)
		return state;
	if (copy == query->copy)
		return !is_statement(body, row) ? state : line_has_row(query, row) ? IN : OUT;
	if (!is_inside(body, copy, query->copy, &call))
		return OUT;
	instance = &body->instances[call];
	if (!is_statement(body, row) ||
	    (instance->call_line == query->line && instance->call_file == query->file))
		return state;
	return OUT;
}

static u8 pass_insn(const struct line_query *query, u32 insn, u8 state)
{
	size_t end = line_rows_end(query->body, insn);

	for (size_t row = query->body->first_row[insn]; row < end; row++)
		state = pass_row(query, row, state);
	return state;
}

static bool add_state(u8 *before, u32 insn, u8 state)
{
	if (insn == FLOW_NONE || (before[insn] & state) == state)
		return false;
	before[insn] |= state;
	return true;
}

/* Forward to a fixed point. States only grow, two bits each, so it ends. */
static void flow_states(struct line_query *query)
{
	const struct flow *flow = &query->body->flow;
	u64 entry = query->body->instances[0].entry;
	bool changed = true;
	u8 indirect = 0;

	memset(query->body->before, 0, flow->n);
	for (u32 i = 0; i < flow->n; i++)
		if (flow->insns[i].pc == entry || (!flow->insns[i].has_pred && !flow->has_indirect))
			query->body->before[i] = OUT;
	while (changed) {
		changed = false;
		for (u32 i = 0; i < flow->n; i++) {
			const struct flow_insn *insn = &flow->insns[i];
			u8 after;

			if (!insn->has_pred)
				changed |= add_state(query->body->before, i, indirect);
			after = pass_insn(query, i, query->body->before[i]);
			if (!query->body->before[i])
				continue;
			if (insn->flow == FLOW_JUMP_INDIRECT && (after & ~indirect)) {
				indirect |= after;
				changed = true;
			}
			changed |= add_state(query->body->before, insn->next, after);
			changed |= add_state(query->body->before, insn->target, after);
		}
	}
}

static void find_entries(struct line_query *query)
{
	const struct line_body *body = query->body;

	for (u32 i = 0; i < body->flow.n; i++) {
		size_t end = line_rows_end(body, i);
		u8 state = query->body->before[i] ? query->body->before[i] : OUT;

		for (size_t row = body->first_row[i]; row < end; row++) {
			if (state & OUT && is_statement(body, row) && line_has_row(query, row)) {
				size_t n = query->n_entries;

				*arena_push(body->arena, query->entries, n) = i;
				*arena_push(body->arena, query->entry_rows, query->n_entries) =
					body->rows[row];
				break;
			}
			state = pass_row(query, row, state);
		}
	}
}

static bool clear(u8 *passed, u32 insn)
{
	if (insn == FLOW_NONE || !passed[insn])
		return false;
	passed[insn] = false;
	return true;
}

/*
 * Is `second` reached only when `first` was passed since the last time? A must-analysis: starts at
 * true and falls, so it ends.
 */
static bool follows(struct line_query *query, u32 first, u32 second)
{
	const struct flow *flow = &query->body->flow;
	u64 entry = query->body->instances[0].entry;
	bool changed = true, indirect = flow->has_indirect;
	u8 *passed = query->body->must;

	for (u32 i = 0; i < flow->n; i++)
		passed[i] = flow->insns[i].pc != entry && (flow->insns[i].has_pred || indirect);
	while (changed && passed[second]) {
		changed = false;
		for (u32 i = 0; i < flow->n; i++) {
			const struct flow_insn *insn = &flow->insns[i];

			if (!insn->has_pred && passed[i] && !indirect) {
				passed[i] = false;
				changed = true;
			}
			if (i == first || (passed[i] && i != second))
				continue;
			if (insn->flow == FLOW_JUMP_INDIRECT && indirect) {
				indirect = false;
				changed = true;
			}
			changed |= clear(passed, insn->next);
			changed |= clear(passed, insn->target);
		}
	}
	return passed[second];
}

static void remove_entry(struct line_query *query, size_t at)
{
	query->n_entries--;
	for (size_t i = at; i < query->n_entries; i++) {
		query->entries[i] = query->entries[i + 1];
		query->entry_rows[i] = query->entry_rows[i + 1];
	}
}

/* A copy that the unroller made has the column of the first. */
static bool may_be_copies(const struct line_query *query, size_t a, size_t b)
{
	return query->body->marks != DW_MARKS_UNMOVED && query->begins_statement &&
	       query->entry_rows[a]->column == query->entry_rows[b]->column;
}

/* The rest of a statement, come back to. */
static bool is_rest_of_another(struct line_query *query, size_t at)
{
	for (size_t i = 0; i < query->n_entries; i++)
		if (i != at && !may_be_copies(query, i, at) &&
		    follows(query, query->entries[i], query->entries[at]))
			return true;
	return false;
}

static void drop_rests(struct line_query *query)
{
	size_t i = 0;

	while (query->n_entries > 1 && query->n_entries <= MAX_ENTRIES && i < query->n_entries)
		if (is_rest_of_another(query, i))
			remove_entry(query, i);
		else
			i++;
}

/* Does an entry begin here that control, coming from within the line, meets without leaving it? */
static bool meets_entry(const struct line_query *query, u32 insn, size_t except)
{
	for (size_t i = 0; i < query->n_entries; i++) {
		size_t row = query->body->first_row[insn];
		u8 state = IN;

		if (i == except || query->entries[i] != insn)
			continue;
		while (query->body->rows[row] != query->entry_rows[i])
			state = pass_row(query, row++, state);
		return state == IN;
	}
	return false;
}

/* Would control, which is in the line behind insn, surely come to an entry without leaving it? */
static bool leads_to_entry(const struct line_query *query, u32 insn)
{
	const struct flow_insn *at = &query->body->flow.insns[insn];
	bool next = at->next != FLOW_NONE && query->body->must[at->next];
	bool target = at->target != FLOW_NONE && query->body->must[at->target];

	switch (at->flow) {
	case FLOW_NEXT:
	case FLOW_CALL:
	case FLOW_CALL_INDIRECT: return next;
	case FLOW_BRANCH: return next && target;
	case FLOW_JUMP: return target;
	default: return false;
	}
}

/* Backward to the least fixed point. */
static bool always_leads_on(struct line_query *query, size_t entry)
{
	const struct flow *flow = &query->body->flow;
	bool changed = true;

	memset(query->body->must, 0, flow->n);
	while (changed) {
		changed = false;
		for (u32 i = (u32)flow->n; i-- > 0;) {
			if (query->body->must[i])
				continue;
			query->body->must[i] =
				meets_entry(query, i, entry) ||
				(pass_insn(query, i, IN) == IN && leads_to_entry(query, i));
			changed |= query->body->must[i];
		}
	}
	return query->body->must[query->entries[entry]];
}

static void drop_forerunners(struct line_query *query)
{
	size_t i = 0;

	while (query->n_entries > 1 && i < query->n_entries)
		if (always_leads_on(query, i))
			remove_entry(query, i);
		else
			i++;
}

/* clang gives the jump over an `else` branch the line of the `else`, which it doesn't enter. */
static bool is_mere_jump(const struct line_query *query, u32 insn)
{
	const struct flow_insn *at = &query->body->flow.insns[insn];

	return at->flow == FLOW_JUMP &&
	       (at->target == FLOW_NONE || pass_insn(query, at->target, IN) == OUT);
}

static void drop_mere_jumps(struct line_query *query)
{
	size_t i = 0;

	while (query->n_entries > 1 && i < query->n_entries)
		if (is_mere_jump(query, query->entries[i]))
			remove_entry(query, i);
		else
			i++;
}

/* A line with one statement row needs no thought: that is where control enters. */
static bool take_only_row(struct line_query *query)
{
	const struct line_body *body = query->body;
	const struct dw_row *only = NULL;
	size_t n = 0;
	u32 insn;

	for (size_t i = 0; i < body->n_rows; i++) {
		if (!is_statement(body, i) || !line_has_row(query, i))
			continue;
		if (only && only->pc != body->rows[i]->pc)
			return false;
		only = only ? only : body->rows[i];
	}
	insn = only ? flow_find(&body->flow, only->pc) : FLOW_NONE;
	if (insn == FLOW_NONE)
		return false;
	*arena_push(body->arena, query->entries, n) = insn;
	*arena_push(body->arena, query->entry_rows, query->n_entries) = only;
	return true;
}

void line_find_entries(struct line_query *query)
{
	if (!query->begins_statement) {
		line_find_anchors(query);
		drop_rests(query);
		return;
	}
	if (take_only_row(query))
		return;
	flow_states(query);
	find_entries(query);
	if (query->body->marks != DW_MARKS_STATEMENTS)
		drop_rests(query);
	drop_mere_jumps(query);
	drop_forerunners(query);
}
