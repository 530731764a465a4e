/* SPDX-License-Identifier: BSD-2-Clause */
/* Trees: what is followed, what is missing and why, what was cut. */
#include "unit.h"

#include <dwarf.h>
#include <string.h>

#include "value/value.h"

struct node {
	int number;
	struct node *next;
	const char *name;
};

static struct type int_pointer, node_pointer, char_pointer;
static struct type_member node_members[3];
static struct type node_type = {.kind = TYPE_STRUCT,
				.name = "node",
				.size = sizeof(struct node),
				.members = node_members,
				.n_members = 3};

struct world {
	struct arena *arena;
	struct value_limits limits;
	struct value_context context;
	struct loc_context loc;
	struct frame_regs regs;
};

static const char *symbol(void *context, u64 address, bool functions_only, struct arena *arena)
{
	if (functions_only)
		return address == 0x401000 ? "main" : NULL;
	return address == 0x5008 ? "table+8" : NULL;
}

static int begin(void **state)
{
	static struct world world;

	memset(&world, 0, sizeof(world));
	world.arena = arena_new();
	world.limits = (struct value_limits){
		.depth = 2, .elements = 32, .string_bytes = 32, .repeats = 10, .nodes = 1000};
	world.loc = (struct loc_context){
		.arch = arch_native(), .regs = &world.regs, .arena = world.arena};
	world.context = (struct value_context){.arena = world.arena,
					       .image = image_new(world.arena),
					       .limits = &world.limits,
					       .loc = &world.loc,
					       .symbol = symbol};
	world.loc.image = world.context.image;
	int_pointer = *type_pointer_to(type_basic(TYPE_BASIC_INT), world.arena);
	node_pointer = *type_pointer_to(&node_type, world.arena);
	char_pointer = *type_basic(TYPE_BASIC_CHAR_POINTER);
	node_members[0] =
		(struct type_member){.name = "number", .type = type_basic(TYPE_BASIC_INT)};
	node_members[1] = (struct type_member){.name = "next", .type = &node_pointer, .offset = 8};
	node_members[2] = (struct type_member){.name = "name", .type = &char_pointer, .offset = 16};
	*state = &world;
	return 0;
}

static int end(void **state)
{
	arena_free(((struct world *)*state)->arena);
	return 0;
}

static void add(struct world *world, u64 address, const void *bytes, size_t len,
		enum image_origin origin)
{
	image_add((struct image *)world->context.image, address,
		  arena_memdup(world->arena, bytes, len), len, origin);
}

static struct value *shown(struct world *world, const struct type *type, const void *bytes,
			   size_t len)
{
	return value_from_bytes("v", "local", type, bytes, len, &world->context);
}

static void assert_text(struct world *world, const struct value *value, const char *expected)
{
	assert_string_equal(value_text(value, world->arena), expected);
}

static void test_pointers_are_followed_to_the_depth(void **state)
{
	struct world *world = *state;
	struct node chain[4] = {{1, (void *)0x1018}, {2, (void *)0x1030}, {3, (void *)0x1048}, {4}};
	u64 head = 0x1000;
	struct value *value;

	add(world, 0x1000, chain, sizeof(chain), IMAGE_HIT);
	value = shown(world, &node_pointer, &head, 8);
	assert_text(world, value, "0x1000");
	assert_int_equal(value->n_children, 1);
	assert_null(value->children->name);
	assert_int_equal(value->children->address, 0x1000);
	assert_text(world, value->children, "{number = 1, next = 0x1018, name = 0x0}");
	value = value->children->children[1].children;
	assert_text(world, value, "{number = 2, next = 0x1030, name = 0x0}");
	value = value->children[1].children;
	assert_int_equal(value->absence, ABSENT_DEPTH);
	assert_text(world, value, "<depth>");
}

