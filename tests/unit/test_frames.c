/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Types, scopes, frames and variables of a real program: this one. A snapshot of itself is its own
 * registers and memory, so the expected values stand in the source.
 */
#include "unit.h"

#include <elf.h>
#include <signal.h>
#include <string.h>
#include <sys/uio.h>
#include <ucontext.h>
#include <unistd.h>

#include "base/strbuf.h"
#include "event/process.h"
#include "event/unwind.h"
#include "event/variables.h"

struct inner {
	int a;
	char text[8];
};
enum colour { RED = 1, GREEN = 2, BLUE = 4 };
enum weekday { MONDAY, TUESDAY, WEDNESDAY, THURSDAY };
typedef struct inner inner_t;
struct sample {
	unsigned low : 3;
	int middle : 7;
	u64 high : 40;
	union {
		double real;
		u64 bits;
	};
	int grid[2][3];
	int (*compare)(const void *, const void *);
	inner_t *next;
	enum colour colours;
	const char *const name;
	_Bool flexible[];
};

static struct arena *arena;
static struct dw *self;
static struct elf_file *self_file;
static struct processes *processes;
static struct event event;
static struct sample *sample_global;
static volatile enum weekday day = TUESDAY;
static __thread int thread_counter = 77;

static enum absence read_self(void *context, u64 address, void *bytes, size_t len,
			      enum image_origin *origin)
{
	struct iovec to = {bytes, len}, from = {(void *)(uintptr_t)address, len};

	*origin = IMAGE_HIT;
	return process_vm_readv(getpid(), &to, 1, &from, 1, 0) == (ssize_t)len ? PRESENT
									       : ABSENT_BAD_ADDRESS;
}

/* DWARF number to the index in gregs. */
static const int gregs[] = {REG_RAX, REG_RDX, REG_RCX, REG_RBX, REG_RSI, REG_RDI,
			    REG_RBP, REG_RSP, REG_R8,  REG_R9,	REG_R10, REG_R11,
			    REG_R12, REG_R13, REG_R14, REG_R15, REG_RIP};

static __attribute__((noinline)) void snapshot(const ucontext_t *context)
{
	static const struct value_limits limits = {
		.depth = 1, .elements = 32, .string_bytes = 64, .repeats = 10, .nodes = 10000};
	struct process *process;
	u64 ticks;

	event = (struct event){.arena = arena};
	event.regs = arena_alloc(arena, sizeof(*event.regs));
	for (unsigned reg = 0; reg < ARCH_MAX_DWARF_REGS; reg++)
		event.regs->absence[reg] = ABSENT_VECTOR_REGISTER;
	for (size_t reg = 0; reg < ARRAY_LEN(gregs); reg++) {
		event.regs->value[reg] = (u64)context->uc_mcontext.gregs[gregs[reg]];
		event.regs->absence[reg] = PRESENT;
	}
	event.thread_pointer = (u64)__builtin_thread_pointer();
	event.image = image_new(arena);
	image_set_reader(event.image, read_self, NULL);
	assert_null(proc_start_time(getpid(), &ticks));
	process = processes_get(processes, getpid(), ticks * 10000000, 0);
	event.modules = process->modules;
	event.n_modules = process->n_modules;
	assert_null(event_unwind(&event, 64));
	assert_null(event_values(&event, &limits));
}

/* The caller's frames, from here. */
static __attribute__((noinline)) void take(void)
{
	ucontext_t context;

	getcontext(&context);
	snapshot(&context);
	__asm__ volatile("");
}

static struct frame *frame_named(const char *function)
{
	for (size_t i = 0; i < event.n_frames; i++)
		if (event.frames[i].function && strcmp(event.frames[i].function, function) == 0)
			return &event.frames[i];
	fail_msg("no frame of %s", function);
	return NULL;
}

static const char *variable(const char *function, const char *name)
{
	struct frame *frame = frame_named(function);

	for (size_t i = 0; i < frame->n_variables; i++)
		if (strcmp(frame->variables[i]->name, name) == 0)
			return value_text(frame->variables[i], arena);
	fail_msg("%s has no %s", function, name);
	return NULL;
}

/* AddressSanitizer moves locals, and gcc then says nothing of where they are. */
static void check_variable(const char *function, const char *name, const char *expected)
{
	const char *text = variable(function, name);

#ifdef __SANITIZE_ADDRESS__
	if (strcmp(text, absence_text(ABSENT_OPTIMIZED_OUT)) == 0)
		return;
#endif
	assert_string_equal(text, expected);
}

static __attribute__((noinline)) int innermost(int number, struct inner inner)
{
	volatile int local = number + inner.a;

	take();
	return local;
}

static inline __attribute__((always_inline)) int inlined(int by)
{
	volatile int twice = by * 2;
	struct inner inner = {.a = 40, .text = "forty"};

	return innermost(twice, inner) + twice;
}

static __attribute__((noinline)) int outer(int n)
{
	volatile int before = n;
	int result = inlined(n + 1);

	return result + before;
}

