/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One JSON object a line, `event` first. Names are stable: adding is allowed, renaming is not.
 *
 * snapshot  probe id time pid tid comm cpu
 *           place{function file line pc module build_id}
 *           frames[{n function file line pc ip module inlined tailcall signal late
 *           variables[...]}]
 *           stack_end stack_cut captures[...] registers{name: "0x..."}
 * log       probe id time pid tid comm cpu place{...} message values[...]
 *           suppressed, lost: lines that are missing before this one, by the rate and by a full
 *           buffer; left out where none is
 * summary   probe hits over_limit condition_error condition_false rate_limited buffer_full emitted
 *           missed (null: the kernel doesn't say) faulted seconds
 *           overhead (percent of the target's own CPU time; null: it wasn't watched)
 *           taken_out{places of seconds} (null: nothing; by --max-overhead)
 * notice    text
 * tictoc, and a summary of it: json_tictoc.c
 *
 * pid and tid are null for a process that snapline's pid namespace doesn't see.
 *
 * A variable, and each of its children:
 *   name      null for what a pointer points to
 *   type      as C writes it
 *   kind      argument, local, global, capture, value; member, base, element, pointee
 *   status    ok, or why the value is missing (base/absence.h)
 *   value     number, string or bool where JSON holds it exactly, else the text; null for what is
 *             missing and for what has members or elements instead
 *   text      what the terminal shows, without what it points to
 *   address   "0x..." of the thing itself, where it is in memory
 *   pointer   "0x..." that a pointer holds
 *   string_status  why the string of a char pointer is missing or ends early
 *   late      true: it, or its string, was read after the hit
 *   repeats   an element that stands for so many equal ones
 *   cut       true: there is more than the limits let through
 *   cycle     true: points to something it is inside of, and wasn't followed
 *   children  members, elements, or the one pointee
 * What has no meaning for a thing is left out, from `address` on.
 */
#include <inttypes.h>
#include <math.h>
#include <string.h>
#include <time.h>

#include "arch/arch.h"
#include "base/json.h"
#include "out/render.h"
#include "out/report.h"

/* Room that a variable needs below the deepest level that the writer allows. */
enum { SPARE_DEPTH = 8 };

/* 0: the process is not of snapline's pid namespace. */
static void put_pid_key(struct json *json, const char *key, u32 pid)
{
	json_key(json, key);
	if (pid)
		json_u64(json, pid);
	else
		json_null(json);
}

void render_json_time(struct json *json, u64 time_ns)
{
	time_t seconds = (time_t)(time_ns / 1000000000);
	char day[32], text[64];
	struct tm utc;

	json_key(json, "time");
	if (!time_ns || !gmtime_r(&seconds, &utc) ||
	    !strftime(day, sizeof(day), "%Y-%m-%dT%H:%M:%S", &utc)) {
		json_null(json);
		return;
	}
	snprintf(text, sizeof(text), "%s.%09uZ", day, (unsigned)(time_ns % 1000000000));
	json_string(json, text);
}

/* A string is its value if all of it is there, and nothing but NULs follow its end. */
static bool is_whole_string(const struct value *value, size_t *len)
{
	size_t end;

	if (!value->string || value->string_cut || value->cut || value->string_absence != PRESENT)
		return false;
	end = strnlen(value->string, value->string_len);
	for (size_t i = end; i < value->string_len; i++)
		if (value->string[i])
			return false;
	*len = end;
	return json_is_text(value->string, end);
}

static void put_real(struct json *json, const struct value *value)
{
	double shown = (double)value->real;

	if (isfinite(shown) && (long double)shown == value->real)
		json_real(json, shown);
	else
		json_string(json, value->text);
}

static void put_scalar(struct json *json, const struct value *value)
{
	const struct type *type = type_strip(value->type);

	switch (type->kind) {
	case TYPE_BOOL:
		if (value->number > 1)
			json_u64(json, value->number);
		else
			json_bool(json, value->number);
		break;
	case TYPE_CHAR:
	case TYPE_INT:
		if (type->is_signed)
			json_s64(json, (s64)value->number);
		else
			json_u64(json, value->number);
		break;
	case TYPE_FLOAT: put_real(json, value); break;
	case TYPE_POINTER: json_hex(json, value->number); break;
	default: json_string(json, value->text); break;
	}
}

static bool is_pointer(const struct value *value)
{
	enum type_kind kind = value->type ? type_strip(value->type)->kind : TYPE_UNKNOWN;

	return value->is_scalar && (kind == TYPE_POINTER || kind == TYPE_REFERENCE);
}

void render_json_value(struct json *json, const struct value *value)
{
	size_t len;

	if (value->absence != PRESENT || (!value->is_scalar && value->n_children))
		json_null(json);
	else if (is_whole_string(value, &len))
		json_bytes(json, value->string, len);
	else if (value->string || value->string_absence != PRESENT)
		json_string(json, value->text);
	else if (value->is_scalar && value->type)
		put_scalar(json, value);
	else
		json_string(json, value->text);
}

static void put_variable(struct json *json, const struct value *value, struct arena *arena);

void render_json_variables(struct json *json, const char *key, struct value *const *values,
			   size_t n, struct arena *arena)
{
	json_key(json, key);
	json_array(json);
	for (size_t i = 0; i < n; i++)
		put_variable(json, values[i], arena);
	json_array_end(json);
}

static void put_children(struct json *json, const struct value *value, struct arena *arena)
{
	bool too_deep = json->depth + SPARE_DEPTH > JSON_MAX_DEPTH;

	json_member_true(json, "cut",
			 value->cut || value->string_cut || (too_deep && value->n_children));
	json_member_true(json, "cycle", value->cycle);
	if (!value->n_children || too_deep)
		return;
	json_key(json, "children");
	json_array(json);
	for (size_t i = 0; i < value->n_children; i++)
		put_variable(json, &value->children[i], arena);
	json_array_end(json);
}

static void put_variable(struct json *json, const struct value *value, struct arena *arena)
{
	json_object(json);
	json_member_string(json, "name", value->name);
	json_member_string(json, "type", value->type_name);
	json_member_string(json, "kind", value->kind);
	json_member_string(json, "status", absence_status(value->absence));
	json_key(json, "value");
	render_json_value(json, value);
	json_member_string(json, "text", value_text(value, arena));
	if (value->address)
		json_member_hex(json, "address", value->address);
	if (is_pointer(value))
		json_member_hex(json, "pointer", value->number);
	if (value->string_absence != PRESENT)
		json_member_string(json, "string_status", absence_status(value->string_absence));
	json_member_true(json, "late", value->late || value->string_late);
	if (value->repeats > 1)
		json_member_u64(json, "repeats", value->repeats);
	put_children(json, value, arena);
	json_object_end(json);
}

static void put_build_id(struct json *json, const struct build_id *id)
{
	struct strbuf text = {0};

	for (unsigned i = 0; id && i < id->len && i < sizeof(id->bytes); i++)
		strbuf_printf(&text, "%02x", id->bytes[i]);
	json_member_string(json, "build_id", text.text);
	strbuf_free(&text);
}

/* What a place and a frame have in common. */
static void put_position(struct json *json, const char *function, const char *file, unsigned line,
			 u64 pc, const char *module)
{
	json_member_string(json, "function", function);
	json_member_string(json, "file", file);
	json_key(json, "line");
	if (file)
		json_u64(json, line);
	else
		json_null(json);
	json_member_hex(json, "pc", pc);
	json_member_string(json, "module", module);
}

static void put_place(struct json *json, const struct event_place *place)
{
	json_key(json, "place");
	json_object(json);
	put_position(json, place->function, place->file, place->line, place->pc, place->module);
	put_build_id(json, place->build_id);
	json_object_end(json);
}

static void put_frame(struct json *json, const struct frame *frame, struct arena *arena)
{
	json_object(json);
	json_member_u64(json, "n", frame->n);
	put_position(json, frame->function, frame->file, frame->line, frame->pc,
		     frame->module ? frame->module->path : NULL);
	json_member_hex(json, "ip", frame->ip);
	json_key(json, "inlined");
	json_bool(json, frame->is_inlined);
	json_member_true(json, "tailcall", frame->is_tail_call);
	json_member_true(json, "signal", frame->is_signal);
	json_member_true(json, "late", frame->late);
	render_json_variables(json, "variables", frame->variables, frame->n_variables, arena);
	json_object_end(json);
}

static void put_registers(struct json *json, const struct event *event)
{
	const struct arch *arch = arch_native();

	json_key(json, "registers");
	json_object(json);
	for (size_t i = 0; arch && i < arch->n_names; i++) {
		const struct arch_reg_name *name = &arch->names[i];

		for (unsigned reg = 0; reg < arch->n_dwarf_regs; reg++)
			if (arch->dwarf_slot[reg] == name->slot &&
			    name->size == arch->pointer_size &&
			    event->regs->absence[reg] == PRESENT)
				json_member_hex(json, name->name, event->regs->value[reg]);
	}
	json_object_end(json);
}

/* Which hit it was. */
static void put_hit(struct json *json, const struct event *event)
{
	json_member_string(json, "probe", event->probe);
	json_member_u64(json, "id", event->id);
	render_json_time(json, event->time_ns);
	put_pid_key(json, "pid", event->pid);
	put_pid_key(json, "tid", event->tid);
	json_member_string(json, "comm", event->comm);
	json_member_u64(json, "cpu", event->cpu);
	put_place(json, &event->place);
}

static void put_log(struct json *json, const struct event *event)
{
	put_hit(json, event);
	json_key(json, "message");
	json_bytes(json, event->message, event->message_len);
	render_json_variables(json, "values", event->values, event->n_values, event->arena);
	if (event->suppressed)
		json_member_u64(json, "suppressed", event->suppressed);
	if (event->lost)
		json_member_u64(json, "lost", event->lost);
}

static void put_snapshot(struct json *json, const struct event *event)
{
	put_hit(json, event);
	json_key(json, "frames");
	json_array(json);
	for (size_t i = 0; i < event->n_frames; i++)
		put_frame(json, &event->frames[i], event->arena);
	json_array_end(json);
	json_member_string(json, "stack_end", event->stack_end);
	json_member_true(json, "stack_cut", event->stack_cut);
	render_json_variables(json, "captures", event->captures, event->n_captures, event->arena);
	if (event->tictoc)
		json_pair(json, event);
	if (event->show_regs && event->regs)
		put_registers(json, event);
}

void json_overhead(struct json *json, bool known, double overhead, const struct taken_out *out)
{
	json_key(json, "overhead");
	known ? json_real(json, overhead) : json_null(json);
	json_key(json, "taken_out");
	if (!out->places) {
		json_null(json);
		return;
	}
	json_object(json);
	json_member_u64(json, "places", out->places);
	json_member_u64(json, "of", out->of);
	json_key(json, "seconds");
	json_real(json, out->seconds);
	json_object_end(json);
}

static void put_summary(struct json *json, const struct event *event)
{
	const struct accounting *sum = &event->accounting;

	json_member_string(json, "probe", event->probe);
	json_member_u64(json, "hits", sum->hits);
#define X(name) json_member_u64(json, #name, sum->name);
	HIT_CLASSES(X)
#undef X
	json_key(json, "missed");
	if (sum->missed_known)
		json_u64(json, sum->missed);
	else
		json_null(json);
	json_member_u64(json, "faulted", sum->faulted);
	json_key(json, "seconds");
	json_real(json, sum->seconds);
	json_overhead(json, sum->overhead_known, sum->overhead, &sum->taken_out);
}

static struct error *json_event(struct sink *sink, const struct event *event)
{
	static const char *const names[] = {
		[EVENT_SNAPSHOT] = "snapshot", [EVENT_LOG] = "log",
		[EVENT_SUMMARY] = "summary",   [EVENT_NOTICE] = "notice",
		[EVENT_TICTOC] = "tictoc",     [EVENT_PAIRS] = "summary"};
	_cleanup_(strbuf_free) struct strbuf out = {0};
	struct error *err;
	struct json json;

	if (event->kind == EVENT_COUNT)
		return json_count(sink, event->count);
	json_begin(&json, &out);
	json_object(&json);
	json_member_string(&json, "event", names[event->kind]);
	switch (event->kind) {
	case EVENT_SNAPSHOT: put_snapshot(&json, event); break;
	case EVENT_LOG: put_log(&json, event); break;
	case EVENT_TICTOC: json_tictoc(&json, event); break;
	case EVENT_PAIRS: json_pairs(&json, event); break;
	case EVENT_SUMMARY: put_summary(&json, event); break;
	case EVENT_NOTICE: json_member_string(&json, "text", event->notice); break;
	case EVENT_COUNT: break;
	}
	json_object_end(&json);
	err = json_end(&json);
	if (err)
		return err;
	strbuf_putc(&out, '\n');
	return event->kind == EVENT_LOG ? render_write_later(sink->options.out, &out)
					: render_write(sink->options.out, &out);
}

const struct sink_type sink_json = {.name = "json", .event = json_event};