static void test_cycles_are_not_followed(void **state)
{
	struct world *world = *state;
	struct node ring[2] = {{1, (void *)0x1018}, {2, (void *)0x1000}};
	struct value *value;

	add(world, 0x1000, ring, sizeof(ring), IMAGE_HIT);
	world->limits.depth = 100;
	value = value_from_memory("ring", "global", &node_type, 0x1000, &world->context);
	value = value->children[1].children;
	assert_int_equal(value->children[0].number, 2);
	assert_true(value->children[1].cycle);
	assert_int_equal(value->children[1].n_children, 0);
}

static void test_long_lists_end_at_the_limit_of_nodes(void **state)
{
	struct world *world = *state;
	static struct node chain[2000];
	struct value *value;
	u64 head = 0x1000, followed = 0;

	for (u64 i = 0; i < 2000; i++)
		chain[i].next = (void *)(0x1000 + (i + 1) * sizeof(struct node));
	add(world, 0x1000, chain, sizeof(chain), IMAGE_HIT);
	world->limits.depth = 90;
	world->limits.nodes = 100;
	value = shown(world, &node_pointer, &head, 8);
	while (value->n_children && value->absence == PRESENT) {
		value = value->is_scalar ? value->children : &value->children[1];
		followed++;
	}
	assert_in_range(followed, 40, 90);
	assert_int_equal(value->absence, ABSENT_DEPTH);
	assert_string_equal(value->absent_text, "<too many values>");
}

static void test_strings_behind_pointers(void **state)
{
	struct world *world = *state;
	u64 address = 0x2000, nowhere = 0x9000;
	struct value *value;

	add(world, 0x2000, "hello\0rest", 11, IMAGE_HIT);
	value = shown(world, &char_pointer, &address, 8);
	assert_text(world, value, "0x2000 \"hello\"");
	assert_string_equal(value->string, "hello");
	assert_false(value->string_late);
	value = shown(world, &char_pointer, &nowhere, 8);
	assert_text(world, value, "0x9000 <not captured>");
	assert_null(value->string);
	assert_int_equal(value->string_absence, ABSENT_NOT_CAPTURED);
}

static void test_strings_that_end_in_missing_memory(void **state)
{
	struct world *world = *state;
	u64 address = 0x2000;
	struct value *value;

	add(world, 0x2000, "hel", 3, IMAGE_LATE);
	image_add_absent((struct image *)world->context.image, 0x2003, 50, ABSENT_NOT_RESIDENT);
	value = shown(world, &char_pointer, &address, 8);
	assert_text(world, value, "0x2000 \"hel\" <not resident>");
	assert_true(value->string_late);
	assert_false(value->late);
}

static void test_exactly_full_strings_are_not_cut(void **state)
{
	struct world *world = *state;
	u64 address = 0x2000;
	struct value *value;

	add(world, 0x2000, "01234567890123456789012345678901", 33, IMAGE_HIT);
	value = shown(world, &char_pointer, &address, 8);
	assert_text(world, value, "0x2000 \"01234567890123456789012345678901\"");
	world->limits.string_bytes = 31;
	value = shown(world, &char_pointer, &address, 8);
	assert_text(world, value, "0x2000 \"0123456789012345678901234567890\"...");
	assert_true(value->string_cut);
}

static void test_symbols(void **state)
{
	struct world *world = *state;
	struct type function = {.kind = TYPE_FUNCTION};
	const struct type *callback = type_pointer_to(&function, world->arena);
	u64 code = 0x401000, data = 0x5008, null = 0;

	assert_text(world, shown(world, callback, &code, 8), "0x401000 <main>");
	assert_text(world, shown(world, callback, &null, 8), "0x0");
	assert_text(world, shown(world, type_basic(TYPE_BASIC_VOID_POINTER), &data, 8),
		    "0x5008 <table+8>");
}