static void test_frames_and_their_variables(void **state)
{
	assert_int_equal(outer(4), 10 + 40 + 10 + 4);
	assert_string_equal(event.frames[0].function, "take");
	assert_string_equal(event.stack_end, "outermost frame");
	check_variable("innermost", "local", "50");
	check_variable("inlined", "twice", "10");
	check_variable("outer", "before", "4");
	assert_true(frame_named("inlined")->is_inlined);
	assert_ptr_equal(frame_named("inlined")->regs, frame_named("outer")->regs);
	assert_string_equal(frame_named("inlined")[1].function, "outer");
	assert_true(str_path_suffix(frame_named("outer")->file, "test_frames.c"));
}

static void test_what_is_at_a_pc_is_recalled(void **state)
{
	const struct event_module *module;
	const struct dw_frame *first, *again;
	struct dw_frame *fresh;
	size_t n, n_again, n_fresh;
	u64 pc;

	outer(4);
	module = frame_named("inlined")->module;
	pc = frame_named("inlined")->pc - 1;
	assert_null(dw_recall_frames(module->dw, pc, arena, &first, &n));
	assert_null(dw_recall_frames(module->dw, pc, arena, &again, &n_again));
	assert_null(dw_frames_at(module->dw, pc, arena, &fresh, &n_fresh));
	assert_int_equal(n, 2);
	assert_int_equal(n_again, n);
	assert_int_equal(n_fresh, n);
	assert_ptr_equal(first, again);
	for (size_t i = 0; i < n; i++) {
		assert_ptr_equal(first[i].function, fresh[i].function);
		assert_int_equal(first[i].n_vars, fresh[i].n_vars);
	}
	for (u64 none = 1; none < 10000; none++) {
		assert_null(dw_recall_frames(module->dw, UINT64_MAX - none, arena, &again, &n_again));
		assert_int_equal(n_again, 0);
	}
	assert_null(dw_recall_frames(module->dw, pc, arena, &again, &n_again));
	assert_ptr_equal(first, again);
}

static __attribute__((noipa)) int jumped_to(int number)
{
	volatile int local = number * 2;

	take();
	return local;
}

static __attribute__((noipa)) int jumps_away(int number, int by)
{
	volatile int gone = by;

	if (gone == 0)
		return 0;
	return jumped_to(number + by);
}

static void test_functions_that_ended_in_tail_calls(void **state)
{
	const struct frame *gone;

	assert_int_equal(jumps_away(20, 3), 46);
	gone = frame_named("jumps_away");
#ifdef __SANITIZE_ADDRESS__
	assert_false(gone->is_tail_call); /* it has to clean up after the call */
	return;
#endif
	assert_true(gone->is_tail_call);
	assert_ptr_equal(gone - 1, frame_named("jumped_to"));
	assert_true(gone->is_call);
	assert_false(gone[1].is_tail_call);
	assert_true(gone[1].regs->value[7] == frame_named("jumped_to")->cfa);
	check_variable("jumps_away", "number", "20");
	check_variable("jumps_away", "gone", absence_text(ABSENT_NOT_SAVED));
}

static volatile int handled;

static void handler(int signal)
{
	volatile int in_handler = signal * 10;

	take();
	handled = in_handler;
}

static __attribute__((noinline)) void interrupted(int depth)
{
	volatile int kept = depth;

	raise(SIGUSR1);
	kept++;
}

static void test_through_a_signal_handler(void **state)
{
	bool seen = false;

	signal(SIGUSR1, handler);
	interrupted(9);
	assert_int_equal(handled, SIGUSR1 * 10);
	assert_string_equal(event.stack_end, "outermost frame");
	check_variable("handler", "in_handler", "100");
	check_variable("interrupted", "kept", "9");
	for (size_t i = 0; i < event.n_frames; i++) {
		struct frame *frame = &event.frames[i];

		if (!frame->is_signal)
			continue;
		seen = true;
		assert_false(frame->is_call);
		assert_false(frame[1].is_call);
		assert_true(frame[2].is_call);
	}
	assert_true(seen);
}

static void test_what_is_missing_ends_the_stack(void **state)
{
	struct frame_regs *regs;
	struct image *image;
	u8 stack[64] = {0};

	outer(4);
	regs = event.regs;
	image = image_new(arena);
	image_add(image, regs->value[7], stack, sizeof(stack), IMAGE_HIT);
	event.image = image;
	event.frames = NULL;
	event.n_frames = 0;
	assert_null(event_unwind(&event, 64));
	assert_true(event.n_frames >= 1);
	assert_string_not_equal(event.stack_end, "outermost frame");

	event.image = image_new(arena);
	image_set_reader(event.image, read_self, NULL);
	event.frames = NULL;
	event.n_frames = 0;
	outer(4);
	event.frames = NULL;
	event.n_frames = 0;
	assert_null(event_unwind(&event, 2));
	assert_int_equal(event.n_frames, 2);
	assert_true(event.stack_cut);
}

static const struct type *type(const char *name)
{
	const struct type *found = NULL;

	assert_null(dw_type_by_name(self, name, 0, &found));
	return type_complete(found);
}

