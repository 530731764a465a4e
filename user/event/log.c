/* SPDX-License-Identifier: BSD-2-Clause */
#include "event/log.h"

#include <inttypes.h>
#include <string.h>

#include "base/strbuf.h"
#include "event/variables.h"
#include "value/text.h"

struct log_decoder {
	struct decoder *decoder;
	bool with_values;
	struct value_limits limits;
	u64 *suppressed, *lost; /* by probe: what the line before said */
	struct arena *arena;	/* of the decoder itself */
	struct strbuf message;
	struct event event; /* of this line, in an arena that is emptied for the next */
	char comm[SNAPLINE_COMM + 1];
	/* Of this line. */
	const struct log_head *head;
	const struct place *place;
	const struct value_slot *slots;
	bool has_image, has_modules;
	struct frame_context context;
};

struct log_decoder *log_decoder_new(struct decoder *decoder, bool with_values)
{
	const struct plan *plan = decoder->plan;
	const struct limits *limits = &plan->spec->limits;
	struct arena *arena = arena_new();
	struct log_decoder *log = arena_alloc(arena, sizeof(*log));

	log->arena = arena;
	log->decoder = decoder;
	log->with_values = with_values;
	log->limits = (struct value_limits){
		.elements = limits->elements,
		.string_bytes = limits->string_bytes,
		.repeats = 10,
		.nodes = 10000,
	};
	log->suppressed = arena_array(arena, u64, plan->n_probes + 1);
	log->lost = arena_array(arena, u64, plan->n_probes + 1);
	log->event.arena = arena_new();
	return log;
}

void log_decoder_free(struct log_decoder *log)
{
	if (!log)
		return;
	strbuf_free(&log->message);
	arena_free(log->event.arena);
	arena_free(log->arena);
}

bool log_is_record(const void *bytes, size_t len)
{
	u32 magic;

	if (len < sizeof(magic))
		return false;
	memcpy(&magic, bytes, sizeof(magic));
	return magic == SNAPLINE_LOG_MAGIC;
}

static struct error *damaged(const char *what)
{
	return error_new(ERROR_FAILED, "damaged log record: %s", what);
}

static struct error *check_head(const struct log_decoder *log, const struct log_head *head,
				size_t len)
{
	if (head->size > len || head->size < sizeof(*head))
		return damaged("its size");
	if (head->place >= log->decoder->plan->n_places)
		return damaged("its place");
	if (head->n_values > SNAPLINE_MAX_VALUES || head->data_offset > head->size ||
	    head->data_offset < sizeof(*head) + head->n_values * sizeof(struct bay_value))
		return damaged("its number of values");
	return NULL;
}

static const struct bay_value *bay_value(const struct log_decoder *log, u32 slot)
{
	const struct bay_value *values = (const void *)(log->head + 1);

	return slot < log->head->n_values ? &values[slot] : NULL;
}

/* The bytes that were copied for a value; NULL: they don't fit the record. */
static const u8 *slot_bytes(const struct log_decoder *log, u32 slot, size_t len)
{
	size_t room = log->head->size - log->head->data_offset;
	size_t at = log->slots[slot].at;

	if (at > room || len > room - at)
		return NULL;
	return (const u8 *)log->head + log->head->data_offset + at;
}

static void need_modules(struct log_decoder *log)
{
	if (!log->has_modules)
		event_fill_modules(&log->event, log->decoder, log->head->start_time, log->place,
				   log->head->ip);
	log->has_modules = true;
}

/*
 * A string constant that the program never touched isn't resident, but it is in the file, which
 * nobody can have changed. *len is without the NUL; NULL: there is none.
 */
