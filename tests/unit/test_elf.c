/* SPDX-License-Identifier: BSD-2-Clause */
#include "unit.h"

#include <elf.h>
#include <sys/auxv.h>

#include "dwarf/dw.h"
#include "elf/demangle.h"
#include "elf/elf_file.h"
#include "programs.h"

static const char source[] = "#include <stdlib.h>\n"
			     "#include <stdio.h>\n"
			     "__thread int tls = 3;\n"
			     "int exported = 7;\n"
			     "static int helper(int x)\n"
			     "{\n"
			     "	return atoi(\"4\") + x;\n"
			     "}\n"
			     "int main(int argc, char **argv)\n"
			     "{\n"
			     "	int r = helper(argc) + tls + exported;\n"
			     "	printf(\"%d\\n\", r);\n"
			     "	return 0;\n"
			     "}\n";

static bool build(const char *name, const char *options)
{
	programs_write("program.c", source);
	return programs_run("gcc %s -o %s program.c", options, name);
}

static struct elf_file *open_ok(const char *name)
{
	struct elf_file *file = NULL;
	struct error *err = elf_file_open(programs_path(name), name, &file);

	if (err)
		print_error("%s\n", err->text);
	assert_null(err);
	return file;
}

static void assert_refused(const char *path, const char *shown, const char *part)
{
	struct elf_file *file = NULL;
	struct error *err = elf_file_open(path, shown, &file);

	assert_non_null(err);
	assert_null(file);
	if (!strstr(err->text, part))
		print_error("\"%s\" lacks \"%s\"\n", err->text, part);
	assert_non_null(strstr(err->text, part));
	assert_int_equal(err->kind, ERROR_NOT_FOUND);
	error_free(err);
}

static void test_wrong_files_are_named(void **state)
{
	assert_refused("/nonexistent/x", "x", "cannot open x: No such file");
	assert_refused("/tmp", "/tmp", "is a directory");
	assert_refused("/dev/null", "/dev/null", "not a regular file");
	programs_write("script", "#!/bin/sh\nexit\n");
	assert_refused(programs_path("script"), "script", "is not an ELF file");
	programs_write("empty", "");
	assert_refused(programs_path("empty"), "empty", "is empty");
	assert_true(build("object.o", "-c"));
	assert_refused(programs_path("object.o"), "object.o", "isn't linked");
}

/* One byte or half-word of a good file changed. */
static void patch(const char *from, const char *to, long at, const void *bytes, size_t len)
{
	FILE *file;

	assert_true(programs_run("cp %s %s", from, to));
	file = fopen(programs_path(to), "r+");
	assert_non_null(file);
	fseek(file, at, SEEK_SET);
	assert_int_equal(fwrite(bytes, 1, len, file), len);
	fclose(file);
}

static void test_wrong_kinds_are_named(void **state)
{
	u8 class32 = ELFCLASS32;
	u16 s390 = EM_S390, core = ET_CORE;

	assert_true(build("good", "-O1 -g"));
	patch("good", "class32", EI_CLASS, &class32, 1);
	assert_refused(programs_path("class32"), "class32",
		       "is a 32-bit program: snapline looks into 64-bit programs only");
	patch("good", "cpu", offsetof(Elf64_Ehdr, e_machine), &s390, 2);
	assert_refused(programs_path("cpu"), "cpu", "another CPU");
	patch("good", "core", offsetof(Elf64_Ehdr, e_type), &core, 2);
	assert_refused(programs_path("core"), "core", "core file");
	assert_true(programs_run("head -c 5000 good > short"));
	assert_refused(programs_path("short"), "short", "is a truncated ELF file");
	assert_true(programs_run("objcopy --only-keep-debug good good.debug"));
	assert_refused(programs_path("good.debug"), "good.debug", "debug information only");
}

