/* SPDX-License-Identifier: BSD-2-Clause */
#include "cmd/overhead.h"

#include <string.h>

#include "base/clock.h"
#include "base/host.h"
#include "base/histogram.h"
#include "base/map.h"
#include "cmd/budget.h"
#include "pair.h"

enum { LOOK_NS = 250000000 };

/* See the header. */
struct part {
	const char *text; /* as messages name it */
	u32 probe, n_places;
	bool is_watched, is_out;
	double seconds; /* when it was taken out */
};

struct overhead {
	struct arena *arena;
	const struct plan *plan;
	struct load_costs costs;
	struct budget *budget;
	struct part *parts;
	size_t n_parts;
	u32 *part_of;		   /* by place */
	u64 *place_hits;	   /* by place, at the last look */
	u64 *spent_ns, *hits;	   /* by part */
	u64 started_ns, looked_ns; /* 0: not yet */
	u64 seen_ns, cpu_ns;	   /* between the first look and the last; used by the target */
	const char **texts;
};

u64 overhead_hit_ns(const struct load_costs *costs, const struct place *place)
{
	return place->cost == INSN_EMULATED ? costs->emulated_ns : costs->stepped_ns;
}

/* Both ends of a pair are of one part: what it comes to is TIC's. */
static bool is_tictoc(const struct plan *plan)
{
	return plan->spec->instrument == INSTRUMENT_TICTOC;
}

/* Places of the same key are one part. */
static const char *part_key(const struct plan *plan, const struct place *place, struct arena *arena)
{
	if (is_tictoc(plan))
		return arena_printf(arena, "pair %u", place->pair);
	if (plan->probes[place->probe].spec.form == PLACE_ALL)
		return arena_printf(arena, "%u %s:%u", place->probe, place->file ? place->file : "",
				    place->line);
	return arena_printf(arena, "%u", place->probe);
}

static const char *part_text(const struct plan *plan, const struct place *place,
			     struct arena *arena)
{
	const struct plan_probe *probe = &plan->probes[place->probe];
	const char *slash = place->file ? strrchr(place->file, '/') : NULL;

	if (probe->spec.form == PLACE_ALL && place->file)
		return arena_printf(arena, "%s:%u", slash ? slash + 1 : place->file, place->line);
	return probe->text;
}

static struct part *find_part(struct overhead *overhead, struct map *keys, struct map *known,
			      const struct place *place)
{
	const char *key = part_key(overhead->plan, place, overhead->arena);
	const char *one = map_intern(keys, key, strlen(key));
	size_t *number = map_get(known, (u64)(uintptr_t)one);
	struct part *part;

	if (!number) {
		number = arena_alloc(overhead->arena, sizeof(*number));
		*number = overhead->n_parts;
		map_put(known, (u64)(uintptr_t)one, number);
		part = arena_push(overhead->arena, overhead->parts, overhead->n_parts);
		part->probe = is_tictoc(overhead->plan) ? PROBE_TIC : place->probe;
		part->text = part_text(overhead->plan, place, overhead->arena);
	}
	overhead->part_of[place - overhead->plan->places] = (u32)*number;
	return &overhead->parts[*number];
}

/* Whether any is watched. */
static bool make_parts(struct overhead *overhead)
{
	const struct plan *plan = overhead->plan;
	bool all = plan->spec->limits.overhead_of_all, any = false;
	struct map keys, known;

	map_init(&keys, overhead->arena);
	map_init(&known, overhead->arena);
	overhead->part_of = arena_array(overhead->arena, u32, plan->n_places + 1);
	for (size_t i = 0; i < plan->n_places; i++) {
		struct part *part = find_part(overhead, &keys, &known, &plan->places[i]);

		part->n_places++;
		part->is_watched |= all || plan->places[i].cost == INSN_SINGLE_STEP;
		any |= part->is_watched;
	}
	return any;
}

static void make_budget(struct overhead *overhead)
{
	struct budget_rule rule = {
		.share = overhead->plan->spec->limits.overhead / 100,
		.cpus = host_cpus_online(),
		.n_parts = (u32)overhead->n_parts,
	};
	bool *watched = arena_array(overhead->arena, bool, overhead->n_parts);

	for (size_t i = 0; i < overhead->n_parts; i++)
		watched[i] = overhead->parts[i].is_watched;
	rule.watched = watched;
	overhead->budget = budget_new(&rule);
	overhead->place_hits = arena_array(overhead->arena, u64, overhead->plan->n_places);
	overhead->spent_ns = arena_array(overhead->arena, u64, overhead->n_parts);
	overhead->hits = arena_array(overhead->arena, u64, overhead->n_parts);
	overhead->texts = arena_array(overhead->arena, const char *, overhead->n_parts);
}

struct error *overhead_new(const struct plan *plan, struct overhead **result)
{
	struct arena *arena = arena_new();
	struct overhead *overhead = arena_alloc(arena, sizeof(*overhead));

	*overhead = (struct overhead){.arena = arena, .plan = plan};
	*result = NULL;
	if (!plan->spec->limits.overhead || !make_parts(overhead)) {
		arena_free(arena);
		return NULL;
	}
	load_measure_costs(&overhead->costs);
	if (!overhead->costs.known) {
		arena_free(arena);
		return error_cure(
			error_new(ERROR_FAILED,
				  "what a hit costs on this machine can't be measured, so "
				  "--max-overhead can't be kept"),
			"--max-overhead none goes without it.");
	}
	make_budget(overhead);
	*result = overhead;
	return NULL;
}

