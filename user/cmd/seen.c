/* SPDX-License-Identifier: BSD-2-Clause */
#include "cmd/seen.h"

#include <string.h>

#include "cmd/cmd_output.h"

static const char *const kinds[] = {
	[DW_ARGUMENT] = "argument", [DW_LOCAL] = "local", [DW_GLOBAL] = "global"};

static struct error *see_var(struct dw *dw, u64 pc, const struct dw_var *var, struct arena *arena,
			     struct seen_var *seen)
{
	struct loc *loc;
	struct error *err = dw_var_loc(dw, var->die, pc, arena, &loc);

	if (err)
		return err;
	seen->name = var->name ? arena_strdup(arena, var->name) : "<unnamed>";
	seen->type = type_name(var->type, arena);
	seen->kind = kinds[var->kind];
	seen->is_absent = loc->absence != PRESENT;
	seen->where = seen->is_absent ? absence_text(loc->absence)
				      : loc_text(loc, elf_file_arch(dw_file(dw)), arena);
	return NULL;
}

static struct error *see_frame(struct dw *dw, u64 pc, const struct dw_frame *frame,
			       struct arena *arena, struct seen_frame *seen)
{
	struct error *err = NULL;

	*seen = (struct seen_frame){
		.function = frame->function && frame->function->name ? frame->function->name : "?",
		.is_inlined = frame->instance.is_inlined,
		.call_file = frame->call_file,
		.call_line = frame->call_line,
		.vars = arena_array(arena, struct seen_var, frame->n_vars),
		.n_vars = frame->n_vars,
	};
	for (size_t i = 0; !err && i < frame->n_vars; i++)
		err = see_var(dw, pc, &frame->vars[i], arena, &seen->vars[i]);
	return err;
}

struct error *seen_at(struct dw *dw, u64 pc, struct arena *arena, struct seen_frame **frames,
		      size_t *n)
{
	struct dw_frame *found;
	struct seen_frame *seen;
	size_t count;
	struct error *err = dw_frames_at(dw, pc, arena, &found, &count);

	if (err)
		return err;
	seen = arena_array(arena, struct seen_frame, count);
	for (size_t i = 0; !err && i < count; i++)
		err = see_frame(dw, pc, &found[i], arena, &seen[i]);
	if (err)
		return err;
	*frames = seen;
	*n = count;
	return NULL;
}

static int widest(const struct seen_frame *frame, bool types)
{
	enum { COLUMN_MAX = 32 };
	size_t width = 0;

	for (size_t i = 0; i < frame->n_vars; i++) {
		size_t len = strlen(types ? frame->vars[i].type : frame->vars[i].name);

		if (len > width && len <= COLUMN_MAX)
			width = len;
	}
	return (int)width;
}

static void print_frame(const struct seen_frame *frame, const char *indent)
{
	int name = widest(frame, false), type = widest(frame, true);

	cmd_print("%s%s", indent, frame->function);
	if (frame->is_inlined && frame->call_file)
		cmd_print(", inlined at %s:%u", frame->call_file, frame->call_line);
	cmd_print("%s\n", frame->n_vars ? "" : " (no variables)");
	for (size_t i = 0; i < frame->n_vars; i++) {
		const struct seen_var *var = &frame->vars[i];

		cmd_print("%s  %-*s  %-*s  %-8s  %s\n", indent, name, var->name, type, var->type,
			  var->kind, var->where);
	}
}

void seen_print(const struct seen_frame *frames, size_t n, const char *indent)
{
	for (size_t i = 0; i < n; i++)
		print_frame(&frames[i], indent);
}

static void json_var(struct json *json, const struct seen_var *var)
{
	json_object(json);
	json_key(json, "name");
	json_string(json, var->name);
	json_key(json, "type");
	json_string(json, var->type);
	json_key(json, "kind");
	json_string(json, var->kind);
	json_key(json, "location");
	json_string(json, var->where);
	json_key(json, "absent");
	json_bool(json, var->is_absent);
	json_object_end(json);
}

void seen_json(struct json *json, const struct seen_frame *frames, size_t n)
{
	json_array(json);
	for (size_t i = 0; i < n; i++) {
		json_object(json);
		json_key(json, "function");
		json_string(json, frames[i].function);
		json_key(json, "inlined");
		json_bool(json, frames[i].is_inlined);
		json_key(json, "variables");
		json_array(json);
		for (size_t j = 0; j < frames[i].n_vars; j++)
			json_var(json, &frames[i].vars[j]);
		json_array_end(json);
		json_object_end(json);
	}
	json_array_end(json);
}