static void test_symbols_and_addresses(void **state)
{
	const struct elf_symbol *symbol, *symbols;
	struct elf_file *file;
	const u8 *code;
	u64 offset, pc;
	size_t len, n;

	assert_true(build("pie", "-O1 -g -fPIE -pie"));
	file = open_ok("pie");
	assert_true(elf_file_is_pie(file));
	assert_non_null(elf_file_interpreter(file));
	assert_int_not_equal(elf_file_build_id(file)->len, 0);
	symbol = elf_file_symbol(file, "main");
	assert_non_null(symbol);
	assert_true(symbol->is_function && symbol->is_global && symbol->size > 0);
	assert_ptr_equal(elf_file_symbol_at(file, symbol->pc + symbol->size - 1), symbol);
	assert_true(elf_file_pc_to_offset(file, symbol->pc, &offset));
	assert_true(elf_file_offset_to_pc(file, offset, &pc));
	assert_int_equal(pc, symbol->pc);
	code = elf_file_bytes(file, symbol->pc, &len);
	assert_non_null(code);
	assert_ptr_equal(elf_file_constant_bytes(file, symbol->pc, &len), code);
	assert_true(elf_file_symbol(file, "tls")->is_tls);
	assert_true(elf_file_symbol(file, "exported")->is_object);
	assert_null(elf_file_constant_bytes(file, elf_file_symbol(file, "exported")->pc, &len));
	assert_null(elf_file_symbol(file, "no such name"));
	assert_false(elf_file_is_go(file));
	n = elf_file_symbols(file, &symbols);
	for (size_t i = 1; i < n; i++)
		assert_true(symbols[i - 1].pc <= symbols[i].pc);
	elf_file_close(file);
}

static void test_plt_stubs_are_named(void **state)
{
	static const char *const variants[] = {"-O0", "-O0 -fcf-protection=full -Wl,-z,ibtplt",
					       "-O0 -fno-plt -Wl,-z,now", "-O0 -no-pie",
					       "-O0 -fuse-ld=gold"};

	for (size_t i = 0; i < ARRAY_LEN(variants); i++) {
		const struct elf_symbol *symbol;
		struct elf_file *file;

		if (!build("plt", variants[i]))
			continue;
		file = open_ok("plt");
		symbol = elf_file_symbol(file, "printf@plt");
		if (i != 2) {
			assert_non_null(symbol);
			assert_true(symbol->is_plt && symbol->is_function);
			assert_ptr_equal(elf_file_symbol_at(file, symbol->pc + 3), symbol);
		}
		elf_file_close(file);
	}
}

static void test_static_and_other_layouts(void **state)
{
	struct elf_file *file;

	assert_true(build("fixed", "-O1 -no-pie"));
	file = open_ok("fixed");
	assert_false(elf_file_is_pie(file));
	elf_file_close(file);
	if (!build("static", "-O1 -static"))
		skip();
	file = open_ok("static");
	assert_null(elf_file_interpreter(file));
	elf_file_close(file);
	if (build("static-pie", "-O1 -static-pie")) {
		file = open_ok("static-pie");
		assert_true(elf_file_is_pie(file));
		elf_file_close(file);
	}
}

static void test_the_vdso_opens_from_memory(void **state)
{
	const u8 *vdso = (const u8 *)getauxval(AT_SYSINFO_EHDR);
	struct elf_file *file;

	if (!vdso)
		skip();
	assert_null(elf_file_open_memory(vdso, 2 * 4096, "[vdso]", &file));
	assert_non_null(elf_file_symbol(file, "__vdso_clock_gettime"));
	elf_file_close(file);
}

/* A descriptor as librseq writes it; in a PIE its addresses are relocations. */
static const char rseq_source[] =
	"__attribute__((noinline)) void section(void)\n"
	"{\n"
	"	__asm__ volatile(\".pushsection __rseq_cs, \\\"aw\\\"\\n\"\n"
	"		\".balign 32\\n.long 0, 0\\n.quad 1f, 2f - 1f, 3f\\n.popsection\\n\"\n"
	"		\"1: nop\\nnop\\nnop\\n2: nop\\n3: nop\\n\");\n"
	"}\n"
	"int main(void) { section(); return 0; }\n";

static void test_rseq_ranges(void **state)
{
	static const char *const options[] = {"-O1 -no-pie", "-O1 -fPIE -pie"};

	programs_write("rseq.c", rseq_source);
	for (size_t i = 0; i < ARRAY_LEN(options); i++) {
		const struct elf_symbol *function;
		const struct pc_range *ranges;
		struct elf_file *file;

		assert_true(programs_run("gcc %s -o rseq rseq.c", options[i]));
		file = open_ok("rseq");
		function = elf_file_symbol(file, "section");
		assert_int_equal(elf_file_rseq_ranges(file, &ranges), 1);
		assert_in_range(ranges[0].start, function->pc, function->pc + function->size);
		assert_int_equal(ranges[0].end - ranges[0].start, 3);
		elf_file_close(file);
	}
}

static void assert_unwinds(const char *name, const char *text, const char *options,
			   const char *part)
{
	struct arena *arena = arena_new();
	struct elf_file *file;
	const char *why;

	programs_write("unwinds.c", text);
	assert_true(programs_run("gcc -x c -O1 unwinds.c %s -o %s", options, name));
	file = open_ok(name);
	why = elf_file_unwinds(file, arena);
	if (part ? !why || !strstr(why, part) : why != NULL)
		print_error("%s: \"%s\", not \"%s\"\n", name, why ? why : "", part ? part : "");
	assert_true(part ? why && strstr(why, part) : !why);
	elf_file_close(file);
	arena_free(arena);
}

