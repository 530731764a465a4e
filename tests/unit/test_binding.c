/* SPDX-License-Identifier: BSD-2-Clause */
/* What the dynamic linker decides: in files that are built here, and in this very process. */
#include "unit.h"

#include <dlfcn.h>
#include <dwarf.h>
#include <errno.h>
#include <pthread.h>

#include "dwarf/loc.h"
#include "elf/elf_file.h"
#include "event/linker.h"
#include "event/process.h"
#include "programs.h"

static const char library[] = "int used = 1, unused = 2;\n"
			      "__attribute__((visibility(\"hidden\"))) int hidden = 3;\n"
			      "static int own = 4;\n"
			      "__thread int local = 5;\n"
			      "int *f(void) { own++; hidden++; local++; return &used; }\n";
static const char program[] = "extern int used, unused; int *f(void);\n"
			      "int defined = 6;\n"
			      "int main(void) { return *f() + used + unused + defined; }\n";

static bool build(const char *options)
{
	programs_write("library.c", library);
	programs_write("program.c", program);
	return programs_run("gcc -O2 -fPIC -shared %s -o library.so library.c", options) &&
	       programs_run("gcc -O2 -fPIE -pie -o program program.c library.so -Wl,-rpath,.");
}

static struct elf_file *open_ok(const char *name)
{
	struct elf_file *file = NULL;

	assert_null(elf_file_open(programs_path(name), name, &file));
	return file;
}

static u64 pc_of(struct elf_file *file, const char *name)
{
	const struct elf_symbol *symbol = elf_file_symbol(file, name);

	assert_non_null(symbol);
	return symbol->pc;
}

static void test_exported_variables_are_bound_by_name(void **state)
{
	struct elf_binding binding;
	struct elf_file *file;

	if (!build(""))
		skip();
	file = open_ok("library.so");
	assert_false(elf_file_is_program(file));
	assert_true(elf_file_binding_at(file, pc_of(file, "used"), NULL, &binding));
	assert_string_equal(binding.name, "used");
	assert_int_equal(binding.pc, pc_of(file, "used"));
	assert_int_not_equal(binding.slot, 0);
	assert_true(elf_file_binding_at(file, pc_of(file, "used") + 3, NULL, &binding));
	assert_int_equal(binding.pc, pc_of(file, "used"));
	assert_true(elf_file_binding_at(file, pc_of(file, "unused"), "unused", &binding));
	assert_int_equal(binding.slot, 0);
	assert_false(elf_file_binding_at(file, pc_of(file, "hidden"), NULL, &binding));
	assert_false(elf_file_binding_at(file, pc_of(file, "own"), NULL, &binding));
	elf_file_close(file);
}

static void test_a_symbolic_library_keeps_its_own(void **state)
{
	struct elf_binding binding;
	struct elf_file *file;

	if (!build("-Wl,-Bsymbolic"))
		skip();
	file = open_ok("library.so");
	assert_false(elf_file_binding_at(file, pc_of(file, "used"), NULL, &binding));
	elf_file_close(file);
}

static void test_a_program_exports_its_copies(void **state)
{
	struct elf_binding binding;
	struct elf_file *file;
	bool is_tls = true;
	u64 pc = 0;

	if (!build(""))
		skip();
	file = open_ok("program");
	assert_true(elf_file_is_program(file));
	assert_int_equal(elf_file_exports(file, "used", &pc, &is_tls), 1);
	assert_false(is_tls);
	assert_int_equal(elf_file_exports(file, "defined", &pc, &is_tls), 0);
	assert_int_equal(elf_file_exports(file, "f", &pc, &is_tls), 0);
	assert_true(elf_file_import(file, "f", &binding));
	assert_false(elf_file_import(file, "used", &binding));
	assert_false(elf_file_binding_at(file, pc, NULL, &binding));
	elf_file_close(file);
	file = open_ok("library.so");
	assert_int_equal(elf_file_exports(file, "local", &pc, &is_tls), 1);
	assert_true(is_tls);
	elf_file_close(file);
}

static enum absence symbol_address(void *context, const char *name, u64 *address)
{
	if (strcmp(name, "known") != 0)
		return ABSENT_UNDEFINED;
	*address = 0x7000;
	return PRESENT;
}

static void check_address(const struct elf_binding *binding, enum absence absence, u64 address)
{
	static const u64 words[] = {0x5000, 0};
	struct loc_op op = {.opcode = DW_OP_addr, .a = 0x108, .binding = binding};
	struct loc loc = {.ops = &op, .n_ops = 1};
	struct arena *arena = arena_new();
	struct image *image = image_new(arena);
	struct loc_context context = {.arch = arch_by_machine(62),
				      .image = image,
				      .arena = arena,
				      .bias = 0x10000,
				      .symbol_address = symbol_address};
	struct loc_result result;

	image_add(image, 0x10400, words, sizeof(words), IMAGE_LATE);
	loc_eval(&loc, &context, &result);
	assert_int_equal(result.n_pieces, 1);
	if (absence == PRESENT) {
		assert_int_equal(result.pieces[0].kind, PIECE_MEMORY);
		assert_int_equal(result.pieces[0].address, address);
		assert_false(result.pieces[0].late);
	} else {
		assert_int_equal(result.pieces[0].kind, PIECE_ABSENT);
		assert_int_equal(result.pieces[0].absence, absence);
	}
	arena_free(arena);
}

