/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Registers of an outer frame are what the inner one's call frame information gives back: a
 * callee-saved register that was pushed is read from the copied stack, one that wasn't touched is
 * handed on, and one that a callee may clobber is lost (ABSENT_NOT_SAVED), as its content belongs
 * to the callee. So an outer frame's variable in %rbx is as true as frame 0's, and one in %rdi says
 * why it is missing.
 *
 * The pc of an outer frame is a return address: it stands behind the call, which may be the last
 * instruction of its function or of a block. Everything but display is looked up one byte before
 * it. The frame that a signal interrupted is the exception: its pc is exact.
 */
#include "event/unwind.h"

#include <string.h>

#include "event/calls.h"
#include "event/process.h"

static const char outermost[] = "outermost frame";

/* One physical frame. */
struct step {
	struct event *event;
	const struct arch *arch;
	struct frame_regs *regs;
	u64 ip;
	bool is_call;  /* ip is a return address */
	bool late;     /* found with memory that was read after the hit */
	bool is_guess; /* found by the frame pointer */
	const struct event_module *module;
	u64 lookup_pc;
	struct cfi_row *row; /* NULL: none covers the pc */
	bool has_cfa;
	u64 cfa;
};

static struct loc_context loc_context(const struct step *step)
{
	return (struct loc_context){
		.arch = step->arch,
		.regs = step->regs,
		.image = step->event->image,
		.arena = step->event->arena,
		.bias = step->module ? step->module->bias : 0,
		.has_cfa = step->has_cfa,
		.cfa = step->cfa,
	};
}

static enum absence find_cfa(struct step *step)
{
	const struct cfi_row *row = step->row;
	struct loc_context context = loc_context(step);

	if (row->cfa_is_expr)
		return loc_eval_number(row->cfa_expr, &context, &step->cfa);
	if (step->regs->absence[row->cfa_reg] != PRESENT)
		return step->regs->absence[row->cfa_reg];
	step->cfa = step->regs->value[row->cfa_reg] + (u64)row->cfa_offset;
	step->late = step->late || step->regs->late[row->cfa_reg];
	return PRESENT;
}

/* A signal handler returns to the start of the trampoline, which nobody called. */
static struct error *find_trampoline(struct step *step)
{
	u64 pc = step->ip - step->module->bias;
	struct cfi_row *row;
	struct error *err = dw_cfi_row(step->module->dw, pc, step->event->arena, &row);

	if (err || !row || !row->is_signal_frame)
		return err;
	step->row = row;
	step->lookup_pc = pc;
	step->is_call = false;
	return NULL;
}

/* Looks up the module and the rules of the frame; without rules there is no CFA. */
static struct error *find_rules(struct step *step)
{
	struct event *event = step->event;
	struct error *err;

	step->module = module_at(event->modules, event->n_modules, step->ip - step->is_call);
	step->row = NULL;
	step->has_cfa = false;
	if (!step->module) {
		event->left_modules = true;
		return NULL;
	}
	step->lookup_pc = step->ip - step->is_call - step->module->bias;
	if (!step->module->dw)
		return NULL;
	err = dw_cfi_row(step->module->dw, step->lookup_pc, event->arena, &step->row);
	if (!err && step->is_call)
		err = find_trampoline(step);
	if (!err && step->row)
		step->has_cfa = find_cfa(step) == PRESENT;
	return err;
}

/* Frames. */

static void lose(struct frame_regs *regs, unsigned reg, enum absence why)
{
	regs->absence[reg] = (u8)why;
	regs->value[reg] = 0;
}

static struct frame *add_frame(struct step *step)
{
	struct event *event = step->event;
	struct frame *frame = arena_push(event->arena, event->frames, event->n_frames);

	*frame = (struct frame){
		.n = (unsigned)event->n_frames - 1,
		.ip = step->ip,
		.module = step->module,
		.pc = step->module ? step->ip - step->module->bias : 0,
		.is_signal = step->row && step->row->is_signal_frame,
		.is_call = step->is_call,
		.late = step->late,
		.is_guess = step->is_guess,
		.regs = step->regs,
		.has_cfa = step->has_cfa,
		.cfa = step->cfa,
	};
	return frame;
}

static void name_by_symbol(struct step *step, struct frame *frame)
{
	const struct elf_symbol *symbol;
	struct dw_row row;

	if (!step->module || !step->module->dw)
		return;
	/* A line table may cover code that no function describes. */
	if (dw_row_at(step->module->dw, step->lookup_pc, &row) && row.line) {
		frame->file = row.file;
		frame->line = row.line;
	}
	symbol = elf_file_symbol_at(dw_file(step->module->dw), step->lookup_pc);
	if (!symbol)
		return;
	frame->function = symbol->name;
	frame->function_offset = frame->pc - symbol->pc;
}

