/* SPDX-License-Identifier: BSD-2-Clause */
#include "value/value.h"

#include <stdlib.h>
#include <string.h>

#include "bay.h"
#include "value/build.h"

/* As gdb's `print max-depth`: what is nested deeper is shown as {...}. */
enum { MAX_NESTING = 20 };

bool build_is_full(const struct builder *builder)
{
	return *builder->nodes >= builder->context->limits->nodes;
}

/* A variable's own members have ten times the room of what its pointers lead to. */
bool build_is_crowded(const struct builder *builder)
{
	return *builder->nodes / 10 >= builder->context->limits->nodes;
}

struct value *build_blank(const struct builder *builder, const struct source *source,
			  const struct node_site *site)
{
	struct arena *arena = builder->context->arena;
	struct value *value = arena_alloc(arena, sizeof(*value));

	++*builder->nodes;
	value->name = site->name;
	value->kind = site->kind;
	value->type = site->type;
	value->type_name = type_name(site->type, arena);
	value->bit_size = site->bit_size;
	if (source->address)
		value->address = source->address + site->offset;
	return value;
}

void build_absent(struct value *value, const struct span *why)
{
	value->absence = why->absence;
	value->absent_text = why->text;
}

void build_text(struct value *value, struct strbuf *text, const struct builder *builder)
{
	value->text =
		arena_strndup(builder->context->arena, text->text ? text->text : "", text->len);
	strbuf_free(text);
}

/* The bytes of a scalar, bit-fields shifted down; at most 8 bytes matter for a number. */
static u64 read_number(const struct source *source, const struct node_site *site, u64 size,
		       bool is_signed)
{
	unsigned __int128 raw = 0;
	u32 bits = site->bit_size ? site->bit_size : (u32)size * 8;
	u64 len = site->bit_size ? (site->bit_offset + bits + 7) / 8 : size, number;

	memcpy(&raw, source->bytes + site->offset, min_u64(len, sizeof(raw)));
	number = (u64)(raw >> site->bit_offset);
	if (bits >= 64)
		return number;
	number &= (1ULL << bits) - 1;
	if (is_signed && number >> (bits - 1))
		number |= ~0ULL << bits;
	return number;
}

static void put_bytes(struct strbuf *out, const u8 *bytes, u64 size, u32 limit)
{
	strbuf_puts(out, "{");
	for (u64 i = 0; i < size && i < limit; i++)
		strbuf_printf(out, "%s0x%02x", i ? ", " : "", bytes[i]);
	strbuf_puts(out, size > limit ? "...}" : "}");
}

static void build_real(const struct builder *builder, struct value *value, const u8 *bytes,
		       const struct type *stripped)
{
	struct strbuf out = {0};

	value->is_scalar = text_real(&out, stripped, bytes, &value->real);
	if (!value->is_scalar)
		put_bytes(&out, bytes, stripped->size, builder->context->limits->elements);
	build_text(value, &out, builder);
}

static void build_complex(const struct builder *builder, struct value *value, const u8 *bytes,
			  const struct type *stripped)
{
	struct type half = *stripped;
	struct strbuf out = {0};
	long double imaginary;

	half.kind = TYPE_FLOAT;
	half.size /= 2;
	if (text_real(&out, &half, bytes, &value->real)) {
		strbuf_puts(&out, " + ");
		text_real(&out, &half, bytes + half.size, &imaginary);
		strbuf_putc(&out, 'i');
	} else {
		put_bytes(&out, bytes, stripped->size, builder->context->limits->elements);
	}
	build_text(value, &out, builder);
}

static void build_integer(const struct builder *builder, struct value *value,
			  const struct source *source, const struct node_site *site,
			  const struct type *stripped)
{
	struct strbuf out = {0};

	if (stripped->size > 16) {
		put_bytes(&out, source->bytes + site->offset, stripped->size,
			  builder->context->limits->elements);
	} else if (stripped->size > 8 && !site->bit_size) {
		text_int128(&out, source->bytes + site->offset, stripped->is_signed);
	} else {
		value->is_scalar = true;
		value->number = read_number(source, site, stripped->size, stripped->is_signed);
		text_integer(&out, site->type, value->number, builder->context->limits);
	}
	build_text(value, &out, builder);
}