static void test_missing_parts_of_a_struct(void **state)
{
	struct world *world = *state;
	struct node node = {7, NULL, NULL};
	struct value *value;

	add(world, 0x3000, &node, 8, IMAGE_HIT);
	image_add_absent((struct image *)world->context.image, 0x3008, 8, ABSENT_NOT_RESIDENT);
	value = value_from_memory("n", "global", &node_type, 0x3000, &world->context);
	assert_text(world, value, "{number = 7, next = <not resident>, name = <not captured>}");
	value = value_from_memory("n", "global", &node_type, 0x8000, &world->context);
	assert_text(world, value, "<not captured>");
	assert_int_equal(value->absence, ABSENT_NOT_CAPTURED);
}

static void test_missing_end_of_a_character_array(void **state)
{
	struct world *world = *state;
	struct type array = {.kind = TYPE_ARRAY,
			     .target = type_basic(TYPE_BASIC_CHAR),
			     .size = 40,
			     .count = 40,
			     .count_known = true};
	struct value *value;

	world->limits.string_bytes = 8;
	add(world, 0x4000, "abcdefghij", 10, IMAGE_HIT);
	value = value_from_memory("text", "local", &array, 0x4000, &world->context);
	assert_text(world, value, "\"abcdefgh\"...");
	assert_true(value->string_cut);
	/* A run that may go on where nothing is known has no length. */
	add(world, 0x5000, "abcdefghhhhhhhhhhhhh", 20, IMAGE_HIT);
	value = value_from_memory("text", "local", &array, 0x5000, &world->context);
	assert_text(world, value,
		    "{97 'a', 98 'b', 99 'c', 100 'd', 101 'e', 102 'f', 103 'g', 104 'h' <repeats "
		    "13 times>, <not captured> <repeats 20 times>}");
}

static void test_late_is_told_for_each_leaf(void **state)
{
	struct world *world = *state;
	struct node node = {7, NULL, NULL};
	struct value *value;

	add(world, 0x3000, &node, 8, IMAGE_HIT);
	add(world, 0x3008, (u8 *)&node + 8, 16, IMAGE_LATE);
	value = value_from_memory("n", "global", &node_type, 0x3000, &world->context);
	assert_false(value->late);
	assert_false(value->children[0].late);
	assert_true(value->children[1].late);
	assert_true(value->children[2].late);
}

/* A Rust enum's fields are in parts that aren't read: that isn't to have none. */
static void test_variants_are_said_to_be_missing(void **state)
{
	struct world *world = *state;
	struct type empty = {.kind = TYPE_STRUCT, .size = 8, .has_variants = true};
	u64 bytes = 1;
	struct value *value;

	add(world, 0x3000, &bytes, 8, IMAGE_HIT);
	value = value_from_memory("e", "local", &empty, 0x3000, &world->context);
	assert_int_equal(value->absence, ABSENT_UNSUPPORTED);
	empty.has_variants = false;
	value = value_from_memory("e", "local", &empty, 0x3000, &world->context);
	assert_text(world, value, "{<No data fields>}");
}

/* Right bytes, but where they were looked for was read after the hit. */
static void test_what_a_late_way_leads_to_is_late(void **state)
{
	struct world *world = *state;
	const struct loc_op ops[] = {{.opcode = DW_OP_addr, .a = 0x2000}, {.opcode = DW_OP_deref}};
	const struct loc loc = {PRESENT, ops, ARRAY_LEN(ops)};
	struct node node = {7, (struct node *)0x4000, NULL}, next = {8, NULL, NULL};
	u64 address = 0x3000;
	struct value *value;

	add(world, 0x2000, &address, 8, IMAGE_LATE);
	add(world, 0x3000, &node, 12, IMAGE_HIT);
	add(world, 0x300c, (u8 *)&node + 12, 12, IMAGE_LATE);
	add(world, 0x4000, &next, sizeof(next), IMAGE_HIT);
	value = value_from_loc("n", "local", &node_type, &loc, &world->context);
	assert_true(value->late);
	assert_true(value->children[0].late);
	value = value_from_memory("n", "global", &node_type, 0x3000, &world->context);
	assert_false(value->late);
	assert_true(value->children[1].late); /* half of the pointer is */
	assert_int_equal(value->children[1].children->children[0].number, 8);
	assert_true(value->children[1].children->children[0].late);
}