static void check_member(const char *name, u64 offset, unsigned bit_offset, unsigned bit_size,
			 const char *declared)
{
	u64 at = 0;
	const struct type_member *member = type_find_member(type("struct sample"), name, &at);

	assert_non_null(member);
	assert_int_equal(at * 8 + member->bit_offset, offset * 8 + bit_offset);
	assert_int_equal(member->bit_size, bit_size);
	assert_string_equal(type_name(member->type, arena), declared);
}

static void test_types(void **state)
{
	const struct type_enumerator *enumerators;

	assert_int_equal(type("struct sample")->size, sizeof(struct sample));
	check_member("low", 0, 0, 3, "unsigned int");
	check_member("middle", 0, 3, 7, "int");
	check_member("high", 0, 10, 40, "u64");
	check_member("real", offsetof(struct sample, real), 0, 0, "double");
	check_member("grid", offsetof(struct sample, grid), 0, 0, "int [2][3]");
	check_member("compare", offsetof(struct sample, compare), 0, 0,
		     "int (*)(const void *, const void *)");
	check_member("next", offsetof(struct sample, next), 0, 0, "inner_t *");
	check_member("name", offsetof(struct sample, name), 0, 0, "const char * const");
	check_member("flexible", offsetof(struct sample, flexible), 0, 0, "_Bool []");
	assert_true(type("enum colour")->is_flag_enum);
	assert_false(type("enum weekday")->is_flag_enum || type("enum weekday")->is_signed);
	assert_int_equal(type_enumerators(type("enum weekday"), &enumerators), 4);
	assert_string_equal(enumerators[2].name, "WEDNESDAY");
	assert_int_equal(type_strip(type("inner_t"))->size, sizeof(struct inner));
	assert_ptr_equal(type_strip(type("inner_t")), type("struct inner"));
	assert_int_equal(type("long unsigned int")->size, 8);
	assert_ptr_equal(type("unsigned long"), type_basic(TYPE_BASIC_ULONG));
}

static void test_names_of_file_scope(void **state)
{
	const struct type *found;
	struct error *err;
	struct dw_var var;
	s64 value;

	assert_null(dw_global(self, "sample_global", 0, arena, &var));
	assert_string_equal(type_name(var.type, arena), "struct sample *");
	assert_int_equal(var.kind, DW_GLOBAL);
	assert_null(dw_enumerator(self, "BLUE", 0, &found, &value));
	assert_int_equal(value, BLUE);
	assert_string_equal(type_name(found, arena), "enum colour");
	err = dw_type_by_name(self, "struct nothing", 0, &found);
	assert_non_null(err);
	assert_int_equal(err->kind, ERROR_NOT_FOUND);
	error_free(err);
}

static void test_thread_local_of_the_program(void **state)
{
	static const struct value_limits limits = {
		.elements = 32, .string_bytes = 64, .repeats = 10, .nodes = 100};
	struct frame_context *context;
	struct dw_var var;
	struct value *value;
	struct loc *loc;

	thread_counter++;
	outer(1);
	assert_null(frame_context(&event, frame_named("outer"), &limits, &context));
	assert_null(dw_global(self, "thread_counter", 0, arena, &var));
	assert_null(dw_var_loc(self, var.die, 0, arena, &loc));
	assert_int_equal(loc_shape(loc), LOC_TLS);
	value = value_from_loc("thread_counter", "global", var.type, loc, &context->value);
	assert_string_equal(value_text(value, arena), "78");
}

/* Bits 48 to 51 are of the address where something is mapped there, else of the signature. */
static void test_return_addresses_without_their_signature(void **state)
{
	const struct arch *arm64 = arch_by_machine(EM_AARCH64);
	const struct event_module modules[] = {
		{.start = 0xaaaacd440000, .end = 0xaaaacd450000},
		{.start = 0xffffffffff000, .end = 0x10000000000000},
	};

	assert_int_equal(module_code_address(modules, 2, arm64, 0x0025aaaacd440828),
			 0xaaaacd440828);
	assert_int_equal(module_code_address(modules, 2, arm64, 0x002ffffffffff000),
			 0xffffffffff000);
	assert_int_equal(module_code_address(modules, 1, arm64, 0x002ffffffffff000),
			 0xfffffffff000);
}

static int open_self(void **state)
{
	arena = arena_new();
	processes = processes_new(true, NULL);
	sample_global = NULL;
	return elf_file_open("/proc/self/exe", "self", &self_file) || dw_open(self_file, "", &self);
}

static int close_self(void **state)
{
	dw_close(self);
	elf_file_close(self_file);
	processes_free(processes);
	arena_free(arena);
	return sample_global != NULL || day != TUESDAY;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_frames_and_their_variables),
		cmocka_unit_test(test_what_is_at_a_pc_is_recalled),
		cmocka_unit_test(test_functions_that_ended_in_tail_calls),
		cmocka_unit_test(test_through_a_signal_handler),
		cmocka_unit_test(test_what_is_missing_ends_the_stack),
		cmocka_unit_test(test_types),
		cmocka_unit_test(test_names_of_file_scope),
		cmocka_unit_test(test_thread_local_of_the_program),
		cmocka_unit_test(test_return_addresses_without_their_signature),
	};

	return cmocka_run_group_tests(tests, open_self, close_self);
}