static void test_who_may_unwind(void **state)
{
	static const char calls[] =
		"#include <setjmp.h>\n#include <stdlib.h>\njmp_buf at;\n"
		"int main(int n, char **v)\n"
		"{ if (!setjmp(at) && n > 5) longjmp(at, 1); return atoi(*v); }\n";
	static const char looks_up[] = "#define _GNU_SOURCE\n#include <dlfcn.h>\n"
				       "int main(void) { return !dlsym(0, \"pthread_exit\"); }\n";
	static const char switches[] =
		"asm(\".globl go\\ngo: mov %rsp, (%rdi)\\nmov %rsi, %rsp\\nret\");\n"
		"void go(void **, void *);\n"
		"int main(int n, char **v) { void *p; if (n > 5) go(&p, v); return 0; }\n";
	static const char exits[] =
		"#include <pthread.h>\n"
		"int main(int n, char **v) { if (n > 5) pthread_exit(0); return 0; }\n";

	if (!programs_run("gcc --version"))
		skip();
	assert_unwinds("plain", calls, "", NULL);
	assert_unwinds("exits", exits, "", "ends threads by unwinding them (pthread_exit)");
	assert_unwinds("looks_up", looks_up, "", "may look up what ends threads");
	assert_unwinds("static", calls, "-static", "");
	assert_unwinds("stripped", calls, "-static -s", "may switch stacks");
#ifdef __x86_64__
	assert_unwinds("switches", switches, "-s", "may switch stacks");
#else
	(void)switches;
#endif
}

static void test_landing_pads(void **state)
{
	const struct elf_symbol *function;
	struct elf_file *file;
	const u64 *pads;
	struct arena *arena;
	size_t n;

	programs_write("pads.cc", "extern \"C\" int catcher(int x);\n"
				  "void thrower(int x) { if (x > 3) throw x; }\n"
				  "int catcher(int x)\n"
				  "{ try { thrower(x); } catch (int y) { return y; } return 0; }\n"
				  "int main(int argc, char **argv) { return catcher(argc); }\n");
	if (!programs_run("g++ -O0 -o pads pads.cc"))
		skip();
	file = open_ok("pads");
	arena = arena_new();
	assert_non_null(strstr(elf_file_unwinds(file, arena), "exceptions"));
	arena_free(arena);
	function = elf_file_symbol(file, "catcher");
	n = elf_file_landing_pads(file, &pads);
	assert_true(n >= 1);
	assert_in_range(pads[0], function->pc + 1, function->pc + function->size - 1);
	for (size_t i = 1; i < n; i++)
		assert_true(pads[i - 1] <= pads[i]);
	elf_file_close(file);
}

/* All that is asked of a file whose bytes may be anything. */
static void use(struct elf_file *file)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	const struct pc_range *ranges;
	struct dw_instance *instances;
	const char *const *files;
	const struct dw_row *rows;
	const struct elf_symbol *symbols;
	struct dw_row row;
	const u64 *pads;
	struct dw *dw;
	size_t n, m;

	n = elf_file_symbols(file, &symbols);
	for (size_t i = 0; i < n && i < 50; i++)
		elf_file_symbol_at(file, symbols[i].pc + 1);
	elf_file_landing_pads(file, &pads);
	elf_file_rseq_ranges(file, &ranges);
	assert_null(dw_open(file, "", &dw));
	assert_null(dw_functions(dw, "*", arena, &instances, &n));
	for (size_t i = 0; i < n && i < 50; i++)
		dw_row_at(dw, instances[i].entry, &row);
	assert_null(dw_files(dw, &files, &m));
	for (size_t i = 0; i < m && i < 50; i++)
		assert_null(dw_rows_of_file(dw, files[i], &rows, &n));
	if (elf_file_symbol(file, "main"))
		assert_null(dw_body(dw, elf_file_symbol(file, "main")->pc, arena, &instances, &n));
	dw_close(dw);
}

static u8 *read_program(const char *name, size_t *len)
{
	FILE *file = fopen(programs_path(name), "r");
	u8 *bytes;

	assert_non_null(file);
	fseek(file, 0, SEEK_END);
	*len = (size_t)ftell(file);
	rewind(file);
	bytes = malloc(*len);
	assert_int_equal(fread(bytes, 1, *len, file), *len);
	fclose(file);
	return bytes;
}

