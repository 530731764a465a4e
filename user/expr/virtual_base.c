/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Members of C++ virtual bases. How far such a base is from the object, a word of the object's
 * virtual table says (loc_table_slot()): o.m, of a base B at slot -24, is
 * ((B *)((char *)&o + *(long *)(*(char **)&o - 24)))->m, all of it read at the hit.
 */
#include "expr/typer.h"

#include "dwarf/loc.h"

static const struct type *word_type(void)
{
	return type_basic(TYPE_BASIC_ULONG);
}

static struct expr *add(struct typer *typer, struct expr *a, struct expr *b,
			const struct expr *like)
{
	struct expr *sum = typer_node(typer, EXPR_BINARY, like);

	sum->op = OP_ADD;
	sum->a = a;
	sum->b = b;
	sum->type = word_type();
	return sum;
}

static struct expr *number(struct typer *typer, u64 value, const struct expr *like)
{
	struct expr *number = typer_node(typer, EXPR_NUMBER, like);

	number->number = value;
	number->type = word_type();
	return number;
}

/* The word at an address. */
static struct expr *word_at(struct typer *typer, struct expr *address, const struct expr *like)
{
	const struct type *pointer = type_pointer_to(word_type(), typer->arena);

	return typer_deref(typer, typer_convert(typer, address, pointer), word_type(), like);
}

struct error *typer_virtual_base(struct typer *typer, const struct expr *like,
				 const struct type_member *base, u64 offset, struct expr **object)
{
	struct expr *address, *slot;
	s64 in_table;

	if (!(*object)->is_lvalue || !loc_table_slot(base->place, &in_table))
		return error_cure(typer_fail(typer, like,
					     "'%s' is in the virtual base %s, which can't be "
					     "followed here",
					     like->text, base->name ? base->name : "(anonymous)"),
				  "capture the whole object: its bases are shown with it");
	address = typer_convert(typer, typer_address(typer, *object, (*object)->type, like),
				word_type());
	address = add(typer, address, number(typer, offset, like), like);
	slot = add(typer, word_at(typer, address, like), number(typer, (u64)in_table, like), like);
	address = add(typer, address, word_at(typer, slot, like), like);
	address = typer_convert(typer, address, type_pointer_to(base->type, typer->arena));
	*object = typer_deref(typer, address, base->type, like);
	return NULL;
}
