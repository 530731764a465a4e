/* SPDX-License-Identifier: BSD-2-Clause */
/* What explain says of tic-toc besides its places: how pairs are made, which returns, what it
 * costs. */
#include "cmd/cmd_output.h"
#include "cmd/explain.h"
#include "plan/tictoc.h"

/* Probes of one end, by what a hit costs. */
struct end_cost {
	unsigned emulated, stepped;
};

static struct end_cost cost_of(const struct plan *plan, u32 probe)
{
	struct end_cost cost = {0};

	for (size_t i = 0; i < plan->n_places; i++) {
		if (plan->places[i].probe != probe)
			continue;
		if (plan->places[i].cost == INSN_EMULATED)
			cost.emulated++;
		else
			cost.stepped++;
	}
	return cost;
}

static const char *pairing(const struct plan *plan)
{
	static const char *const words[] = {
		[PAIR_FUNCTION] = "by the call's frame (its CFA): recursion and "
				  "nesting are told apart",
		[PAIR_THREAD] = "by the thread: the newest tic before a toc counts",
		[PAIR_KEY] = "by the key, across the threads of a process",
	};
	static const char *const in_go[] = {
		[PAIR_FUNCTION] = "by the goroutine and the call's frame: recursion and nesting "
				  "are told apart",
		[PAIR_THREAD] = "by the goroutine: the newest tic before a toc counts",
	};
	enum tictoc_mode mode = plan_tictoc_mode(plan->spec);

	if (plan->n_places && plan_tictoc_by_goroutine(plan, &plan->places[0]))
		return in_go[mode];
	return words[mode];
}

static const char *returns(const struct plan *plan)
{
	if (plan_tictoc_mode(plan->spec) != PAIR_FUNCTION)
		return NULL;
	if (plan->returns == RETURNS_SESSION)
		return "a session link on the entry alone: the kernel replaces the return address "
		       "while the call lasts";
	return "return instructions and the jumps of tail calls; no return address is replaced, so "
	       "that whatever unwinds the stack finds it as it was";
}

static const char *returns_by(const struct plan *plan)
{
	if (plan_tictoc_mode(plan->spec) != PAIR_FUNCTION)
		return NULL;
	return plan->returns == RETURNS_SESSION ? "session" : "instructions";
}

static const char *why_so(const struct plan *plan)
{
	if (plan->returns_why)
		return plan->returns_why;
	return plan->returns == RETURNS_SESSION
		       ? "nothing in the processes unwinds or switches stacks, and an own child "
			 "came through it on this kernel"
		       : NULL;
}

static void print_end(const char *name, struct end_cost cost)
{
	unsigned n = cost.emulated + cost.stepped;

	cmd_print(
		"  %-9s %u place%s: %u emulated (one trap a hit), %u single-stepped (two traps)\n",
		name, n, n == 1 ? "" : "s", cost.emulated, cost.stepped);
}

static void print_tictoc(const struct plan *plan)
{
	cmd_print("pairs\n  %-9s %s\n", "made", pairing(plan));
	if (returns(plan))
		cmd_print("  %-9s %s\n", "returns", returns(plan));
	if (why_so(plan))
		cmd_print("  %-9s %s%s\n", "",
			  plan->returns == RETURNS_SESSION ? "why: " : "no session link: ",
			  why_so(plan));
	print_end("tic", cost_of(plan, PROBE_TIC));
	if (plan->returns == RETURNS_SESSION)
		cmd_print("  %-9s by the same link: one trap a return\n", "toc");
	else
		print_end("toc", cost_of(plan, PROBE_TOC));
	cmd_print("  %-9s a pair passes one place of each end\n\n", "cost");
}

static void json_end_cost(struct json *json, const char *name, struct end_cost cost)
{
	json_key(json, name);
	json_object(json);
	json_key(json, "emulated");
	json_u64(json, cost.emulated);
	json_key(json, "single_stepped");
	json_u64(json, cost.stepped);
	json_object_end(json);
}

static struct error *json_tictoc_plan(const struct plan *plan)
{
	struct strbuf line = {0};
	struct json json;

	cmd_json_begin(&json, &line, "pairs");
	json_key(&json, "made");
	json_string(&json, pairing(plan));
	json_key(&json, "returns");
	json_string(&json, returns(plan));
	json_key(&json, "returns_by");
	json_string(&json, returns_by(plan));
	json_key(&json, "why");
	json_string(&json, why_so(plan));
	json_end_cost(&json, "tic", cost_of(plan, PROBE_TIC));
	json_end_cost(&json, "toc", cost_of(plan, PROBE_TOC));
	return cmd_json_end(&json);
}

struct error *explain_tictoc(const struct plan *plan, bool as_json)
{
	if (as_json)
		return json_tictoc_plan(plan);
	print_tictoc(plan);
	return NULL;
}

void explain_tictoc_place(const struct plan *plan, const struct place *place, struct arena *arena)
{
	const struct spec *spec = plan->spec;

	if (plan_tictoc_mode(spec) == PAIR_FUNCTION)
		cmd_print("  %-9s %s%+d is the CFA\n", "frame",
			  place->cfa_is_fp ? "frame pointer" : "stack pointer", place->cfa_offset);
	if (place->key)
		cmd_print("  %-9s %s: %s\n", "key", spec->tictoc.key, expr_dump(place->key, arena));
	for (size_t i = 0; place->by && i < spec->count.n_by; i++)
		cmd_print("  %-9s %s: %s\n", "by", spec->count.by[i],
			  expr_dump(place->by[i], arena));
	for (size_t i = 0; i < place->n_tics; i++)
		cmd_print("  %-9s %s: %s\n", "keeps", place->tics[i].text,
			  place->tics[i].value < SNAPLINE_MAX_VALUES
				  ? expr_dump(place->tics[i].expr, arena)
				  : "<can't be kept>");
}
