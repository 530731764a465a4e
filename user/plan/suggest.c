/* SPDX-License-Identifier: BSD-2-Clause */
/* Names that the user may have meant. */
#include <string.h>

#include "base/strbuf.h"
#include "plan/resolve_private.h"

/* A name that holds the wanted one is near as well, however long it is. */
static size_t distance_to(const char *wanted, const char *name)
{
	size_t limit = strlen(wanted) / 3 + 2, distance = str_distance(wanted, name, limit);

	if (distance < limit)
		return distance;
	if (strlen(wanted) >= 4 && strstr(name, wanted))
		return limit + strlen(name) - strlen(wanted);
	return SIZE_MAX;
}

void suggest_consider(struct suggestions *suggestions, const char *name)
{
	size_t distance = distance_to(suggestions->wanted, name), at, room;

	if (distance == SIZE_MAX)
		return;
	for (size_t i = 0; i < suggestions->n; i++)
		if (!strcmp(suggestions->best[i].name, name))
			return;
	for (at = suggestions->n; at > 0 && suggestions->best[at - 1].distance > distance; at--)
		;
	if (at == ARRAY_LEN(suggestions->best))
		return;
	if (suggestions->n < ARRAY_LEN(suggestions->best))
		suggestions->n++;
	room = suggestions->n - at - 1;
	memmove(&suggestions->best[at + 1], &suggestions->best[at],
		room * sizeof(suggestions->best[0]));
	suggestions->best[at] = (struct suggestion){name, distance};
}

const char *suggest_text(const struct suggestions *suggestions, struct arena *arena)
{
	_cleanup_(strbuf_free) struct strbuf text = {};

	for (size_t i = 0; i < suggestions->n; i++)
		strbuf_printf(&text, "%s%s",
			      i == 0			? ""
			      : i + 1 == suggestions->n ? " or "
							: ", ",
			      suggestions->best[i].name);
	return text.text ? arena_strdup(arena, text.text) : NULL;
}
