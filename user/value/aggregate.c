/* SPDX-License-Identifier: BSD-2-Clause */
#include "value/build.h"

static const char *member_name(const struct type_member *member, struct arena *arena)
{
	if (member->is_base && member->name)
		return arena_printf(arena, "<%s>", member->name);
	return member->name;
}

/* An unnamed bit-field is padding; a static member isn't in the object. */
static bool is_shown(const struct type_member *member)
{
	return !member->is_static && !(member->bit_size && !member->name);
}

static void count_shown(const struct type_member *members, size_t n, size_t *shown)
{
	*shown = 0;
	for (size_t i = 0; i < n; i++)
		*shown += is_shown(&members[i]);
}

/* Once, as gdb: the first of the classes that share it has it. */
static bool is_shown_base(const struct builder *builder, u64 address, const struct type *type)
{
	struct shown_base *shown;

	for (const struct shown_base *base = *builder->bases; base; base = base->next)
		if (base->address == address && base->type == type)
			return true;
	shown = arena_alloc(builder->context->arena, sizeof(*shown));
	*shown = (struct shown_base){address, type, *builder->bases};
	*builder->bases = shown;
	return false;
}

/* A virtual base of the object at this address (0: not in memory); NULL if it is shown already. */
static struct value *build_placed(const struct builder *builder, u64 object,
				  const struct type_member *member, struct node_site site)
{
	const struct value_context *context = builder->context;
	struct loc_context bare = {.arena = context->arena}, *loc = &bare;
	struct builder inner = *builder;
	enum absence why = ABSENT_UNSUPPORTED;
	struct source source;
	u64 address;

	if (context->loc)
		bare = *context->loc;
	bare.image = context->image;
	if (object)
		why = loc_eval_member(member->place, loc, object, &address, &inner.late);
	if (why != PRESENT) {
		struct value *value = build_blank(builder, &(struct source){0}, &site);

		build_absent(value, &(struct span){.absence = why});
		return value;
	}
	if (member->is_base && is_shown_base(builder, address, type_strip(member->type)))
		return NULL;
	site.offset = member->offset;
	source_from_memory(&source, address, site.offset + build_object_size(member->type, context),
			   context);
	return build_node(&inner, &source, &site);
}

static struct value *build_member(const struct builder *builder, const struct source *source,
				  u64 offset, const struct type_member *member)
{
	struct node_site site = {member_name(member, builder->context->arena),
				 member->is_base ? "base" : "member",
				 member->type,
				 offset + member->offset,
				 member->bit_offset,
				 member->bit_size};

	if (member->place)
		return build_placed(builder, source->address ? source->address + offset : 0, member,
				    site);
	return build_node(builder, source, &site);
}

void build_struct(const struct builder *builder, struct value *value, const struct source *source,
		  u64 offset, const struct type *stripped)
{
	struct arena *arena = builder->context->arena;
	const struct type_member *members;
	size_t n = type_members(stripped, &members), shown;

	count_shown(members, n, &shown);
	value->cut = stripped->has_variants;
	if (!shown && stripped->has_variants) {
		build_absent(value, &(struct span){.absence = ABSENT_UNSUPPORTED,
						   .text = "<variants, not shown>"});
		return;
	}
	if (!shown) {
		value->text = "{<No data fields>}";
		return;
	}
	value->children = arena_array(arena, struct value, shown);
	for (size_t i = 0; i < n; i++) {
		const struct value *child;

		if (!is_shown(&members[i]))
			continue;
		if (build_is_crowded(builder)) {
			value->cut = true;
			break;
		}
		child = build_member(builder, source, offset, &members[i]);
		if (child)
			value->children[value->n_children++] = *child;
	}
	value->text = value->n_children ? value_text(value, arena) : "{<No data fields>}";
}

/*
 * False if the count isn't known; *why then says whether something is missing (else PRESENT). Sets
 * *late if it was read after the hit.
 */
static bool array_count(const struct builder *builder, const struct type *stripped, u64 *count,
			enum absence *why, bool *late)
{
	const struct loc *loc;
	bool is_upper_bound = false;
	u64 number = 0;

