/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A function that ends in a jump to another one leaves the stack, so call frame information leads
 * from the other one straight to the caller. The caller's call site then names a function that
 * isn't the callee, and the tail call sites of that function, and of what it jumps to, are searched
 * for chains of jumps that lead to the callee:
 *
 *	caller: call A    A: ... jmp B    B: ... jmp callee
 *
 * What all chains begin with, and what all end with, happened. Where a target on the way isn't
 * known, there may be chains that can't be seen, and nothing is. These are gdb 13's rules
 * (dwarf2/loc.c: func_verify_no_selftailcall(), call_site_find_chain_1(), chain_candidate()).
 */
#include "event/calls.h"

#include <string.h>

#include "event/process.h"

enum { MAX_TAIL_FUNCTIONS = 256 };

bool calls_entry(const struct frame *frame, u64 *ip)
{
	if (!frame->module || !frame->function || frame->is_signal)
		return false;
	*ip = frame->dw_frame ? frame->dw_frame->instance.entry + frame->module->bias
			      : frame->ip - frame->function_offset;
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

bool calls_target(struct event *event, const struct event_module *module,
		  const struct dw_call_site *site, const struct loc_context *caller, u64 *ip)
{
	if (site->target)
		return caller && loc_eval_number(site->target, caller, ip) == PRESENT;
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
			  const struct dw_call_site **sites, size_t *n)
{
	const struct dw_frame *frames;
	size_t n_frames;
	u64 pc;

	*module = module_at(event->modules, event->n_modules, ip);
	if (!*module || !(*module)->dw)
		return false;
	pc = ip - (*module)->bias;
	error_free(dw_recall_frames((*module)->dw, pc, event->arena, &frames, &n_frames));
	if (n_frames == 0 || frames[n_frames - 1].instance.entry != pc)
		return false;
	error_free(dw_recall_tail_calls((*module)->dw, pc, event->arena, sites, n));
	return true;
}

bool calls_may_reenter(struct event *event, u64 entry)
{
	struct reached reached = {.ips = {entry}, .n = 1};

	for (size_t i = 0; i < reached.n; i++) {
		const struct event_module *module;
		const struct dw_call_site *sites;
		size_t n;

		if (!tail_calls_of(event, reached.ips[i], &module, &sites, &n))
			return true;
		for (size_t j = 0; j < n; j++) {
			u64 target;

			if (!calls_target(event, module, &sites[j], NULL, &target) ||
			    target == entry || !add_reached(&reached, target))
				return true;
		}
	}
	return false;
}

struct chain {
	struct call_link links[CALLS_MAX_LINKS]; /* the first tail call first */
	size_t n;
};

struct search {
	struct event *event;
	u64 wanted; /* entry of the function that a chain has to reach */
	struct chain path;
	struct chain found; /* the first chain; of the others, only what they have in common */
	size_t n_begin, n_end;
	unsigned n_chains, steps;
};

static bool same_link(const struct call_link *a, const struct call_link *b)
{
	return a->site->pc == b->site->pc && a->module == b->module;
}

static bool is_on_path(const struct search *search, const struct call_link *link)
{
	for (size_t i = 0; i < search->path.n; i++)
		if (same_link(&search->path.links[i], link))
			return true;
	return false;
}

static size_t common_begin(const struct chain *a, const struct chain *b)
{
	size_t n = 0;

	while (n < a->n && n < b->n && same_link(&a->links[n], &b->links[n]))
		n++;
	return n;
}

static size_t common_end(const struct chain *a, const struct chain *b)
{
	size_t n = 0;

	while (n < a->n && n < b->n && same_link(&a->links[a->n - 1 - n], &b->links[b->n - 1 - n]))
		n++;
	return n;
}

static void add_chain(struct search *search)
{
	if (search->n_chains++ == 0) {
		search->found = search->path;
		search->n_begin = search->n_end = search->path.n;
		return;
	}
	search->n_begin = min_u64(search->n_begin, common_begin(&search->found, &search->path));
	search->n_end = min_u64(search->n_end, common_end(&search->found, &search->path));
}

/* False if something on the way isn't known; then no chain can be trusted. */
static bool search_from(struct search *search, u64 ip)
{
	const struct event_module *module;
	const struct dw_call_site *sites;
	size_t n;

	if (++search->steps > MAX_TAIL_FUNCTIONS || search->path.n >= CALLS_MAX_LINKS ||
	    !tail_calls_of(search->event, ip, &module, &sites, &n))
		return false;
	for (size_t i = 0; i < n; i++) {
		struct call_link link = {module, &sites[i]};
		u64 target;

		if (is_on_path(search, &link))
			continue;
		if (!calls_target(search->event, module, link.site, NULL, &target))
			return false;
		search->path.links[search->path.n++] = link;
		if (target == search->wanted)
			add_chain(search);
		else if (!search_from(search, target))
			return false;
		search->path.n--;
	}
	return true;
}

size_t calls_between(struct event *event, const struct event_module *module, u64 return_pc,
		     u64 entry, struct call_link links[CALLS_MAX_LINKS])
{
	struct search search = {.event = event, .wanted = entry};
	const struct chain *found = &search.found;
	const struct dw_call_site *site;
	size_t n = 0, gap;
	u64 target;

	error_free(dw_recall_call_site(module->dw, return_pc, event->arena, &site));
	if (!site || !calls_target(event, module, site, NULL, &target) || target == entry ||
	    !search_from(&search, target))
		return 0;
	/* The two may overlap only where there is one chain. */
	gap = search.n_begin + search.n_end < found->n ? found->n - search.n_end : search.n_begin;
	for (size_t i = found->n; i-- > gap;)
		links[n++] = found->links[i];
	for (size_t i = search.n_begin; i-- > 0;)
		links[n++] = found->links[i];
	return n;
}
