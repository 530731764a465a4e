/* SPDX-License-Identifier: BSD-2-Clause */
#include "cmd/count_keys.h"

#include <string.h>

#include "base/clock.h"
#include "value/text.h"

enum { NS_PER_TICK = 10000000 }; /* of proc_start_time() */

static const struct value_limits text_limits = {
	.string_bytes = COUNT_STRING_BYTES, .elements = COUNT_STRING_BYTES, .repeats = UINT32_MAX};

static const char *take_text(struct strbuf *text, struct arena *arena)
{
	const char *result = arena_strdup(arena, text->text ? text->text : "");

	strbuf_free(text);
	return result;
}

static struct key_value missing(u8 state)
{
	enum absence why = value_state_absence(state);

	return (struct key_value){
		.kind = KEY_IS_MISSING,
		.status = absence_status(why),
		.text = absence_text(why),
	};
}

static struct key_value text_value(const char *bytes, bool is_cut, struct arena *arena)
{
	struct char_form form = {.width = 1, .prefix = ""};
	struct key_value value = {.kind = KEY_IS_TEXT, .is_cut = is_cut};
	size_t len = strnlen(bytes, COUNT_STRING_BYTES);
	struct strbuf text = {0};

	text_string(&text, (const u8 *)bytes, len, form, is_cut, &text_limits);
	value.string = arena_strndup(arena, bytes, len);
	value.text = take_text(&text, arena);
	return value;
}

static bool is_enumerator(const struct type *type, u64 number)
{
	const struct type_enumerator *all;
	size_t n = type_enumerators(type, &all);

	for (size_t i = 0; i < n; i++)
		if ((u64)all[i].value == number)
			return true;
	return type->is_flag_enum && number;
}

static struct key_value real_value(const struct type *type, u64 bits, struct arena *arena)
{
	struct key_value value = {.kind = KEY_IS_REAL};
	struct strbuf text = {0};
	long double real = 0;

	text_real(&text, type, (const u8 *)&bits, &real);
	value.real = (double)real;
	value.text = take_text(&text, arena);
	return value;
}

static struct key_value number_value(const struct type *type, u64 number, struct arena *arena)
{
	const struct type *bare = type_strip(type);
	struct key_value value = {.kind = KEY_IS_NUMBER, .number = number};
	struct strbuf text = {0};

	if (bare->kind == TYPE_FLOAT)
		return real_value(bare, number, arena);
	value.is_signed = bare->is_signed;
	if (bare->kind == TYPE_POINTER) {
		value.kind = KEY_IS_SYMBOL;
		strbuf_printf(&text, "0x%llx", (unsigned long long)number);
	} else {
		if (bare->kind == TYPE_BOOL && number <= 1)
			value.kind = KEY_IS_BOOL;
		if (bare->kind == TYPE_ENUM && is_enumerator(bare, number))
			value.kind = KEY_IS_SYMBOL;
		text_integer(&text, type, number, &text_limits);
	}
	value.text = take_text(&text, arena);
	return value;
}

/* The innermost function there, as the line that calls stands in it; else the symbol. */
static const char *function_at(struct dw *dw, u64 pc, struct arena *arena)
{
	_cleanup_(error_freep) struct error *err = NULL;
	const struct elf_symbol *symbol;
	struct dw_frame *frames;
	size_t n = 0;

	err = dw_frames_at(dw, pc, arena, &frames, &n);
	if (!err && n && frames[0].function && frames[0].function->name)
		return frames[0].function->name;
	symbol = elf_file_symbol_at(dw_file(dw), pc);
	return symbol ? symbol->name : NULL;
}

static struct process *key_process(struct processes *processes, int pid)
{
	u64 ticks = 0;

	error_free(proc_start_time(pid, &ticks));
	return processes_get(processes, pid, ticks * NS_PER_TICK, clock_now());
}

/* A return address may be that of the function behind the caller, if nothing follows the call. */
static struct key_value code_value(struct processes *processes, int pid, u64 address,
				   bool is_return, struct arena *arena)
{
	struct process *process = key_process(processes, pid);
	struct key_value value = {.kind = KEY_IS_SYMBOL, .number = address};
	u64 looked = address - is_return;
	const struct event_module *module = module_at(process->modules, process->n_modules, looked);

	if (module && module->dw)
		value.text = function_at(module->dw, looked - module->bias, arena);
	if (!value.text)
		value.text = arena_printf(arena, "0x%llx", (unsigned long long)address);
	return value;
}

/*
 * A constant that the program never touched isn't resident, but the file has it. Of a process that
 * is gone only executable mappings are known: the file's segments say what lay beside them.
 */
static const char *constant_text(struct processes *processes, int pid, u64 address,
				 struct arena *arena)
{
	struct process *process = address ? key_process(processes, pid) : NULL;

	for (size_t i = 0; process && i < process->n_modules; i++) {
		const struct event_module *module = &process->modules[i];
		size_t len = COUNT_STRING_BYTES;
		const u8 *bytes =
			module->dw ? elf_file_constant_bytes(dw_file(module->dw),
							     address - module->bias, &len)
				   : NULL;

		if (bytes)
			return arena_strndup(
				arena, (const char *)bytes,
				strnlen((const char *)bytes, min_u64(len, COUNT_STRING_BYTES)));
	}
	return NULL;
}

static bool is_caller(const struct expr *expr)
{
	return expr->kind == EXPR_BUILTIN && expr->builtin == BUILTIN_CALLER;
}

static struct key_value stack_value(const struct event *event, struct arena *arena)
{
	struct key_value value = {.kind = KEY_IS_STACK};
	struct strbuf text = {0};

	value.frames = arena_array(arena, const char *, event->n_frames + 1);
	for (size_t i = 0; i < event->n_frames; i++) {
		const struct frame *frame = &event->frames[i];
		const char *name = frame->function ? arena_strdup(arena, frame->function)
						   : arena_printf(arena, "0x%llx",
								  (unsigned long long)frame->ip);

		value.frames[value.n_frames++] = name;
		strbuf_printf(&text, "%s%s", i ? " < " : "", name);
	}
	value.text = take_text(&text, arena);
	return value;
}

static struct key_value value_of(const struct plan_key *what, const struct count_key *key, size_t i,
				 const char *string, struct processes *processes,
				 struct arena *arena)
{
	u8 state = key->states[i];
	u64 number = key->numbers[i];
	int pid = (int)key->pid;

	if (state == VALUE_NOT_RESIDENT && string) {
		string = constant_text(processes, pid, number, arena);
		if (string)
			state = strlen(string) < COUNT_STRING_BYTES ? VALUE_OK : COUNT_CUT;
	}
	if (state & ~COUNT_CUT)
		return missing(state);
	switch (what->kind) {
	case KEY_TEXT: return text_value(string, state & COUNT_CUT, arena);
	case KEY_CODE: return code_value(processes, pid, number, is_caller(what->expr), arena);
	default: return number_value(what->expr->type, number, arena);
	}
}

struct key_value *count_key_values(const struct plan *plan, const struct place *first,
				   const struct count_key *key, struct processes *processes,
				   const struct event *stack, struct arena *arena)
{
	size_t n = plan->spec->count.n_by, at = 0, strings = 0;
	struct key_value *values = arena_array(arena, struct key_value, n + 1);

	for (size_t i = 0; i < n; i++) {
		const struct plan_key *what = &first->keys[i];
		const char *string = what->kind == KEY_TEXT ? key->strings[strings++] : NULL;

		values[i] = what->kind == KEY_STACK
				    ? stack_value(stack, arena)
				    : value_of(what, key, at++, string, processes, arena);
	}
	return values;
}