	*why = PRESENT;
	*count = stripped->count;
	if (stripped->count_known)
		return *count > 0;
	loc = type_count_loc(stripped, &is_upper_bound);
	if (!loc)
		return false;
	*why = ABSENT_UNSUPPORTED;
	if (builder->context->loc)
		*why = loc_eval_number_late(loc, builder->context->loc, &number, late);
	if (*why != PRESENT)
		return false;
	*count = number + is_upper_bound;
	return *count > 0 && *count < 1ULL << 40;
}

/* How many elements from i on are the same. */
static u64 run_length(const struct source *source, u64 offset, u64 size, u64 i, u64 count)
{
	u64 n = 1;

	while (i + n < count &&
	       source_equal(source, offset + i * size, offset + (i + n) * size, size))
		n++;
	return n;
}

static void add_elements(const struct builder *builder, struct value *value,
			 const struct source *source, u64 offset, const struct type *element,
			 u64 count)
{
	const struct value_limits *limits = builder->context->limits;
	struct arena *arena = builder->context->arena;
	u64 size = build_object_size(element, builder->context), i = 0;

	for (u64 shown = 0; i < count && shown < limits->elements && !build_is_crowded(builder);) {
		struct node_site site = {arena_printf(arena, "[%llu]", (unsigned long long)i),
					 "element",
					 element,
					 offset + i * size,
					 0,
					 0};
		u64 run = run_length(source, offset, size, i, count);
		struct value *child = build_node(builder, source, &site);

		if (run <= limits->repeats)
			run = 1;
		child->repeats = run;
		*arena_push(arena, value->children, value->n_children) = *child;
		shown += run > 1 ? limits->repeats : 1;
		i += run;
	}
	value->cut |= i < count;
}

/* False if bytes are missing of what would be shown: the elements then say which, and why. */
static bool add_string(const struct builder *builder, struct value *value,
		       const struct source *source, u64 offset, struct char_form form, u64 count)
{
	const struct value_limits *limits = builder->context->limits;
	const u8 *bytes = source->bytes + offset;
	u64 size = count * form.width, len = source_present(source, offset, size);
	struct span_state state;
	struct strbuf out = {0};

	if (len < size && !text_string_ends_within(bytes, len, form, limits))
		return false;
	source_state(source, offset, len, &state);
	value->late |= state.any_late;
	value->string = text_decode(bytes, len, form, builder->context->arena, &value->string_len);
	value->string_cut = text_string(&out, bytes, len, form, value->cut, limits);
	build_text(value, &out, builder);
	return true;
}

/* The bytes of a vector are numbers, not text. */
static const struct type *element_type(const struct type *stripped, struct arena *arena)
{
	const struct type *element = type_target(stripped), *bare = type_strip(element);
	struct type *number;

	if (stripped->kind != TYPE_VECTOR || bare->kind != TYPE_CHAR)
		return element;
	number = arena_memdup(arena, bare, sizeof(*bare));
	number->kind = TYPE_INT;
	number->is_char = false;
	return number;
}

void build_array(const struct builder *builder, struct value *value, const struct source *source,
		 u64 offset, const struct type *stripped)
{
	const struct type *element = element_type(stripped, builder->context->arena);
	struct char_form form = text_char_form(element);
	u64 size = build_object_size(element, builder->context), count, room;
	struct builder inner = *builder;
	enum absence why;

	if (!size || !array_count(builder, stripped, &count, &why, &inner.late)) {
		if (size && why != PRESENT)
			build_absent(value, &(struct span){.absence = why});
		else
			build_unsized(builder, value, element);
		return;
	}
	value->late |= inner.late;
	room = offset < source->size ? (source->size - offset) / size : 0;
	value->cut = count > room;
	count = min_u64(count, room);
	if (form.width && add_string(builder, value, source, offset, form, count))
		return;
	add_elements(&inner, value, source, offset, element, count);
	value->text = value_text(value, builder->context->arena);
}
