/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Entry values (DWARF 5, section 2.5.1.7). A function that overwrites its parameter's register says
 * "what rdi was at entry"; the caller's call site says what it had put there, by registers that are
 * preserved over the call:
 *
 *	caller:  mov %rbx,%rdi          DW_TAG_call_site  call_return_pc = here, call_origin =
 *callee call callee              parameter: location rdi, call_value rbx + 0 here:
 *
 * It holds only if the callee was entered by that very call. With tail calls it may have been
 *entered later: the caller called A, and A jumped to the callee. So the site has to name the
 *callee, and the callee must not be able to reach itself by tail calls; where that can't be known
 *the value is absent. These are gdb 13's rules (dwarf2/loc.c, dwarf_expr_reg_to_entry_parameter()
 *and func_verify_no_selftailcall()).
 */
#include "event/entry.h"

#include "event/process.h"

enum { MAX_ENTRY_NESTING = 8, MAX_TAIL_FUNCTIONS = 256 };

/* The frame of the function itself, with its inlined copies at lower numbers. */
static struct frame *function_frame(struct event *event, struct frame *frame)
{
	while (frame->is_inlined && frame + 1 < event->frames + event->n_frames)
		frame++;
	return frame;
}

static bool entry_ip(const struct frame *frame, u64 *ip)
{
	if (!frame->dw_frame || !frame->module)
		return false;
	*ip = frame->dw_frame->instance.entry + frame->module->bias;
	return true;
}

static bool symbol_ip(const struct event_module *module, const char *name, u64 *ip)
{
	const struct elf_symbol *symbol;

	if (!module->dw)
		return false;
	symbol = elf_file_symbol(dw_file(module->dw), name);
	if (!symbol || !symbol->is_function || symbol->is_plt || !symbol->pc)
		return false;
	*ip = symbol->pc + module->bias;
	return true;
}

/* Where a function that the site only declares is: in its own module first. */
static bool resolve_name(struct event *event, const struct event_module *module, const char *name,
			 u64 *ip)
{
	if (symbol_ip(module, name, ip))
		return true;
	for (size_t i = 0; i < event->n_modules; i++)
		if (symbol_ip(&event->modules[i], name, ip))
			return true;
	return false;
}

/* What a site calls; context is the caller's, NULL where its registers aren't known. */
static bool site_target(struct event *event, const struct event_module *module,
			const struct dw_call_site *site, const struct loc_context *context, u64 *ip)
{
	if (site->target)
		return context && loc_eval_number(site->target, context, ip) == PRESENT;
	if (site->has_target_pc) {
		*ip = site->target_pc + module->bias;
		return true;
	}
	return site->is_declared && site->origin_name &&
	       resolve_name(event, module, site->origin_name, ip);
}

struct reached {
	u64 ips[MAX_TAIL_FUNCTIONS];
	size_t n;
};

static bool add_reached(struct reached *reached, u64 ip)
{
	for (size_t i = 0; i < reached->n; i++)
		if (reached->ips[i] == ip)
			return true;
	if (reached->n >= MAX_TAIL_FUNCTIONS)
		return false;
	reached->ips[reached->n++] = ip;
	return true;
}

/* The tail calls of the function that starts at ip; false if it isn't known well enough. */
static bool tail_calls_of(struct event *event, u64 ip, const struct event_module **module,
			  struct dw_call_site **sites, size_t *n)
{
	struct dw_frame *frames;
	size_t n_frames;
	u64 pc;

	*module = module_at(event->modules, event->n_modules, ip);
	if (!*module || !(*module)->dw)
		return false;
	pc = ip - (*module)->bias;
	error_free(dw_frames_at((*module)->dw, pc, event->arena, &frames, &n_frames));
	if (n_frames == 0 || frames[n_frames - 1].instance.entry != pc)
		return false;
	error_free(dw_tail_calls_at((*module)->dw, pc, event->arena, sites, n));
	return true;
}

/* Can the function at `self` be entered again by tail calls that start in it? Unknown is true. */
static bool may_reenter(struct event *event, u64 self)
{
	struct reached reached = {.ips = {self}, .n = 1};

	for (size_t i = 0; i < reached.n; i++) {
		const struct event_module *module;
		struct dw_call_site *sites;
		size_t n;

		if (!tail_calls_of(event, reached.ips[i], &module, &sites, &n))
			return true;
		for (size_t j = 0; j < n; j++) {
			u64 target;

			if (!site_target(event, module, &sites[j], NULL, &target) ||
			    target == self || !add_reached(&reached, target))
				return true;
		}
	}
	return false;
}

static enum absence find_site(struct frame_context *context, struct frame_context *caller_context)
{
	struct event *event = context->event;
	struct frame *callee = function_frame(event, context->frame);
	struct frame *caller = context->caller;
	u64 target, entry;

	if (!caller->is_call || !caller->module || !caller->module->dw)
		return ABSENT_NO_CALL_SITE;
	error_free(dw_call_site_at(caller->module->dw, caller->pc, event->arena, &context->site));
	if (!context->site || !entry_ip(callee, &entry) ||
	    !site_target(event, caller->module, context->site, &caller_context->loc, &target) ||
	    target != entry || may_reenter(event, entry))
		return ABSENT_NO_CALL_SITE;
	return PRESENT;
}

static struct frame *caller_of(struct event *event, struct frame *frame)
{
	struct frame *function = function_frame(event, frame);

	return function + 1 < event->frames + event->n_frames ? function + 1 : NULL;
}

enum absence entry_value(void *context_pointer, const struct loc *entry, u64 *value, bool *late)
{
	struct frame_context *context = context_pointer, *caller;
	const struct loc *loc;

	context->caller = caller_of(context->event, context->frame);
	if (!context->caller || context->nesting >= MAX_ENTRY_NESTING)
		return ABSENT_NO_CALL_SITE;
	error_free(frame_context(context->event, context->caller, context->limits, &caller));
	caller->nesting = context->nesting + 1;
	if (!context->has_site) {
		context->site_absence = find_site(context, caller);
		context->has_site = true;
	}
	if (context->site_absence != PRESENT)
		return context->site_absence;
	loc = dw_call_param_value(context->site, entry);
	if (!loc)
		return ABSENT_NO_CALL_SITE;
	*late |= context->caller->late;
	return loc_eval_number_late(loc, &caller->loc, value, late);
}