/* As gdb calls it: in C a linkage name is an alias that was chosen (__GI_raise), not a mangling. */
static const char *shown_name(const struct dw_function *function)
{
	const char *linkage = function->linkage_name;

	if (!linkage || (linkage[0] == '_' && strchr("ZRD", linkage[1])))
		return function->name;
	return linkage;
}

/* An inlined function's line is the pc's; its caller's is where the inlined call stands. */
static void add_described_frames(struct step *step, const struct dw_frame *frames, size_t n,
				 u32 room)
{
	struct dw_row row = {0};
	bool has_row = dw_row_at(step->module->dw, step->lookup_pc, &row);
	const char *file = has_row ? row.file : NULL;
	unsigned line = row.line;

	for (size_t i = 0; i < n && i < room; i++) {
		struct frame *frame = add_frame(step);

		frame->function = shown_name(frames[i].function);
		frame->is_inlined = frames[i].instance.is_inlined;
		frame->dw_frame = &frames[i];
		frame->file = line ? file : NULL;
		frame->line = line;
		file = frames[i].call_file;
		line = frames[i].call_line;
	}
	step->event->stack_cut = n > room;
}

static struct error *add_frames(struct step *step, u32 room)
{
	const struct dw_frame *frames;
	size_t n = 0;
	struct error *err = NULL;

	if (step->module && step->module->dw)
		err = dw_recall_frames(step->module->dw, step->lookup_pc, step->event->arena,
				       &frames, &n);
	if (err)
		return err;
	if (n)
		add_described_frames(step, frames, n, room);
	else
		name_by_symbol(step, add_frame(step));
	return NULL;
}

/*
 * At a jump that ended a function the callee-saved registers were the caller's again. The others,
 * and what lay on the function's stack, were its successor's to overwrite.
 */
static struct frame_regs *regs_of_tail_call(const struct step *step)
{
	struct frame_regs *regs = arena_memdup(step->event->arena, step->regs, sizeof(*regs));

	memset(regs->kept, 0, sizeof(regs->kept));
	lose(regs, step->arch->dwarf_sp, ABSENT_NOT_SAVED);
	return regs;
}

/* Of the functions between the last frame and its caller, which ended in tail calls. */
static struct error *add_tail_calls(const struct step *step, u32 max_frames)
{
	struct event *event = step->event;
	struct call_link links[CALLS_MAX_LINKS];
	struct error *err = NULL;
	size_t n;
	u64 entry;

	if (!event->n_frames || !step->is_call || step->is_guess || !step->module ||
	    !step->module->dw || !calls_entry(&event->frames[event->n_frames - 1], &entry))
		return NULL;
	n = calls_between(event, step->module, step->lookup_pc + 1, entry, links);
	for (size_t i = 0; i < n && !err && event->n_frames < max_frames; i++) {
		struct step jump = {.event = event,
				    .arch = step->arch,
				    .regs = regs_of_tail_call(step),
				    .ip = links[i].site->pc + links[i].module->bias,
				    .is_call = true,
				    .late = step->late,
				    .module = links[i].module,
				    .lookup_pc = links[i].site->pc - 1};

		err = add_frames(&jump, max_frames - (u32)event->n_frames);
		event->frames[event->n_frames - 1].is_tail_call = true;
	}
	return err;
}

/* Stepping out. */

static void set_register(struct frame_regs *regs, unsigned reg, u64 value, bool late)
{
	regs->value[reg] = value;
	regs->absence[reg] = PRESENT;
	regs->late[reg] = late;
}

static void restore_saved(struct step *step, struct frame_regs *outer, unsigned reg, u64 address)
{
	enum image_origin origin;
	enum absence why = image_read(step->event->image, address, &outer->value[reg],
				      sizeof(outer->value[reg]), &origin);

	outer->absence[reg] = (u8)why;
	outer->late[reg] = why == PRESENT && origin == IMAGE_LATE;
}

/* The expression gets the CFA on its stack (DWARF 5, section 6.4.2). */
static void restore_computed(struct step *step, struct frame_regs *outer, unsigned reg,
			     const struct cfi_rule *rule)
{
	struct loc_context context = loc_context(step);
	u64 number;
	enum absence why = loc_eval_number(rule->expr, &context, &number);

	if (why != PRESENT)
		lose(outer, reg, why);
	else if (rule->kind == CFI_EXPRESSION)
		restore_saved(step, outer, reg, number);
	else
		outer->value[reg] = number;
}

