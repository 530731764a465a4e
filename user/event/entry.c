/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Entry values (DWARF 5, section 2.5.1.7). A function that overwrites its parameter's register says
 * "what rdi was at entry"; the caller's call site says what it had put there, by registers that are
 * preserved over the call:
 *
 *	caller:  mov %rbx,%rdi          DW_TAG_call_site  call_return_pc = here, call_origin =
 *callee call callee              parameter: location rdi, call_value rbx + 0 here:
 *
 * Tail calls come in between: the caller called A, and A jumped to the callee. Then the site
 *doesn't name the callee, and the tail call sites of A, and of what A jumps to, are searched for a
 *chain of jumps that leads to it. If there is just one, its last site tells of the callee's
 *parameters; what that one has from A's own parameters is found one link up. And the callee must
 *not be able to reach itself by tail calls, or this may be its second life. Where any of that isn't
 *known, the value is absent. These are gdb 13's rules (dwarf2/loc.c:
 *dwarf_expr_reg_to_entry_parameter(), func_verify_no_selftailcall(), call_site_find_chain_1()).
 */
#include "event/entry.h"

#include <string.h>

#include "event/process.h"

enum { MAX_ENTRY_NESTING = 8, MAX_TAIL_FUNCTIONS = 256, MAX_LINKS = 16 };

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

static struct frame *caller_of(struct event *event, struct frame *frame)
{
	struct frame *function = function_frame(event, frame);

	return function + 1 < event->frames + event->n_frames ? function + 1 : NULL;
}

/* The search for chains of tail calls from one function to another. */
struct search {
	struct event *event;
	u64 wanted; /* entry of the function that the chain has to reach */
	struct call_link path[MAX_LINKS];
	size_t n;
	struct call_link found[MAX_LINKS];
	size_t n_found;
	unsigned n_chains;
	unsigned steps;
};

static bool is_on_path(const struct search *search, const struct dw_call_site *site,
		       const struct event_module *module)
{
	for (size_t i = 0; i < search->n; i++)
		if (search->path[i].site->pc == site->pc && search->path[i].module == module)
			return true;
	return false;
}

static void keep_chain(struct search *search)
{
	search->n_chains++;
	search->n_found = search->n;
	memcpy(search->found, search->path, sizeof(search->found));
}

/* False if something on the way isn't known; then no chain can be trusted. */
static bool search_from(struct search *search, u64 ip)
{
	const struct event_module *module;
	struct dw_call_site *sites;
	size_t n;

	if (++search->steps > MAX_TAIL_FUNCTIONS || search->n >= MAX_LINKS ||
	    !tail_calls_of(search->event, ip, &module, &sites, &n))
		return false;
	for (size_t i = 0; i < n; i++) {
		u64 target;

		if (is_on_path(search, &sites[i], module))
			continue;
		if (!site_target(search->event, module, &sites[i], NULL, &target))
			return false;
		search->path[search->n++] = (struct call_link){module, &sites[i]};
		if (target == search->wanted)
			keep_chain(search);
		else if (!search_from(search, target))
			return false;
		search->n--;
	}
	return true;
}

/* The one chain that leads from the call in the caller to the function at `entry`. */
static void find_links(struct frame_context *context, struct frame *caller,
		       const struct loc_context *caller_loc)
{
	struct event *event = context->event;
	struct search *search = arena_alloc(event->arena, sizeof(*search));
	struct frame *callee = function_frame(event, context->frame);
	struct call_link *first = &search->path[0];
	u64 target;

	context->has_links = true;
	if (!caller->is_call || !caller->module || !caller->module->dw ||
	    !entry_ip(callee, &search->wanted))
		return;
	first->module = caller->module;
	error_free(dw_call_site_at(caller->module->dw, caller->pc, event->arena, &first->site));
	if (!first->site || may_reenter(event, search->wanted))
		return;
	search->event = event;
	search->n = 1;
	if (!site_target(event, first->module, first->site, caller_loc, &target))
		return;
	if (target == search->wanted)
		keep_chain(search);
	else if (first->site->target || !search_from(search, target) || search->n_chains != 1)
		return;
	context->links = search->found;
	context->n_links = search->n_found;
}

/*
 * The context of a function that ended in the tail call `link`: its frame lay where its successor's
 * does, and its callee-saved registers were the caller's again.
 */
static struct error *context_of_link(struct frame_context *context, const struct frame *caller,
				     const struct call_link *link, struct frame_context **made)
{
	struct event *event = context->event;
	struct frame *frame = arena_memdup(event->arena, context->frame, sizeof(*frame));
	struct error *err;

	frame->module = link->module;
	frame->pc = link->site->pc;
	frame->ip = frame->pc + link->module->bias;
	frame->is_call = true;
	frame->regs = caller->regs;
	frame->late = caller->late;
	err = frame_context(event, frame, context->limits, made);
	if (err)
		return err;
	(*made)->links = context->links;
	(*made)->n_links = context->n_links - 1;
	(*made)->has_links = true;
	(*made)->frame = context->frame;
	return NULL;
}

enum absence entry_value(void *context_pointer, const struct loc *entry, u64 *value, bool *late)
{
	struct frame_context *context = context_pointer, *outer;
	struct frame *caller = caller_of(context->event, context->frame);
	_cleanup_(error_freep) struct error *err = NULL;
	const struct call_link *link;
	const struct loc *loc;

	if (!caller)
		return context->event->stack_cut ? ABSENT_FRAME_LIMIT : ABSENT_NO_CALLER;
	if (context->nesting >= MAX_ENTRY_NESTING)
		return ABSENT_NO_CALL_SITE;
	err = frame_context(context->event, caller, context->limits, &outer);
	if (!err && !context->has_links)
		find_links(context, caller, &outer->loc);
	if (err || !context->n_links)
		return ABSENT_NO_CALL_SITE;
	link = &context->links[context->n_links - 1];
	loc = dw_call_param_value(link->site, entry);
	if (!loc)
		return ABSENT_NO_CALL_SITE;
	if (context->n_links > 1)
		err = context_of_link(context, caller, link, &outer);
	if (err)
		return ABSENT_NO_CALL_SITE;
	outer->nesting = context->nesting + 1;
	*late |= caller->late;
	return loc_eval_number_late(loc, &outer->loc, value, late);
}
