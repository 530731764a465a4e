/* SPDX-License-Identifier: BSD-2-Clause */
/* Addresses that the dynamic linker decides about (elf/dynamic.c). */
#include <dwarf.h>

#include "dwarf/loc_machine.h"
#include "elf/elf_file.h"

/* The word was filled in before the module's code ran, and is the same ever since: never late. */
static enum absence read_slot(const struct loc_context *context, u64 slot, u64 *address)
{
	enum absence why = ABSENT_NOT_CAPTURED;
	u64 word;

	if (context->image)
		why = image_read(context->image, slot + context->bias, &word, sizeof(word), NULL);
	if (why == PRESENT && !word)
		why = ABSENT_UNRESOLVED;
	if (why == PRESENT)
		*address = word;
	return why;
}

enum absence loc_address(const struct loc_op *op, const struct loc_context *context, u64 *address)
{
	const struct elf_binding *binding = op->binding;
	enum absence why = ABSENT_UNRESOLVED;
	u64 base;

	if (!binding) {
		*address = (u64)op->a + context->bias;
		return PRESENT;
	}
	if (binding->slot)
		why = read_slot(context, binding->slot, &base);
	else if (context->symbol_address)
		why = context->symbol_address(context->context, binding->name, &base);
	if (why == PRESENT)
		*address = base + (u64)op->a - binding->pc;
	return why;
}

const struct loc *loc_slot(const struct loc_op *op, struct arena *arena)
{
	struct loc_op slot = {.opcode = DW_OP_addr};
	struct loc *loc;

	if (!op->binding || !op->binding->slot)
		return NULL;
	slot.a = (s64)op->binding->slot;
	loc = arena_alloc(arena, sizeof(*loc));
	loc->ops = arena_memdup(arena, &slot, sizeof(slot));
	loc->n_ops = 1;
	return loc;
}
