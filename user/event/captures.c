/* SPDX-License-Identifier: BSD-2-Clause */
#include "event/captures.h"

#include <string.h>

#include "event/variables.h"

static struct expr_env environment(const struct event *event)
{
	return (struct expr_env){
		.pid = event->pid,
		.tid = event->tid,
		.cpu = event->cpu,
		.time = event->ktime_ns,
		.hits = event->hit,
		.comm = event->comm,
	};
}

/* A value that was computed has its bytes in the result; one in memory is read from the image. */
static struct value *result_value(const char *text, const struct expr_result *result,
				  const struct frame_context *context)
{
	const struct value_context *values = &context->value;
	struct value *value;

	if (result->absence != PRESENT)
		return value_absent(text, "capture", result->type, result->absence, result->error,
				    values->arena);
	if (result->is_lvalue && result->address)
		value = value_from_memory(text, "capture", result->type, result->address, values);
	else
		value = result->blob
				? value_from_bytes(text, "capture", result->type, result->blob,
						   result->blob_len, values)
				: value_from_bytes(text, "capture", result->type, result->bytes,
						   type_strip(result->type)->size, values);
	value->late = value->late || result->late;
	return value;
}

/* A variable may be here in parts. */
static bool is_variable_here(const struct expr *expr, const struct frame_context *context)
{
	return expr && expr->kind == EXPR_VARIABLE && (!expr->dw || expr->dw == context->loc.dw);
}

static struct value *capture_value(const char *text, const struct expr *expr,
				   const struct expr_env *env, struct frame_context *context)
{
	struct expr_result result = {.absence = ABSENT_NO_MODULE};

	if (is_variable_here(expr, context))
		return value_from_loc(text, "capture", expr->type, expr->loc, &context->value);
	if (expr)
		expr_eval(expr, &context->loc, env, &result);
	return result_value(text, &result, context);
}

static const struct place *place_of(const struct event *event, const struct plan *plan)
{
	return &plan->places[event->place_index];
}

struct error *event_captures(struct event *event, const struct plan *plan,
			     const struct value_limits *limits)
{
	const struct place *place = place_of(event, plan);
	const struct expr_env env = environment(event);
	struct frame_context *context;
	struct error *err;

	if (!plan->spec->n_captures || !event->n_frames)
		return NULL;
	err = frame_context(event, &event->frames[0], limits, &context);
	if (err)
		return err;
	event->captures = arena_array(event->arena, struct value *, plan->spec->n_captures);
	for (size_t i = 0; i < plan->spec->n_captures; i++) {
		const struct expr *expr = place->captures ? place->captures[i] : NULL;
		const char *text = plan->spec->captures[i];

		if (expr || text != plan->spec->returned)
			event->captures[event->n_captures++] =
				capture_value(text, expr, &env, context);
	}
	return NULL;
}
