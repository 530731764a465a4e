/* SPDX-License-Identifier: BSD-2-Clause */
/* The stack machine, operator by operator; then pieces. */
#include "unit.h"

#include <dwarf.h>
#include <string.h>

#include "dwarf/loc.h"
#include "dwarf/type.h"

enum { RAX = 0, RBX = 3, RDI = 5, RBP = 6, RSP = 7, XMM0 = 17, MEMORY = 0x1000, CFA = 0x1040 };

static const u8 memory[64] = {0x11, 0x22, 0x33, 0x44, 0x55, 0x66,
			      0x77, 0x88, 0xff, 0xff, 0xff, 0xff};

struct world {
	struct arena *arena;
	struct frame_regs regs;
	struct loc_context context;
	struct loc frame_base;
};

static enum absence entry_value(void *context, const struct loc *entry, u64 *value, bool *late)
{
	if (entry->ops[0].opcode != DW_OP_reg5)
		return ABSENT_NO_CALL_SITE;
	*value = 4711;
	return PRESENT;
}

static enum absence tls_address(void *context, u64 offset, u64 *address)
{
	*address = 0x7000 + offset;
	return PRESENT;
}

static const struct loc_op cfa_op = {.opcode = DW_OP_call_frame_cfa};

static void world_open(struct world *world)
{
	struct image *image;

	memset(world, 0, sizeof(*world));
	world->arena = arena_new();
	image = image_new(world->arena);
	image_add(image, MEMORY, memory, sizeof(memory), IMAGE_HIT);
	image_add(image, 0x2000, memory, sizeof(memory), IMAGE_LATE);
	world->regs.value[RBX] = 0xfffffffffffffff0;
	world->regs.value[RDI] = MEMORY;
	world->regs.absence[RAX] = ABSENT_NOT_SAVED;
	world->regs.value[RBP] = 5;
	world->regs.late[RBP] = true;
	world->frame_base = (struct loc){.ops = &cfa_op, .n_ops = 1};
	world->context = (struct loc_context){
		.arch = arch_by_machine(62),
		.regs = &world->regs,
		.image = image,
		.arena = world->arena,
		.bias = 0x10000,
		.has_cfa = true,
		.cfa = CFA,
		.frame_base = &world->frame_base,
		.entry_value = entry_value,
		.tls_address = tls_address,
	};
}

#define OP(code, ...)                                 \
	{                                             \
		.opcode = DW_OP_##code, ##__VA_ARGS__ \
	}
#define OPS(...)                                     \
	.ops = (const struct loc_op[]){__VA_ARGS__}, \
	.n = sizeof((struct loc_op[]){__VA_ARGS__}) / sizeof(struct loc_op)

static const struct loc_op reg5_op = {.opcode = DW_OP_reg5};
static const struct loc entry_rdi = {.ops = &reg5_op, .n_ops = 1};
static const struct loc_op reg3_op = {.opcode = DW_OP_reg3};
static const struct loc entry_rbx = {.ops = &reg3_op, .n_ops = 1};
static const struct loc_op plus_ops[] = {{.opcode = DW_OP_lit1}, {.opcode = DW_OP_plus}};
static const struct loc add_one = {.ops = plus_ops, .n_ops = 2};

static const struct type type_s16 = {
	.kind = TYPE_INT, .name = "short", .size = 2, .is_signed = true};
static const struct type type_u8 = {.kind = TYPE_INT, .name = "u8", .size = 1};
static const struct type type_u128 = {.kind = TYPE_INT, .name = "unsigned __int128", .size = 16};
static const struct type type_double = {.kind = TYPE_FLOAT, .name = "double", .size = 8};
static const struct type type_float = {.kind = TYPE_FLOAT, .name = "float", .size = 4};
static const u8 two_and_a_half[8] = {0, 0, 0, 0, 0, 0, 4, 0x40};
static const u8 minus_one[2] = {0xff, 0xff};

