/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files that build a tree share. */
#ifndef SNAPLINE_VALUE_BUILD_H
#define SNAPLINE_VALUE_BUILD_H

#include "value/source.h"
#include "value/text.h"

/* An object that encloses the one being built: pointers back to it are not followed. */
struct open_object {
	u64 address;
	const struct type *type; /* stripped */
	const struct open_object *outer;
};

/* A virtual base that is shown already; several classes of one object may share it. */
struct shown_base {
	u64 address;
	const struct type *type; /* stripped */
	const struct shown_base *next;
};

struct builder {
	const struct value_context *context;
	u32 depth;   /* pointers followed to get here */
	u32 nesting; /* structs and arrays inside each other */
	u32 *nodes;  /* built so far in the whole tree */
	const struct open_object *open;
	const struct shown_base **bases; /* of the object being built */
	bool late; /* the way here was read after the hit: a pointer, or the length of an array */
};

/* Where in its source a node is. */
struct node_site {
	const char *name, *kind;
	const struct type *type;
	u64 offset;
	u16 bit_offset, bit_size; /* bit-field, else 0 */
};

struct value *build_node(const struct builder *builder, const struct source *source,
			 const struct node_site *site);
/* An empty node, counted. */
struct value *build_blank(const struct builder *builder, const struct source *source,
			  const struct node_site *site);
/* Bytes that a thing has; 0 for a variable-length array whose length isn't known. */
u64 build_object_size(const struct type *type, const struct value_context *context);
bool build_is_full(const struct builder *builder);
bool build_is_crowded(const struct builder *builder);
/* Sets the reason of the part that is missing. */
void build_absent(struct value *value, const struct span *why);
/* Moves the text out of the buffer, which it empties. */
void build_text(struct value *value, struct strbuf *text, const struct builder *builder);

/* pointer.c: number is the address in it; these fill text, string, symbol, children. */
void build_pointer(const struct builder *builder, struct value *value, const struct type *stripped);
void build_reference(const struct builder *builder, struct value *value,
		     const struct type *stripped);
/* An array without a known size: shown as a pointer to its first element. */
void build_unsized(const struct builder *builder, struct value *value, const struct type *element);
void build_function(const struct builder *builder, struct value *value);
/* What an implicit pointer points to becomes its child. */
void build_implicit(const struct builder *builder, struct value *value, const struct span *span);

/* aggregate.c */
void build_struct(const struct builder *builder, struct value *value, const struct source *source,
		  u64 offset, const struct type *stripped);
void build_array(const struct builder *builder, struct value *value, const struct source *source,
		 u64 offset, const struct type *stripped);

#endif
