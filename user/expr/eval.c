/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A typed tree over a snapshot. What gen/ compiles to BPF means the same; this file is the
 * reference. An operand that can't be had ends the evaluation, with its reason.
 */
#include "expr/evaluator.h"

#include <string.h>

static struct value_bits eval(struct evaluator *ev, const struct expr *expr);

void evaluator_fail(struct evaluator *ev, enum absence why)
{
	if (ev->failed)
		return;
	ev->failed = true;
	ev->result->absence = why;
}

static void fail_error(struct evaluator *ev, const char *what)
{
	if (ev->failed)
		return;
	ev->failed = true;
	ev->result->error = what;
}

bool evaluator_read(struct evaluator *ev, u64 address, void *bytes, size_t len)
{
	enum image_origin origin = IMAGE_HIT;
	enum absence why;

	if (ev->failed)
		return false;
	why = ev->context->image ? image_read(ev->context->image, address, bytes, len, &origin)
				 : ABSENT_NOT_CAPTURED;
	if (why != PRESENT) {
		evaluator_fail(ev, why);
		return false;
	}
	ev->result->late |= origin == IMAGE_LATE;
	return true;
}

/* The bytes of a variable that is not, or not wholly, in memory. */
static void gather(struct evaluator *ev, const struct expr *expr, const struct loc_context *context,
		   const struct loc_result *found, struct object *object)
{
	u64 size = type_complete(type_strip(expr->type))->size;
	enum image_origin origin = IMAGE_HIT;
	u16 vector_reg;
	enum absence why;
	u8 *bytes;

	if (!size || size > EVALUATOR_MAX_OBJECT) {
		evaluator_fail(ev, ABSENT_INCOMPLETE_TYPE);
		return;
	}
	bytes = arena_alloc(ev->context->arena, size);
	why = loc_gather(found, context, size, bytes, &object->address, &origin, &vector_reg);
	if (why != PRESENT) {
		evaluator_fail(ev, why);
		return;
	}
	ev->result->late |= origin == IMAGE_LATE;
	if (object->address)
		return;
	object->blob = bytes;
	object->blob_len = size;
}

static struct object variable_object(struct evaluator *ev, const struct expr *expr)
{
	struct loc_context context = *ev->context;
	struct loc_result found = {};
	struct object object = {};

	if (expr->dw && expr->dw != context.dw && context.enter_module &&
	    !context.enter_module(context.context, expr->dw, &context)) {
		evaluator_fail(ev, ABSENT_NO_MODULE);
		return object;
	}
	if (expr->frame_base)
		context.frame_base = expr->frame_base;
	if (!expr->loc || expr->loc->absence != PRESENT) {
		evaluator_fail(ev, expr->loc ? expr->loc->absence : ABSENT_OPTIMIZED_OUT);
		return object;
	}
	loc_eval(expr->loc, &context, &found);
	if (found.n_pieces == 1 && found.pieces[0].kind == PIECE_MEMORY && !found.pieces[0].size) {
		object.address = found.pieces[0].address;
		ev->result->late |= found.pieces[0].late;
	} else {
		gather(ev, expr, &context, &found, &object);
	}
	return object;
}

static struct object member_object(struct evaluator *ev, const struct expr *expr)
{
	struct object object = evaluator_object(ev, expr->a);

	if (!object.blob) {
		object.address += expr->offset;
	} else if (expr->offset > object.blob_len) {
		evaluator_fail(ev, ABSENT_UNSUPPORTED);
	} else {
		object.blob += expr->offset;
		object.blob_len -= expr->offset;
	}
	return object;
}

struct object evaluator_object(struct evaluator *ev, const struct expr *expr)
{
	struct object object = {};

	if (ev->failed)
		return object;
	if (expr->kind == EXPR_VARIABLE)
		return variable_object(ev, expr);
	if (expr->kind == EXPR_MEMBER)
		return member_object(ev, expr);
	if (expr->kind == EXPR_UNARY && expr->op == OP_DEREF) {
		object.address = eval(ev, expr->a).number;
		return object;
	}
	fail_error(ev, "no object");
	return object;
}

bool evaluator_load(struct evaluator *ev, const struct object *object, void *bytes, size_t len)
{
	if (ev->failed)
		return false;
	if (!object->blob)
		return evaluator_read(ev, object->address, bytes, len);
	if (len > object->blob_len) {
		evaluator_fail(ev, ABSENT_UNSUPPORTED);
		return false;
	}
	memcpy(bytes, object->blob, len);
	return true;
}

/* Little-endian, as are the CPUs of arch/. */
static struct value_bits load_bits(struct evaluator *ev, const struct expr *expr,
				   const struct object *object)
{
	unsigned bytes = (expr->bit_offset + expr->bit_size + 7u) / 8, shift = 64 - expr->bit_size;
	struct value_bits value = {};
	unsigned __int128 raw = 0;
	u64 bits;

	if (bytes > 9 || !evaluator_load(ev, object, &raw, bytes))
		return value;
	bits = (u64)(raw >> expr->bit_offset) << shift;
	value.number = scalar_is_signed(expr->type) ? (u64)((s64)bits >> shift) : bits >> shift;
	return value;
}

