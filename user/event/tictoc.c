/* SPDX-License-Identifier: BSD-2-Clause */
#include "event/tictoc.h"

#include <string.h>

#include "event/variables.h"
#include "plan/tictoc.h"

static struct error *bad_part(const char *what)
{
	return error_new(ERROR_FAILED, "damaged record: %s", what);
}

/* Until tictoc_values() the pair's values are these. */
struct raw_pair {
	struct tictoc_pair pair;
	u32 place;
	const struct tic_values *raw; /* NULL: there was no room for them */
};

struct error *tictoc_decode(struct event *event, const struct decoder *decoder, const u8 *bytes,
			    size_t len)
{
	struct raw_pair *raw = arena_alloc(event->arena, sizeof(*raw));
	struct tic_part part;

	if (len < sizeof(part))
		return bad_part("what it knows of its pair is cut off");
	memcpy(&part, bytes, sizeof(part));
	if (part.tic_place >= decoder->plan->n_places)
		return bad_part("its pair began nowhere");
	if (part.has_values && len < sizeof(part) + sizeof(struct tic_values))
		return bad_part("the values of its pair are cut off");
	raw->place = part.tic_place;
	if (part.has_values)
		raw->raw = arena_memdup(event->arena, bytes + sizeof(part), sizeof(*raw->raw));
	raw->pair = (struct tictoc_pair){
		.elapsed_ns = part.elapsed,
		.tic_time_ns = part.tic_time + (u64)decoder->realtime_offset,
		.tic_ktime_ns = part.tic_time,
		.tic_hit = part.tic_hit,
		.tic_pid = part.tic_pid,
		.tic_tid = part.tic_tid,
	};
	event->tictoc = arena_alloc(event->arena, sizeof(*event->tictoc));
	event->tictoc->pair = &raw->pair;
	return NULL;
}

/* What was copied is put where the program had it, so that values find it there. */
static struct value *tic_value(const struct plan_tic *tic, const struct plan_program *program,
			       const struct tic_values *raw, const struct value_context *context)
{
	const struct bay_value *value;
	const struct value_slot *slot;

	if (tic->value >= program->n_values)
		return value_absent(tic->text, "tic", tic->expr->type, ABSENT_NOT_CAPTURED, NULL,
				    context->arena);
	value = &raw->values[tic->value];
	slot = &program->value_slots[tic->value];
	/* A string that could not be read is still a pointer. */
	if (value->state != VALUE_OK && !(slot->kind == VALUE_STRING && value->bits))
		return value_absent(tic->text, "tic", tic->expr->type,
				    value_state_absence(value->state), NULL, context->arena);
	if (slot->kind == VALUE_BYTES)
		return value_from_memory(tic->text, "tic", tic->expr->type, value->bits, context);
	return value_from_bytes(tic->text, "tic", tic->expr->type, (const u8 *)&value->bits,
				min_u64(type_strip(tic->expr->type)->size, sizeof(value->bits)),
				context);
}

/* A constant that the program never touched is not resident, but it is in the file. */
static bool add_constant(struct image *image, const struct event *event, u64 address, size_t most)
{
	const struct event_module *module = module_at(event->modules, event->n_modules, address);
	const u8 *bytes = NULL;
	size_t len = most;

	if (module && module->dw)
		bytes = elf_file_constant_bytes(dw_file(module->dw), address - module->bias, &len);
	if (bytes)
		image_add(image, address, bytes, min_u64(len, most), IMAGE_FILE);
	return bytes;
}

static struct image *tic_image(const struct event *event, const struct plan_program *program,
			       const struct tic_values *raw)
{
	static const u8 end;
	struct image *image = image_new(event->arena);

	for (u32 i = 0; i < program->n_values; i++) {
		const struct value_slot *slot = &program->value_slots[i];
		const struct bay_value *value = &raw->values[i];

		if (slot->kind == VALUE_SCALAR)
			continue;
		if (value->state != VALUE_OK) {
			if (slot->kind == VALUE_STRING &&
			    add_constant(image, event, value->bits, slot->size + 1))
				continue;
			image_add_absent(image, value->bits, max_u64(slot->size, 1),
					 value_state_absence(value->state));
			continue;
		}
		if (slot->at > sizeof(raw->data) || value->len > sizeof(raw->data) - slot->at)
			continue;
		image_add(image, value->bits, raw->data + slot->at, value->len, IMAGE_HIT);
		if (slot->kind == VALUE_STRING && value->len < slot->size)
			image_add(image, value->bits + value->len, &end, 1, IMAGE_HIT);
	}
	return image;
}

