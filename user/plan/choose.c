/* SPDX-License-Identifier: BSD-2-Clause */
#include "plan/choose.h"

#include "plan/code.h"
#include "plan/observe.h"

enum { MAX_EXCLUSIVE_SPAN = 64 };

/* One question: where to put the probe that was asked for at insns[asked]. */
struct chooser {
	struct code *code;
	struct arena *arena; /* for the answer */
	size_t asked;
	size_t first, last; /* the basic block */
	struct choose_how how;
	struct observed observed; /* CHOOSE_SNAPSHOT only */
	const char *obstacle;	  /* why the nearest emulated instruction could not be taken */
};

static const char *shown(const struct code *code)
{
	return elf_file_shown(dw_file(code->dw));
}

static unsigned long long hex(u64 pc)
{
	return (unsigned long long)pc;
}

static struct error *refuse_address(const struct code *code, u64 pc)
{
	const struct code_insn *holder = code_at(code, pc, true);
	const struct code_extent *extent = &code->extent;
	const char *name = extent->name ? extent->name : "the function there";

	if (holder && holder->insn.address != pc && pc < code->doubtful_from)
		return error_cure(error_new(ERROR_USAGE,
					    "%s: 0x%llx is inside the instruction at 0x%llx (%s) "
					    "of %s; a probe there "
					    "would overwrite a part of it, and the program would "
					    "crash or run astray",
					    shown(code), hex(pc), hex(holder->insn.address),
					    holder->insn.text, name),
				  "Use *0x%llx.", hex(holder->insn.address));
	return error_new(
		ERROR_USAGE,
		"%s: decoding %s from its start doesn't reach 0x%llx, so it may be data or the "
		"middle of an instruction; a probe there could corrupt the program",
		shown(code), name, hex(pc));
}

static struct error *find_asked(const struct code *code, u64 pc, size_t *asked)
{
	const struct code_insn *at = code_at(code, pc, false);

	if (!at || !at->is_reached || pc >= code->doubtful_from)
		return refuse_address(code, pc);
	*asked = at - code->insns;
	return NULL;
}

static bool starts_block(const struct code *code, size_t i)
{
	const struct insn *above = i ? &code->insns[i - 1].insn : NULL;

	return !above || code->insns[i].is_leader || above->flow != FLOW_NEXT ||
	       above->address + above->len != code->insns[i].insn.address;
}

static void find_block(struct chooser *chooser)
{
	const struct code *code = chooser->code;

	chooser->first = chooser->last = chooser->asked;
	while (!starts_block(code, chooser->first))
		chooser->first--;
	while (chooser->last + 1 < code->n && !starts_block(code, chooser->last + 1))
		chooser->last++;
}

static struct error *open_code(struct code_store *store, u64 pc, struct arena *arena,
			       struct chooser *chooser)
{
	struct error *err = code_store_at(store, pc, &chooser->code);

	chooser->arena = arena;
	return err ? err : find_asked(chooser->code, pc, &chooser->asked);
}

static bool in_rseq(const struct code *code, u64 pc)
{
	const struct pc_range *ranges;
	size_t n = elf_file_rseq_ranges(dw_file(code->dw), &ranges);

	for (size_t i = 0; i < n; i++)
		if (pc >= ranges[i].start && pc < ranges[i].end)
			return true;
	return false;
}

/* Behind a load-exclusive and not behind its store-exclusive (arm64). */
static bool in_exclusive(const struct code *code, size_t i)
{
	for (size_t n = 0; n < MAX_EXCLUSIVE_SPAN && i > 0; n++) {
		const struct insn *above = &code->insns[--i].insn;

		if (above->store_exclusive || above->flow == FLOW_RETURN)
			return false;
		if (above->load_exclusive)
			return true;
	}
	return false;
}

/* Why a probe on insns[i] would do harm, a clause; NULL: it wouldn't. */
static const char *hazard_at(const struct code *code, size_t i)
{
	const struct code_insn *at = &code->insns[i];

	if (in_rseq(code, at->insn.address))
		return "it is in a restartable sequence: the trap would restart it, and updates "
		       "would be lost";
	if (in_exclusive(code, i))
		return "a trap between a load-exclusive and its store-exclusive makes their loop "
		       "endless";
	if (at->is_torn)
		return "a branch goes into the middle of it, where it would meet half of the probe";
	return at->insn.cost == INSN_REFUSED ? at->insn.hazard : NULL;
}