static void test_an_array_of_late_length_is_late(void **state)
{
	struct world *world = *state;
	const struct loc_op ops[] = {{.opcode = DW_OP_addr, .a = 0x2000}, {.opcode = DW_OP_deref}};
	const struct loc count = {PRESENT, ops, ARRAY_LEN(ops)};
	struct type array = {
		.kind = TYPE_ARRAY, .target = type_basic(TYPE_BASIC_INT), .count_expr = &count};
	u64 upper = 2;
	int numbers[] = {1, 2, 3};
	struct value *value;

	add(world, 0x2000, &upper, 8, IMAGE_LATE);
	add(world, 0x3000, numbers, sizeof(numbers), IMAGE_HIT);
	value = value_from_memory("a", "local", &array, 0x3000, &world->context);
	assert_int_equal(value->n_children, 2);
	assert_true(value->late);
	assert_true(value->children[0].late);
}

static void test_text_that_is_partly_late_is_late(void **state)
{
	struct world *world = *state;
	struct type array = {.kind = TYPE_ARRAY,
			     .target = type_basic(TYPE_BASIC_CHAR),
			     .size = 6,
			     .count = 6,
			     .count_known = true};
	struct value *value;

	add(world, 0x3000, "abc", 3, IMAGE_HIT);
	add(world, 0x3003, "def", 3, IMAGE_LATE);
	value = value_from_memory("a", "local", &array, 0x3000, &world->context);
	assert_text(world, value, "\"abcdef\"");
	assert_true(value->late);
}

static void test_pieces(void **state)
{
	struct world *world = *state;
	const struct loc_op ops[] = {{.opcode = DW_OP_reg0},
				     {.opcode = DW_OP_piece, .a = 8},
				     {.opcode = DW_OP_piece, .a = 8},
				     {.opcode = DW_OP_reg17},
				     {.opcode = DW_OP_piece, .a = 8}};
	const struct loc loc = {PRESENT, ops, ARRAY_LEN(ops)};
	struct value *value;

	world->regs.value[0] = 42;
	value = value_from_loc("n", "local", &node_type, &loc, &world->context);
	assert_text(
		world, value,
		"{number = 42, next = <optimized out>, name = <in xmm0, not visible to a uprobe>}");
	assert_int_equal(value->address, 0);
	assert_int_equal(value->children[2].absence, ABSENT_VECTOR_REGISTER);
}

static struct value *implicit(void *context, u64 die, s64 offset)
{
	struct world *world = context;
	int number = (int)die + (int)offset;

	return value_from_bytes(NULL, "pointee", type_basic(TYPE_BASIC_INT), (u8 *)&number, 4,
				&world->context);
}

static void test_implicit_pointers(void **state)
{
	struct world *world = *state;
	const struct loc_op ops[] = {{.opcode = DW_OP_implicit_pointer, .a = 0x40, .b = 2}};
	const struct loc loc = {PRESENT, ops, 1};
	struct value *value;

	world->context.implicit = implicit;
	world->context.context = world;
	value = value_from_loc("p", "local", &int_pointer, &loc, &world->context);
	assert_text(world, value, "<synthetic pointer>");
	assert_int_equal(value->n_children, 1);
	assert_text(world, value->children, "66");
}

static void test_locations(void **state)
{
	struct world *world = *state;
	const struct loc_op memory[] = {{.opcode = DW_OP_breg7, .a = 0x10}};
	const struct loc in_memory = {PRESENT, memory, 1}, gone = {.absence = ABSENT_OPTIMIZED_OUT};
	int number = -3;
	struct value *value;

	world->regs.value[7] = 0x7000;
	add(world, 0x7010, &number, 4, IMAGE_HIT);
	value = value_from_loc("i", "local", type_basic(TYPE_BASIC_INT), &in_memory,
			       &world->context);
	assert_text(world, value, "-3");
	assert_int_equal(value->address, 0x7010);
	value = value_from_loc("i", "local", type_basic(TYPE_BASIC_INT), &gone, &world->context);
	assert_text(world, value, "<optimized out>");
}