static void build_scalar(const struct builder *builder, struct value *value,
			 const struct source *source, const struct node_site *site,
			 const struct type *stripped)
{
	const u8 *bytes = source->bytes + site->offset;
	struct strbuf out = {0};

	switch (stripped->kind) {
	case TYPE_BOOL:
	case TYPE_CHAR:
	case TYPE_INT:
	case TYPE_ENUM: build_integer(builder, value, source, site, stripped); break;
	case TYPE_FLOAT: build_real(builder, value, bytes, stripped); break;
	case TYPE_COMPLEX: build_complex(builder, value, bytes, stripped); break;
	case TYPE_POINTER:
		value->number = read_number(source, site, stripped->size, false);
		build_pointer(builder, value, stripped);
		break;
	case TYPE_REFERENCE:
		value->number = read_number(source, site, stripped->size, false);
		build_reference(builder, value, stripped);
		break;
	default:
		put_bytes(&out, bytes, stripped->size, builder->context->limits->elements);
		build_text(value, &out, builder);
		break;
	}
}

static bool is_aggregate(const struct type *stripped)
{
	return stripped->kind == TYPE_STRUCT || stripped->kind == TYPE_UNION ||
	       stripped->kind == TYPE_ARRAY || stripped->kind == TYPE_VECTOR;
}

static void build_aggregate(const struct builder *builder, struct value *value,
			    const struct source *source, const struct node_site *site,
			    const struct type *stripped)
{
	struct builder inner = *builder;

	if (++inner.nesting > MAX_NESTING) {
		value->text = "{...}";
		value->cut = true;
	} else if (stripped->kind == TYPE_STRUCT || stripped->kind == TYPE_UNION) {
		build_struct(&inner, value, source, site->offset, stripped);
	} else {
		build_array(&inner, value, source, site->offset, stripped);
	}
}

/* Sets what is missing or late; false if nothing is left to show. */
static bool check_state(const struct builder *builder, struct value *value,
			const struct source *source, const struct node_site *site, u64 size,
			bool aggregate)
{
	u64 len = site->bit_size ? (site->bit_offset + site->bit_size + 7) / 8 : size;
	struct span_state state;

	source_state(source, site->offset, len, &state);
	value->late = builder->late || (aggregate ? state.all_late : state.any_late);
	if ((state.all_absent && !(aggregate && state.mixed)) || (state.any_absent && !aggregate)) {
		build_absent(value, state.why);
		if (state.why->is_pointer)
			build_implicit(builder, value, state.why);
		return false;
	}
	if (aggregate)
		return true;
	if (len > source->size || site->offset > source->size - len) {
		const char *text = source->size < SOURCE_MAX_BYTES ? NULL : "<beyond 64 KiB>";

		build_absent(value, &(struct span){.absence = ABSENT_NOT_CAPTURED, .text = text});
		return false;
	}
	if (site->bit_offset + site->bit_size > 128) {
		build_absent(value, &(struct span){.absence = ABSENT_UNSUPPORTED});
		return false;
	}
	return true;
}

u64 build_object_size(const struct type *type, const struct value_context *context)
{
	const struct type *stripped = type_strip(type);
	bool is_upper_bound = false;
	const struct loc *loc;
	u64 number = stripped->count;

	if (stripped->size || stripped->kind != TYPE_ARRAY)
		return stripped->size;
	if (!stripped->count_known) {
		loc = type_count_loc(stripped, &is_upper_bound);
		if (!loc || !context->loc || loc_eval_number(loc, context->loc, &number) != PRESENT)
			return 0;
	}
	number = min_u64(number + is_upper_bound, SOURCE_MAX_BYTES);
	if (!number)
		return 0;
	return number *
	       min_u64(build_object_size(type_target(stripped), context), SOURCE_MAX_BYTES);
}