static void test_the_address_is_the_linkers(void **state)
{
	check_address(NULL, PRESENT, 0x10108);
	check_address(&(struct elf_binding){"x", 0x100, 0x400}, PRESENT, 0x5008);
	check_address(&(struct elf_binding){"x", 0x100, 0x408}, ABSENT_UNRESOLVED, 0);
	check_address(&(struct elf_binding){"x", 0x100, 0x800}, ABSENT_NOT_CAPTURED, 0);
	check_address(&(struct elf_binding){"known", 0x100, 0}, PRESENT, 0x7008);
	check_address(&(struct elf_binding){"other", 0x100, 0}, ABSENT_UNDEFINED, 0);
}

/* This process as if it had hit. */
struct self {
	struct processes *processes;
	struct event event;
};

static enum absence read_self(void *context, u64 address, void *bytes, size_t len,
			      enum image_origin *origin)
{
	memcpy(bytes, (const void *)(uintptr_t)address, len);
	*origin = IMAGE_LATE;
	return PRESENT;
}

static u64 thread_pointer(void)
{
	return (u64)(uintptr_t)__builtin_thread_pointer();
}

static void self_open(struct self *self)
{
	struct process *process;

	self->processes = processes_new(true, NULL);
	process = processes_get(self->processes, getpid(), 1, 1);
	self->event = (struct event){.arena = arena_new(),
				     .modules = process->modules,
				     .n_modules = process->n_modules,
				     .thread_pointer = thread_pointer()};
	self->event.image = image_new(self->event.arena);
	image_set_reader(self->event.image, read_self, NULL);
}

static void self_close(struct self *self)
{
	arena_free(self->event.arena);
	processes_free(self->processes);
}

static void test_the_variable_that_all_mean(void **state)
{
	struct self self;
	u64 address = 0;

	self_open(&self);
	assert_int_equal(linker_symbol(&self.event, "environ", &address), PRESENT);
	assert_ptr_equal((void *)(uintptr_t)address, &environ);
	assert_int_equal(linker_symbol(&self.event, "stdout", &address), PRESENT);
	assert_ptr_equal((void *)(uintptr_t)address, &stdout);
	assert_int_equal(linker_symbol(&self.event, "no such thing", &address), ABSENT_UNDEFINED);
	self_close(&self);
}

/* Is glibc's number of this thread's last error where the walk finds it? */
static void test_storage_that_starts_with_the_thread(void **state)
{
	struct self self;
	u64 address = 0;

	self_open(&self);
	assert_int_equal(linker_symbol(&self.event, "errno", &address), PRESENT);
	assert_ptr_equal((void *)(uintptr_t)address, &errno);
	self_close(&self);
}

static void *find_errno(void *done)
{
	struct self self;
	u64 address = 0;
	bool found;

	self_open(&self);
	found = linker_symbol(&self.event, "errno", &address) == PRESENT &&
		(void *)(uintptr_t)address == &errno;
	self_close(&self);
	return found ? done : NULL;
}

static void test_storage_of_another_thread(void **state)
{
	static int done;
	pthread_t thread;
	void *found = NULL;

	assert_int_equal(pthread_create(&thread, NULL, find_errno, &done), 0);
	pthread_join(thread, &found);
	assert_non_null(found);
}

static void test_storage_that_is_allocated_late(void **state)
{
	long *(*where)(void);
	struct self self;
	void *loaded;
	u64 address = 0;

	programs_write("plugin.c",
		       "__thread long late_value = 7; static __thread char more[9000];\n"
		       "long *where(void) { more[1] = 1; return &late_value; }\n");
	if (!programs_run("gcc -O2 -fPIC -shared -o plugin.so plugin.c"))
		skip();
	loaded = dlopen(programs_path("plugin.so"), RTLD_NOW);
	assert_non_null(loaded);
	where = (long *(*)(void))dlsym(loaded, "where");
	self_open(&self);
	assert_int_equal(linker_symbol(&self.event, "late_value", &address),
			 ABSENT_TLS_NOT_ALLOCATED);
	self_close(&self);
	where();
	self_open(&self);
	assert_int_equal(linker_symbol(&self.event, "late_value", &address), PRESENT);
	assert_ptr_equal((void *)(uintptr_t)address, where());
	self_close(&self);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_exported_variables_are_bound_by_name),
		cmocka_unit_test(test_a_symbolic_library_keeps_its_own),
		cmocka_unit_test(test_a_program_exports_its_copies),
		cmocka_unit_test(test_the_address_is_the_linkers),
		cmocka_unit_test(test_the_variable_that_all_mean),
		cmocka_unit_test(test_storage_that_starts_with_the_thread),
		cmocka_unit_test(test_storage_of_another_thread),
		cmocka_unit_test(test_storage_that_is_allocated_late),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
