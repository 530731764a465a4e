/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Chrome's trace events (the JSON array form), which Perfetto and chrome://tracing show. A pair of
 * tic-toc is an async slice, `b` at its tic and `e` at its toc, so that slices of one thread may
 * overlap; other snapshots are instants. Times are microseconds of CLOCK_MONOTONIC.
 */
#include <string.h>

#include "base/json.h"
#include "event/tictoc.h"
#include "out/render.h"

static void put_arguments(struct json *json, const struct event *event)
{
	struct value *const *values = event->captures;
	size_t n = event->n_captures;

	if (event->tictoc && event->tictoc->pair) {
		values = event->tictoc->pair->values;
		n = event->tictoc->pair->n_values;
	}
	json_key(json, "args");
	json_object(json);
	for (size_t i = 0; i < n; i++)
		json_member_string(json, values[i]->name, value_text(values[i], event->arena));
	json_object_end(json);
}

static void put_head(struct json *json, const struct event *event, const char *phase, u64 ktime_ns,
		     u32 pid, u32 tid)
{
	json_object(json);
	json_member_string(json, "name",
			   event->place.function ? event->place.function : event->probe);
	json_member_string(json, "cat", "snapline");
	json_member_string(json, "ph", phase);
	json_key(json, "ts");
	json_real(json, (double)ktime_ns / 1000);
	json_member_u64(json, "pid", pid);
	json_member_u64(json, "tid", tid);
}

static void put_pair(struct json *json, struct strbuf *out, const struct event *event)
{
	const struct tictoc_pair *pair = event->tictoc->pair;

	put_head(json, event, "b", pair->tic_ktime_ns, pair->tic_pid, pair->tic_tid);
	json_member_u64(json, "id", event->id);
	put_arguments(json, event);
	json_object_end(json);
	error_free(json_end(json));
	strbuf_puts(out, ",\n");
	json_begin(json, out);
	put_head(json, event, "e", pair->tic_ktime_ns + pair->elapsed_ns, pair->tic_pid,
		 pair->tic_tid);
	json_member_u64(json, "id", event->id);
	json_object_end(json);
}

static struct error *trace_event(struct sink *sink, const struct event *event)
{
	_cleanup_(strbuf_free) struct strbuf out = {0};
	struct error *err;
	struct json json;

	if (event->kind != EVENT_SNAPSHOT)
		return sink->options.quiet
			       ? NULL
			       : sink_text.event(
					 &(struct sink){.options = {.out = sink->options.err,
								    .err = sink->options.err}},
					 event);
	strbuf_puts(&out, sink->has_begun ? ",\n" : "[\n");
	sink->has_begun = true;
	json_begin(&json, &out);
	if (event->tictoc && event->tictoc->pair) {
		put_pair(&json, &out, event);
	} else {
		put_head(&json, event, "i", event->ktime_ns, event->pid, event->tid);
		json_member_string(&json, "s", "t");
		put_arguments(&json, event);
		json_object_end(&json);
	}
	err = json_end(&json);
	return err ? err : render_write(sink->options.out, &out);
}

static struct error *trace_end(struct sink *sink)
{
	_cleanup_(strbuf_free) struct strbuf out = {0};

	strbuf_puts(&out, sink->has_begun ? "\n]\n" : "[]\n");
	return render_write(sink->options.out, &out);
}

const struct sink_type sink_trace = {.name = "trace", .event = trace_event, .end = trace_end};