struct value *build_node(const struct builder *builder, const struct source *source,
			 const struct node_site *site)
{
	struct value *value = build_blank(builder, source, site);
	const struct type *stripped = type_strip(site->type);
	bool aggregate = is_aggregate(stripped);

	if (stripped->kind == TYPE_FUNCTION) {
		build_function(builder, value);
	} else if (stripped->kind == TYPE_VOID) {
		value->text = "void";
	} else if (stripped->is_declaration || (!aggregate && !stripped->size)) {
		build_absent(value, &(struct span){.absence = ABSENT_INCOMPLETE_TYPE});
	} else if (check_state(builder, value, source, site,
			       build_object_size(site->type, builder->context), aggregate)) {
		if (aggregate)
			build_aggregate(builder, value, source, site, stripped);
		else
			build_scalar(builder, value, source, site, stripped);
	}
	return value;
}

static struct value *build_root(const char *name, const char *kind, const struct type *type,
				const struct source *source, const struct value_context *context)
{
	u32 nodes = 0;
	struct open_object self = {source->address, type_strip(type), NULL};
	const struct shown_base *bases = NULL;
	struct builder builder = {.context = context, .nodes = &nodes, .bases = &bases};
	struct node_site site = {name, kind, type, 0, 0, 0};

	if (source->address)
		builder.open = &self;
	return build_node(&builder, source, &site);
}

struct value *value_from_loc(const char *name, const char *kind, const struct type *type,
			     const struct loc *loc, const struct value_context *context)
{
	struct source source;

	if (loc->absence != PRESENT)
		return value_absent(name, kind, type, loc->absence, NULL, context->arena);
	source_from_loc(&source, loc, build_object_size(type, context), context);
	return build_root(name, kind, type, &source, context);
}

struct value *value_from_memory(const char *name, const char *kind, const struct type *type,
				u64 address, const struct value_context *context)
{
	struct source source;

	source_from_memory(&source, address, build_object_size(type, context), context);
	return build_root(name, kind, type, &source, context);
}

struct value *value_from_bytes(const char *name, const char *kind, const struct type *type,
			       const u8 *bytes, size_t len, const struct value_context *context)
{
	struct source source;

	source_from_bytes(&source, bytes, len, build_object_size(type, context), context);
	return build_root(name, kind, type, &source, context);
}

struct value *value_absent(const char *name, const char *kind, const struct type *type,
			   enum absence why, const char *text, struct arena *arena)
{
	struct value *value = arena_alloc(arena, sizeof(*value));

	value->name = name;
	value->kind = kind;
	value->type = type;
	value->type_name = type ? type_name(type, arena) : NULL;
	value->absence = why;
	value->absent_text = text;
	return value;
}

enum absence value_state_absence(u32 state)
{
	switch (state) {
	case VALUE_OK: return PRESENT;
	case VALUE_DIVISION: return ABSENT_DIVISION;
	case VALUE_NOT_RESIDENT: return ABSENT_NOT_RESIDENT;
	case VALUE_TAIL_CALL: return ABSENT_TAIL_CALL;
	default: return ABSENT_BAD_ADDRESS;
	}
}

static void put_text(struct strbuf *out, const struct value *value)
{
	if (value->absence != PRESENT) {
		strbuf_puts(out,
			    value->absent_text ? value->absent_text : absence_text(value->absence));
		return;
	}
	if (value->text || value->is_scalar || !value->n_children) {
		strbuf_puts(out, value->text ? value->text : "{...}");
		return;
	}
	strbuf_putc(out, '{');
	for (size_t i = 0; i < value->n_children; i++) {
		const struct value *child = &value->children[i];

		if (i)
			strbuf_puts(out, ", ");
		if (child->name && strcmp(child->kind, "element") != 0)
			strbuf_printf(out, "%s = ", child->name);
		put_text(out, child);
		if (child->repeats > 1)
			strbuf_printf(out, " <repeats %llu times>",
				      (unsigned long long)child->repeats);
	}
	strbuf_puts(out, value->cut ? "...}" : "}");
}

const char *value_text(const struct value *value, struct arena *arena)
{
	struct strbuf out = {0};
	const char *text;

	put_text(&out, value);
	text = arena_strndup(arena, out.text, out.len);
	strbuf_free(&out);
	return text;
}
