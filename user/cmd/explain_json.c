/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "cmd/cmd_output.h"
#include "cmd/explain.h"
#include "expr/expr.h"

static void add_position(struct json *json, const struct explained *explained)
{
	const struct place *place = explained->place;

	json_member_string(json, "probe", explained->probe);
	json_member_string(json, "module", place->module->shown);
	json_member_string(json, "build_id", explained->build_id);
	json_member_string(json, "function", place->function);
	json_member_string(json, "file", place->file);
	json_member_u64(json, "line", place->line);
	json_member_bool(json, "inlined", place->is_inlined);
	json_member_string(json, "why", place->why);
}

static void add_addresses(struct json *json, const struct explained *explained)
{
	const struct place *place = explained->place;

	json_member_hex(json, "asked", place->asked);
	json_member_string(json, "asked_instruction", explained->asked_text);
	json_member_string(json, "asked_cost", explained->asked_cost);
	json_member_hex(json, "probed", place->pc);
	json_member_string(json, "probed_instruction", explained->probed_text);
	json_member_string(json, "probed_cost", explained->probed_cost);
	json_key(json, "hit_ns");
	explained->hit_ns ? json_u64(json, explained->hit_ns) : json_null(json);
	json_member_string(json, "moved", place->moved);
	json_member_bool(json, "gdb", place->is_gdb_choice);
	json_key(json, "gdb_pc");
	place->gdb_pc ? json_hex(json, place->gdb_pc) : json_null(json);
	json_member_u64(json, "program", place->program + 1);
}

static void add_keys(struct json *json, const struct plan *plan, const struct place *place,
		     struct arena *arena)
{
	const struct count_spec *spec = &plan->spec->count;

	json_key(json, "by");
	json_object(json);
	for (size_t i = 0; place->keys && i < spec->n_by; i++)
		json_member_string(json, spec->by[i],
				   place->keys[i].expr ? expr_dump(place->keys[i].expr, arena)
						       : NULL);
	json_object_end(json);
	json_member_string(json, "histogram",
			   place->histogram ? expr_dump(place->histogram, arena) : NULL);
}

static void add_values(struct json *json, const struct place *place, struct arena *arena)
{
	json_key(json, "values");
	json_array(json);
	for (size_t i = 0; i < place->n_values; i++) {
		const struct plan_value *value = &place->values[i];

		json_object(json);
		json_member_string(json, "name", value->text);
		json_member_string(json, "missing", value->missing);
		json_member_string(json, "expression",
				   value->missing ? NULL : expr_dump(value->expr, arena));
		json_object_end(json);
	}
	json_array_end(json);
}

static void add_expressions(struct json *json, const struct explained *explained,
			    struct arena *arena)
{
	const struct place *place = explained->place;
	size_t n = place->captures ? explained->plan->spec->n_captures : 0;

	json_member_string(json, "condition",
			   place->condition ? expr_dump(place->condition, arena) : NULL);
	json_key(json, "captures");
	json_array(json);
	for (size_t i = 0; i < n; i++)
		json_string(json, expr_dump(place->captures[i], arena));
	json_array_end(json);
	if (place->keys || place->histogram)
		add_keys(json, explained->plan, place, arena);
	if (place->n_values)
		add_values(json, place, arena);
}

static struct error *json_place(const struct explained *explained, struct arena *arena)
{
	struct strbuf line = {0};
	struct json json;

	cmd_json_begin(&json, &line, "place");
	add_position(&json, explained);
	add_addresses(&json, explained);
	json_key(&json, "frames");
	seen_json(&json, explained->frames, explained->n_frames);
	add_expressions(&json, explained, arena);
	return cmd_json_end(&json);
}

static void add_listing(struct json *json, const char *key, const struct gen_code *code,
			struct arena *arena)
{
	const char *listing = code->n ? gen_listing(code, arena) : "";

	json_key(json, key);
	json_array(json);
	while (*listing) {
		size_t len = strcspn(listing, "\n");

		json_bytes(json, listing, len);
		listing += len + (listing[len] == '\n');
	}
	json_array_end(json);
}

static struct error *json_program(const struct plan *plan, u32 index, unsigned verbose,
				  struct arena *arena)
{
	const struct plan_program *program = &plan->programs[index];
	struct strbuf line = {0};
	struct json json;

	cmd_json_begin(&json, &line, "program");
	json_member_u64(&json, "program", index + 1);
	add_listing(&json, "condition", &program->condition, arena);
	json_key(&json, "roots");
	json_array(&json);
	for (u32 i = 0; i < program->n_roots; i++) {
		u32 node = program->root_nodes[i];

		json_object(&json);
		json_member_string(&json, "name", program->root_names[i]);
		json_member_u64(&json, "bytes", node < plan->n_nodes ? plan->nodes[node].size : 0);
		json_object_end(&json);
	}
	json_array_end(&json);
	add_listing(&json, "root_instructions", &program->roots, arena);
	if (program->values.n)
		add_listing(&json, "value_instructions", &program->values, arena);
	return cmd_json_end(&json);
}

static struct error *json_note(const char *note)
{
	struct strbuf line = {0};
	struct json json;

	cmd_json_begin(&json, &line, "note");
	json_member_string(&json, "text", note);
	return cmd_json_end(&json);
}

const struct explain_form explain_json = {json_place, json_program, json_note};
