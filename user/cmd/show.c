/* SPDX-License-Identifier: BSD-2-Clause */
#include "cmd/show.h"

#include <unistd.h>

#include "cmd/cmd_output.h"
#include "event/captures.h"
#include "event/tictoc.h"
#include "event/unwind.h"
#include "event/variables.h"

static const char *const format_names[] = {
	[FORMAT_TEXT] = "text",
	[FORMAT_JSON] = "json",
	[FORMAT_TRACE] = "trace",
};

struct error *show_open(const struct spec *spec, FILE *out, struct sink **sink)
{
	const struct sink_options options = {
		.out = out,
		.err = stderr,
		.terminal = STDOUT_FILENO,
		.color = cmd_color(spec),
		.quiet = spec->quiet,
		.verbose = spec->verbose,
	};

	return sink_new(format_names[spec->format], &options, sink);
}

struct value_limits show_limits(const struct limits *limits)
{
	return (struct value_limits){
		.depth = limits->depth,
		.elements = limits->elements,
		.string_bytes = limits->string_bytes,
		.repeats = 10,
		.nodes = 10000,
	};
}

/* Header to frames; again, if a module was loaded since the process's maps were read. */
struct error *show_frames(struct decoder *decoder, const void *record, size_t len,
			  const struct late_memory *late, size_t n_late, struct event **event)
{
	u32 max_frames = decoder->plan->spec->limits.frames;
	struct error *err = event_decode(decoder, record, len, late, n_late, event);

	if (!err)
		err = event_unwind(*event, max_frames);
	if (err || !(*event)->left_modules)
		return err;
	if (!processes_learn(decoder->processes, (*event)->process))
		return NULL;
	event_free(*event);
	*event = NULL;
	decoder->next_id--;
	err = event_decode(decoder, record, len, late, n_late, event);
	return err ? err : event_unwind(*event, max_frames);
}

struct error *show_decode(struct decoder *decoder, const void *record, size_t len,
			  const struct late_memory *late, size_t n_late, struct event **event)
{
	const struct limits *limits = &decoder->plan->spec->limits;
	struct value_limits values = show_limits(limits);
	struct event *result = NULL;
	struct error *err = show_frames(decoder, record, len, late, n_late, &result);

	if (!err)
		err = event_values(result, &values);
	if (!err && decoder->plan->spec->instrument == INSTRUMENT_TICTOC)
		err = tictoc_values(result, decoder, &values);
	else if (!err)
		err = event_captures(result, decoder->plan, &values);
	if (err) {
		event_free(result);
		return err;
	}
	*event = result;
	return NULL;
}

struct error *show_summary(struct sink *sink, const char *probe,
			   const struct accounting *accounting)
{
	const struct event event = {
		.kind = EVENT_SUMMARY,
		.probe = probe,
		.accounting = *accounting,
	};

	return sink_event(sink, &event);
}

struct error *show_count(struct sink *sink, const struct count_report *report)
{
	const struct event event = {.kind = EVENT_COUNT, .count = report};

	return sink_event(sink, &event);
}

struct error *show_row(struct sink *sink, const struct plan *plan, const struct tictoc_row *row)
{
	const struct value_limits limits = show_limits(&plan->spec->limits);
	_cleanup_(event_freep) struct event *event = tictoc_row_event(plan, row, &limits);

	return sink_event(sink, event);
}

struct error *show_pairs(struct sink *sink, const struct plan *plan,
			 const struct pairs_accounting *sum)
{
	_cleanup_(event_freep) struct event *event = tictoc_pairs_event(plan, sum);

	return sink_event(sink, event);
}

struct error *show_notice(struct sink *sink, const char *text)
{
	const struct event event = {.kind = EVENT_NOTICE, .notice = text};

	return sink_event(sink, &event);
}
