/* SPDX-License-Identifier: BSD-2-Clause */
#include "unit.h"

#include "plan/resolve.h"
#include "programs.h"

/* The numbers of the lines are what the tests below ask for. */
static const char source[] =
	"#include <stdlib.h>\n"				     /* 1 */
	"#include \"shared.h\"\n"			     /* 2 */
	"volatile int sink;\n"				     /* 3 */
	"__attribute__((noinline)) static int loop(int n)\n" /* 4 */
	"{\n"						     /* 5 */
	"	int sum = 0;\n"				     /* 6 */
	"	while (n > 0) {\n"			     /* 7 */
	"		sum += n * sink;\n"		     /* 8 */
	"		n--;\n"				     /* 9 */
	"	}\n"					     /* 10 */
	"	for (int i = 0; i < 3; i++)\n"		     /* 11 */
	"		sink += i;\n"			     /* 12 */
	"	return sum;\n"				     /* 13 */
	"}\n"						     /* 14 */
	"\n"						     /* 15 */
	"static inline int twice(int x)\n"		     /* 16 */
	"{\n"						     /* 17 */
	"	sink = x;\n"				     /* 18 */
	"	return x * 2;\n"			     /* 19 */
	"}\n"						     /* 20 */
	"__attribute__((noinline)) static int same(int x) { return x + sink; }\n"
	"int other(int x);\n"			    /* 22 */
	"int main(int argc, char **argv)\n"	    /* 23 */
	"{\n"					    /* 24 */
	"	int r = loop(argc);\n"		    /* 25 */
	"	r += twice(argc) + shared(argc);\n" /* 26 */
	"	r += same(r) + other(r);\n"	    /* 27 */
	"	r += twice(r);\n"		    /* 28 */
	"	return r == 12345;\n"		    /* 29 */
	"}\n";

static const char other[] =
	"#include \"shared.h\"\n"
	"extern volatile int sink;\n"
	"__attribute__((noinline)) static int same(int x) { return x - sink; }\n"
	"int other(int x)\n"
	"{\n"
	"	return same(x) + shared(x);\n"
	"}\n";

static const char shared[] = "extern volatile int sink;\n"
			     "static inline int shared(int x)\n"
			     "{\n"
			     "	sink += 3;\n"
			     "	return x + sink;\n"
			     "}\n";

static const char optimised[] =
	"#define OUT_OF_LINE __attribute__((noinline)) static\n" /* 1 */
	"volatile int sink; static int moved(int a);\n"		 /* 2 */
	"OUT_OF_LINE int work(int x) { return x + sink; }\n"	 /* 3 */
	"OUT_OF_LINE void rare(int x) { sink -= x; }\n"		 /* 4 */
	"OUT_OF_LINE int condition(int a, int b)\n"		 /* 5 */
	"{\n"							 /* 6 */
	"	if (a > 3 &&\n"					 /* 7 */
	"	    work(b) > 5)\n"				 /* 8 */
	"		sink++;\n"				 /* 9 */
	"	return work(a);\n"				 /* 10 */
	"}\n"							 /* 11 */
	"OUT_OF_LINE int moved(int a)\n"			 /* 12 */
	"{\n"							 /* 13 */
	"	int b = work(a);\n"				 /* 14 */
	"	if (!(a & 1)) rare(b);\n"			 /* 15 */
	"	return sink += b;\n"				 /* 16 */
	"}\n"							 /* 17 */
	"int main(int argc, char **argv) { return condition(argc, 4) + moved(argc); }\n";

struct variant {
	const char *name;
	const char *compile; /* to `program` */
	bool is_optimised;
};

