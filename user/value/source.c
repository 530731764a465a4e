/* SPDX-License-Identifier: BSD-2-Clause */
#include "value/source.h"

#include <string.h>

static struct span *add_span(struct source *source, u64 offset, u64 size, struct arena *arena)
{
	struct span *span = arena_push(arena, source->spans, source->n_spans);

	span->offset = offset;
	span->size = size;
	return span;
}

static void init(struct source *source, u64 size, struct arena *arena)
{
	*source = (struct source){.size = min_u64(size, SOURCE_MAX_BYTES)};
	source->bytes = arena_alloc(arena, source->size + 1);
}

static void fill_from_memory(struct source *source, u64 offset, u64 address, u64 size,
			     const struct value_context *context)
{
	size_t part;

	for (u64 done = 0; done < size; done += part) {
		enum image_origin origin = IMAGE_HIT;
		enum absence why;

		part = size - done;
		why = context->image ? image_read_run(context->image, address + done,
						      source->bytes + offset + done, &part, &origin)
				     : ABSENT_NOT_CAPTURED;
		if (why != PRESENT || origin == IMAGE_LATE) {
			struct span *span = add_span(source, offset + done, part, context->arena);

			span->absence = why;
			span->late = why == PRESENT;
		}
	}
}

void source_from_memory(struct source *source, u64 address, u64 size,
			const struct value_context *context)
{
	init(source, size, context->arena);
	source->address = address;
	fill_from_memory(source, 0, address, source->size, context);
}

void source_from_bytes(struct source *source, const u8 *bytes, size_t len, u64 size,
		       const struct value_context *context)
{
	init(source, size, context->arena);
	len = min_u64(len, source->size);
	if (len)
		memcpy(source->bytes, bytes, len);
	if (len < source->size)
		add_span(source, len, source->size - len, context->arena)->absence =
			ABSENT_NOT_CAPTURED;
}

static const char *vector_text(u16 reg, const struct value_context *context)
{
	const struct arch *arch = context->loc->arch;
	const char *name = arch && arch->dwarf_name ? arch->dwarf_name(reg) : NULL;

	return name ? arena_printf(context->arena, "<in %s, not visible to a uprobe>", name) : NULL;
}

/* A run of pieces that is gathered at once; on failure all of it is absent. */
static void gather(struct source *source, struct loc_result *result, u64 offset, u64 size,
		   const struct value_context *context)
{
	enum image_origin origin = IMAGE_HIT;
	u64 address = 0;
	u16 reg = 0;
	u8 *bytes = arena_alloc(context->arena, size + 1);
	enum absence why = loc_gather(result, context->loc, size, bytes, &address, &origin, &reg);

	if (why == PRESENT)
		memcpy(source->bytes + offset, bytes, size);
	if (why != PRESENT || origin == IMAGE_LATE) {
		struct span *span = add_span(source, offset, size, context->arena);

		span->absence = why;
		span->late = why == PRESENT;
		if (why == ABSENT_VECTOR_REGISTER)
			span->text = vector_text(reg, context);
	}
}

static void add_piece(struct source *source, struct loc_piece *piece, u64 offset, u64 size,
		      const struct value_context *context)
{
	struct loc_result one = {piece, 1};
	struct span *span;

	switch (piece->kind) {
	case PIECE_MEMORY:
		fill_from_memory(source, offset, piece->address, size, context);
		/* Right bytes at an address that may be another by now. */
		if (piece->late)
			add_span(source, offset, size, context->arena)->late = true;
		break;
	case PIECE_POINTER:
		span = add_span(source, offset, size, context->arena);
		span->absence = ABSENT_OPTIMIZED_OUT;
		span->text = "<synthetic pointer>";
		span->is_pointer = true;
		span->die = piece->die;
		span->pointer_offset = piece->pointer_offset;
		break;
	default: gather(source, &one, offset, size, context); break;
	}
}

static bool has_bit_pieces(const struct loc_result *result)
{
	for (size_t i = 0; i < result->n_pieces; i++)
		if (result->pieces[i].bit_size || result->pieces[i].bit_offset)
			return true;
	return false;
}

void source_from_loc(struct source *source, const struct loc *loc, u64 size,
		     const struct value_context *context)
{
	struct loc_result result = {0};
	u64 offset = 0;

	init(source, size, context->arena);
	loc_eval(loc, context->loc, &result);
	if (has_bit_pieces(&result)) {
		gather(source, &result, 0, source->size, context);
		return;
	}
	for (size_t i = 0; i < result.n_pieces && offset < source->size; i++) {
		struct loc_piece *piece = &result.pieces[i];
		u64 rest = source->size - offset;
		u64 part = piece->size ? min_u64(piece->size, rest) : rest;

		add_piece(source, piece, offset, part, context);
		offset += part;
	}
	if (offset < source->size)
		add_span(source, offset, source->size - offset, context->arena)->absence =
			ABSENT_OPTIMIZED_OUT;
	if (result.n_pieces == 1 && result.pieces[0].kind == PIECE_MEMORY)
		source->address = result.pieces[0].address;
}

void source_state(const struct source *source, u64 offset, u64 size, struct span_state *state)
{
	u64 absent = 0, late = 0, end = offset + size < offset ? UINT64_MAX : offset + size;

	*state = (struct span_state){0};
	for (size_t i = 0; i < source->n_spans; i++) {
		const struct span *span = &source->spans[i];
		u64 from = max_u64(span->offset, offset);
		u64 to = min_u64(span->offset + span->size, end);

		if (from >= to)
			continue;
		if (span->absence != PRESENT) {
			absent += to - from;
			if (!state->why)
				state->why = span;
			state->mixed |= span->absence != state->why->absence;
		} else {
			late += min_u64(to - from, size - late);
		}
	}
	state->any_absent = absent > 0;
	state->all_absent = size && absent == size;
	state->any_late = late > 0;
	state->all_late = size && late == size;
}

u64 source_present(const struct source *source, u64 offset, u64 size)
{
	for (size_t i = 0; i < source->n_spans; i++) {
		const struct span *span = &source->spans[i];

		if (span->absence == PRESENT || span->offset + span->size <= offset)
			continue;
		size = min_u64(size, span->offset > offset ? span->offset - offset : 0);
	}
	return size;
}

bool source_equal(const struct source *source, u64 a, u64 b, u64 size)
{
	struct span_state left, right;

	if (!source->n_spans)
		return memcmp(source->bytes + a, source->bytes + b, size) == 0;
	source_state(source, a, size, &left);
	source_state(source, b, size, &right);
	if (left.any_absent || right.any_absent)
		return left.all_absent && right.all_absent &&
		       left.why->absence == right.why->absence && !left.why->is_pointer &&
		       !right.why->is_pointer;
	return left.all_late == right.all_late &&
	       memcmp(source->bytes + a, source->bytes + b, size) == 0;
}