/* Hits since the last look are charged at what a hit costs now. */
static void charge(struct overhead *overhead, const struct load_use *use)
{
	const struct plan *plan = overhead->plan;
	u64 runs = plan->returns == RETURNS_SESSION ? 2 : 1; /* its return, too */

	for (size_t i = 0; i < plan->n_places; i++) {
		u64 hits = use->hits[i] - overhead->place_hits[i];
		u32 part = overhead->part_of[i];

		overhead->hits[part] += hits;
		overhead->spent_ns[part] +=
			hits * runs *
			(overhead_hit_ns(&overhead->costs, &plan->places[i]) + use->own_ns[i]);
	}
}

static struct error *detach_parts(const struct overhead *overhead,
				  const struct budget_verdict *verdicts, u32 n,
				  struct load_session *load)
{
	const struct plan *plan = overhead->plan;
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	bool *going = arena_array(arena, bool, overhead->n_parts);
	u32 *places = arena_array(arena, u32, plan->n_places);
	size_t count = 0;

	for (u32 i = 0; i < n; i++)
		going[verdicts[i].part] = true;
	for (size_t i = 0; i < plan->n_places; i++)
		if (going[overhead->part_of[i]])
			places[count++] = plan->places[i].index;
	return load_detach(load, places, count);
}

static const char *verdict_text(const struct overhead *overhead,
				const struct budget_verdict *verdict)
{
	const struct part *part = &overhead->parts[verdict->part];
	_cleanup_(strbuf_free) struct strbuf cost = {0}, all = {0};

	histogram_label_time(&cost, verdict->hit_ns);
	if (verdict->all > verdict->share)
		strbuf_printf(&all, ", and all probes together %.0f %%", 100 * verdict->all);
	return arena_printf(
		overhead->arena,
		"%s is taken out after %.1f s: %.0f hits a second at %s each take %.0f %% of "
		"the time that the program uses itself%s; %g %% are allowed (--max-overhead). "
		"What was counted stays.",
		part->text, part->seconds, verdict->rate, cost.text, 100 * verdict->share,
		all.len ? all.text : "", overhead->plan->spec->limits.overhead);
}

static bool is_time(struct overhead *overhead)
{
	u64 now = clock_now();

	if (overhead->looked_ns && now - overhead->looked_ns < LOOK_NS)
		return false;
	overhead->looked_ns = now;
	return true;
}

/* What came before the first look is nobody's to pay: nothing was known of the target then. */
static void take_in(struct overhead *overhead, const struct load_use *use)
{
	if (overhead->started_ns)
		charge(overhead, use);
	else
		overhead->started_ns = use->time_ns;
	memcpy(overhead->place_hits, use->hits, overhead->plan->n_places * sizeof(u64));
	overhead->seen_ns = use->time_ns - overhead->started_ns;
	overhead->cpu_ns = use->cpu_ns;
}

struct error *overhead_look(struct overhead *overhead, struct load_session *load,
			    const char *const **texts, size_t *n)
{
	const struct budget_verdict *verdicts;
	struct budget_sample sample;
	struct load_use use;
	struct error *err;
	double seconds;
	u32 n_out;

	*n = 0;
	*texts = overhead->texts;
	if (!is_time(overhead))
		return NULL;
	load_use(load, &use);
	take_in(overhead, &use);
	sample =
		(struct budget_sample){use.time_ns, use.cpu_ns, overhead->spent_ns, overhead->hits};
	n_out = budget_judge(overhead->budget, &sample, &verdicts);
	/* The breakpoints go first: a busy kernel takes seconds until their programs are gone. */
	seconds = (double)(clock_now() - overhead->started_ns) / 1e9;
	err = n_out ? detach_parts(overhead, verdicts, n_out, load) : NULL;
	for (u32 i = 0; i < n_out; i++) {
		struct part *part = &overhead->parts[verdicts[i].part];

		part->is_out = true;
		part->seconds = seconds;
		overhead->texts[i] = verdict_text(overhead, &verdicts[i]);
	}
	*n = n_out;
	return err;
}

struct error *overhead_all_out(const struct overhead *overhead)
{
	for (size_t i = 0; i < overhead->n_parts; i++)
		if (!overhead->parts[i].is_out)
			return NULL;
	return error_cure(error_new(ERROR_FAILED,
				    "ended early: every probe is taken out, as it cost more than "
				    "--max-overhead allows"),
			  "Take a place that is reached less often, allow more, or all with "
			  "--max-overhead none.");
}

bool overhead_is_out(const struct overhead *overhead, u32 place)
{
	return overhead && overhead->parts[overhead->part_of[place]].is_out;
}

/* The target's own time is what it has used less what all hits took. */
static double share_of(const struct overhead *overhead, u64 spent_ns)
{
	u64 all = 0, own;

	for (size_t i = 0; i < overhead->n_parts; i++)
		all += overhead->spent_ns[i];
	own = overhead->cpu_ns > all ? overhead->cpu_ns - all : 0;
	return (double)spent_ns / (double)max_u64(own, overhead->seen_ns / 100);
}

void overhead_of_probe(const struct overhead *overhead, u32 probe, struct accounting *accounting)
{
	struct taken_out *out = &accounting->taken_out;
	u64 spent = 0;

	*out = (struct taken_out){0};
	for (size_t i = 0; overhead && i < overhead->n_parts; i++) {
		const struct part *part = &overhead->parts[i];

		if (part->probe != probe)
			continue;
		spent += overhead->spent_ns[i];
		out->of += part->n_places;
		if (!part->is_out)
			continue;
		out->places += part->n_places;
		if (part->seconds > out->seconds)
			out->seconds = part->seconds;
	}
	accounting->overhead_known = out->of && overhead->seen_ns;
	if (accounting->overhead_known)
		accounting->overhead = 100 * share_of(overhead, spent);
}

void overhead_free(struct overhead *overhead)
{
	if (!overhead)
		return;
	budget_free(overhead->budget);
	arena_free(overhead->arena);
}