static const struct {
	const char *name;
	const struct loc_op *ops;
	size_t n;
	enum absence absence;
	u64 value;
} cases[] = {
	{"lit31", OPS(OP(lit31)), .value = 31},
	{"const1s", OPS(OP(const1s, .a = -5)), .value = (u64)-5},
	{"addr has the bias", OPS(OP(addr, .a = 0x20)), .value = 0x10020},
	{"breg", OPS(OP(breg5, .a = -8)), .value = MEMORY - 8},
	{"bregx", OPS(OP(bregx, .a = RDI, .b = 16)), .value = MEMORY + 16},
	{"fbreg", OPS(OP(fbreg, .a = -0x40)), .value = CFA - 0x40},
	{"call_frame_cfa", OPS(OP(call_frame_cfa)), .value = CFA},
	{"register", OPS(OP(reg3)), .value = 0xfffffffffffffff0},
	{"regx", OPS(OP(regx, .a = RDI)), .value = MEMORY},
	{"lost register", OPS(OP(breg0)), .absence = ABSENT_NOT_SAVED},
	{"vector register", OPS(OP(regx, .a = XMM0)), .absence = ABSENT_VECTOR_REGISTER},
	{"deref", OPS(OP(breg5), OP(deref)), .value = 0x8877665544332211},
	{"deref_size", OPS(OP(breg5), OP(deref_size, .a = 2)), .value = 0x2211},
	{"deref_type is signed", OPS(OP(breg5, .a = 8), OP(deref_type, .a = 2, .type = &type_s16)),
	 .value = (u64)-1},
	{"deref of nothing", OPS(OP(lit8), OP(deref)), .absence = ABSENT_NOT_CAPTURED},
	{"dup", OPS(OP(lit3), OP(dup), OP(mul)), .value = 9},
	{"drop", OPS(OP(lit3), OP(lit4), OP(drop)), .value = 3},
	{"over", OPS(OP(lit3), OP(lit4), OP(over)), .value = 3},
	{"pick", OPS(OP(lit3), OP(lit4), OP(lit5), OP(pick, .a = 2)), .value = 3},
	{"swap", OPS(OP(lit3), OP(lit4), OP(swap), OP(minus)), .value = 1},
	{"rot", OPS(OP(lit1), OP(lit2), OP(lit3), OP(rot), OP(minus)), .value = (u64)(1 - 2)},
	{"swap of one", OPS(OP(lit3), OP(swap)), .absence = ABSENT_UNSUPPORTED},
	{"empty stack", OPS(OP(plus)), .absence = ABSENT_UNSUPPORTED},
	{"abs", OPS(OP(consts, .a = -7), OP(abs)), .value = 7},
	{"neg", OPS(OP(lit7), OP(neg)), .value = (u64)-7},
	{"not", OPS(OP(lit0), OP(not )), .value = UINT64_MAX},
	{"and", OPS(OP(lit12), OP(lit10), OP(and)), .value = 8},
	{"or", OPS(OP(lit12), OP(lit10), OP(or)), .value = 14},
	{"xor", OPS(OP(lit12), OP(lit10), OP(xor)), .value = 6},
	{"div is signed", OPS(OP(consts, .a = -8), OP(lit2), OP(div)), .value = (u64)-4},
	{"div of the least by -1", OPS(OP(consts, .a = INT64_MIN), OP(consts, .a = -1), OP(div)),
	 .value = (u64)INT64_MIN},
	{"div by zero", OPS(OP(lit1), OP(lit0), OP(div)), .absence = ABSENT_UNSUPPORTED},
	{"mod is unsigned", OPS(OP(consts, .a = -1), OP(lit10), OP(mod)), .value = 5},
	{"plus_uconst", OPS(OP(lit1), OP(plus_uconst, .a = 41)), .value = 42},
	{"shl", OPS(OP(lit1), OP(const1u, .a = 63), OP(shl)), .value = 1ULL << 63},
	{"shl too far", OPS(OP(lit1), OP(const1u, .a = 64), OP(shl)), .value = 0},
	{"shr is unsigned", OPS(OP(consts, .a = -1), OP(const1u, .a = 60), OP(shr)), .value = 15},
	{"shra", OPS(OP(consts, .a = -16), OP(lit2), OP(shra)), .value = (u64)-4},
	{"shra too far", OPS(OP(consts, .a = -16), OP(const1u, .a = 200), OP(shra)),
	 .value = (u64)-1},
	{"lt is signed", OPS(OP(consts, .a = -1), OP(lit1), OP(lt)), .value = 1},
	{"ge", OPS(OP(lit1), OP(lit1), OP(ge)), .value = 1},
	{"eq", OPS(OP(lit1), OP(lit2), OP(eq)), .value = 0},
	{"ne", OPS(OP(lit1), OP(lit2), OP(ne)), .value = 1},
	{"bra taken", OPS(OP(lit1), OP(bra, .a = 4), OP(lit5), OP(skip, .a = 5), OP(lit6)),
	 .value = 6},
	{"bra not taken", OPS(OP(lit0), OP(bra, .a = 4), OP(lit5), OP(skip, .a = 5), OP(lit6)),
	 .value = 5},
	{"endless loop", OPS(OP(lit1), OP(skip, .a = 1)), .absence = ABSENT_UNSUPPORTED},
	{"stack overflow", OPS(OP(lit1), OP(skip, .a = 0)), .absence = ABSENT_UNSUPPORTED},
	{"entry_value", OPS(OP(entry_value, .inner = &entry_rdi), OP(stack_value)), .value = 4711},
	{"entry_value unknown", OPS(OP(entry_value, .inner = &entry_rbx), OP(stack_value)),
	 .absence = ABSENT_NO_CALL_SITE},
	{"form_tls_address", OPS(OP(const8u, .a = 8), OP(form_tls_address)), .value = 0x7008},
	{"push_object_address without one", OPS(OP(push_object_address)),
	 .absence = ABSENT_UNSUPPORTED},
	{"call", OPS(OP(lit4), OP(call4, .inner = &add_one)), .value = 5},
	{"call of nothing", OPS(OP(lit4), OP(call4)), .value = 4},
	{"convert truncates",
	 OPS(OP(const2u, .a = 0x1ff), OP(convert, .type = &type_u8), OP(convert)), .value = 0xff},
	{"convert extends",
	 OPS(OP(const_type, .type = &type_s16, .block = minus_one, .block_len = 2), OP(convert)),
	 .value = (u64)-1},
	{"wraps at its size",
	 OPS(OP(const1u, .a = 255), OP(convert, .type = &type_u8), OP(dup), OP(plus), OP(convert)),
	 .value = 254},
	{"upper half of a product",
	 OPS(OP(consts, .a = -1), OP(convert, .type = &type_u8), OP(convert, .type = &type_u128),
	     OP(const1u, .a = 2), OP(convert, .type = &type_u128), OP(mul), OP(convert)),
	 .value = 510},
	{"mixed types", OPS(OP(lit1), OP(lit1), OP(convert, .type = &type_u8), OP(plus)),
	 .absence = ABSENT_UNSUPPORTED},
	{"double arithmetic",
	 OPS(OP(const_type, .type = &type_double, .block = two_and_a_half, .block_len = 8), OP(dup),
	     OP(mul), OP(convert)),
	 .value = 6},
	{"integer to float",
	 OPS(OP(consts, .a = -3), OP(convert, .type = &type_float), OP(neg), OP(convert)),
	 .value = 3},
	{"regval_type", OPS(OP(regval_type, .a = RBX, .type = &type_s16), OP(convert)),
	 .value = (u64)-16},
	{"reinterpret of another size", OPS(OP(lit1), OP(reinterpret, .type = &type_u8)),
	 .absence = ABSENT_UNSUPPORTED},
	{"GNU_uninit", OPS(OP(breg5), OP(GNU_uninit)), .value = MEMORY},
	{"no such operator", OPS({.opcode = 0x02}), .absence = ABSENT_UNSUPPORTED},
};

