/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * DWARF expressions and call frames over random snapshots: a program around expressions of the
 * input (made_elf.h), registers and sparse memory of the input; then unwound, its variables read,
 * shown, and compiled for the kernel.
 */
#include "event/unwind.h"
#include "event/variables.h"
#include "gen/gen.h"
#include "made_elf.h"
#include "shown.h"

enum { STACK = 0x7ffe0000, MAX_RANGES = 16, MAX_FRAMES = 12 };

static const struct value_limits limits = {
	.depth = 2, .elements = 32, .string_bytes = 64, .repeats = 10, .nodes = 1000};

/* Numbers that lead somewhere are as likely as any other. */
static u64 feed_address(struct feed *feed)
{
	u8 kind = (u8)feed_number(feed, 1);

	switch (kind >> 6) {
	case 0: return STACK + (u64)(kind & 0x3f) * 8;
	case 1: return MADE_CODE + (u64)(kind & 0x3f) * 4;
	case 2: return kind & 0x3f;
	default: return feed_number(feed, 8);
	}
}

static void feed_registers(struct feed *feed, struct frame_regs *regs)
{
	const struct arch *arch = arch_native();
	u32 lost = (u32)feed_number(feed, 3);

	for (unsigned i = 0; i < ARCH_MAX_DWARF_REGS; i++) {
		bool has = i < arch->n_dwarf_regs && arch->dwarf_slot[i] >= 0;

		regs->absence[i] = has ? PRESENT : ABSENT_VECTOR_REGISTER;
		if (has)
			regs->value[i] = feed_address(feed);
		if (has && lost >> i & 1)
			regs->absence[i] = ABSENT_NOT_SAVED;
	}
	regs->absence[arch->dwarf_pc] = regs->absence[arch->dwarf_sp] = PRESENT;
	regs->value[arch->dwarf_pc] = MADE_CODE + regs->value[arch->dwarf_pc] % MADE_CODE_SIZE;
}

/* The stack, of words, and ranges of bytes anywhere. */
static void feed_memory(struct feed *feed, struct image *image, struct arena *arena)
{
	size_t n = feed_number(feed, 1) % 64, ranges = feed_number(feed, 1) % MAX_RANGES;
	u64 *stack = arena_array(arena, u64, n + 1);

	for (size_t i = 0; i < n; i++)
		stack[i] = feed_address(feed);
	image_add(image, STACK, stack, n * sizeof(*stack), IMAGE_HIT);
	for (size_t i = 0; i < ranges && feed->at < feed->end; i++) {
		u64 address = feed_address(feed);
		u8 how = (u8)feed_number(feed, 1);
		size_t len;
		const u8 *bytes = feed_block(feed, &len);

		if (how & 1)
			image_add_absent(image, address, len, ABSENT_NOT_RESIDENT);
		else
			image_add(image, address, bytes, len, how & 2 ? IMAGE_LATE : IMAGE_HIT);
	}
}

/* What explain and a plan do with a variable. */
static void compile(struct dw *dw, const struct dw_var *var, u64 pc, struct cfi_row *cfi,
		    struct arena *arena)
{
	const struct gen_place place = {.arch = arch_native(), .cfi = cfi, .module = dw};
	struct gen_root root = {.value_size = 8};
	struct loc *frame_base = NULL, *loc;
	struct gen_code code;
	bool skipped;
	struct error *err = dw_var_loc(dw, var->die, pc, arena, &loc);

	if (!err)
		err = dw_frame_base(dw, pc, arena, &frame_base);
	root.loc = loc;
	root.frame_base = frame_base;
	if (!err) {
		loc_text(loc, place.arch, arena);
		loc_regs(loc);
		loc_same(loc, frame_base);
	}
	for (int i = 0; !err && i < 2; i++) {
		root.is_value = i;
		err = gen_roots(&root, 1, &place, arena, &code, &skipped);
		if (!err)
			gen_listing(&code, arena);
	}
	fuzz_error(err);
}

static void compile_all(struct dw *dw, u64 pc, struct arena *arena)
{
	struct dw_frame *frames;
	struct cfi_row *cfi = NULL;
	size_t n = 0;
	struct error *err = dw_cfi_row(dw, pc, arena, &cfi);

	if (!err)
		err = dw_frames_at(dw, pc, arena, &frames, &n);
	for (size_t i = 0; !err && i < n; i++)
		for (size_t j = 0; j < frames[i].n_vars; j++)
			compile(dw, &frames[i].vars[j], pc, cfi, arena);
	fuzz_error(err);
}

static struct error *show(void *event, struct sink *sink)
{
	return sink_event(sink, event);
}

static void run(struct feed *feed, struct dw *dw, struct arena *arena)
{
	struct build_id none = {0};
	struct event_module module = {.path = "/made",
				      .start = MADE_BASE,
				      .end = MADE_BASE + 0x10000,
				      .map_start = MADE_BASE,
				      .dw = dw};
	struct event event = {.arena = arena,
			      .kind = EVENT_SNAPSHOT,
			      .probe = "f0",
			      .comm = "made",
			      .place = {.module = "/made", .build_id = &none},
			      .modules = &module,
			      .n_modules = 1,
			      .show_regs = true};
	struct error *err;

	event.regs = arena_alloc(arena, sizeof(*event.regs));
	event.image = image_new(arena);
	feed_registers(feed, event.regs);
	feed_memory(feed, event.image, arena);
	event.place.pc = event.regs->value[arch_native()->dwarf_pc];
	err = event_unwind(&event, MAX_FRAMES);
	if (event.n_frames > MAX_FRAMES)
		__builtin_trap();
	if (!err)
		err = event_values(&event, &limits);
	if (!err)
		shown(show, &event);
	fuzz_error(err);
	compile_all(dw, event.place.pc, arena);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct feed feed = {data, data + size};
	struct strbuf bytes = {0};
	struct elf_file *file;
	struct dw *dw;
	struct arena *arena = arena_new();
	struct error *err;

	made_elf(&bytes, &feed);
	err = elf_file_open_memory(bytes.text, bytes.len, "made", &file);
	if (!err) {
		err = dw_open(file, "", &dw);
		if (!err) {
			run(&feed, dw, arena);
			dw_close(dw);
		}
		elf_file_close(file);
	}
	fuzz_error(err);
	strbuf_free(&bytes);
	arena_free(arena);
	return 0;
}
