/* SPDX-License-Identifier: BSD-2-Clause */
#include "plan/left_out.h"

#include <string.h>

static struct left_out *of_reason(struct left_outs *all, struct arena *arena, const char *reason)
{
	struct left_out *added;

	for (size_t i = all->n; i-- > 0;)
		if (!strcmp(all->reasons[i].reason, reason))
			return &all->reasons[i];
	added = arena_push(arena, all->reasons, all->n);
	added->reason = arena_strdup(arena, reason);
	return added;
}

static void add_line(struct left_out *left, unsigned line)
{
	for (size_t i = 0; i < left->n_lines; i++)
		if (left->lines[i] == line)
			return;
	if (left->n_lines < LEFT_OUT_LINES)
		left->lines[left->n_lines++] = line;
	else
		left->more_lines = true;
}

void left_out_add(struct left_outs *all, struct arena *arena, const struct resolved *found,
		  const char *reason)
{
	struct left_out *left = of_reason(all, arena, reason);

	if (!left->n++)
		left->pc = found->pc;
	add_line(left, found->line);
}

/* "line 12", "lines 12, 15 and 20", "lines 12, ..., 40 and more" */
static const char *lines_of(const struct left_out *left, struct arena *arena)
{
	const char *text = left->n_lines > 1 ? "lines" : "line";

	for (size_t i = 0; i < left->n_lines; i++) {
		bool is_last = i + 1 == left->n_lines && !left->more_lines;
		const char *before = !i ? " " : is_last ? " and " : ", ";

		text = arena_printf(arena, "%s%s%u", text, before, left->lines[i]);
	}
	return left->more_lines ? arena_printf(arena, "%s and more", text) : text;
}

static void tell(const struct left_out *left, struct plan *plan, const char *probe)
{
	const char *lines = lines_of(left, plan->arena);

	if (left->n == 1)
		plan_note(plan, "%s: its place at %s, 0x%llx, is left out: %s", probe, lines,
			  (unsigned long long)left->pc, left->reason);
	else
		plan_note(plan, "%s: %zu of its places, at %s, are left out: %s", probe, left->n,
			  lines, left->reason);
}

void left_out_tell(const struct left_outs *all, struct plan *plan, const char *probe)
{
	for (size_t i = 0; i < all->n; i++)
		tell(&all->reasons[i], plan, probe);
}
