/* SPDX-License-Identifier: BSD-2-Clause */
/* From pieces to bytes, in bits where a piece is not whole bytes. Least significant bit first. */
#include "dwarf/loc_machine.h"

#include <string.h>

struct gatherer {
	const struct loc_context *context;
	u8 *bytes;
	enum image_origin origin;
	u16 vector_reg;
};

static void note_origin(struct gatherer *gatherer, enum image_origin origin)
{
	if (origin > gatherer->origin)
		gatherer->origin = origin;
}

enum absence register_absence(const struct loc_context *context, u64 reg)
{
	const struct frame_regs *regs = context->regs;

	if (!regs || reg >= ARCH_MAX_DWARF_REGS || !context->arch ||
	    (context->arch->dwarf_slot[reg] < 0 && reg != context->arch->dwarf_pc))
		return ABSENT_VECTOR_REGISTER;
	if (regs->absence[reg] == ABSENT_NOT_SAVED && regs->kept[reg] && context->trusts_kept)
		return PRESENT;
	return (enum absence)regs->absence[reg];
}

static enum absence read_register(struct gatherer *gatherer, u16 reg, u8 *bytes, u64 len)
{
	const struct frame_regs *regs = gatherer->context->regs;
	enum absence why = register_absence(gatherer->context, reg);

	if (why == ABSENT_VECTOR_REGISTER)
		gatherer->vector_reg = reg;
	if (why != PRESENT)
		return why;
	if (len > sizeof(u64))
		return ABSENT_UNSUPPORTED;
	memcpy(bytes, &regs->value[reg], len);
	note_origin(gatherer, regs->late[reg] ? IMAGE_LATE : IMAGE_HIT);
	return PRESENT;
}

static enum absence read_memory(struct gatherer *gatherer, u64 address, u8 *bytes, u64 len)
{
	enum image_origin origin = IMAGE_HIT;
	enum absence why;

	if (!gatherer->context->image)
		return ABSENT_NOT_CAPTURED;
	why = image_read(gatherer->context->image, address, bytes, len, &origin);
	if (why == PRESENT)
		note_origin(gatherer, origin);
	return why;
}

/* len bytes of the source from byte `from` on. */
static enum absence read_source(struct gatherer *gatherer, const struct loc_piece *piece, u64 from,
				u8 *bytes, u64 len)
{
	u8 whole[sizeof(u64)];
	enum absence why;

	if (piece->late)
		note_origin(gatherer, IMAGE_LATE);
	switch (piece->kind) {
	case PIECE_MEMORY: return read_memory(gatherer, piece->address + from, bytes, len);
	case PIECE_REGISTER:
		if (from + len > sizeof(whole) || from + len < from)
			why = read_register(gatherer, piece->reg, whole, from + len);
		else
			why = read_register(gatherer, piece->reg, whole, sizeof(whole));
		if (why == PRESENT)
			memcpy(bytes, whole + from, len);
		return why;
	case PIECE_BYTES:
		if (from + len > piece->bytes_len || from + len < from)
			return ABSENT_OPTIMIZED_OUT;
		memcpy(bytes, piece->bytes + from, len);
		return PRESENT;
	case PIECE_POINTER: return ABSENT_OPTIMIZED_OUT;
	case PIECE_ABSENT: break;
	}
	gatherer->vector_reg = piece->reg;
	return piece->absence;
}

static void copy_bits(u8 *to, u64 to_bit, const u8 *from, u64 from_bit, u64 n)
{
	for (u64 i = 0; i < n; i++) {
		u64 bit = (from[(from_bit + i) / 8] >> ((from_bit + i) % 8)) & 1;

		to[(to_bit + i) / 8] |= (u8)(bit << ((to_bit + i) % 8));
	}
}

/* n bits of the piece from its bit `from` to bit `to` of the result. */
static enum absence take_bits(struct gatherer *gatherer, const struct loc_piece *piece, u64 from,
			      u64 to, u64 n)
{
	u8 bytes[4096 / 8 + 1];
	enum absence why = PRESENT;

	from += piece->bit_offset;
	if (from % 8 == 0 && to % 8 == 0 && n % 8 == 0)
		return read_source(gatherer, piece, from / 8, gatherer->bytes + to / 8, n / 8);
	while (n && why == PRESENT) {
		u64 part = min_u64(n, 4096 - 8);

		why = read_source(gatherer, piece, from / 8, bytes, (from % 8 + part + 7) / 8);
		if (why == PRESENT)
			copy_bits(gatherer->bytes, to, bytes, from % 8, part);
		from += part;
		to += part;
		n -= part;
	}
	return why;
}

static u64 piece_bits(const struct loc_piece *piece)
{
	return piece->bit_size ? piece->bit_size : piece->size * 8;
}

/* Walks the pieces that hold [start, end), in bits. */
static enum absence take_pieces(struct gatherer *gatherer, const struct loc_result *result,
				u64 start, u64 end)
{
	u64 at = 0;

	for (size_t i = 0; i < result->n_pieces && at < end; i++) {
		const struct loc_piece *piece = &result->pieces[i];
		u64 next = at + piece_bits(piece);
		u64 from = max_u64(at, start), until = min_u64(next, end);
		enum absence why;

		if (from < until) {
			why = take_bits(gatherer, piece, from - at, from - start, until - from);
			if (why != PRESENT)
				return why;
		}
		at = next;
	}
	return at >= end ? PRESENT : ABSENT_OPTIMIZED_OUT;
}

static bool is_whole(const struct loc_result *result)
{
	return result->n_pieces == 1 && piece_bits(&result->pieces[0]) == 0;
}

enum absence loc_gather_at(const struct loc_result *result, const struct loc_context *context,
			   u64 offset, u64 size, u8 *bytes, u64 *address, enum image_origin *origin,
			   u16 *vector_reg)
{
	struct gatherer gatherer = {context, bytes, IMAGE_HIT, 0};
	const struct loc_piece *first = result->pieces;
	enum absence why;

	if (size == 0 || size > UINT64_MAX / 16 || offset > UINT64_MAX / 16)
		return ABSENT_UNSUPPORTED;
	*address = 0;
	memset(bytes, 0, size);
	if (is_whole(result)) {
		why = read_source(&gatherer, first, offset, bytes, size);
		if (first->kind == PIECE_MEMORY)
			*address = first->address + offset;
	} else {
		why = take_pieces(&gatherer, result, offset * 8, (offset + size) * 8);
	}
	if (why == ABSENT_VECTOR_REGISTER && vector_reg)
		*vector_reg = gatherer.vector_reg;
	if (origin)
		*origin = gatherer.origin;
	return why;
}

enum absence loc_gather(const struct loc_result *result, const struct loc_context *context,
			u64 size, u8 *bytes, u64 *address, enum image_origin *origin,
			u16 *vector_reg)
{
	return loc_gather_at(result, context, 0, size, bytes, address, origin, vector_reg);
}