static void restore(struct step *step, struct frame_regs *outer, unsigned reg)
{
	const struct cfi_rule *rule = &step->row->rules[reg];

	outer->absence[reg] = PRESENT;
	outer->late[reg] = step->late;
	switch (rule->kind) {
	case CFI_UNDEFINED:
		lose(outer, reg, ABSENT_NOT_SAVED);
		outer->value[reg] = step->regs->value[reg];
		outer->late[reg] = step->regs->late[reg];
		outer->kept[reg] = step->regs->absence[reg] == PRESENT || step->regs->kept[reg];
		break;
	case CFI_SAME:
	case CFI_REGISTER: {
		unsigned from = rule->kind == CFI_SAME ? reg : rule->reg;

		outer->value[reg] = step->regs->value[from];
		outer->absence[reg] = step->regs->absence[from];
		outer->late[reg] = step->regs->late[from];
		break;
	}
	case CFI_OFFSET: restore_saved(step, outer, reg, step->cfa + (u64)rule->offset); break;
	case CFI_VAL_OFFSET: outer->value[reg] = step->cfa + (u64)rule->offset; break;
	case CFI_EXPRESSION:
	case CFI_VAL_EXPRESSION: restore_computed(step, outer, reg, rule); break;
	}
}

static struct frame_regs *outer_regs(struct step *step)
{
	const struct arch *arch = step->arch;
	struct frame_regs *outer = arena_alloc(step->event->arena, sizeof(*outer));

	for (unsigned reg = 0; reg < ARCH_MAX_DWARF_REGS; reg++) {
		if (reg < arch->n_dwarf_regs && arch->dwarf_slot[reg] >= 0)
			restore(step, outer, reg);
		else
			lose(outer, reg, ABSENT_VECTOR_REGISTER);
	}
	if (step->row->rules[arch->dwarf_sp].kind == CFI_SAME ||
	    step->row->rules[arch->dwarf_sp].kind == CFI_UNDEFINED)
		set_register(outer, arch->dwarf_sp, step->cfa, step->late);
	return outer;
}

static u64 code_address(const struct step *step, u64 word)
{
	const struct event *event = step->event;

	return module_code_address(event->modules, event->n_modules, step->arch, word);
}

/*
 * While another tool's return probe is pending, its trampoline stands for the return address; the
 * kernel told which address stood there. An entry that a longjmp left behind is of another place.
 */
static bool pass_return_probe(const struct step *step, u64 *ip)
{
	const struct event *event = step->event;
	u64 entry_sp = step->cfa - step->arch->call_pushes;
	const struct event_module *module = module_at(event->modules, event->n_modules, *ip);

	if (!module || strcmp(module->path, "[uprobes]") != 0)
		return true;
	for (size_t i = 0; i < event->n_returns; i++)
		if (event->returns[i].stack == entry_sp) {
			*ip = event->returns[i].address;
			return true;
		}
	return false;
}

/* The copy starts at frame 0's stack pointer; what is missing says how far it went. */
static const char *missing_memory(const struct step *step, enum absence why)
{
	const struct event *event = step->event;
	u64 address = step->cfa + (u64)step->row->rules[step->row->return_column].offset;
	u64 copied = address - event->regs->value[step->arch->dwarf_sp];

	if (why == ABSENT_NOT_CAPTURED && copied < 1 << 30)
		return arena_printf(event->arena, "the stack copy ends at %llu KiB (--stack)",
				    (unsigned long long)copied / 1024);
	return arena_printf(event->arena, "the return address at 0x%llx is missing: %s",
			    (unsigned long long)address, absence_text(why));
}

static const char *no_rules(const struct step *step)
{
	struct arena *arena = step->event->arena;
	unsigned long long ip = step->ip;

	if (!step->module)
		return arena_printf(arena, "0x%llx is in no module that is known", ip);
	if (!step->module->dw)
		return arena_printf(arena, "no call frame information for %s: %s",
				    step->module->path, step->module->missing);
	return arena_printf(arena, "no call frame information for 0x%llx in %s",
			    (unsigned long long)step->lookup_pc, step->module->path);
}

static const char *no_cfa(struct step *step)
{
	return arena_printf(step->event->arena, "the frame of 0x%llx can't be found: %s",
			    (unsigned long long)step->ip, absence_text(find_cfa(step)));
}