static void test_operators(void **state)
{
	struct world world;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct loc loc = {.ops = cases[i].ops, .n_ops = cases[i].n};
		u64 value = 0;
		enum absence absence;

		world_open(&world);
		absence = loc_eval_number(&loc, &world.context, &value);
		if (absence != cases[i].absence || value != cases[i].value)
			fail_msg("%s: %s, 0x%llx", cases[i].name, absence_status(absence),
				 (unsigned long long)value);
		arena_free(world.arena);
	}
}

static enum absence gather(struct world *world, const struct loc_op *ops, size_t n, u64 size,
			   u8 *bytes, enum image_origin *origin)
{
	struct loc loc = {.ops = ops, .n_ops = n};
	struct loc_result result;
	u64 address;
	u16 reg;

	loc_eval(&loc, &world->context, &result);
	return loc_gather(&result, &world->context, size, bytes, &address, origin, &reg);
}

static void test_pieces_are_put_together(void **state)
{
	const struct loc_op ops[] = {OP(breg5),		OP(piece, .a = 2), OP(reg3),
				     OP(piece, .a = 4), OP(lit7),	   OP(stack_value),
				     OP(piece, .a = 2)};
	const u8 expected[] = {0x11, 0x22, 0xf0, 0xff, 0xff, 0xff, 7, 0};
	struct world world;
	enum image_origin origin;
	u8 bytes[9];

	world_open(&world);
	assert_int_equal(gather(&world, ops, ARRAY_LEN(ops), 8, bytes, &origin), PRESENT);
	assert_memory_equal(bytes, expected, 8);
	assert_int_equal(gather(&world, ops, ARRAY_LEN(ops), 9, bytes, &origin),
			 ABSENT_OPTIMIZED_OUT);
	arena_free(world.arena);
}