#define SOURCES " -o program program.c sub/program2.c -I."
static const struct variant variants[] = {
	{"gcc -O0", "gcc -g -O0" SOURCES, false},
	{"gcc -O2", "gcc -g -O2" SOURCES, true},
	{"gcc -O2 DWARF 4 non-PIE", "gcc -gdwarf-4 -O2 -no-pie" SOURCES, true},
	{"gcc -O0 static", "gcc -g -O0 -static" SOURCES, false},
	{"gcc -O2 static-pie", "gcc -g -O2 -static-pie" SOURCES, true},
	{"gcc -O3 type units", "gcc -g -O3 -fdebug-types-section -gdwarf-4" SOURCES, true},
	{"gcc -O2 LTO", "gcc -g -O2 -flto" SOURCES, true},
	{"clang -O0", "clang -g -O0" SOURCES, false},
	{"clang -O2", "clang -g -O2" SOURCES, true},
	{"clang -O2 DWARF 4", "clang -gdwarf-4 -O2" SOURCES, true},
	{"gcc compressed", "gcc -g -O2 -gz=zlib" SOURCES, true},
	{"gcc compressed, old form", "gcc -g -O2 -gz=zlib-gnu" SOURCES, true},
	{"gcc gc-sections", "gcc -g -O2 -ffunction-sections -Wl,--gc-sections" SOURCES, true},
	{"debuglink",
	 "gcc -g -O2 -Wl,--build-id=none" SOURCES " && objcopy --only-keep-debug program "
	 "program.debug && strip program && objcopy --add-gnu-debuglink=program.debug "
	 "program",
	 true},
	{"debuglink in .debug",
	 "gcc -g -O2" SOURCES " && mkdir -p .debug && objcopy --only-keep-debug "
	 "program .debug/p.debug && strip program && cd .debug && objcopy "
	 "--add-gnu-debuglink=p.debug ../program",
	 true},
	{"build-id under a root",
	 "gcc -g -O2" SOURCES " && id=$(readelf -n program | sed -n "
	 "'s/.*Build ID: //p') && d=usr/lib/debug/.build-id/$(echo $id | "
	 "cut -c1-2) && mkdir -p $d && objcopy --only-keep-debug program "
	 "$d/$(echo $id | cut -c3-).debug && strip program",
	 true},
	{"dwz",
	 "gcc -g -O2" SOURCES " && gcc -g -O2 -o second program.c sub/program2.c -I. && "
	 "dwz -m alt.dwz program second",
	 true},
};

struct fixture {
	struct arena *arena;
	struct plan_module module;
};

static void open_module(struct fixture *fixture, const char *name, const char *root)
{
	struct error *err;

	fixture->arena = arena_new();
	fixture->module = (struct plan_module){.path = programs_path(name), .shown = "program"};
	err = elf_file_open(fixture->module.path, "program", &fixture->module.file);
	if (!err)
		err = dw_open(fixture->module.file, root, &fixture->module.dw);
	if (err)
		print_error("%s\n", err->text);
	assert_null(err);
}

static void close_module(struct fixture *fixture)
{
	dw_close(fixture->module.dw);
	elf_file_close(fixture->module.file);
	arena_free(fixture->arena);
}

static struct error *resolve(struct fixture *fixture, const char *text, struct resolved **found,
			     size_t *n)
{
	struct place_spec place;

	assert_null(place_spec_parse(text, fixture->arena, &place));
	return resolve_place(&place, &fixture->module, fixture->arena, found, n);
}

static size_t places(struct fixture *fixture, const char *text, struct resolved **found)
{
	size_t n = 0;
	struct error *err = resolve(fixture, text, found, &n);

	if (err)
		print_error("%s: %s (%s)\n", text, err->text, err->cure ? err->cure : "");
	assert_null(err);
	for (size_t i = 0; i < n; i++) {
		const struct elf_section *section =
			elf_file_section_at(fixture->module.file, (*found)[i].pc);

		assert_true(section && section->is_code);
		assert_non_null((*found)[i].why);
	}
	return n;
}

static void assert_error(struct fixture *fixture, const char *text, const char *part,
			 const char *cure)
{
	struct resolved *found;
	size_t n;
	struct error *err = resolve(fixture, text, &found, &n);

	assert_non_null(err);
	assert_int_equal(err->kind, ERROR_NOT_FOUND);
	if (!strstr(err->text, part) || (cure && (!err->cure || !strstr(err->cure, cure))))
		print_error("%s: got \"%s\" \"%s\"\n", text, err->text, err->cure ? err->cure : "");
	assert_non_null(strstr(err->text, part));
	if (cure)
		assert_non_null(err->cure && strstr(err->cure, cure));
	error_free(err);
}

static void write_sources(void)
{
	programs_write("program.c", source);
	programs_write("shared.h", shared);
	assert_true(programs_run("mkdir -p sub usr"));
	programs_write("sub/program2.c", other);
}

