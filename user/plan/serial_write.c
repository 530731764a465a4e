/* SPDX-License-Identifier: BSD-2-Clause */
#include "plan/serial.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "plan/plan.h"

static void put_string(struct strbuf *out, const char *text)
{
	if (!text) {
		strbuf_puts(out, " -");
		return;
	}
	strbuf_puts(out, " \"");
	for (const u8 *c = (const u8 *)text; *c; c++) {
		if (isprint(*c) && *c != '"' && *c != '\\')
			strbuf_putc(out, (char)*c);
		else
			strbuf_printf(out, "\\x%02x", *c);
	}
	strbuf_putc(out, '"');
}

static void put_code(struct strbuf *out, const struct gen_code *code)
{
	strbuf_printf(out, " %zu ", code->n);
	for (size_t i = 0; i < code->n; i++) {
		u64 word;

		memcpy(&word, &code->insns[i], sizeof(word));
		strbuf_printf(out, "%016" PRIx64, word);
	}
	if (!code->n)
		strbuf_putc(out, '-');
}

static void put_module(struct strbuf *out, const struct plan_module *module)
{
	strbuf_puts(out, "module");
	put_string(out, module->path);
	put_string(out, module->shown);
	strbuf_putc(out, ' ');
	for (u8 i = 0; i < module->build_id.len; i++)
		strbuf_printf(out, "%02x", module->build_id.bytes[i]);
	strbuf_puts(out, module->build_id.len ? "\n" : "-\n");
}

static u32 module_index(const struct plan *plan, const struct plan_module *module)
{
	u32 i = 0;

	while (plan->modules[i] != module)
		i++;
	return i;
}

static void put_place(struct strbuf *out, const struct plan *plan, const struct place *place)
{
	unsigned flags = (place->is_inlined ? SERIAL_INLINED : 0) |
			 (place->is_return ? SERIAL_RETURN : 0) |
			 (place->is_tail_call ? SERIAL_TAIL_CALL : 0) |
			 (place->is_gdb_choice ? SERIAL_GDB_CHOICE : 0);

	strbuf_printf(out, "place %u %u %" PRIx64 " %" PRIx64 " %" PRIx64 " %u %u %u %u %u",
		      place->probe, module_index(plan, place->module), place->asked, place->pc,
		      place->offset, place->cost, place->asked_cost, flags, place->line,
		      place->program);
	put_string(out, place->function);
	put_string(out, place->file);
	put_string(out, place->why);
	put_string(out, place->moved);
	strbuf_putc(out, '\n');
}

/* Of the program in the line before. */
static void put_values(struct strbuf *out, const struct plan_program *program)
{
	strbuf_puts(out, "values");
	put_code(out, &program->values);
	strbuf_printf(out, " %u", program->n_values);
	for (u32 i = 0; i < program->n_values; i++) {
		const struct value_slot *slot = &program->value_slots[i];

		strbuf_printf(out, " %u %u %u %u %u", slot->kind, slot->from, slot->size, slot->at,
			      slot->offset);
	}
	strbuf_putc(out, '\n');
}

static void put_program(struct strbuf *out, const struct plan_program *program)
{
	strbuf_puts(out, "program");
	put_code(out, &program->condition);
	put_code(out, &program->roots);
	strbuf_printf(out, " %u", program->n_roots);
	for (u32 i = 0; i < program->n_roots; i++)
		strbuf_printf(out, " %u", program->root_nodes[i]);
	strbuf_putc(out, '\n');
	if (program->values.n || program->n_values)
		put_values(out, program);
}

static void put_table(struct strbuf *out, const struct plan *plan)
{
	for (size_t i = 0; i < plan->n_nodes; i++) {
		const struct read_node *node = &plan->nodes[i];

		strbuf_printf(out, "node %u %u %u %u %u %u\n", node->size, node->kind,
			      node->n_edges, node->first_edge, node->elements, node->stride);
	}
	for (size_t i = 0; i < plan->n_edges; i++)
		strbuf_printf(out, "edge %u %u\n", plan->edges[i].offset, plan->edges[i].node);
}

static void put_line(struct strbuf *out, const char *word, const char *text)
{
	strbuf_puts(out, word);
	put_string(out, text);
	strbuf_putc(out, '\n');
}

void plan_write(const struct plan *plan, struct strbuf *out)
{
	strbuf_puts(out, "snapline-plan 1\n");
	for (int i = 0; i < plan->spec->argc; i++)
		put_line(out, "arg", plan->spec->argv[i]);
	for (size_t i = 0; i < plan->n_modules; i++)
		put_module(out, plan->modules[i]);
	for (size_t i = 0; i < plan->n_probes; i++)
		put_line(out, "probe", plan->probes[i].text);
	put_table(out, plan);
	for (size_t i = 0; i < plan->n_programs; i++)
		put_program(out, &plan->programs[i]);
	for (size_t i = 0; i < plan->n_places; i++)
		put_place(out, plan, &plan->places[i]);
	for (size_t i = 0; i < plan->n_notes; i++)
		put_line(out, "note", plan->notes[i]);
	strbuf_puts(out, "end\n");
}
