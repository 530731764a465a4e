/* SPDX-License-Identifier: BSD-2-Clause */
#include "event/variables.h"

#include "event/entry.h"
#include "event/linker.h"
#include "event/process.h"

enum { MAX_IMPLICIT = 8 };

static enum absence tls_address(void *context_pointer, u64 offset, u64 *address)
{
	struct frame_context *context = context_pointer;

	return linker_tls(context->event, context->frame->module, offset, address);
}

static enum absence symbol_address(void *context_pointer, const char *name, u64 *address)
{
	struct frame_context *context = context_pointer;

	return linker_symbol(context->event, name, address);
}

static bool is_module(const struct event_module *module, struct dw *dw)
{
	return module && module->dw &&
	       (module->dw == dw || build_id_equal(elf_file_build_id(dw_file(module->dw)),
						   elf_file_build_id(dw_file(dw))));
}

static bool enter_module(void *context_pointer, struct dw *dw, struct loc_context *loc)
{
	struct frame_context *context = context_pointer, *made;
	struct event *event = context->event;

	if (is_module(context->frame->module, dw))
		return true;
	for (size_t i = 0; i < event->n_modules; i++) {
		const struct event_module *module = &event->modules[i];

		if (!is_module(module, dw))
			continue;
		made = arena_memdup(event->arena, context, sizeof(*context));
		made->frame = arena_memdup(event->arena, context->frame, sizeof(*context->frame));
		made->frame->module = module;
		loc->bias = module->bias;
		loc->dw = module->dw;
		loc->frame_base = NULL;
		loc->context = made;
		return true;
	}
	return false;
}

const char *frame_symbol(void *context_pointer, u64 address, bool functions_only,
			 struct arena *arena)
{
	struct frame_context *context = context_pointer;
	struct event *event = context->event;
	const struct event_module *module = module_at(event->modules, event->n_modules, address);
	const struct elf_symbol *symbol;
	u64 offset;

	if (!module || !module->dw)
		return NULL;
	symbol = elf_file_symbol_at(dw_file(module->dw), address - module->bias);
	if (!symbol || (functions_only && !symbol->is_function))
		return NULL;
	offset = address - module->bias - symbol->pc;
	if (offset == 0)
		return symbol->name;
	return arena_printf(arena, "%s+%llu", symbol->name, (unsigned long long)offset);
}

/* What an implicit pointer points to; an offset into it can't be shown as a whole. */
static struct value *implicit_target(void *context_pointer, u64 die, s64 offset)
{
	struct frame_context *context = context_pointer;
	struct arena *arena = context->event->arena;
	struct value *value;
	struct dw_var var;
	struct loc *loc;

	if (offset || context->nesting >= MAX_IMPLICIT || !context->loc.dw)
		return NULL;
	_cleanup_(error_freep) struct error *err = dw_var_by_die(context->loc.dw, die, arena, &var);

	if (!err)
		err = dw_var_loc(context->loc.dw, die, context->loc.pc, arena, &loc);
	if (err)
		return NULL;
	context->nesting++;
	value = value_from_loc(NULL, "pointee", var.type, loc, &context->value);
	context->nesting--;
	return value;
}

struct error *frame_context(struct event *event, struct frame *frame,
			    const struct value_limits *limits, struct frame_context **context)
{
	struct frame_context *made = arena_alloc(event->arena, sizeof(*made));
	const struct event_module *module = frame->module;
	struct loc *frame_base = NULL;
	struct dw *dw = module ? module->dw : NULL;
	u64 pc = frame->is_call ? frame->pc - 1 : frame->pc;

	if (dw) {
		struct error *err = dw_frame_base(dw, pc, event->arena, &frame_base);

		if (err)
			return err;
	}
	made->event = event;
	made->frame = frame;
	made->limits = limits;
	made->loc = (struct loc_context){
		.arch = dw ? elf_file_arch(dw_file(dw)) : arch_native(),
		.regs = frame->regs,
		.image = event->image,
		.arena = event->arena,
		.bias = module ? module->bias : 0,
		.has_cfa = frame->has_cfa,
		.cfa = frame->cfa,
		.frame_base = frame_base,
		.trusts_kept = dw && dw_marks_clobbers(dw, pc),
		.dw = dw,
		.pc = pc,
		.entry_value = entry_value,
		.tls_address = tls_address,
		.symbol_address = symbol_address,
		.enter_module = enter_module,
		.context = made,
	};
	made->value = (struct value_context){
		.arena = event->arena,
		.image = event->image,
		.limits = limits,
		.loc = &made->loc,
		.symbol = frame_symbol,
		.implicit = implicit_target,
		.context = made,
	};
	*context = made;
	return NULL;
}

static struct error *add_variable(struct event *event, struct frame_context *context,
				  const struct dw_var *var)
{
	struct frame *frame = context->frame;
	const char *kind = var->kind == DW_ARGUMENT ? "argument" : "local";
	struct error *err;
	struct loc *loc;

	err = dw_var_loc(context->loc.dw, var->die, context->loc.pc, event->arena, &loc);
	if (err)
		return err;
	*arena_push(event->arena, frame->variables, frame->n_variables) =
		value_from_loc(var->name, kind, var->type, loc, &context->value);
	return NULL;
}

static struct error *frame_values(struct event *event, struct frame *frame,
				  const struct value_limits *limits)
{
	const struct dw_frame *scopes = frame->dw_frame;
	struct frame_context *context;
	struct error *err;

	if (!scopes || !frame->module || !frame->module->dw)
		return NULL;
	err = frame_context(event, frame, limits, &context);
	for (size_t i = 0; i < scopes->n_vars && !err; i++)
		err = add_variable(event, context, &scopes->vars[i]);
	return err;
}

struct error *event_values(struct event *event, const struct value_limits *limits)
{
	for (size_t i = 0; i < event->n_frames; i++) {
		struct error *err = frame_values(event, &event->frames[i], limits);

		if (err)
			return error_prefix(err, "frame %u", event->frames[i].n);
	}
	return NULL;
}