static struct value_bits load(struct evaluator *ev, const struct expr *expr)
{
	const struct type *bare = type_strip(expr->type);
	struct object object = evaluator_object(ev, expr);
	struct value_bits value = {};
	u8 bytes[16] = {};

	if (ev->failed)
		return value;
	if (expr->bit_size)
		return load_bits(ev, expr, &object);
	if (bare->size > sizeof(bytes)) {
		evaluator_fail(ev, ABSENT_UNSUPPORTED);
		return value;
	}
	if (!evaluator_load(ev, &object, bytes, bare->size))
		return value;
	if (bare->kind == TYPE_FLOAT) {
		if (!scalar_real(bare, bytes, &value.real))
			evaluator_fail(ev, ABSENT_UNSUPPORTED);
		return value;
	}
	memcpy(&value.number, bytes, sizeof(value.number));
	value.number = scalar_wrap(bare, value.number);
	return value;
}

static struct value_bits integer(u64 number)
{
	return (struct value_bits){.number = number};
}

static u64 slot_value(struct evaluator *ev, unsigned slot)
{
	const struct loc_context *context = ev->context;

	for (unsigned i = 0; i < context->arch->n_dwarf_regs; i++) {
		if (context->arch->dwarf_slot[i] != (s8)slot)
			continue;
		if (!context->regs || context->regs->absence[i] != PRESENT) {
			evaluator_fail(ev, context->regs ? context->regs->absence[i]
							 : ABSENT_NOT_CAPTURED);
			return 0;
		}
		ev->result->late |= context->regs->late[i];
		return context->regs->value[i];
	}
	evaluator_fail(ev, ABSENT_NOT_SAVED);
	return 0;
}

/* Where x86-64 has it: below the CFA. */
static u64 eval_caller(struct evaluator *ev)
{
	u64 address = 0;

	if (!ev->context->has_cfa)
		evaluator_fail(ev, ABSENT_NOT_SAVED);
	else
		evaluator_read(ev, ev->context->cfa - sizeof(address), &address, sizeof(address));
	return address;
}

static struct value_bits eval_builtin(struct evaluator *ev, const struct expr *expr)
{
	switch (expr->builtin) {
	case BUILTIN_PID: return integer(scalar_wrap(expr->type, ev->env->pid));
	case BUILTIN_TID: return integer(scalar_wrap(expr->type, ev->env->tid));
	case BUILTIN_CPU: return integer(scalar_wrap(expr->type, ev->env->cpu));
	case BUILTIN_TIME: return integer(ev->env->time);
	case BUILTIN_HITS: return integer(ev->env->hits);
	case BUILTIN_ELAPSED: return integer(ev->env->elapsed);
	case BUILTIN_COMM: break;
	case BUILTIN_CALLER: return integer(eval_caller(ev));
	}
	evaluator_fail(ev, ABSENT_UNSUPPORTED);
	return integer(0);
}

static struct value_bits eval_register(struct evaluator *ev, const struct expr *expr)
{
	return integer(
		scalar_wrap(expr->type, slot_value(ev, expr->reg->slot) >> expr->reg->shift));
}

static struct value_bits eval_address(struct evaluator *ev, const struct expr *expr)
{
	struct object object = evaluator_object(ev, expr->a);

	if (!ev->failed && object.blob)
		fail_error(ev, "not in memory, so it has no address");
	return integer(object.address);
}

static struct value_bits eval_unary(struct evaluator *ev, const struct expr *expr)
{
	u64 number;

	if (expr->op == OP_DEREF)
		return load(ev, expr);
	if (expr->op == OP_ADDRESS)
		return eval_address(ev, expr);
	number = eval(ev, expr->a).number;
	return integer(scalar_wrap(expr->type, expr->op == OP_NEG ? -number : ~number));
}

static bool is_comparison(enum expr_op op)
{
	return op >= OP_LT && op <= OP_NE;
}

static struct value_bits eval_pointer(struct evaluator *ev, const struct expr *expr, u64 a, u64 b)
{
	if (expr->op == OP_ADD)
		return integer(a + b * expr->offset);
	if (scalar_is_pointer(expr->type))
		return integer(a - b * expr->offset);
	return integer((u64)((s64)(a - b) / (s64)expr->offset));
}

static struct value_bits eval_binary(struct evaluator *ev, const struct expr *expr)
{
	struct value_bits a = eval(ev, expr->a), b = eval(ev, expr->b);
	u64 result = 0;