static void test_each_part_has_its_reason(void **state)
{
	struct world *world = *state;
	const struct type *type = type_array_of(type_basic(TYPE_BASIC_INT), 2, world->arena);
	const struct loc_op ops[] = {{.opcode = DW_OP_piece, .a = 4},
				     {.opcode = DW_OP_reg4},
				     {.opcode = DW_OP_piece, .a = 4}};
	const struct loc loc = {PRESENT, ops, 3};
	struct value *value;

	world->regs.absence[4] = ABSENT_NOT_SAVED;
	value = value_from_loc("pair", "local", type, &loc, &world->context);
	assert_text(world, value, "{<optimized out>, <not saved>}");
	world->regs.absence[4] = ABSENT_OPTIMIZED_OUT;
	value = value_from_loc("pair", "local", type, &loc, &world->context);
	assert_text(world, value, "<optimized out>");
}

static void test_variable_length_arrays(void **state)
{
	struct world *world = *state;
	const struct loc_op count_ops[] = {{.opcode = DW_OP_breg0, .a = 0},
					   {.opcode = DW_OP_stack_value}};
	struct loc count = {PRESENT, count_ops, 2};
	struct type vla = {.kind = TYPE_ARRAY,
			   .target = type_basic(TYPE_BASIC_INT),
			   .count_expr = &count,
			   .is_upper_bound = true};
	int numbers[3] = {4, 5, 6};

	world->regs.value[0] = 2;
	add(world, 0x6000, numbers, sizeof(numbers), IMAGE_HIT);
	assert_text(world, value_from_memory("v", "local", &vla, 0x6000, &world->context),
		    "{4, 5, 6}");
	world->regs.absence[0] = ABSENT_NOT_SAVED;
	assert_text(world, value_from_memory("v", "local", &vla, 0x6000, &world->context),
		    "<not saved>");
}

static void test_arrays(void **state)
{
	struct world *world = *state;
	const struct type *array = type_array_of(type_basic(TYPE_BASIC_INT), 60, world->arena);
	int numbers[60] = {1, 2};
	struct value *value;

	value = shown(world, array, numbers, sizeof(numbers));
	assert_text(world, value, "{1, 2, 0 <repeats 58 times>}");
	assert_int_equal(value->n_children, 3);
	assert_string_equal(value->children[2].name, "[2]");
	assert_int_equal(value->children[2].repeats, 58);
	assert_text(world, shown(world, array, numbers, 4),
		    "{1, <not captured> <repeats 59 times>}");
	world->limits.elements = 2;
	assert_text(world, shown(world, array, numbers, sizeof(numbers)), "{1, 2...}");
}

static void test_hostile_types(void **state)
{
	struct world *world = *state;
	struct type_member far = {
		.name = "far", .type = type_basic(TYPE_BASIC_INT), .offset = -2ULL};
	struct type_member wide = {.name = "b",
				   .type = type_basic(TYPE_BASIC_INT),
				   .bit_offset = 65000,
				   .bit_size = 900};
	struct type bad = {.kind = TYPE_STRUCT, .size = 4, .members = &far, .n_members = 1};
	struct type huge = {.kind = TYPE_ARRAY,
			    .target = type_basic(TYPE_BASIC_LONG),
			    .count = UINT64_MAX,
			    .count_known = true};
	struct type self = {.kind = TYPE_STRUCT, .size = 4, .n_members = 1};
	struct type_member inner = {.name = "self", .type = &self};
	u64 zero = 0;

	assert_text(world, shown(world, &bad, &zero, 4), "{far = <not captured>}");
	bad.members = &wide;
	assert_text(world, shown(world, &bad, &zero, 4), "{b = <not captured>}");
	shown(world, &huge, &zero, 8);
	self.members = &inner;
	assert_non_null(strstr(value_text(shown(world, &self, &zero, 4), world->arena), "{...}"));
}

