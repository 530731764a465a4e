/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "base/histogram.h"
#include "cmd/cmd_output.h"
#include "cmd/explain.h"
#include "expr/expr.h"

static void print_address(const char *what, u64 pc, const char *text, const char *cost)
{
	cmd_print("  %-9s 0x%llx  %s  (%s)\n", what, (unsigned long long)pc, text, cost);
}

static void print_hit(const struct explained *explained)
{
	struct strbuf _cleanup_(strbuf_free) cost = {0};

	if (!explained->hit_ns) {
		cmd_print("  %-9s can't be measured without the privileges that probes need\n",
			  "a hit");
		return;
	}
	histogram_label_time(&cost, explained->hit_ns);
	cmd_print("  %-9s takes %s on this machine, and what its program takes", "a hit",
		  cost.text);
	if (explained->most_hits > 0)
		cmd_print("; --max-overhead %g allows some %.0f a second in a program that uses "
			  "one CPU",
			  explained->plan->spec->limits.overhead, explained->most_hits);
	putchar('\n');
}

static void print_addresses(const struct explained *explained)
{
	const struct place *place = explained->place;

	print_address("asked", place->asked, explained->asked_text, explained->asked_cost);
	if (place->why)
		cmd_print("  %-9s %s\n", "", place->why);
	print_address("probed", place->pc, explained->probed_text, explained->probed_cost);
	if (place->moved)
		cmd_print("  %-9s %s\n", "", place->moved);
	print_hit(explained);
	if (place->is_gdb_choice)
		cmd_print("  %-9s would put its breakpoint here\n", "gdb");
	else if (place->gdb_pc)
		cmd_print("  %-9s would put its breakpoint at 0x%llx\n", "gdb",
			  (unsigned long long)place->gdb_pc);
}

static void print_expressions(const struct explained *explained, struct arena *arena)
{
	const struct place *place = explained->place;
	const struct spec *spec = explained->plan->spec;

	if (place->condition)
		cmd_print("  condition %s\n", expr_dump(place->condition, arena));
	for (size_t i = 0; i < place->n_values; i++)
		cmd_print("  value     %s: %s\n", place->values[i].text,
			  place->values[i].missing ? place->values[i].missing
						   : expr_dump(place->values[i].expr, arena));
	for (size_t i = 0; place->keys && i < spec->count.n_by; i++)
		cmd_print("  by        %s: %s\n", spec->count.by[i],
			  place->keys[i].expr ? expr_dump(place->keys[i].expr, arena)
					      : "the stack, unwound by snapline");
	if (place->histogram)
		cmd_print("  histogram %s: %s\n", spec->count.histogram,
			  expr_dump(place->histogram, arena));
	for (size_t i = 0; place->captures && i < spec->n_captures; i++)
		cmd_print("  capture   %s: %s\n", spec->captures[i],
			  expr_dump(place->captures[i], arena));
}

static struct error *text_place(const struct explained *explained, struct arena *arena)
{
	const struct place *place = explained->place;

	cmd_print("%s: place %u, ", explained->probe, place->index + 1);
	if (place->file)
		cmd_print("%s:%u in ", place->file, place->line);
	cmd_print("%s%s\n", place->function ? place->function : "?",
		  place->is_inlined ? " (inlined)" : "");
	cmd_print("  %-9s %s%s%s\n", "module", place->module->shown,
		  explained->build_id ? ", build-id " : "",
		  explained->build_id ? explained->build_id : "");
	print_addresses(explained);
	if (explained->plan->spec->instrument == INSTRUMENT_TICTOC)
		explain_tictoc_place(explained->plan, place, arena);
	print_expressions(explained, arena);
	if (explained->plan->n_programs > 1)
		cmd_print("  %-9s %u\n", "program", place->program + 1);
	if (explained->n_frames == 0)
		cmd_print("  %-9s none: there is no debug information for this address\n",
			  "variables");
	seen_print(explained->frames, explained->n_frames, "  ");
	putchar('\n');
	return NULL;
}

/* Lines of a listing, indented. */
static void print_listing(const char *listing)
{
	while (*listing) {
		size_t len = strcspn(listing, "\n");

		cmd_print("    %.*s\n", (int)len, listing);
		listing += len + (listing[len] == '\n');
	}
}

static void print_code(const char *what, const struct gen_code *code, struct arena *arena)
{
	cmd_print("  %s, %zu instructions\n", what, code->n);
	print_listing(gen_listing(code, arena));
}

static void print_node(const struct plan *plan, u32 number)
{
	const struct read_node *node = &plan->nodes[number];

	cmd_print("node %u: %s%u bytes", number,
		  node->kind == READ_STRING ? "a string, up to " : "", node->size);
	if (node->elements > 1)
		cmd_print(", %u elements of %u", node->elements, node->stride);
}