static void try_bytes(const u8 *bytes, size_t len, unsigned *opened)
{
	struct elf_file *file;
	struct error *err = elf_file_open_memory(bytes, len, "damaged", &file);

	if (err) {
		assert_int_equal(err->kind, ERROR_NOT_FOUND);
		error_free(err);
		return;
	}
	(*opened)++;
	use(file);
	elf_file_close(file);
}

static void test_truncated_files_are_refused(void **state)
{
	unsigned opened = 0;
	size_t len;
	u8 *bytes;

	assert_true(build("victim", "-O1 -g"));
	bytes = read_program("victim", &len);
	for (size_t at = 0; at < len; at += 1 + len / 211)
		try_bytes(bytes, at, &opened);
	assert_int_equal(opened, 0);
	try_bytes(bytes, len, &opened);
	assert_int_equal(opened, 1);
	free(bytes);
}

static u32 next_random(u32 *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 17;
	*seed ^= *seed << 5;
	return *seed;
}

/* Header, section table, and each of the sections that we parse ourselves. */
static void test_damaged_files_do_no_harm(void **state)
{
	enum { ROUNDS = 400, FLIPS = 4 };
	unsigned opened = 0;
	u32 seed = 20240501;
	size_t len;
	u8 *bytes, *damaged;

	assert_true(build("victim", "-O1 -g"));
	bytes = read_program("victim", &len);
	damaged = malloc(len);
	for (unsigned round = 0; round < ROUNDS; round++) {
		memcpy(damaged, bytes, len);
		for (unsigned i = 0; i < FLIPS; i++) {
			u32 at = next_random(&seed);

			at = round % 4 == 0   ? at % sizeof(Elf64_Ehdr)
			     : round % 4 == 1 ? (u32)len - 1 - at % 2500
					      : at % (u32)len;
			damaged[at] ^= (u8)(1u << (next_random(&seed) % 8));
		}
		try_bytes(damaged, len, &opened);
	}
	assert_in_range(opened, ROUNDS / 4, ROUNDS);
	free(damaged);
	free(bytes);
}

/* The sanitizers say whether a header is read where it can't be. */
static void test_a_section_table_may_lie_anywhere(void **state)
{
	size_t len, table;
	unsigned opened = 0;
	Elf64_Ehdr header;
	u8 *bytes, *moved;

	assert_true(build("victim", "-O1 -g"));
	bytes = read_program("victim", &len);
	memcpy(&header, bytes, sizeof(header));
	table = (size_t)header.e_shnum * header.e_shentsize;
	moved = calloc(1, len + table + 8);
	memcpy(moved, bytes, len);
	memcpy(moved + (len | 1), bytes + header.e_shoff, table);
	header.e_shoff = len | 1;
	memcpy(moved, &header, sizeof(header));
	try_bytes(moved, (len | 1) + table, &opened);
	assert_int_equal(opened, 1);
	free(moved);
	free(bytes);
}

/* A template whose last argument is that many times two of the argument before. */
static char *demangle_doubled(int times)
{
	static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
	char symbol[256] = "_Z1fI1AIiiE";

	for (int i = 0; i < times; i++)
		sprintf(symbol + strlen(symbol), "1%cIS%c_S%c_E", 'B' + i, digits[2 * i + 1],
			digits[2 * i + 1]);
	strcat(symbol, "Evv");
	return demangle(symbol);
}

static void test_names_that_double(void **state)
{
	char *plain = demangle_doubled(2);

	assert_string_equal(plain, "f<A<int, int>, B<A<int, int>, A<int, int> >, "
				   "C<B<A<int, int>, A<int, int> >, B<A<int, int>, A<int, int> > > >");
	free(plain);
	assert_null(demangle_doubled(17));
	assert_null(demangle("main"));
	plain = demangle("_RNvC1a1f");
	assert_string_equal(plain, "a::f");
	free(plain);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names_that_double),
		cmocka_unit_test(test_wrong_files_are_named),
		cmocka_unit_test(test_wrong_kinds_are_named),
		cmocka_unit_test(test_symbols_and_addresses),
		cmocka_unit_test(test_plt_stubs_are_named),
		cmocka_unit_test(test_static_and_other_layouts),
		cmocka_unit_test(test_the_vdso_opens_from_memory),
		cmocka_unit_test(test_rseq_ranges),
		cmocka_unit_test(test_who_may_unwind),
		cmocka_unit_test(test_landing_pads),
		cmocka_unit_test(test_truncated_files_are_refused),
		cmocka_unit_test(test_damaged_files_do_no_harm),
		cmocka_unit_test(test_a_section_table_may_lie_anywhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
