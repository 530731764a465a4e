/* SPDX-License-Identifier: BSD-2-Clause */
#include "out/tree.h"

#include <string.h>

enum { STEP = 4 };

bool tree_is_aggregate(const struct value *value)
{
	return value->absence == PRESENT && !value->is_scalar && value->n_children > 0;
}

static bool is_reference(const struct value *value)
{
	return value->absence == PRESENT && value->text && value->text[0] == '@';
}

/* A reference's text already ends with what it refers to, which does for a scalar. */
static bool has_pointee(const struct value *value)
{
	if (is_reference(value))
		return value->n_children && tree_is_aggregate(value->children);
	return !tree_is_aggregate(value) && (value->n_children || value->cycle);
}

static bool needs_mark(const struct value *value, bool late_above)
{
	return (value->late || value->string_late) && !late_above;
}

static void put_mark(struct pen *pen, const struct value *value, bool late_above)
{
	if (needs_mark(value, late_above))
		pen_put(pen, PEN_DIM, " (late)");
}

/* An aggregate's stands before it: its end may be many lines away. */
static void put_opening(struct pen *pen, const struct value *value, bool late_above)
{
	if (needs_mark(value, late_above))
		pen_put(pen, PEN_DIM, "(late) ");
	pen_put(pen, PEN_PLAIN, "{");
}

/* Pointers have their address in colour, the string or symbol behind it plain. */
static void put_scalar(struct pen *pen, const struct value *value)
{
	const char *text = value->text ? value->text : "{...}";
	char address[24];
	size_t len = strcspn(text, " ");

	if (is_reference(value) && has_pointee(value)) {
		pen_printf(pen, PEN_ADDRESS, "%.*s", (int)strcspn(text, ":"), text);
		return;
	}
	if (!value->is_scalar || strncmp(text, "0x", 2) != 0 || len >= sizeof(address)) {
		pen_put(pen, PEN_PLAIN, text);
		return;
	}
	memcpy(address, text, len);
	address[len] = '\0';
	pen_put(pen, PEN_ADDRESS, address);
	pen_put(pen, PEN_PLAIN, text + len);
}

static void put_own(struct pen *pen, const struct value *value)
{
	if (value->absence != PRESENT)
		pen_put(pen, PEN_DIM,
			value->absent_text ? value->absent_text : absence_text(value->absence));
	else
		put_scalar(pen, value);
}

static void put_name(struct pen *pen, const struct value *child)
{
	if (!child->name || (child->kind && strcmp(child->kind, "element") == 0))
		return;
	pen_put(pen, PEN_NAME, child->name);
	pen_put(pen, PEN_PLAIN, " = ");
}

static void put_repeats(struct pen *pen, const struct value *child)
{
	if (child->repeats > 1)
		pen_printf(pen, PEN_PLAIN, " <repeats %llu times>",
			   (unsigned long long)child->repeats);
}

/* " <depth>" and " <cycle>" stand in for a pointee; true if that is all there is. */
static bool put_not_followed(struct pen *pen, const struct value *value)
{
	const struct value *child = value->children;

	if (value->cycle) {
		pen_put(pen, PEN_DIM, " <cycle>");
		return true;
	}
	if (child->absence != ABSENT_DEPTH)
		return false;
	pen_put(pen, PEN_PLAIN, " ");
	put_own(pen, child);
	return true;
}

static void put_flat(struct pen *pen, const struct value *value, bool late_above)
{
	bool late = late_above || value->late;

	if (pen_is_full(pen))
		return;
	if (!tree_is_aggregate(value)) {
		put_own(pen, value);
		put_mark(pen, value, late_above);
		if (has_pointee(value) && !put_not_followed(pen, value)) {
			pen_put(pen, PEN_PLAIN, " -> ");
			put_flat(pen, value->children, late);
		}
		return;
	}
	put_opening(pen, value, late_above);
	for (size_t i = 0; i < value->n_children && !pen_is_full(pen); i++) {
		if (i)
			pen_put(pen, PEN_PLAIN, ", ");
		put_name(pen, &value->children[i]);
		put_flat(pen, &value->children[i], late);
		put_repeats(pen, &value->children[i]);
	}
	pen_put(pen, PEN_PLAIN, value->cut ? "...}" : "}");
}

static bool fits(const struct value *value, bool late_above, u32 column)
{
	struct pen measure = {.column = column, .limit = PEN_WIDTH};

	put_name(&measure, value);
	put_flat(&measure, value, late_above);
	put_repeats(&measure, value);
	pen_put(&measure, PEN_PLAIN, ",");
	return !pen_is_full(&measure);
}

static void put_node(struct pen *pen, const struct value *value, bool late_above, u32 indent);

/* Members fill lines; one that needs several lines begins its own. */
static void put_members(struct pen *pen, const struct value *value, bool late, u32 indent)
{
	bool fresh = true;

	for (size_t i = 0; i < value->n_children; i++) {
		const struct value *child = &value->children[i];
		bool flat = fits(child, late, pen->column + 1);

		if (i)
			pen_put(pen, PEN_PLAIN, ",");
		if (!fresh && flat) {
			pen_put(pen, PEN_PLAIN, " ");
		} else {
			pen_newline(pen, indent);
			flat = fits(child, late, indent);
		}
		put_name(pen, child);
		if (flat)
			put_flat(pen, child, late);
		else
			put_node(pen, child, late, indent);
		put_repeats(pen, child);
		fresh = !flat;
	}
}

static void put_node(struct pen *pen, const struct value *value, bool late_above, u32 indent)
{
	bool late = late_above || value->late;

	if (!tree_is_aggregate(value)) {
		put_own(pen, value);
		put_mark(pen, value, late_above);
		if (has_pointee(value) && !put_not_followed(pen, value)) {
			pen_put(pen, PEN_PLAIN, " -> ");
			put_node(pen, value->children, late, indent);
		}
		return;
	}
	put_opening(pen, value, late_above);
	put_members(pen, value, late, indent + STEP);
	if (value->cut)
		pen_put(pen, PEN_PLAIN, "...");
	pen_newline(pen, indent);
	pen_put(pen, PEN_PLAIN, "}");
}

void tree_put_brief(struct pen *pen, const struct value *value)
{
	if (tree_is_aggregate(value)) {
		pen_put(pen, PEN_PLAIN, "...");
		return;
	}
	if (value->absence == ABSENT_NO_CALL_SITE || value->absence == ABSENT_FRAME_LIMIT ||
	    value->absence == ABSENT_NO_CALLER)
		pen_put(pen, PEN_DIM, absence_text(ABSENT_OPTIMIZED_OUT));
	else
		put_own(pen, value);
	put_mark(pen, value, false);
}

void tree_put(struct pen *pen, const struct value *value, u32 indent)
{
	struct pen measure = {.column = pen->column, .limit = PEN_WIDTH};

	put_flat(&measure, value, false);
	if (pen_is_full(&measure))
		put_node(pen, value, false, indent);
	else
		put_flat(pen, value, false);
}

bool tree_has_pointee(const struct value *value)
{
	return has_pointee(value) && value->n_children;
}

void tree_put_pointee(struct pen *pen, const struct value *value, u32 indent)
{
	if (!has_pointee(value) || put_not_followed(pen, value))
		return;
	pen_put(pen, PEN_PLAIN, " -> ");
	tree_put(pen, value->children, indent);
}