/* Does a call end right before ip, in a file's code that can't have been changed? */
static bool follows_call(const struct step *step, u64 ip)
{
	enum { SHORTEST = 2, LONGEST = 8 };
	const struct event *event = step->event;
	const struct event_module *module = module_at(event->modules, event->n_modules, ip - 1);

	for (u64 len = SHORTEST; len <= LONGEST && module && module->dw; len++) {
		size_t available = len;
		const u8 *code = elf_file_constant_bytes(dw_file(module->dw),
							 ip - len - module->bias, &available);
		struct insn insn;

		if (code && available >= len && step->arch->decode(code, len, ip - len, &insn) &&
		    insn.len == len && (insn.flow == FLOW_CALL || insn.flow == FLOW_CALL_INDIRECT))
			return true;
	}
	return false;
}

/*
 * Code without call frame information (assembly, generated code): if it keeps a frame pointer, the
 * caller's lies there, and above it the return address. It is only believed where that address
 * stands behind a call, and the frame is marked.
 */
static bool step_by_frame_pointer(struct step *step)
{
	const struct arch *arch = step->arch;
	unsigned fp_reg = arch->dwarf_fp;
	u64 fp = step->regs->value[fp_reg], words[2];
	struct frame_regs *outer;
	enum image_origin origin;

	if (step->regs->absence[fp_reg] != PRESENT || fp % sizeof(fp) ||
	    fp < step->regs->value[arch->dwarf_sp] ||
	    image_read(step->event->image, fp, words, sizeof(words), &origin) != PRESENT ||
	    (words[0] && words[0] <= fp))
		return false;
	words[1] = code_address(step, words[1]);
	if (!follows_call(step, words[1]))
		return false;
	outer = arena_alloc(step->event->arena, sizeof(*outer));
	for (unsigned reg = 0; reg < ARCH_MAX_DWARF_REGS; reg++) {
		bool general = reg < arch->n_dwarf_regs && arch->dwarf_slot[reg] >= 0;

		lose(outer, reg, general ? ABSENT_NOT_SAVED : ABSENT_VECTOR_REGISTER);
	}
	step->late = step->late || origin == IMAGE_LATE;
	step->is_guess = true;
	step->is_call = true;
	step->ip = words[1];
	step->regs = outer;
	set_register(outer, fp_reg, words[0], step->late);
	set_register(outer, arch->dwarf_sp, fp + sizeof(words), step->late);
	set_register(outer, arch->dwarf_pc, step->ip, step->late);
	return true;
}

/* Moves on to the caller; the reason if there is none. */
static const char *step_out(struct step *step, u64 *last_cfa)
{
	const struct cfi_row *row = step->row;
	struct frame_regs *outer;
	u16 column;

	if (!row)
		return step_by_frame_pointer(step) ? NULL : no_rules(step);
	if (!step->has_cfa)
		return no_cfa(step);
	column = row->return_column;
	if (row->rules[column].kind == CFI_UNDEFINED)
		return outermost;
	if (*last_cfa && step->cfa <= *last_cfa && !row->is_signal_frame)
		return "the stack does not go on upwards: it is damaged, or switched";
	outer = outer_regs(step);
	if (outer->absence[column] != PRESENT)
		return missing_memory(step, outer->absence[column]);
	if (!outer->value[column])
		return outermost;
	outer->value[column] = code_address(step, outer->value[column]);
	*last_cfa = row->is_signal_frame ? 0 : step->cfa;
	step->late = step->late || outer->late[column];
	step->regs = outer;
	step->ip = outer->value[column];
	step->is_call = !row->is_signal_frame;
	if (!pass_return_probe(step, &step->ip))
		return "a return probe of another tool hides the return address";
	outer->value[step->arch->dwarf_pc] = step->ip;
	return NULL;
}

struct error *event_unwind(struct event *event, u32 max_frames)
{
	const struct arch *arch = arch_native();
	struct step step = {
		.event = event,
		.arch = arch,
		.regs = event->regs,
		.ip = event->regs->value[arch->dwarf_pc],
	};
	u64 last_cfa = 0;
	struct error *err;

	while (event->n_frames < max_frames) {
		err = find_rules(&step);
		if (!err)
			err = add_tail_calls(&step, max_frames);
		if (!err && event->n_frames < max_frames)
			err = add_frames(&step, max_frames - (u32)event->n_frames);
		if (err)
			return err;
		event->stack_end = step_out(&step, &last_cfa);
		if (event->stack_end)
			return NULL;
	}
	event->stack_cut = true;
	event->stack_end = arena_printf(event->arena, "limit of %u frames (--frames)", max_frames);
	return NULL;
}