struct error *tictoc_values(struct event *event, const struct decoder *decoder,
			    const struct value_limits *limits)
{
	struct raw_pair *raw = event->tictoc ? (struct raw_pair *)event->tictoc->pair : NULL;
	const struct plan *plan = decoder->plan;
	const struct plan_program *program;
	const struct place *place;
	struct frame_context *context;
	struct value_context values;
	struct error *err;

	if (!raw)
		return NULL;
	place = &plan->places[raw->place];
	program = &plan->programs[place->program];
	if (!place->n_tics || !event->n_frames)
		return NULL;
	err = frame_context(event, &event->frames[0], limits, &context);
	if (err)
		return err;
	values = context->value;
	raw->pair.values = arena_array(event->arena, struct value *, place->n_tics);
	raw->pair.n_values = place->n_tics;
	if (raw->raw)
		values.image = tic_image(event, program, raw->raw);
	for (size_t i = 0; i < place->n_tics; i++)
		raw->pair.values[i] =
			raw->raw ? tic_value(&place->tics[i], program, raw->raw, &values)
				 : value_absent(place->tics[i].text, "tic",
						place->tics[i].expr->type, ABSENT_NOT_CAPTURED,
						"<no room to keep it>", event->arena);
	return NULL;
}

/* The types of --by, from the first place that has them. */
static const struct expr *const *by_types(const struct plan *plan)
{
	for (size_t i = 0; i < plan->n_places; i++)
		if (plan->places[i].by)
			return plan->places[i].by;
	return NULL;
}

static const char *no_symbol(void *context, u64 address, bool functions_only, struct arena *arena)
{
	return NULL;
}

static struct value *by_value(const char *text, const struct expr *expr, const struct row_key *key,
			      u32 i, u32 *n_texts, const struct value_context *context)
{
	const struct type *type = expr ? expr->type : type_basic(TYPE_BASIC_ULONG);
	bool is_text = type_is_char_array(type) || type_is_char_pointer(type);
	u32 state = (key->errors >> (8 * i)) & 0xff;

	if (is_text) {
		u32 at = (*n_texts)++ % TICTOC_MAX_TEXTS;
		size_t len = min_u64(key->bits[i], TICTOC_TEXT - 1);

		if (!state)
			return value_from_bytes(
				text, "by",
				type_array_of(type_basic(TYPE_BASIC_CHAR), len + 1, context->arena),
				(const u8 *)key->text[at], len + 1, context);
	}
	if (state)
		return value_absent(text, "by", type, value_state_absence(state), NULL,
				    context->arena);
	return value_from_bytes(text, "by", type, (const u8 *)&key->bits[i],
				min_u64(type_strip(type)->size, sizeof(key->bits[i])), context);
}

static struct event *new_event(const struct plan *plan, enum event_kind kind)
{
	struct arena *arena = arena_new();
	struct event *event = arena_alloc(arena, sizeof(*event));

	event->arena = arena;
	event->kind = kind;
	event->probe = plan->spec->n_places == 2
			       ? arena_printf(arena, "%s .. %s", plan->probes[PROBE_TIC].text,
					      plan->probes[PROBE_TOC].text)
			       : plan->probes[PROBE_TIC].text;
	event->tictoc = arena_alloc(arena, sizeof(*event->tictoc));
	return event;
}

struct event *tictoc_row_event(const struct plan *plan, const struct tictoc_row *row,
			       const struct value_limits *limits)
{
	struct event *event = new_event(plan, EVENT_TICTOC);
	const struct count_spec *spec = &plan->spec->count;
	const struct expr *const *types = by_types(plan);
	const struct value_context context = {
		.arena = event->arena,
		.image = image_new(event->arena),
		.limits = limits,
		.symbol = no_symbol,
	};
	u32 n_texts = 0;

	event->tictoc->histogram =
		arena_memdup(event->arena, &row->histogram, sizeof(row->histogram));
	event->tictoc->is_overflow = row->is_overflow && spec->n_by;
	event->tictoc->is_first = row->is_first;
	event->tictoc->seconds = row->seconds;
	if (row->is_overflow)
		return event;
	event->tictoc->by = arena_array(event->arena, struct value *, spec->n_by + 1);
	event->tictoc->n_by = spec->n_by;
	for (u32 i = 0; i < spec->n_by; i++)
		event->tictoc->by[i] = by_value(spec->by[i], types ? types[i] : NULL, &row->key, i,
						&n_texts, &context);
	return event;
}

struct event *tictoc_pairs_event(const struct plan *plan, const struct pairs_accounting *sum)
{
	struct event *event = new_event(plan, EVENT_PAIRS);

	event->tictoc->sum = *sum;
	return event;
}
