/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A scope over struct world: types made by hand, and locations of every usual shape. The world lies
 * at `base`, which may be anywhere; registers hold what the locations say they do.
 */
#ifndef SNAPLINE_TESTS_SCOPE_H
#define SNAPLINE_TESTS_SCOPE_H

#include <dwarf.h>
#include <string.h>

#include "bay.h"
#include "dwarf/dw.h"
#include "expr/expr.h"
#include "gen/gen.h"
#include "world.h"

enum {
	REG_BASE = 3,  /* DWARF numbers that both CPUs have in pt_regs: the world's address, */
	REG_FRAME = 6, /* frame pointer: the address + 64, */
	REG_VALUE = 5, /* and values */
	REG_VALUE2 = 2,
	REG_VALUE3 = 4,
	WORLD_WILD = 0x10, /* an address that nobody can read */
};
#define WORLD_BIAS 0x7000ull
#define WORLD_EXPECT (-4096ull) /* from the base: out of reach of the expressions */

struct world_types {
	struct type color, big, point, node, mix;
	const struct type *node_pointer, *point_pointer, *text, *int_pointer, *byte_pointer;
	struct type named_int, constant_int;
};

struct world_scope {
	struct arena *arena;
	struct world_types types;
	struct expr_scope scope;
	struct cfi_row cfi;
	struct gen_place place;
	u64 base;
	struct loc frame_base;
	struct loc_op frame_base_op;
};

static inline const struct type *basic(enum type_basic_id id)
{
	return type_basic(id);
}

static inline void add_member(struct arena *arena, struct type *type, const char *name,
			      const struct type *member, u64 offset, u16 bit_offset, u16 bit_size)
{
	struct type_member *slot = arena_push(arena, type->members, type->n_members);

	*slot = (struct type_member){.name = name,
				     .type = member,
				     .offset = offset,
				     .bit_offset = bit_offset,
				     .bit_size = bit_size};
}

static inline void make_enums(struct world_types *types)
{
	types->color = (struct type){
		.kind = TYPE_ENUM, .name = "color", .size = sizeof(enum color), .is_signed = true};
	types->big = (struct type){.kind = TYPE_ENUM, .name = "big", .size = sizeof(enum big)};
}

static inline void make_node(struct arena *arena, struct world_types *types)
{
	struct type *node = &types->node;
	const u64 bits = offsetof(struct node, next) + 8;

#define MEMBER(name, type) add_member(arena, node, #name, type, offsetof(struct node, name), 0, 0)
	MEMBER(value, basic(TYPE_BASIC_INT));
	MEMBER(tag, basic(TYPE_BASIC_UCHAR));
	MEMBER(next, types->node_pointer);
	add_member(arena, node, "a", basic(TYPE_BASIC_UINT), bits, 0, 3);
	add_member(arena, node, "b", basic(TYPE_BASIC_INT), bits, 3, 5);
	add_member(arena, node, "c", basic(TYPE_BASIC_UINT), bits, 8, 17);
	add_member(arena, node, "d", basic(TYPE_BASIC_INT), bits, 25, 7);
	add_member(arena, node, "wide", basic(TYPE_BASIC_UINT), bits + 4, 0, 32);
	MEMBER(name, type_array_of(basic(TYPE_BASIC_CHAR), 12, arena));
	MEMBER(text, types->text);
	MEMBER(at, &types->point);
	MEMBER(where, types->point_pointer);
	MEMBER(array, type_array_of(basic(TYPE_BASIC_INT), 4, arena));
	MEMBER(grid, type_array_of(type_array_of(basic(TYPE_BASIC_USHORT), 3, arena), 2, arena));
	MEMBER(f, basic(TYPE_BASIC_FLOAT));
	MEMBER(real, basic(TYPE_BASIC_DOUBLE));
	MEMBER(mix, &types->mix);
#undef MEMBER
}

