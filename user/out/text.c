/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * For people: one snapshot is a title line and a backtrace that reads like gdb's `bt full`.
 *
 *	snapshot 1  server.c:2712  14:36:48.123456  redis-server  pid 812  tid 812  cpu 1
 *	#0  processCommand (c=0x7f6c1a40) at server.c:2712
 *	        c -> {id = 12, argc = 3, ...}
 *	        deny = false
 *	#1  0x000055d0c7a4c6f0 in processInputBuffer (c=0x7f6c1a40) at networking.c:2400
 */
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "arch/arch.h"
#include "event/tictoc.h"
#include "out/pen.h"
#include "out/render.h"
#include "out/report.h"
#include "out/tree.h"

enum { INDENT = 8, VARIABLE_LINES = 20 };

static void put_time(struct pen *pen, u64 time_ns)
{
	time_t seconds = (time_t)(time_ns / 1000000000);
	struct tm local;
	char text[16];

	if (!time_ns || !localtime_r(&seconds, &local) ||
	    !strftime(text, sizeof(text), "%H:%M:%S", &local))
		return;
	pen_printf(pen, PEN_PLAIN, "  %s.%06u", text, (unsigned)(time_ns / 1000 % 1000000));
}

static void put_title(struct pen *pen, const struct event *event)
{
	pen_printf(pen, PEN_TITLE, "snapshot %" PRIu64 "  %s", event->id,
		   event->probe ? event->probe : "");
	put_time(pen, event->time_ns);
	if (event->comm)
		pen_printf(pen, PEN_PLAIN, "  %s", event->comm);
	if (event->pid)
		pen_printf(pen, PEN_PLAIN, "  pid %u  tid %u", event->pid, event->tid);
	else
		pen_put(pen, PEN_PLAIN, "  pid <of another namespace>");
	pen_printf(pen, PEN_PLAIN, "  cpu %u", event->cpu);
	pen_newline(pen, 0);
}

static bool is_argument(const struct value *value)
{
	return value->kind && strcmp(value->kind, "argument") == 0;
}

static void put_arguments(struct pen *pen, const struct frame *frame)
{
	bool first = true;

	pen_put(pen, PEN_PLAIN, " (");
	for (size_t i = 0; i < frame->n_variables; i++) {
		const struct value *value = frame->variables[i];

		if (!is_argument(value))
			continue;
		if (!first)
			pen_put(pen, PEN_PLAIN, ", ");
		first = false;
		pen_put(pen, PEN_NAME, value->name ? value->name : "?");
		pen_put(pen, PEN_PLAIN, "=");
		tree_put_brief(pen, value);
	}
	pen_put(pen, PEN_PLAIN, ")");
}

static void put_where(struct pen *pen, const struct frame *frame)
{
	if (frame->file)
		pen_printf(pen, PEN_PLAIN, " at %s:%u", frame->file, frame->line);
	else if (frame->module && frame->module->path)
		pen_printf(pen, PEN_PLAIN, " from %s", frame->module->path);
	if (frame->is_inlined)
		pen_put(pen, PEN_DIM, " [inlined]");
	if (frame->is_tail_call)
		pen_put(pen, PEN_DIM, " [tail call]");
	if (frame->late)
		pen_put(pen, PEN_DIM, " (late)");
}

/* As gdb: no address at the place itself, nor where an inlined body is entered. */
static bool shows_address(const struct event *event, size_t i)
{
	if (!event->frames[i].function)
		return true;
	return i > 0 && !event->frames[i - 1].is_inlined;
}

static void put_frame_line(struct pen *pen, const struct event *event, size_t i)
{
	const struct frame *frame = &event->frames[i];

	pen_printf(pen, PEN_PLAIN, "#%-3u", frame->n);
	if (shows_address(event, i) && !frame->is_signal) {
		pen_printf(pen, PEN_ADDRESS, "0x%016" PRIx64, frame->ip);
		pen_put(pen, PEN_PLAIN, " in ");
	}
	if (frame->is_signal && !frame->function) {
		pen_put(pen, PEN_PLAIN, "<signal handler called>");
	} else {
		pen_put(pen, PEN_FUNCTION, frame->function ? frame->function : "??");
		put_arguments(pen, frame);
		put_where(pen, frame);
	}
	pen_newline(pen, 0);
}