/*
 * struct object { virtual table; } with a base that gcc says the table has, 24 bytes before its
 * end.
 */
static const struct loc_op base_ops[] = {
	{.opcode = DW_OP_dup},	 {.opcode = DW_OP_deref}, {.opcode = DW_OP_constu, .a = 24},
	{.opcode = DW_OP_minus}, {.opcode = DW_OP_deref}, {.opcode = DW_OP_plus},
};

static void test_virtual_bases(void **state)
{
	struct world *world = *state;
	struct loc place = {.ops = base_ops, .n_ops = ARRAY_LEN(base_ops)};
	struct type_member number = {.name = "b", .type = type_basic(TYPE_BASIC_INT)};
	struct type base = {
		.kind = TYPE_STRUCT, .name = "Base", .size = 4, .members = &number, .n_members = 1};
	struct type_member members[] = {
		{.name = "Base", .type = &base, .is_base = true, .place = &place},
		{.name = "Base", .type = &base, .is_base = true, .place = &place},
		{.name = "d", .type = type_basic(TYPE_BASIC_INT), .offset = 8},
	};
	struct type object = {
		.kind = TYPE_STRUCT, .name = "Der", .size = 32, .members = members, .n_members = 3};
	u64 bytes[4] = {0x3018, 9, 5, 0}, table[4] = {16};
	struct value *value;
	s64 slot;

	add(world, 0x2000, bytes, sizeof(bytes), IMAGE_HIT);
	assert_text(world, value_from_memory("v", "local", &object, 0x2000, &world->context),
		    "{<Base> = <not captured>, <Base> = <not captured>, d = 9}");
	assert_text(world, shown(world, &object, bytes, sizeof(bytes)),
		    "{<Base> = <location not understood>, <Base> = <location not understood>, "
		    "d = 9}");
	add(world, 0x3000, table, sizeof(table), IMAGE_LATE);
	value = value_from_memory("v", "local", &object, 0x2000, &world->context);
	assert_text(world, value, "{<Base> = {b = 5}, d = 9}");
	assert_true(value->children[0].late);
	assert_false(value->children[1].late);
	assert_true(loc_table_slot(&place, &slot));
	assert_int_equal(slot, -24);
	place.absence = ABSENT_UNSUPPORTED;
	assert_false(loc_table_slot(&place, &slot));
	value = value_from_memory("v", "local", &object, 0x2000, &world->context);
	assert_int_equal(value->children[0].absence, ABSENT_UNSUPPORTED);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)
	const struct CMUnitTest tests[] = {
		TEST(test_pointers_are_followed_to_the_depth),
		TEST(test_cycles_are_not_followed),
		TEST(test_long_lists_end_at_the_limit_of_nodes),
		TEST(test_strings_behind_pointers),
		TEST(test_strings_that_end_in_missing_memory),
		TEST(test_exactly_full_strings_are_not_cut),
		TEST(test_symbols),
		TEST(test_missing_parts_of_a_struct),
		TEST(test_missing_end_of_a_character_array),
		TEST(test_late_is_told_for_each_leaf),
		TEST(test_variants_are_said_to_be_missing),
		TEST(test_what_a_late_way_leads_to_is_late),
		TEST(test_an_array_of_late_length_is_late),
		TEST(test_text_that_is_partly_late_is_late),
		TEST(test_pieces),
		TEST(test_implicit_pointers),
		TEST(test_locations),
		TEST(test_each_part_has_its_reason),
		TEST(test_variable_length_arrays),
		TEST(test_arrays),
		TEST(test_hostile_types),
		TEST(test_virtual_bases),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