static const u8 *constant_string(struct log_decoder *log, u32 slot, size_t *len)
{
	const struct bay_value *value = bay_value(log, slot);
	const struct event_module *module;
	size_t available = log->slots[slot].size;
	const u8 *bytes = NULL;

	if (!value->state || !value->bits || log->slots[slot].kind == VALUE_BYTES)
		return NULL;
	need_modules(log);
	module = module_at(log->event.modules, log->event.n_modules, value->bits);
	if (module && module->dw)
		bytes = elf_file_constant_bytes(dw_file(module->dw), value->bits - module->bias,
						&available);
	if (!bytes)
		return NULL;
	*len = strnlen((const char *)bytes, available);
	return *len < available || available >= log->slots[slot].size ? bytes : NULL;
}

/* Why a value is not there; NULL: it is. */
static const char *missing_text(struct log_decoder *log, const struct plan_value *value, u32 slot,
				enum absence *why)
{
	const struct bay_value *bits = bay_value(log, slot);
	size_t len;

	*why = ABSENT_NOT_CAPTURED;
	if (!bits)
		return absence_text(*why);
	*why = PRESENT;
	if (!bits->state || constant_string(log, slot, &len))
		return NULL;
	*why = value_state_absence(bits->state);
	if (bits->state == VALUE_BAD_ADDRESS && !bits->bits)
		return "<null pointer>";
	return absence_text(*why);
}

/* The reason that the plan found, as one of the list where it is one. */
static enum absence planned_absence(const char *missing)
{
	for (int i = 0; i < ABSENCE_COUNT; i++)
		if (strcmp(missing, absence_text((enum absence)i)) == 0)
			return (enum absence)i;
	/* With the register's name. */
	if (strstr(missing, "not visible to a uprobe"))
		return ABSENT_VECTOR_REGISTER;
	return ABSENT_UNSUPPORTED;
}

/* What is shown of a string; *cut: it goes on. */
static const u8 *string_bytes(struct log_decoder *log, u32 slot, size_t *len, bool *cut)
{
	size_t limit = log->limits.string_bytes;
	const u8 *bytes = constant_string(log, slot, len);

	if (!bytes)
		*len = bay_value(log, slot)->len;
	/* At the most that is read, its end is not known. */
	*cut = *len > limit || *len >= SNAPLINE_MAX_READ;
	if (*cut)
		*len = limit;
	return bytes ? bytes : slot_bytes(log, slot, *len);
}

static void add_slot(struct log_decoder *log, struct image *image, u32 slot)
{
	const struct bay_value *value = bay_value(log, slot);
	const struct value_slot *how = &log->slots[slot];
	size_t len = value->len;
	const u8 *bytes;

	if (how->kind == VALUE_SCALAR || !value->bits)
		return;
	bytes = constant_string(log, slot, &len);
	if (bytes) {
		image_add(image, value->bits, bytes, min_u64(len + 1, how->size), IMAGE_FILE);
		return;
	}
	if (value->state) {
		image_add_absent(image, value->bits, how->kind == VALUE_BYTES ? how->size : 1,
				 value_state_absence(value->state));
		return;
	}
	/* Behind a string that isn't cut stands its NUL. */
	if (how->kind != VALUE_BYTES && len < how->size)
		len++;
	bytes = slot_bytes(log, slot, len);
	if (bytes)
		image_add(image, value->bits, bytes, len, IMAGE_HIT);
}

static const struct image *line_image(struct log_decoder *log)
{
	const struct plan_program *program;

	if (log->has_image)
		return log->event.image;
	program = &log->decoder->plan->programs[log->place->program];
	log->event.image = image_new(log->event.arena);
	log->has_image = true;
	for (u32 i = 0; i < program->n_values && i < log->head->n_values; i++)
		add_slot(log, log->event.image, i);
	return log->event.image;
}

static const char *symbol(void *context, u64 address, bool functions_only, struct arena *arena)
{
	struct log_decoder *log = context;

	need_modules(log);
	log->context.event = &log->event;
	return frame_symbol(&log->context, address, functions_only, arena);
}

static u64 truncated(u64 number, const struct type *type)
{
	u64 size = type_strip(type)->size;

	return size >= sizeof(number) ? number : number & ((1ULL << (8 * size)) - 1);
}