/* By name: each unit has its own description of a type. */
static bool shows(const struct value *value, const struct value *pointee)
{
	return tree_has_pointee(value) && tree_is_aggregate(value->children) &&
	       value->children->address == pointee->address &&
	       strcmp(value->children->type_name, pointee->type_name) == 0;
}

/* The inner frame that showed already what the value points to; NULL if none did. */
static const struct frame *frame_that_shows(const struct event *event, size_t before,
					    const struct value *value)
{
	if (!tree_has_pointee(value) || !value->children->address)
		return NULL;
	for (size_t i = 0; i < before; i++) {
		const struct frame *frame = &event->frames[i];

		for (size_t j = 0; j < frame->n_variables; j++)
			if (shows(frame->variables[j], value->children))
				return frame;
	}
	return NULL;
}

/* The line of an argument repeats only what the frame's line had no room for. */
static void put_variable(struct pen *pen, const struct event *event, size_t frame,
			 const struct value *value)
{
	const struct frame *seen;

	if (is_argument(value) && !tree_is_aggregate(value) && !tree_has_pointee(value))
		return;
	if (pen->out)
		strbuf_printf(pen->out, "%*s", INDENT, "");
	pen->column = INDENT;
	pen_put(pen, PEN_NAME, value->name ? value->name : "?");
	seen = frame_that_shows(event, frame, value);
	if (is_argument(value) && !tree_is_aggregate(value)) {
		if (!seen)
			tree_put_pointee(pen, value, INDENT);
	} else {
		pen_put(pen, PEN_PLAIN, " = ");
		if (seen)
			tree_put_brief(pen, value);
		else
			tree_put(pen, value, INDENT);
	}
	if (seen)
		pen_printf(pen, PEN_DIM, " -> see #%u", seen->n);
	pen_newline(pen, 0);
}

/* A struct of a hundred members would bury the stack: without -v a variable has 20 lines. */
static void cut_variable(struct pen *pen, size_t start)
{
	struct strbuf *out = pen->out;
	size_t lines = 0, keep = out->len;

	for (size_t i = start; i < out->len; i++)
		if (out->text[i] == '\n' && ++lines == VARIABLE_LINES)
			keep = i + 1;
	if (lines <= VARIABLE_LINES + 1)
		return;
	out->len = keep;
	strbuf_printf(out, "%*s", INDENT, "");
	pen_printf(pen, PEN_DIM, "... (%zu more lines; -v shows them)", lines - VARIABLE_LINES);
	pen_newline(pen, 0);
}

static void put_variables(struct pen *pen, const struct event *event, size_t n, bool all)
{
	const struct frame *frame = &event->frames[n];

	for (size_t i = 0; i < frame->n_variables; i++) {
		size_t start = pen->out->len;

		put_variable(pen, event, n, frame->variables[i]);
		if (!all)
			cut_variable(pen, start);
	}
}

static void put_frames(struct pen *pen, const struct event *event, bool all)
{
	for (size_t i = 0; i < event->n_frames; i++) {
		put_frame_line(pen, event, i);
		put_variables(pen, event, i, all);
	}
	if (event->stack_end && !strstr(event->stack_end, "outermost")) {
		pen_printf(pen, PEN_DIM, "(the stack ends here: %s)", event->stack_end);
		pen_newline(pen, 0);
	}
}

static const char *register_name(const struct arch *arch, unsigned dwarf_reg)
{
	for (size_t i = 0; i < arch->n_names; i++)
		if (arch->dwarf_slot[dwarf_reg] == arch->names[i].slot &&
		    arch->names[i].size == arch->pointer_size)
			return arch->names[i].name;
	return NULL;
}

static void put_registers(struct pen *pen, const struct event *event)
{
	enum { IN_A_LINE = 4 };
	const struct arch *arch = arch_native();
	unsigned n = 0;

	for (unsigned i = 0; arch && i < arch->n_dwarf_regs; i++) {
		const char *name = arch->dwarf_slot[i] < 0 ? NULL : register_name(arch, i);

		if (!name || event->regs->absence[i] != PRESENT)
			continue;
		pen_printf(pen, PEN_NAME, "%s%-4s", n % IN_A_LINE ? "  " : "    ", name);
		pen_printf(pen, PEN_PLAIN, "0x%016" PRIx64, event->regs->value[i]);
		if (++n % IN_A_LINE == 0)
			pen_newline(pen, 0);
	}
	if (n % IN_A_LINE)
		pen_newline(pen, 0);
}

