/* SPDX-License-Identifier: BSD-2-Clause */
#include "cmd/budget.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"

#define SECOND_NS 1000000000ull
#define SPACING_NS (SECOND_NS / 6) /* from each sample to the next but one, at least */

enum {
	KEPT = 16,	   /* samples; with that spacing they reach back more than a second */
	LEAST_SHARE = 100, /* of a CPU that the target counts as using: a hundredth */
};

struct kept {
	u64 time_ns, cpu_ns;
	u64 *spent_ns, *hits;
};

struct budget {
	struct budget_rule rule;
	bool *out;
	struct kept kept[KEPT]; /* the first n, oldest first */
	u32 n;
	struct budget_verdict *verdicts;
};

static void *zeroed(size_t n, size_t size)
{
	void *items = calloc(n + 1, size);

	if (!items)
		error_no_memory();
	return items;
}

struct budget *budget_new(const struct budget_rule *rule)
{
	struct budget *budget = zeroed(1, sizeof(*budget));
	bool *watched = zeroed(rule->n_parts, sizeof(*watched));

	memcpy(watched, rule->watched, rule->n_parts * sizeof(*watched));
	budget->rule = *rule;
	budget->rule.watched = watched;
	budget->out = zeroed(rule->n_parts, sizeof(*budget->out));
	budget->verdicts = zeroed(rule->n_parts, sizeof(*budget->verdicts));
	for (u32 i = 0; i < KEPT; i++) {
		budget->kept[i].spent_ns = zeroed(rule->n_parts, sizeof(u64));
		budget->kept[i].hits = zeroed(rule->n_parts, sizeof(u64));
	}
	return budget;
}

static void drop_oldest(struct budget *budget)
{
	struct kept oldest = budget->kept[0];

	budget->n--;
	memmove(&budget->kept[0], &budget->kept[1], budget->n * sizeof(budget->kept[0]));
	budget->kept[budget->n] = oldest; /* its arrays are used again */
}

static void keep(struct budget *budget, const struct budget_sample *sample)
{
	size_t bytes = budget->rule.n_parts * sizeof(u64);
	struct kept *kept;

	while (budget->n > 1 && sample->time_ns - budget->kept[1].time_ns >= SECOND_NS)
		drop_oldest(budget);
	/* Those that come too often for all to be kept take each other's place. */
	if (budget->n > 1 && sample->time_ns - budget->kept[budget->n - 2].time_ns < SPACING_NS)
		budget->n--;
	kept = &budget->kept[budget->n++];
	kept->time_ns = sample->time_ns;
	kept->cpu_ns = sample->cpu_ns;
	memcpy(kept->spent_ns, sample->spent_ns, bytes);
	memcpy(kept->hits, sample->hits, bytes);
}

static u64 spent(const struct budget *budget, u32 part)
{
	return budget->kept[budget->n - 1].spent_ns[part] - budget->kept[0].spent_ns[part];
}

static u64 hits(const struct budget *budget, u32 part)
{
	return budget->kept[budget->n - 1].hits[part] - budget->kept[0].hits[part];
}

static u64 window_ns(const struct budget *budget)
{
	return budget->kept[budget->n - 1].time_ns - budget->kept[0].time_ns;
}

/* Over the window. */
static u64 own_ns(const struct budget *budget)
{
	u64 used = budget->kept[budget->n - 1].cpu_ns - budget->kept[0].cpu_ns, probes = 0;

	for (u32 i = 0; i < budget->rule.n_parts; i++)
		probes += spent(budget, i);
	return max_u64(used > probes ? used - probes : 0,
		       max_u64(window_ns(budget), SECOND_NS) / LEAST_SHARE);
}

/* What it could still use in a second that isn't over. */
static u64 expected_ns(const struct budget *budget)
{
	u64 length = window_ns(budget);

	return length < SECOND_NS ? (SECOND_NS - length) * budget->rule.cpus : 0;
}

static u64 watched_ns(const struct budget *budget)
{
	u64 sum = 0;

	for (u32 i = 0; i < budget->rule.n_parts; i++)
		if (budget->rule.watched[i] && !budget->out[i])
			sum += spent(budget, i);
	return sum;
}

/* Among those that are still in; n_parts: none has spent anything. */
static u32 dearest(const struct budget *budget)
{
	u32 found = budget->rule.n_parts;

	for (u32 i = 0; i < budget->rule.n_parts; i++) {
		if (!budget->rule.watched[i] || budget->out[i] || !spent(budget, i))
			continue;
		if (found == budget->rule.n_parts || spent(budget, i) > spent(budget, found))
			found = i;
	}
	return found;
}

static struct budget_verdict verdict_on(const struct budget *budget, u32 part, u64 own, u64 left)
{
	u64 n = max_u64(hits(budget, part), 1);

	return (struct budget_verdict){
		.part = part,
		.share = (double)spent(budget, part) / (double)own,
		.all = (double)left / (double)own,
		.rate = (double)n * SECOND_NS / (double)max_u64(window_ns(budget), 1),
		.hit_ns = spent(budget, part) / n,
	};
}

u32 budget_judge(struct budget *budget, const struct budget_sample *sample,
		 const struct budget_verdict **verdicts)
{
	u64 own, left;
	u32 n = 0, part;
	double allowed;

	keep(budget, sample);
	own = own_ns(budget);
	left = watched_ns(budget);
	allowed = budget->rule.share * (double)(own + expected_ns(budget));
	while ((double)left > allowed && (part = dearest(budget)) < budget->rule.n_parts) {
		budget->verdicts[n++] = verdict_on(budget, part, own, left);
		budget->out[part] = true;
		left -= spent(budget, part);
	}
	*verdicts = budget->verdicts;
	return n;
}

void budget_free(struct budget *budget)
{
	if (!budget)
		return;
	for (u32 i = 0; i < KEPT; i++) {
		free(budget->kept[i].spent_ns);
		free(budget->kept[i].hits);
	}
	free((bool *)budget->rule.watched);
	free(budget->out);
	free(budget->verdicts);
	free(budget);
}