static inline void make_types(struct arena *arena, struct world_types *types)
{
	make_enums(types);
	types->point =
		(struct type){.kind = TYPE_STRUCT, .name = "point", .size = sizeof(struct point)};
	types->node =
		(struct type){.kind = TYPE_STRUCT, .name = "node", .size = sizeof(struct node)};
	types->mix = (struct type){.kind = TYPE_UNION, .size = 4};
	types->named_int = (struct type){
		.kind = TYPE_TYPEDEF, .name = "number_t", .target = basic(TYPE_BASIC_INT)};
	types->constant_int = (struct type){.kind = TYPE_CONST, .target = &types->named_int};
	types->node_pointer = type_pointer_to(&types->node, arena);
	types->point_pointer = type_pointer_to(&types->point, arena);
	types->text = type_pointer_to(basic(TYPE_BASIC_CHAR), arena);
	types->int_pointer = type_pointer_to(basic(TYPE_BASIC_INT), arena);
	types->byte_pointer = type_pointer_to(basic(TYPE_BASIC_UCHAR), arena);
	add_member(arena, &types->point, "x", basic(TYPE_BASIC_SHORT), offsetof(struct point, x), 0,
		   0);
	add_member(arena, &types->point, "y", basic(TYPE_BASIC_LONG), offsetof(struct point, y), 0,
		   0);
	add_member(arena, &types->mix, "whole", basic(TYPE_BASIC_UINT), 0, 0, 0);
	add_member(arena, &types->mix, "parts", type_array_of(basic(TYPE_BASIC_UCHAR), 4, arena), 0,
		   0, 0);
	make_node(arena, types);
}

static inline const struct loc *make_loc(struct arena *arena, const struct loc_op *ops, size_t n)
{
	struct loc *loc = arena_alloc(arena, sizeof(*loc));

	loc->ops = arena_memdup(arena, ops, n * sizeof(*ops));
	loc->n_ops = n;
	return loc;
}

#define OPS(...)                                              \
	make_loc(arena, (const struct loc_op[]){__VA_ARGS__}, \
		 sizeof((const struct loc_op[]){__VA_ARGS__}) / sizeof(struct loc_op))

/* The shape of a variable's location goes by its offset, so that all shapes occur. */
static inline const struct loc *memory_loc(struct world_scope *world, struct arena *arena,
					   u64 offset)
{
	switch (offset / 8 % 4) {
	case 0: return OPS({.opcode = DW_OP_addr, .a = (s64)(world->base + offset - WORLD_BIAS)});
	case 1: return OPS({.opcode = DW_OP_breg0 + REG_BASE, .a = (s64)offset});
	case 2: return OPS({.opcode = DW_OP_fbreg, .a = (s64)offset - 64});
	default:
		return OPS({.opcode = DW_OP_breg0 + REG_BASE, .a = 8}, {.opcode = DW_OP_lit8},
			   {.opcode = DW_OP_minus}, {.opcode = DW_OP_constu, .a = (s64)offset},
			   {.opcode = DW_OP_dup}, {.opcode = DW_OP_drop}, {.opcode = DW_OP_plus});
	}
}

static inline const struct loc *special_loc(struct arena *arena, const char *name)
{
	static const u8 forty_two[8] = {42};
	static const struct loc gone = {.absence = ABSENT_OPTIMIZED_OUT};

	if (!strcmp(name, "$return"))
		return OPS({.opcode = DW_OP_reg0});
	if (!strcmp(name, "r1"))
		return OPS({.opcode = DW_OP_reg0 + REG_VALUE});
	if (!strcmp(name, "r2"))
		return OPS({.opcode = DW_OP_reg0 + REG_VALUE2});
	if (!strcmp(name, "r3"))
		return OPS({.opcode = DW_OP_regx, .a = REG_VALUE3});
	if (!strcmp(name, "v1")) /* -(r2 - 7) */
		return OPS({.opcode = DW_OP_breg0 + REG_VALUE2, .a = -7}, {.opcode = DW_OP_neg},
			   {.opcode = DW_OP_stack_value});
	if (!strcmp(name, "pair")) /* x in a register, y a constant */
		return OPS({.opcode = DW_OP_reg0 + REG_VALUE3}, {.opcode = DW_OP_piece, .a = 8},
			   {.opcode = DW_OP_implicit_value, .block = forty_two, .block_len = 8},
			   {.opcode = DW_OP_piece, .a = 8});
	if (!strcmp(name, "gone"))
		return &gone;
	if (!strcmp(name, "vector"))
		return OPS({.opcode = DW_OP_reg17});
	if (!strcmp(name, "entry"))
		return OPS({.opcode = DW_OP_entry_value, .inner = OPS({.opcode = DW_OP_reg5})},
			   {.opcode = DW_OP_stack_value});
	return NULL;
}