static struct error *put_snapshot(const struct sink *sink, const struct event *event)
{
	_cleanup_(strbuf_free) struct strbuf out = {0};
	struct pen pen = {.out = &out, .color = sink->options.color};

	put_title(&pen, event);
	if (event->tictoc)
		text_pair(&pen, event->tictoc->pair);
	for (size_t i = 0; i < event->n_captures; i++)
		put_variable(&pen, event, 0, event->captures[i]);
	if (event->show_regs && event->regs)
		put_registers(&pen, event);
	put_frames(&pen, event, sink->options.verbose > 0);
	return render_write(sink->options.out, &out);
}

static void put_class(struct pen *pen, const char *name, u64 number, bool show, const char **sign)
{
	if (!show)
		return;
	pen_printf(pen, PEN_PLAIN, " %s %s ", *sign, name);
	pen_count(pen, PEN_PLAIN, number, 0);
	*sign = "+";
}

static void put_outside(struct pen *pen, const struct accounting *sum, bool all)
{
	if (!sum->missed_known)
		pen_put(pen, PEN_PLAIN, "  missed unknown");
	if (sum->missed_known && (sum->missed || all)) {
		pen_put(pen, PEN_PLAIN, "  missed ");
		pen_count(pen, PEN_PLAIN, sum->missed, 0);
	}
	if (sum->faulted || all) {
		pen_put(pen, PEN_PLAIN, "  faulted reads ");
		pen_count(pen, PEN_PLAIN, sum->faulted, 0);
	}
	pen_printf(pen, PEN_PLAIN, "  %.1f s", sum->seconds);
	if (all && sum->overhead_known)
		pen_printf(pen, PEN_PLAIN, "  overhead %.1f %%", sum->overhead);
}

void text_taken_out(struct pen *pen, const struct taken_out *out)
{
	if (!out->places)
		return;
	if (out->places < out->of)
		pen_printf(pen, PEN_PLAIN, "  %u of %u places taken out, the last", out->places,
			   out->of);
	else
		pen_put(pen, PEN_PLAIN, "  taken out");
	pen_printf(pen, PEN_PLAIN, " after %.1f s", out->seconds);
}

static struct error *put_summary(const struct sink *sink, const struct event *event)
{
	_cleanup_(strbuf_free) struct strbuf out = {0};
	struct pen pen = {.out = &out, .color = sink->options.color};
	const struct accounting *sum = &event->accounting;
	const char *sign = "=";
	bool all = sink->options.verbose > 0;

	if (event->probe)
		pen_printf(&pen, PEN_TITLE, "%s: ", event->probe);
	pen_put(&pen, PEN_PLAIN, "hits ");
	pen_count(&pen, PEN_PLAIN, sum->hits, 0);
#define X(name) \
	put_class(&pen, #name, sum->name, all || sum->name || strcmp(#name, "emitted") == 0, &sign);
	HIT_CLASSES(X)
#undef X
	put_outside(&pen, sum, all);
	text_taken_out(&pen, &sum->taken_out);
	pen_newline(&pen, 0);
	return render_write(sink->options.err, &out);
}

static struct error *put_notice(const struct sink *sink, const struct event *event)
{
	_cleanup_(strbuf_free) struct strbuf out = {0};
	struct pen pen = {.out = &out};

	pen_printf(&pen, PEN_PLAIN, "snapline: %s", event->notice ? event->notice : "");
	pen_newline(&pen, 0);
	return render_write(sink->options.err, &out);
}

static bool continues_live(const struct event *event)
{
	return event->kind == EVENT_TICTOC && event->tictoc->is_live && !event->tictoc->is_first;
}

static struct error *text_event(struct sink *sink, const struct event *event)
{
	struct error *err = continues_live(event) ? NULL : text_erase_live(sink);

	if (err)
		return err;
	switch (event->kind) {
	case EVENT_SNAPSHOT: return put_snapshot(sink, event);
	case EVENT_LOG: return text_log(sink, event);
	case EVENT_TICTOC: return text_tictoc(sink, event);
	case EVENT_PAIRS: return sink->options.quiet ? NULL : text_pairs(sink, event);
	case EVENT_SUMMARY: return sink->options.quiet ? NULL : put_summary(sink, event);
	case EVENT_NOTICE: return sink->options.quiet ? NULL : put_notice(sink, event);
	case EVENT_COUNT: return text_count(sink, event->count);
	}
	return NULL;
}

const struct sink_type sink_text = {.name = "text", .event = text_event};