static void test_a_lost_piece_spoils_only_itself(void **state)
{
	const struct loc_op ops[] = {OP(piece, .a = 4), OP(breg0), OP(piece, .a = 4), OP(reg5),
				     OP(piece, .a = 8)};
	struct loc loc = {.ops = ops, .n_ops = ARRAY_LEN(ops)};
	struct loc_result result;
	struct world world;
	u8 bytes[8];
	u64 address;

	world_open(&world);
	loc_eval(&loc, &world.context, &result);
	assert_int_equal(result.n_pieces, 3);
	assert_int_equal(loc_gather_at(&result, &world.context, 0, 4, bytes, &address, NULL, NULL),
			 ABSENT_OPTIMIZED_OUT);
	assert_int_equal(loc_gather_at(&result, &world.context, 4, 4, bytes, &address, NULL, NULL),
			 ABSENT_NOT_SAVED);
	assert_int_equal(loc_gather_at(&result, &world.context, 8, 8, bytes, &address, NULL, NULL),
			 PRESENT);
	assert_int_equal(bytes[1], 0x10);
	arena_free(world.arena);
}

static void test_bit_pieces(void **state)
{
	/* 4 bits of 0x11 from bit 4, then 12 bits of 0x33221 from bit 8 of the memory */
	const struct loc_op ops[] = {OP(breg5), OP(bit_piece, .a = 4, .b = 4), OP(breg5),
				     OP(bit_piece, .a = 12, .b = 8)};
	struct world world;
	enum image_origin origin;
	u8 bytes[2];

	world_open(&world);
	assert_int_equal(gather(&world, ops, ARRAY_LEN(ops), 2, bytes, &origin), PRESENT);
	assert_int_equal(bytes[0], 0x21);
	assert_int_equal(bytes[1], 0x32);
	arena_free(world.arena);
}

static void test_late_is_told(void **state)
{
	const struct loc_op memory_ops[] = {OP(const2u, .a = 0x2000)};
	const struct loc_op register_ops[] = {OP(breg6, .a = 1), OP(stack_value)};
	struct world world;
	enum image_origin origin;
	u8 bytes[8];

	world_open(&world);
	assert_int_equal(gather(&world, memory_ops, 1, 8, bytes, &origin), PRESENT);
	assert_int_equal(origin, IMAGE_LATE);
	assert_int_equal(gather(&world, register_ops, 2, 8, bytes, &origin), PRESENT);
	assert_int_equal(bytes[0], 6);
	assert_int_equal(origin, IMAGE_LATE);
	arena_free(world.arena);
}

static void test_shapes(void **state)
{
	const struct loc_op reg[] = {OP(reg5)}, value[] = {OP(breg5), OP(stack_value)};
	const struct loc_op constant[] = {OP(consts, .a = -3), OP(stack_value)};
	const struct loc_op entry[] = {OP(entry_value, .inner = &entry_rdi), OP(stack_value)};
	struct arena *arena = arena_new();
	const struct arch *arch = arch_by_machine(62);

	assert_int_equal(loc_shape(&(struct loc){.ops = reg, .n_ops = 1}), LOC_REGISTER);
	assert_int_equal(loc_shape(&(struct loc){.ops = value, .n_ops = 2}), LOC_VALUE);
	assert_int_equal(loc_shape(&(struct loc){.ops = constant, .n_ops = 2}), LOC_CONSTANT);
	assert_int_equal(loc_shape(&(struct loc){.absence = ABSENT_OPTIMIZED_OUT}), LOC_ABSENT);
	assert_string_equal(loc_text(&(struct loc){.ops = reg, .n_ops = 1}, arch, arena), "in rdi");
	assert_string_equal(loc_text(&(struct loc){.ops = constant, .n_ops = 2}, arch, arena),
			    "constant -3");
	assert_string_equal(loc_text(&(struct loc){.ops = entry, .n_ops = 2}, arch, arena),
			    "entry value of rdi");
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_operators),
		cmocka_unit_test(test_pieces_are_put_together),
		cmocka_unit_test(test_a_lost_piece_spoils_only_itself),
		cmocka_unit_test(test_bit_pieces),
		cmocka_unit_test(test_late_is_told),
		cmocka_unit_test(test_shapes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