static void put_hex(struct strbuf *out, const struct plan_value *value, u64 number)
{
	strbuf_printf(out, "0x%" PRIx64, truncated(number, value->type));
}

static void put_decimal(struct strbuf *out, const struct plan_value *value, u64 number)
{
	if (type_strip(value->type)->is_signed)
		strbuf_printf(out, "%" PRId64, (s64)number);
	else
		strbuf_printf(out, "%" PRIu64, truncated(number, value->type));
}

static struct value *comm_value(struct log_decoder *log, const struct plan_value *value,
				const struct value_context *context)
{
	return value_from_bytes(value->text, "value", value->type, (const u8 *)log->comm,
				SNAPLINE_COMM, context);
}

/* {x:s}: the characters as they are. */
static struct value *string_value(struct log_decoder *log, const struct plan_value *value)
{
	struct arena *arena = log->event.arena;
	struct value *made = value_absent(value->text, "value", value->type, PRESENT, NULL, arena);
	const u8 *bytes = string_bytes(log, value->string, &made->string_len, &made->string_cut);

	if (!bytes) {
		made->absence = ABSENT_NOT_CAPTURED;
		return made;
	}
	made->string = arena_strndup(arena, (const char *)bytes, made->string_len);
	made->text = made->string_cut ? arena_printf(arena, "%s...", made->string) : made->string;
	return made;
}

static struct value *number_value(struct log_decoder *log, const struct plan_value *value,
				  const struct value_context *context)
{
	u64 number = bay_value(log, value->slot)->bits;
	struct value *made = value_from_bytes(value->text, "value", value->type,
					      (const u8 *)&number, sizeof(number), context);
	_cleanup_(strbuf_free) struct strbuf text = {0};

	if (value->form == MESSAGE_PLAIN)
		return made;
	if (value->form == MESSAGE_HEX)
		put_hex(&text, value, number);
	else
		put_decimal(&text, value, number);
	made->text = arena_strdup(log->event.arena, text.text);
	return made;
}

static struct value *make_value(struct log_decoder *log, const struct plan_value *value)
{
	u32 slot = value->slot == PLAN_NO_SLOT ? value->string : value->slot;
	struct value_context context = {
		.arena = log->event.arena,
		.image = line_image(log),
		.limits = &log->limits,
		.symbol = symbol,
		.context = log,
	};
	const char *missing = value->missing;
	enum absence why = missing ? planned_absence(missing) : PRESENT;

	if (!missing && value->is_comm)
		return comm_value(log, value, &context);
	if (!missing)
		missing = missing_text(log, value, slot, &why);
	if (missing)
		return value_absent(value->text, "value", value->type, why, missing, context.arena);
	if (value->slot == PLAN_NO_SLOT)
		return string_value(log, value);
	if (log->slots[slot].kind == VALUE_BYTES)
		return value_from_memory(value->text, "value", value->type,
					 bay_value(log, slot)->bits, &context);
	return number_value(log, value, &context);
}

static void put_string(struct log_decoder *log, const struct plan_value *value)
{
	size_t len;
	bool cut;
	const u8 *bytes = string_bytes(log, value->string, &len, &cut);

	if (!bytes) {
		strbuf_puts(&log->message, absence_text(ABSENT_NOT_CAPTURED));
		return;
	}
	strbuf_add(&log->message, bytes, len);
	if (cut)
		strbuf_puts(&log->message, "...");
}