/* The first of the instructions [from, to) that a snapshot can notice; `to` if none. */
static size_t first_noticed(const struct chooser *chooser, size_t from, size_t to, u32 regs,
			    const char **why)
{
	for (*why = NULL; from < to; from++) {
		*why = observe_insn(&chooser->observed, &chooser->code->insns[from].insn, regs);
		if (*why)
			break;
	}
	return from;
}

/* Remembers why the first candidate, which is the nearest, had to be left. */
static void note_obstacle(struct chooser *chooser, const struct insn *at, const char *why)
{
	if (!chooser->obstacle)
		chooser->obstacle = at ? arena_printf(chooser->arena, "%s %s", at->text, why) : why;
}

/* May the probe pass the instructions from `from` up to `to`, without `to`? */
static struct error *may_pass(struct chooser *chooser, size_t from, size_t to, size_t destination,
			      bool *may)
{
	const struct code_insn *insns = chooser->code->insns;
	const char *why = NULL;
	size_t at;
	u32 regs;
	bool same;
	struct error *err;

	*may = chooser->how.what == CHOOSE_COUNTER;
	if (*may)
		return NULL;
	at = first_noticed(chooser, from, to, chooser->observed.regs, &why);
	if (!why) {
		err = observe_same(&chooser->observed, insns[destination].insn.address, &same,
				   &regs, &why);
		if (err)
			return err;
		if (!same) {
			note_obstacle(chooser, NULL, why);
			return NULL;
		}
		at = first_noticed(chooser, from, to, regs, &why);
	}
	*may = !why;
	if (why)
		note_obstacle(chooser, &insns[at].insn, why);
	return NULL;
}

static struct error *try_one(struct chooser *chooser, size_t i, enum insn_cost cost, bool *taken)
{
	const struct code *code = chooser->code;
	size_t from = i < chooser->asked ? i : chooser->asked;
	size_t to = i < chooser->asked ? chooser->asked : i;

	*taken = false;
	if (code->insns[i].insn.cost != cost || hazard_at(code, i))
		return NULL;
	/* what is passed when moving backward has to go on to the next instruction */
	if (i < chooser->asked && code->insns[i].insn.flow != FLOW_NEXT)
		return NULL;
	return may_pass(chooser, from, to, i, taken);
}

/* The nearest instruction of that cost, forward first. *found is `asked` if there is none. */
static struct error *find_cost(struct chooser *chooser, enum insn_cost cost, size_t *found)
{
	struct error *err = NULL;
	bool taken = false;

	*found = chooser->asked;
	for (size_t i = chooser->asked + 1; !err && !taken && i <= chooser->last; i++) {
		err = try_one(chooser, i, cost, &taken);
		if (taken)
			*found = i;
	}
	for (size_t i = chooser->asked; !err && !taken && i > chooser->first; i--) {
		err = try_one(chooser, i - 1, cost, &taken);
		if (taken)
			*found = i - 1;
	}
	return err;
}

/* Why nothing may be moved here at all; NULL: it may. */
static const char *why_fixed(const struct chooser *chooser)
{
	const struct code *code = chooser->code;

	if (chooser->how.exact)
		return "moving is off";
	if (!code->extent.is_whole)
		return "parts of this function may be unknown without a symbol table, and jumps "
		       "from there "
		       "with them";
	if (code->unknown_jump)
		return arena_printf(
			chooser->arena,
			"where the jump at 0x%llx (%s) of this function goes isn't known",
			hex(code->unknown_jump->address), code->unknown_jump->text);
	return NULL;
}

static const char *kind_of(enum insn_cost cost)
{
	return cost == INSN_EMULATED ? "emulated, one trap" : "single-stepped, two traps";
}

static const char *why_moved(const struct chooser *chooser, size_t to, const char *hazard)
{
	const struct insn *asked = &chooser->code->insns[chooser->asked].insn;
	const struct insn *taken = &chooser->code->insns[to].insn;
	size_t passed = to > chooser->asked ? to - chooser->asked : chooser->asked - to;

	return arena_printf(
		chooser->arena,
		"moved from %s (%s) to 0x%llx: %s (%s), %zu instruction%s %s in the same basic "
		"block%s%s",
		asked->text, hazard ? "not safe to probe" : kind_of(asked->cost),
		hex(taken->address), taken->text, kind_of(taken->cost), passed,
		passed == 1 ? "" : "s", to > chooser->asked ? "on" : "back", hazard ? "; " : "",
		hazard ? hazard : "");
}