static void check_functions(struct fixture *fixture, const struct variant *variant)
{
	struct resolved *found;
	u64 main_pc = 0;

	assert_int_equal(places(fixture, "main", &found), 1);
	assert_string_equal(found[0].function, "main");
	assert_non_null(strstr(found[0].file, "/program.c"));
	main_pc = found[0].pc;
	assert_in_range(found[0].line, variant->is_optimised ? 24 : 25, 25);
	/* two static functions of one name */
	assert_int_equal(places(fixture, "same", &found), 2);
	assert_string_not_equal(found[0].file, found[1].file);
	/* inlined where optimised, out of line else */
	assert_int_equal(places(fixture, "twice", &found), variant->is_optimised ? 2 : 1);
	assert_int_equal(found[0].is_inlined, variant->is_optimised);
	assert_int_equal(places(fixture, "shared", &found), 2);
	assert_int_equal(places(fixture, "loop%return", &found), 1);
	assert_true(found[0].is_return);
	assert_true(main_pc != found[0].pc);
}

static void check_lines(struct fixture *fixture, const struct variant *variant)
{
	struct resolved *found, *again;
	size_t n;

	n = places(fixture, "program.c:25", &found);
	assert_int_equal(n, 1);
	assert_string_equal(found[0].function, "main");
	assert_int_equal(found[0].line, 25);
	assert_int_equal(places(fixture, "main:+2", &again), 1);
	assert_int_equal(again[0].pc, found[0].pc);
	assert_int_equal(places(fixture, "program.c:18", &found), variant->is_optimised ? 2 : 1);
	assert_string_equal(found[0].function, "twice");
	assert_int_equal(found[0].is_inlined, variant->is_optimised);
	/* a header's line in two units */
	assert_int_equal(places(fixture, "shared.h:4", &found), 2);
	if (!variant->is_optimised) {
		/* the `while` has one place, the `for` two; both are gcov's counts */
		assert_int_equal(places(fixture, "program.c:7", &found), 1);
		assert_int_equal(places(fixture, "program.c:11", &found), 2);
	}
	assert_true(places(fixture, "loop:*", &found) >= 5);
	assert_true(places(fixture, "program.c:*", &found) > 8);
	assert_error(fixture, "program.c:22", "program.c:22 has no code", "The nearest lines");
	assert_error(fixture, "program.c:9999", "has no code", "The nearest line that has some is");
}

static void test_every_kind_of_build(void **state)
{
	unsigned tried = 0;

	write_sources();
	for (size_t i = 0; i < ARRAY_LEN(variants); i++) {
		struct fixture fixture;

		assert_true(programs_run("rm -rf program program.debug .debug usr/lib"));
		if (!programs_run("%s", variants[i].compile)) {
			print_message("can't be built here: %s\n", variants[i].name);
			continue;
		}
		print_message("%s\n", variants[i].name);
		open_module(&fixture, "program", programs_path(""));
		if (dw_missing(fixture.module.dw))
			print_error("%s\n", dw_missing(fixture.module.dw));
		assert_null(dw_missing(fixture.module.dw));
		check_functions(&fixture, &variants[i]);
		check_lines(&fixture, &variants[i]);
		close_module(&fixture);
		tried++;
	}
	assert_true(tried >= 8);
}

static void test_lines_of_optimised_code(void **state)
{
	struct resolved *found, *entry;
	struct fixture fixture;

	programs_write("optimised.c", optimised);
	/* what is moved behind the return stands behind no-ops there */
	assert_true(programs_run("gcc -g -O2 -falign-labels=32 -o optimised optimised.c"));
	open_module(&fixture, "optimised", "");
	assert_int_equal(places(&fixture, "optimised.c:15", &found), 1);
	/* the second line of a condition: its call */
	assert_int_equal(places(&fixture, "optimised.c:8", &found), 1);
	assert_string_equal(found[0].function, "condition");
	assert_non_null(strstr(found[0].why, "no statement begins on this line"));
	assert_int_equal(found[0].gdb_pc, 0);
	/* a brace that a tail call passes by, and one that is always come to */
	assert_error(&fixture, "optimised.c:11", "has no code", NULL);
	assert_int_equal(places(&fixture, "optimised.c:17", &found), 1);
	close_module(&fixture);

	/* the line of the name, where the code begins on that of the brace */
	assert_true(programs_run("gcc -g -O0 -o optimised optimised.c"));
	open_module(&fixture, "optimised", "");
	assert_int_equal(places(&fixture, "optimised.c:12", &found), 1);
	assert_int_equal(places(&fixture, "moved", &entry), 1);
	assert_int_equal(found[0].pc, entry[0].pc);
	assert_int_equal(found[0].line, 12);
	close_module(&fixture);
}