/* What needs no tree of values; false: it does. */
static bool put_simple(struct log_decoder *log, const struct plan_value *value)
{
	const struct type *type = type_strip(value->type);
	struct strbuf *out = &log->message;
	const struct bay_value *bits;
	long double real;

	if (value->slot == PLAN_NO_SLOT) {
		put_string(log, value);
		return true;
	}
	bits = bay_value(log, value->slot);
	if (value->form == MESSAGE_HEX)
		put_hex(out, value, bits->bits);
	else if (value->form == MESSAGE_DECIMAL)
		put_decimal(out, value, bits->bits);
	else if (type_is_integer(type) && type_strip(type)->size <= sizeof(u64))
		text_integer(out, value->type, bits->bits, &log->limits);
	else if (type->kind == TYPE_FLOAT && type->size <= sizeof(u64))
		return text_real(out, type, (const u8 *)&bits->bits, &real);
	else
		return false;
	return true;
}

static void put_value(struct log_decoder *log, const struct plan_value *value)
{
	const char *missing = value->missing;
	enum absence why;

	if (!missing && value->is_comm) {
		strbuf_puts(&log->message, log->comm);
		return;
	}
	if (!missing)
		missing = missing_text(log, value,
				       value->slot == PLAN_NO_SLOT ? value->string : value->slot,
				       &why);
	if (missing)
		strbuf_puts(&log->message, missing);
	else if (!put_simple(log, value))
		strbuf_puts(&log->message, value_text(make_value(log, value), log->event.arena));
}

static void put_message(struct log_decoder *log)
{
	const struct message *message = log->decoder->plan->spec->message;
	size_t n = 0;

	strbuf_clear(&log->message);
	for (size_t i = 0; i < message->n_parts; i++) {
		const struct message_part *part = &message->parts[i];

		strbuf_puts(&log->message, part->before);
		if (part->expr && n < log->place->n_values)
			put_value(log, &log->place->values[n++]);
		else if (part->expr)
			strbuf_puts(&log->message, absence_text(ABSENT_NO_MODULE));
	}
	log->event.message = log->message.len ? log->message.text : "";
	log->event.message_len = log->message.len;
}

static void make_values(struct log_decoder *log)
{
	const struct place *place = log->place;
	struct event *event = &log->event;

	event->n_values = place->n_values;
	event->values = arena_array(event->arena, struct value *, place->n_values + 1);
	for (size_t i = 0; i < place->n_values; i++)
		event->values[i] = make_value(log, &place->values[i]);
}

/* The programs count all that is missing; the difference is what is missing since the last line. */
static u64 since(u64 *before, u64 now)
{
	u64 missing = now > *before ? now - *before : 0;

	*before = max_u64(*before, now);
	return missing;
}

static void fill_event(struct log_decoder *log, const struct log_head *head)
{
	struct decoder *decoder = log->decoder;
	struct event *event = &log->event;
	struct arena *arena = event->arena;

	arena_reset(arena);
	log->head = head;
	log->place = &decoder->plan->places[head->place];
	log->slots = decoder->plan->programs[log->place->program].value_slots;
	log->has_image = log->has_modules = false;
	memcpy(log->comm, head->comm, SNAPLINE_COMM);
	*event = (struct event){
		.kind = EVENT_LOG,
		.id = ++decoder->next_id,
		.ktime_ns = head->ktime,
		.time_ns = head->ktime + (u64)decoder->realtime_offset,
		.pid = head->pid,
		.tid = head->tid,
		.cpu = head->cpu,
		.hit = head->hit,
		.comm = log->comm,
		.suppressed = since(&log->suppressed[log->place->probe], head->suppressed),
		.lost = since(&log->lost[log->place->probe], head->lost),
		.arena = arena,
	};
	event_fill_place(event, decoder->plan, log->place);
}

struct error *log_decode(struct log_decoder *log, const void *bytes, size_t len,
			 const struct event **event)
{
	const struct log_head *head = bytes;
	struct error *err;

	if (len < sizeof(*head) || !log_is_record(bytes, len) || !log->decoder->plan->spec->message)
		return damaged("it is none");
	err = check_head(log, head, len);
	if (err)
		return err;
	fill_event(log, head);
	put_message(log);
	if (log->with_values)
		make_values(log);
	*event = &log->event;
	return NULL;
}