struct world_var {
	const char *name;
	const struct type *type;
	u64 offset;
};

static inline bool find_var(const struct world_scope *world, const char *name,
			    struct world_var *var)
{
	const struct world_types *types = &world->types;
	struct arena *arena = world->arena;

#define FOUND(field, what)                                                              \
	if (!strcmp(name, #field)) {                                                    \
		*var = (struct world_var){#field, what, offsetof(struct world, field)}; \
		return true;                                                            \
	}
#define X(field, type, id) FOUND(field, basic(TYPE_BASIC_##id))
	WORLD_SCALARS(X)
#undef X
	if (!strcmp(name, "expect")) {
		*var = (struct world_var){"expect", basic(TYPE_BASIC_LONG), WORLD_EXPECT};
		return true;
	}
	FOUND(color, &types->color)
	FOUND(big, &types->big)
	FOUND(buffer, type_array_of(basic(TYPE_BASIC_CHAR), 16, arena))
	FOUND(exact, type_array_of(basic(TYPE_BASIC_CHAR), 4, arena))
	FOUND(string, types->text)
	FOUND(longer, types->text)
	FOUND(wild_string, types->text)
	FOUND(node, &types->node)
	FOUND(p, types->node_pointer)
	FOUND(null, types->node_pointer)
	FOUND(wild, types->node_pointer)
	FOUND(pair, &types->point)
	FOUND(array, type_array_of(basic(TYPE_BASIC_INT), 5, arena))
	FOUND(ip, types->int_pointer)
	FOUND(bytes, types->byte_pointer)
#undef FOUND
	*var = (struct world_var){name, basic(TYPE_BASIC_INT), 0};
	return !strcmp(name, "gone") || !strcmp(name, "vector") || !strcmp(name, "entry");
}

static inline bool scope_variable(void *context, const char *name, struct arena *arena,
				  const struct type **type, const struct loc **loc,
				  const struct loc **frame_base, struct dw **dw, const char **why)
{
	struct world_scope *world = context;
	struct world_var var;

	if (!find_var(world, name, &var))
		return false;
	*type = var.type;
	*loc = special_loc(arena, name);
	if (!*loc)
		*loc = memory_loc(world, arena, var.offset);
	*frame_base = &world->frame_base;
	*dw = NULL;
	return true;
}

static inline bool scope_enumerator(void *context, const char *name, const struct type **type,
				    s64 *value)
{
	static const struct {
		const char *name;
		s64 value;
		bool is_big;
	} all[] = {{"RED", RED, false},
		   {"GREEN", GREEN, false},
		   {"BLUE", BLUE, false},
		   {"SMALL", SMALL, true},
		   {"HUGE_ONE", HUGE_ONE, true}};
	struct world_scope *world = context;

	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		if (!strcmp(name, all[i].name)) {
			*type = all[i].is_big ? &world->types.big : &world->types.color;
			*value = all[i].value;
			return true;
		}
	return false;
}

static inline const struct type *scope_type(void *context, const char *name)
{
	struct world_scope *world = context;

	if (!strcmp(name, "struct node"))
		return &world->types.node;
	if (!strcmp(name, "struct point"))
		return &world->types.point;
	if (!strcmp(name, "enum color"))
		return &world->types.color;
	if (!strcmp(name, "number_t"))
		return &world->types.named_int;
	return NULL;
}

static inline const char *scope_suggest(void *context, const char *name, struct arena *arena)
{
	return name[0] == 'b' ? "buffer" : NULL;
}

static inline void world_scope_init(struct world_scope *world, u64 base, const struct arch *arch)
{
	*world = (struct world_scope){.arena = arena_new(), .base = base};
	make_types(world->arena, &world->types);
	world->scope = (struct expr_scope){
		.arch = arch,
		.variable = scope_variable,
		.enumerator = scope_enumerator,
		.type_by_name = scope_type,
		.suggest = scope_suggest,
		.return_type = basic(TYPE_BASIC_INT),
		.return_loc = special_loc(world->arena, "$return"),
		.context = world,
	};
	/* The CFA is the frame pointer: what fbreg counts from. */
	world->frame_base_op = (struct loc_op){.opcode = DW_OP_call_frame_cfa};
	world->frame_base = (struct loc){.ops = &world->frame_base_op, .n_ops = 1};
	world->cfi = (struct cfi_row){.cfa_reg = REG_FRAME};
	world->place = (struct gen_place){.arch = arch, .cfi = &world->cfi};
}

/* Registers as the locations want them; r2, and v1 and pair which are made of them, as the world
 * says. */
static inline void world_regs(const struct world *world, u64 base, struct frame_regs *regs)
{
	*regs = (struct frame_regs){};
	for (unsigned i = 0; i < ARCH_MAX_DWARF_REGS; i++)
		regs->value[i] = 0x1111111111111111ull * (i % 16);
	regs->value[REG_BASE] = base;
	regs->value[REG_FRAME] = base + 64;
	regs->value[REG_VALUE] = 0xabcd000000000000ull | (u32)world->r1;
	regs->value[REG_VALUE2] = world->r2;
	regs->value[REG_VALUE3] = (u64)world->r3;
}

static inline struct bay_env world_env(void)
{
	return (struct bay_env){.bias = WORLD_BIAS,
				.thread_pointer = 0x5000,
				.pid = 1234,
				.tid = 1235,
				.cpu = 3,
				.time = 1000000007,
				.hits = 42,
				.elapsed = 99,
				.comm = "tester"};
}

static inline struct loc_context world_context(const struct world_scope *world,
					       const struct frame_regs *regs,
					       const struct image *image, struct arena *arena)
{
	return (struct loc_context){.arch = world->scope.arch,
				    .regs = regs,
				    .image = image,
				    .arena = arena,
				    .bias = WORLD_BIAS,
				    .has_cfa = true,
				    .cfa = regs->value[REG_FRAME],
				    .frame_base = &world->frame_base};
}

/* A world with something in everything. */
static inline void world_fill(struct world *w, u64 base)
{
	*w = (struct world){
		.flag = true,
		.sc = -5,
		.uc = 200,
		.ss = -300,
		.us = 60000,
		.si = -70000,
		.ui = 4000000000u,
		.sl = -5000000000,
		.ul = 18000000000000000000ul,
		.sj = 7,
		.uj = 3,
		.sm = 1L << 40,
		.um = 12,
		.r1 = -9,
		.r2 = 100,
		.r3 = -2,
		.f = 1.5f,
		.g = -2.25f,
		.real = 0.1,
		.other = 1e300,
		.color = GREEN,
		.big = HUGE_ONE,
		.buffer = "hello",
		.exact = "abcd",
		.pair = {-2, 42},
		.array = {10, -20, 30, -40, 50},
	};
	w->v1 = -(long)(w->r2 - 7);
	for (unsigned i = 0; i < 4; i++) {
		struct node *node = i ? &w->nodes[i - 1] : &w->node;

		*node = (struct node){.value = 100 + (int)i,
				      .tag = 250,
				      .a = 5,
				      .b = -3,
				      .c = 70000,
				      .d = -60,
				      .wide = 0xfffffff0u,
				      .name = "node",
				      .at = {3, -4},
				      .array = {1, 2, 3, 4},
				      .grid = {{1, 2, 3}, {4, 5, 6}},
				      .f = 0.5f,
				      .real = -1.5,
				      .mix.whole = 0x01020384};
		node->text = (char *)(base + offsetof(struct world, text));
		node->where = (void *)(base + offsetof(struct world, nodes[1].at));
		node->next = i < 3 ? (void *)(base + offsetof(struct world, nodes) +
					      i * sizeof(struct node))
				   : NULL;
	}
	strcpy(w->text[0], "GET /index.html");
	memset(w->text[1], 'x', 90);
	memcpy(w->text[1] + 70, "needle", 6);
	w->string = (char *)(base + offsetof(struct world, text[0]));
	w->longer = (char *)(base + offsetof(struct world, text[1]));
	w->wild_string = (char *)WORLD_WILD;
	w->p = (void *)(base + offsetof(struct world, nodes));
	w->wild = (void *)WORLD_WILD;
	w->ip = (void *)(base + offsetof(struct world, array));
	w->bytes = (void *)(base + offsetof(struct world, nodes));
}

#endif