static void test_names_that_are_not_there(void **state)
{
	struct fixture fixture;

	write_sources();
	assert_true(programs_run("%s", variants[1].compile));
	open_module(&fixture, "program", "");
	assert_error(&fixture, "lop", "has no function lop", "Did you mean loop?");
	assert_error(&fixture, "zzzzzzzzz", "has no function zzzzzzzzz", "snapline list");
	assert_error(&fixture, "progam.c:3", "has no source file progam.c", "program.c");
	assert_error(&fixture, "gram.c:25", "has no source file gram.c", NULL);
	assert_error(&fixture, "main:+90", "line 90 of main", "main:+");
	assert_error(&fixture, "*0x10", "no code at 0x10", "as nm");
	assert_error(&fixture, "twice%return", "inlined everywhere", NULL);
	close_module(&fixture);
}

static void test_ambiguous_files_are_listed(void **state)
{
	struct resolved *found;
	struct fixture fixture;

	write_sources();
	assert_true(programs_run(
		"mkdir -p a b; echo 'int f(void) { return 1; }' > a/x.c; "
		"echo 'int g(void) { return 2; } int main(void) { return 0; }' > b/x.c; "
		"gcc -g -o two a/x.c b/x.c"));
	open_module(&fixture, "two", "");
	assert_error(&fixture, "x.c:1", "fits 2 source files", "more of the path");
	assert_int_equal(places(&fixture, "a/x.c:1", &found), 1);
	assert_string_equal(found[0].function, "f");
	close_module(&fixture);
}

static void test_without_debug_information(void **state)
{
	struct resolved *found;
	struct listed_function *list;
	struct fixture fixture;
	size_t n;

	write_sources();
	assert_true(programs_run("gcc -O1 -o plain program.c sub/program2.c -I."));
	open_module(&fixture, "plain", "");
	assert_false(dw_has_info(fixture.module.dw));
	assert_non_null(strstr(dw_missing(fixture.module.dw), "-dbgsym"));
	assert_int_equal(places(&fixture, "same", &found), 2);
	assert_null(found[0].file);
	assert_int_equal(places(&fixture, "main%return", &found), 1);
	assert_error(&fixture, "program.c:25", "need debug information", NULL);
	assert_error(&fixture, "main:+2", "need debug information", NULL);
	assert_error(&fixture, "man", "has no function man", "main");
	assert_null(resolve_functions(&fixture.module, "l*p", fixture.arena, &list, &n));
	assert_int_equal(n, 1);
	assert_string_equal(list[0].name, "loop");
	close_module(&fixture);
}

static void test_listed_names_are_places(void **state)
{
	struct listed_function *list;
	struct resolved *found;
	struct fixture fixture;
	size_t n;

	write_sources();
	assert_true(programs_run("%s", variants[1].compile));
	open_module(&fixture, "program", "");
	assert_null(resolve_functions(&fixture.module, NULL, fixture.arena, &list, &n));
	assert_true(n > 6);
	for (size_t i = 0; i < n; i++)
		assert_true(places(&fixture, list[i].name, &found) >= 1);
	assert_null(resolve_functions(&fixture.module, "twice", fixture.arena, &list, &n));
	assert_int_equal(n, 1);
	assert_int_equal(list[0].n_inlined, 2);
	assert_int_equal(list[0].n_bodies, 0);
	close_module(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_kind_of_build),
		cmocka_unit_test(test_lines_of_optimised_code),
		cmocka_unit_test(test_names_that_are_not_there),
		cmocka_unit_test(test_ambiguous_files_are_listed),
		cmocka_unit_test(test_without_debug_information),
		cmocka_unit_test(test_listed_names_are_places),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
