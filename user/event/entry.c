/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Entry values (DWARF 5, section 2.5.1.7). A function that overwrites its parameter's register says
 * "what rdi was at entry"; the caller's call site says what it had put there, by registers that are
 * preserved over the call:
 *
 *	mov %rbx,%rdi
 *	call callee
 *	DW_TAG_call_site            call_return_pc: here, call_origin: callee
 *	  DW_TAG_call_site_parameter  location: rdi, call_value: rbx + 0
 *
 * The caller may be a function that ended in a tail call: then its site is the jump, and what it
 * has from its own parameters is found one frame up. The site must name the callee, and the callee
 * must not be able to reach itself by tail calls, or this may be its second life. Where any of that
 * isn't known, the value is absent. These are gdb 13's rules (dwarf2/loc.c:
 * dwarf_expr_reg_to_entry_parameter()).
 */
#include "event/entry.h"

#include "event/calls.h"

enum { MAX_ENTRY_NESTING = 8 };

/* The frame of the function itself, with its inlined copies at lower numbers. */
static struct frame *function_frame(struct event *event, struct frame *frame)
{
	while (frame->is_inlined && frame + 1 < event->frames + event->n_frames)
		frame++;
	return frame;
}

/* The call site in the caller, if it is this function that it calls; else NULL. */
static const struct dw_call_site *site_of(struct frame_context *context, struct frame *function,
					  const struct frame *caller,
					  const struct loc_context *caller_loc)
{
	struct event *event = context->event;
	const struct dw_call_site *site;
	u64 entry, target;

	if (!caller->is_call || !caller->module || !caller->module->dw ||
	    !calls_entry(function, &entry))
		return NULL;
	error_free(dw_recall_call_site(caller->module->dw, caller->pc, event->arena, &site));
	if (!site || !calls_target(event, caller->module, site, caller_loc, &target) ||
	    target != entry || calls_may_reenter(event, entry))
		return NULL;
	return site;
}

enum absence entry_value(void *context_pointer, const struct loc *entry, u64 *value, bool *late)
{
	struct frame_context *context = context_pointer, *outer;
	struct event *event = context->event;
	struct frame *function = function_frame(event, context->frame), *caller = function + 1;
	_cleanup_(error_freep) struct error *err = NULL;
	const struct loc *loc;

	if (caller >= event->frames + event->n_frames)
		return event->stack_cut ? ABSENT_FRAME_LIMIT : ABSENT_NO_CALLER;
	if (context->nesting >= MAX_ENTRY_NESTING)
		return ABSENT_NO_CALL_SITE;
	err = frame_context(event, caller, context->limits, &outer);
	if (err)
		return ABSENT_NO_CALL_SITE;
	if (!context->has_site)
		context->site = site_of(context, function, caller, &outer->loc);
	context->has_site = true;
	loc = context->site ? dw_call_param_value(context->site, entry) : NULL;
	if (!loc)
		return ABSENT_NO_CALL_SITE;
	outer->nesting = context->nesting + 1;
	*late |= caller->late;
	return loc_eval_number_late(loc, &outer->loc, value, late);
}