static const char *why_kept(const struct chooser *chooser, const char *fixed)
{
	const struct code *code = chooser->code;
	const struct insn *asked = &code->insns[chooser->asked].insn;

	if (asked->cost == INSN_EMULATED)
		return arena_printf(chooser->arena, "%s is emulated, one trap", asked->text);
	if (fixed)
		return arena_printf(chooser->arena,
				    "%s is single-stepped, two traps; not moved: %s", asked->text,
				    fixed);
	if (!chooser->obstacle)
		return arena_printf(
			chooser->arena,
			"%s is single-stepped, two traps; its basic block has no emulated "
			"instruction",
			asked->text);
	return arena_printf(
		chooser->arena,
		"%s is single-stepped, two traps; not moved to an emulated instruction: %s",
		asked->text, chooser->obstacle);
}

/* Is the next instruction run right behind the asked one, and not harmed by a probe? */
static bool next_would_do(const struct chooser *chooser)
{
	const struct code *code = chooser->code;
	const struct code_insn *asked = &code->insns[chooser->asked], *next = asked + 1;

	return asked->insn.flow == FLOW_NEXT && chooser->asked + 1 < code->n && next->is_reached &&
	       next->insn.address == asked->insn.address + asked->insn.len &&
	       next->insn.address < code->doubtful_from && !hazard_at(code, chooser->asked + 1);
}

static struct error *refuse_hazard(const struct chooser *chooser, const char *hazard,
				   const char *fixed)
{
	const struct code *code = chooser->code;
	const struct insn *asked = &code->insns[chooser->asked].insn;
	const char *stays = fixed ? fixed
			    : chooser->obstacle
				    ? chooser->obstacle
				    : "its basic block has no other instruction that would do";
	struct error *err = error_new(
		ERROR_USAGE,
		"%s: no probe at 0x%llx (%s): %s; another instruction can't be taken: %s",
		shown(code), hex(asked->address), asked->text, hazard, stays);

	if (next_would_do(chooser))
		return error_cure(
			err, "Ask for a neighbouring line, or for the instruction behind it, *0x%llx.",
			hex(asked->address + asked->len));
	return error_cure(err, "Ask for a neighbouring line, or an address by *0xADDR.");
}

static struct error *find_better(struct chooser *chooser, const char *hazard, size_t *to)
{
	struct error *err = NULL;

	code_find_labels(chooser->code);
	find_block(chooser);
	if (chooser->how.what == CHOOSE_SNAPSHOT)
		err = observe(chooser->code->dw, chooser->code->insns[chooser->asked].insn.address,
			      chooser->arena, &chooser->observed);
	chooser->observed.regs |= chooser->how.regs;
	if (!err)
		err = find_cost(chooser, INSN_EMULATED, to);
	if (!err && hazard && *to == chooser->asked)
		err = find_cost(chooser, INSN_SINGLE_STEP, to);
	return err;
}

struct error *choose_instruction(struct code_store *store, u64 pc, const struct choose_how *how,
				 struct arena *arena, struct choice *choice)
{
	struct chooser chooser = {.how = *how};
	const char *hazard, *fixed;
	const struct insn *asked;
	size_t to;
	struct error *err = open_code(store, pc, arena, &chooser);

	if (err)
		return err;
	to = chooser.asked;
	asked = &chooser.code->insns[to].insn;
	hazard = hazard_at(chooser.code, to);
	/* leaving a restartable sequence or an exclusive span is leaving what was asked for */
	fixed = hazard && asked->cost != INSN_REFUSED ? "the whole of it is not to be probed"
						      : why_fixed(&chooser);
	if (!fixed && (hazard || asked->cost != INSN_EMULATED))
		err = find_better(&chooser, hazard, &to);
	if (err)
		return err;
	if (hazard && to == chooser.asked)
		return refuse_hazard(&chooser, hazard, fixed);
	*choice = (struct choice){
		.pc = chooser.code->insns[to].insn.address,
		.cost = chooser.code->insns[to].insn.cost,
		.asked_cost = hazard ? INSN_REFUSED : asked->cost,
		.why = to == chooser.asked ? why_kept(&chooser, fixed)
					   : why_moved(&chooser, to, hazard),
	};
	return NULL;
}

struct error *choose_block(struct code_store *store, u64 pc, struct arena *arena,
			   struct choose_block *block)
{
	struct chooser chooser = {0};
	struct error *err = open_code(store, pc, arena, &chooser);
	struct insn *insns;

	if (err)
		return err;
	code_find_labels(chooser.code);
	find_block(&chooser);
	*block = (struct choose_block){.n = chooser.last - chooser.first + 1,
				       .asked = chooser.asked - chooser.first};
	insns = arena_array(arena, struct insn, block->n);
	for (size_t i = 0; i < block->n; i++)
		insns[i] = chooser.code->insns[chooser.first + i].insn;
	block->insns = insns;
	return NULL;
}