	if (ev->failed)
		return integer(0);
	if (is_comparison(expr->op) && scalar_is_float(expr->a->type))
		return integer(scalar_compare_real(expr->op, a.real, b.real));
	if (is_comparison(expr->op))
		return integer(scalar_compare(expr->op, scalar_is_signed(expr->a->type), a.number,
					      b.number));
	if (expr->offset)
		return eval_pointer(ev, expr, a.number, b.number);
	if (!scalar_binary(expr->op, expr->type, a.number, b.number, &result))
		fail_error(ev, "division by zero");
	return integer(result);
}

static bool eval_truth(struct evaluator *ev, const struct expr *expr)
{
	return eval(ev, expr).number != 0;
}

static struct value_bits eval_cast(struct evaluator *ev, const struct expr *expr)
{
	const struct type *to = type_strip(expr->type), *from = type_strip(expr->a->type);
	struct value_bits value = eval(ev, expr->a);

	if (ev->failed)
		return integer(0);
	if (to->kind == TYPE_BOOL)
		return integer(from->kind == TYPE_FLOAT ? value.real != 0 : value.number != 0);
	if (to->kind != TYPE_FLOAT)
		return integer(scalar_wrap(to, value.number));
	if (from->kind != TYPE_FLOAT)
		value.real = scalar_to_real(from, value.number, to);
	return value;
}

static struct value_bits eval_value(struct evaluator *ev, const struct expr *expr)
{
	switch (expr->kind) {
	case EXPR_NUMBER: return integer(expr->number);
	case EXPR_FLOAT: return (struct value_bits){.real = expr->real};
	case EXPR_VARIABLE:
	case EXPR_MEMBER: return load(ev, expr);
	case EXPR_REGISTER: return eval_register(ev, expr);
	case EXPR_BUILTIN: return eval_builtin(ev, expr);
	case EXPR_UNARY: return eval_unary(ev, expr);
	case EXPR_BINARY: return eval_binary(ev, expr);
	case EXPR_AND: return integer(eval_truth(ev, expr->a) && eval_truth(ev, expr->b));
	case EXPR_OR: return integer(eval_truth(ev, expr->a) || eval_truth(ev, expr->b));
	case EXPR_CONDITIONAL: return eval(ev, eval_truth(ev, expr->a) ? expr->b : expr->c);
	case EXPR_CAST: return eval_cast(ev, expr);
	case EXPR_CALL:
	case EXPR_STRING_COMPARE: return integer(evaluator_string(ev, expr));
	default: break;
	}
	fail_error(ev, "not a value");
	return integer(0);
}

/* After a failure nothing more is read: what a failed operand decides must not matter. */
static struct value_bits eval(struct evaluator *ev, const struct expr *expr)
{
	return ev->failed ? integer(0) : eval_value(ev, expr);
}

u64 evaluator_pointer(struct evaluator *ev, const struct expr *expr)
{
	return eval(ev, expr).number;
}

static void put_scalar(const struct type *type, const struct value_bits *value,
		       struct expr_result *result)
{
	u64 size = type_strip(type)->size;
	float single = (float)value->real;
	double full = (double)value->real;

	if (!scalar_is_float(type))
		memcpy(result->bytes, &value->number, sizeof(value->number));
	else if (size == sizeof(single))
		memcpy(result->bytes, &single, sizeof(single));
	else if (size == sizeof(full))
		memcpy(result->bytes, &full, sizeof(full));
	else
		memcpy(result->bytes, &value->real, sizeof(result->bytes));
}

/* An object: its address, and where it has none, or is a scalar, its bytes. */
static void eval_lvalue(struct evaluator *ev, const struct expr *expr)
{
	struct expr_result *result = ev->result;
	u64 size = type_strip(expr->type)->size;
	struct object object = evaluator_object(ev, expr);

	if (ev->failed)
		return;
	result->is_lvalue = !object.blob;
	result->address = object.address;
	result->blob = object.blob;
	result->blob_len = object.blob ? min_u64(size, object.blob_len) : 0;
	if (type_is_scalar(expr->type) && size <= sizeof(result->bytes))
		evaluator_load(ev, &object, result->bytes, size);
}

static void eval_comm(struct evaluator *ev, struct expr_result *result)
{
	char *comm = arena_alloc(ev->context->arena, 16);

	snprintf(comm, 16, "%s", ev->env->comm ? ev->env->comm : "");
	result->blob = (const u8 *)comm;
	result->blob_len = 16;
}

void expr_eval(const struct expr *expr, const struct loc_context *context,
	       const struct expr_env *env, struct expr_result *result)
{
	struct evaluator ev = {.context = context, .env = env, .result = result};
	struct value_bits value;

	*result = (struct expr_result){.absence = PRESENT, .type = expr->type};
	if (expr->kind == EXPR_BUILTIN && expr->builtin == BUILTIN_COMM) {
		eval_comm(&ev, result);
	} else if (expr->is_lvalue && !expr->bit_size) {
		eval_lvalue(&ev, expr);
	} else {
		value = eval(&ev, expr);
		put_scalar(expr->type, &value, result);
	}
}
