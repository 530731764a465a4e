/* SPDX-License-Identifier: BSD-2-Clause */
#include <inttypes.h>
#include <string.h>

#include "value/build.h"

/* Whatever the limits say: building and showing a tree recurse. */
enum { MAX_DEPTH = 100 };

/* "0x401136 <main+4>", as gdb's `print symbol on`. */
static void put_address(const struct builder *builder, struct value *value, u64 address,
			bool functions_only, struct strbuf *out)
{
	const struct value_context *context = builder->context;

	strbuf_printf(out, "0x%" PRIx64, address);
	if (address && context->symbol)
		value->symbol =
			context->symbol(context->context, address, functions_only, context->arena);
	if (value->symbol)
		strbuf_printf(out, " <%s>", value->symbol);
}

/* Length of the text before its NUL, in bytes; len if there is none. */
static size_t text_length(const u8 *bytes, size_t len, u8 width)
{
	static const u8 zero[4];

	for (size_t i = 0; i + width <= len; i += width)
		if (memcmp(bytes + i, zero, width) == 0)
			return i;
	return len - len % width;
}

/*
 * Reads up to `most` bytes, until a NUL or until a part is missing. *len is what there is, and
 * *ended whether the NUL was found.
 */
static enum absence read_string(const struct builder *builder, struct value *value, u64 address,
				u8 width, u8 *bytes, size_t most, size_t *len, bool *ended)
{
	const struct image *image = builder->context->image;
	enum image_origin origin = IMAGE_HIT;
	size_t part;

	*len = 0;
	*ended = false;
	for (size_t got = 0; got < most; got += part) {
		enum absence why = ABSENT_NOT_CAPTURED;

		part = most - got;
		if (image)
			why = image_read_run(image, address + got, bytes + got, &part, &origin);
		if (why != PRESENT)
			return why;
		value->string_late |= origin == IMAGE_LATE;
		*len = text_length(bytes, got + part, width);
		*ended = *len + width <= got + part;
		if (*ended)
			break;
	}
	return PRESENT;
}

static void add_string(const struct builder *builder, struct value *value, u64 address,
		       struct char_form form, struct strbuf *out)
{
	const struct value_limits *limits = builder->context->limits;
	size_t limit = (size_t)limits->string_bytes * form.width, most = limit + form.width, len;
	u8 *bytes = arena_alloc(builder->context->arena, most + 1);
	bool ended;

	value->string_absence =
		read_string(builder, value, address, form.width, bytes, most, &len, &ended);
	strbuf_putc(out, ' ');
	if (len || ended) {
		/* A character beyond the limit that could not be read leaves the end unknown. */
		bool cut = !ended && len >= limit;

		if (cut)
			value->string_absence = PRESENT;
		len = min_u64(len, limit);
		value->string =
			text_decode(bytes, len, form, builder->context->arena, &value->string_len);
		value->string_cut = text_string(out, bytes, len, form, cut, limits);
		if (value->string_absence == PRESENT)
			return;
		strbuf_putc(out, ' ');
	}
	strbuf_puts(out, absence_text(value->string_absence));
}

static bool is_followed(const struct type *target)
{
	switch (target->kind) {
	case TYPE_VOID:
	case TYPE_FUNCTION:
	case TYPE_UNKNOWN: return false;
	default: return target->size > 0 || target->kind == TYPE_ARRAY;
	}
}

static bool is_open(const struct builder *builder, u64 address, const struct type *type)
{
	for (const struct open_object *open = builder->open; open; open = open->outer)
		if (open->address == address && open->type == type)
			return true;
	return false;
}

static struct value *follow(const struct builder *builder, const struct value *pointer,
			    const struct type *target)
{
	u64 address = pointer->number;
	const struct type *stripped = type_strip(target);
	const struct value_context *context = builder->context;
	struct open_object open = {address, stripped, builder->open};
	const struct shown_base *bases = NULL;
	struct builder inner = *builder;
	struct source source;
	struct node_site site = {NULL, "pointee", target, 0, 0, 0};

	inner.depth++;
	inner.nesting = 0;
	inner.late = pointer->late;
	inner.open = &open;
	inner.bases = &bases;
	source_from_memory(&source, address, build_object_size(stripped, context), context);
	return build_node(&inner, &source, &site);
}

static void add_pointee(const struct builder *builder, struct value *value,
			const struct type *target)
{
	const struct value_context *context = builder->context;
	const struct value_limits *limits = context->limits;
	struct value *child;

	if (!value->number || !limits->depth || !is_followed(type_strip(target)))
		return;
	value->cycle = is_open(builder, value->number, type_strip(target));
	if (value->cycle)
		return;
	if (builder->depth >= min_u64(limits->depth, MAX_DEPTH))
		child = value_absent(NULL, "pointee", target, ABSENT_DEPTH, NULL, context->arena);
	else if (build_is_full(builder))
		child = value_absent(NULL, "pointee", target, ABSENT_DEPTH, "<too many values>",
				     context->arena);
	else
		child = follow(builder, value, target);
	child->address = value->number;
	value->children = child;
	value->n_children = 1;
}

void build_pointer(const struct builder *builder, struct value *value, const struct type *stripped)
{
	const struct type *target = type_target(stripped);
	struct char_form form = text_char_form(target);
	struct strbuf out = {0};

	value->is_scalar = true;
	put_address(builder, value, value->number, type_strip(target)->kind == TYPE_FUNCTION, &out);
	if (form.width && value->number)
		add_string(builder, value, value->number, form, &out);
	else if (!form.width)
		add_pointee(builder, value, target);
	build_text(value, &out, builder);
}

void build_reference(const struct builder *builder, struct value *value,
		     const struct type *stripped)
{
	struct strbuf out = {0};

	value->is_scalar = true;
	strbuf_printf(&out, "@0x%" PRIx64, value->number);
	add_pointee(builder, value, type_target(stripped));
	if (value->n_children)
		strbuf_printf(&out, ": %s", value_text(value->children, builder->context->arena));
	build_text(value, &out, builder);
}

void build_unsized(const struct builder *builder, struct value *value, const struct type *element)
{
	struct char_form form = text_char_form(element);
	struct strbuf out = {0};

	if (!value->address) {
		strbuf_puts(&out, "{}");
	} else {
		put_address(builder, value, value->address, false, &out);
		if (form.width)
			add_string(builder, value, value->address, form, &out);
	}
	build_text(value, &out, builder);
}

void build_function(const struct builder *builder, struct value *value)
{
	struct strbuf out = {0};

	strbuf_printf(&out, "{%s} ", value->type_name);
	put_address(builder, value, value->address, true, &out);
	build_text(value, &out, builder);
}

void build_implicit(const struct builder *builder, struct value *value, const struct span *span)
{
	const struct value_context *context = builder->context;
	struct value *child = NULL;

	if (context->implicit && builder->depth < context->limits->depth && !build_is_full(builder))
		child = context->implicit(context->context, span->die, span->pointer_offset);
	if (!child)
		return;
	value->children = child;
	value->n_children = 1;
}