static void print_roots(const struct plan *plan, const struct plan_program *program)
{
	cmd_print("  reads registers and stack\n");
	for (u32 i = 0; i < program->n_roots; i++) {
		u32 number = program->root_nodes[i];

		if (!number || number >= plan->n_nodes)
			continue;
		cmd_print("    and from %s ",
			  program->root_names[i] ? program->root_names[i] : "?");
		print_node(plan, number);
		putchar('\n');
	}
}

static const struct plan_value *value_of_slot(const struct place *place, u32 slot)
{
	for (size_t i = 0; i < place->n_values; i++)
		if (place->values[i].slot == slot || place->values[i].string == slot)
			return &place->values[i];
	return NULL;
}

static void print_slot(const struct plan *plan, const struct plan_program *program,
		       const struct place *place, u32 number)
{
	u64 shown = plan->spec->limits.string_bytes;
	const struct value_slot *slot = &program->value_slots[number];
	const struct plan_value *value =
		value_of_slot(place, slot->kind == VALUE_INNER ? slot->from : number);
	const char *text = value ? value->text : "?";

	switch (slot->kind) {
	case VALUE_SCALAR: cmd_print("    %s\n", text); break;
	case VALUE_BYTES: cmd_print("    %u bytes of %s\n", slot->size, text); break;
	case VALUE_STRING:
		cmd_print("    up to %llu characters at %s\n",
			  (unsigned long long)min_u64(slot->size, shown), text);
		break;
	default:
		cmd_print("    up to %llu characters at the pointer %u bytes into %s\n",
			  (unsigned long long)min_u64(slot->size, shown),
			  slot->offset - program->value_slots[slot->from].at, text);
	}
}

/* What a log line's record holds; the places of a program have the same. */
static void print_values(const struct plan *plan, u32 number)
{
	const struct plan_program *program = &plan->programs[number];
	const struct place *place = plan->places;

	while (place->program != number)
		place++;
	cmd_print("  writes%s\n", program->n_values ? "" : " no values");
	for (u32 i = 0; i < program->n_values; i++)
		print_slot(plan, program, place, i);
}

static void print_counting(const struct plan *plan, const struct plan_program *program)
{
	const struct count_spec *spec = &plan->spec->count;
	bool is_plain = !program->condition.n && !spec->n_by && !spec->histogram;
	bool copies_stack = false;

	for (size_t i = 0; i < spec->n_by; i++)
		copies_stack |= strcmp(spec->by[i], "$stack") == 0;
	cmd_print("  counts%s\n", is_plain ? ", by one addition in the counter of the place" : "");
	if (copies_stack)
		cmd_print("  copies the stack at each hit: the dearest way to count\n");
}

/* The pointers that the walk follows from each node; shared by all programs, so said once, with -v.
 */
static void print_table(const struct plan *plan)
{
	cmd_print("  read table, %zu nodes\n", plan->n_nodes ? plan->n_nodes - 1 : 0);
	for (u32 i = 1; i < plan->n_nodes; i++) {
		const struct read_node *node = &plan->nodes[i];

		cmd_print("    ");
		print_node(plan, i);
		for (u32 j = 0; j < node->n_edges && node->first_edge + j < plan->n_edges; j++) {
			const struct read_edge *edge = &plan->edges[node->first_edge + j];

			cmd_print("%s +%u -> %u", j ? "," : ", pointers at", edge->offset,
				  edge->node);
		}
		putchar('\n');
	}
}

static struct error *text_program(const struct plan *plan, u32 number, unsigned verbose,
				  struct arena *arena)
{
	const struct plan_program *program = &plan->programs[number];

	cmd_print("program %u\n", number + 1);
	if (program->condition.n)
		print_code("condition", &program->condition, arena);
	if (plan->spec->message)
		print_values(plan, number);
	else if (plan->spec->instrument == INSTRUMENT_COUNT)
		print_counting(plan, program);
	else if (plan->spec->instrument == INSTRUMENT_TICTOC && !program->roots.n)
		cmd_print("  %s\n", program->is_toc ? "takes the pair, adds its time to a histogram"
						    : "notes the time");
	else
		print_roots(plan, program);
	if (program->values.n)
		print_code("values", &program->values, arena);
	if (program->roots.n)
		print_code("where the reads start", &program->roots, arena);
	if (verbose && number == 0 && plan->n_nodes)
		print_table(plan);
	return NULL;
}

static struct error *text_note(const char *text)
{
	cmd_print("note: %s\n", text);
	return NULL;
}

const struct explain_form explain_text = {text_place, text_program, text_note};
