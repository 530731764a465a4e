/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Places of lines against the truth: a program is run instruction by instruction, and for each line
 * the hits of its places have to be what gcov counts. The counts stand in the source, taken from
 * `gcc -O0 --coverage`; "all" lines hold at every optimisation, "plain" ones at -O0 only.
 */
#include "unit.h"

#include <signal.h>
#include <sys/personality.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>

#include "plan/resolve.h"
#include "programs.h"

static const char source[] = "static volatile int sink, numbers[100];\n"
			     "#define NOINLINE __attribute__((noinline))\n"
			     "static inline int clamp(int x, int lo, int hi)\n"
			     "{\n"
			     "	if (x < lo) /* plain 20 */\n"
			     "		return lo; /* plain 3 */\n"
			     "	if (x > hi) /* plain 17 */\n"
			     "		return hi; /* plain 11 */\n"
			     "	return x; /* plain 6 */\n"
			     "}\n"
			     "static NOINLINE int rounds(int n)\n"
			     "{\n"
			     "	int s = 0; /* plain 1 */\n"
			     "	while (n > 0) { /* plain 11 */\n"
			     "		s += n * sink; /* all 10 */\n"
			     "		n--; /* plain 10 */\n"
			     "	}\n"
			     "	return s; /* plain 1 */\n"
			     "}\n"
			     "static NOINLINE int skips(int n)\n"
			     "{\n"
			     "	int s = 0; /* plain 1 */\n"
			     "	for (int i = 0; i < n; i++) { /* plain 65 */\n"
			     "		if (numbers[i] & 1) /* all 65 */\n"
			     "			continue; /* plain 32 */\n"
			     "		s += numbers[i]; /* all 33 */\n"
			     "		if (s > 1000) /* all 33 */\n"
			     "			break; /* plain 1 */\n"
			     "	}\n"
			     "	return s; /* plain 1 */\n"
			     "}\n"
			     "static NOINLINE int again(int n)\n"
			     "{\n"
			     "	int s = 0; /* plain 1 */\n"
			     "	do {\n"
			     "		s += sink; /* all 5 */\n"
			     "	} while (n-- > 0); /* plain 5 */\n"
			     "	return s; /* plain 1 */\n"
			     "}\n"
			     "static NOINLINE int cases(int n)\n"
			     "{\n"
			     "	switch (n) { /* all 7 */\n"
			     "	case 0:\n"
			     "		return 3; /* plain 1 */\n"
			     "	case 1:\n"
			     "		n += 2; /* plain 1 */\n"
			     "	case 2:\n"
			     "		n += sink; /* plain 2 */\n"
			     "		break; /* plain 2 */\n"
			     "	case 3:\n"
			     "	case 4:\n"
			     "		n *= sink; /* all 2 */\n"
			     "		break; /* plain 2 */\n"
			     "	default:\n"
			     "		n = 0; /* plain 2 */\n"
			     "	}\n"
			     "	return n; /* plain 6 */\n"
			     "}\n"
			     "static NOINLINE int choose(int x, int y)\n"
			     "{\n"
			     "	if (x > 3 && y > 1) /* plain 7 */\n"
			     "		return 1; /* plain 1 */\n"
			     "	if (x > 10 || /* plain 6 */\n"
			     "	    y < 1)\n"
			     "		return 2; /* plain 3 */\n"
			     "	return x > y ? x : /* plain 3 */\n"
			     "		       y;\n"
			     "}\n"
			     "static NOINLINE int fibonacci(int n)\n"
			     "{\n"
			     "	if (n < 2) /* plain 41 */\n"
			     "		return n; /* plain 21 */\n"
			     "	return fibonacci(n - 1) + fibonacci(n - 2); /* plain 20 */\n"
			     "}\n"
			     "static NOINLINE int jumps(int n)\n"
			     "{\n"
			     "	int i = 0; /* plain 1 */\n"
			     "again:\n"
			     "	i++; /* plain 6 */\n"
			     "	if (i < n) /* plain 6 */\n"
			     "		goto again; /* plain 5 */\n"
			     "	for (;;) {\n"
			     "		if (i-- < 2) /* plain 6 */\n"
			     "			break; /* plain 1 */\n"
			     "	}\n"
			     "	return i; /* plain 1 */\n"
			     "}\n"
			     "int main(void)\n"
			     "{\n"
			     "	int t = 0; /* plain 1 */\n"
			     "	for (int i = 0; i < 100; i++) /* plain 101 */\n"
			     "		numbers[i] = i; /* plain 100 */\n"
			     "	for (int i = 0; i < 7; i++) /* plain 8 */\n"
			     "		t += cases(i) + choose(i, i % 3); /* all 7 */\n"
			     "	t += rounds(10) + skips(100) + /* plain 1 */\n"
			     "	     again(4);\n"
			     "	t += fibonacci(7); /* all 1 */\n"
			     "	t += jumps(6); /* all 1 */\n"
			     "	for (int i = 0; i < 20; i++) { /* plain 21 */\n"
			     "		t += clamp(i, 3, 8) * sink; /* plain 20 */\n"
			     "	}\n"
			     "	return t == 12345; /* all 1 */\n"
			     "}\n";

enum { TEXT_SPAN = 1 << 20 };

/* How often each pc from base on was executed, from main's first instruction until it returns. */
static u32 *run_by_steps(const char *path, u64 main_pc, u64 base)
{
	u32 *counts = calloc(TEXT_SPAN, sizeof(*counts));
	struct user_regs_struct regs;
	long word;
	pid_t pid = fork();
	u64 stack = 0;
	int status;

	if (pid == 0) {
		personality(ADDR_NO_RANDOMIZE);
		ptrace(PTRACE_TRACEME, 0, 0, 0);
		execl(path, path, NULL);
		_exit(127);
	}
	waitpid(pid, &status, 0);
	word = ptrace(PTRACE_PEEKTEXT, pid, main_pc, 0);
	ptrace(PTRACE_POKETEXT, pid, main_pc, (word & ~0xffL) | 0xcc);
	ptrace(PTRACE_CONT, pid, 0, 0);
	waitpid(pid, &status, 0);
	assert_true(WIFSTOPPED(status));
	ptrace(PTRACE_POKETEXT, pid, main_pc, word);
	ptrace(PTRACE_GETREGS, pid, 0, &regs);
	regs.rip = main_pc;
	stack = regs.rsp;
	ptrace(PTRACE_SETREGS, pid, 0, &regs);
	while (regs.rsp <= stack) {
		if (regs.rip >= base && regs.rip - base < TEXT_SPAN)
			counts[regs.rip - base]++;
		ptrace(PTRACE_SINGLESTEP, pid, 0, 0);
		waitpid(pid, &status, 0);
		if (!WIFSTOPPED(status))
			return counts;
		ptrace(PTRACE_GETREGS, pid, 0, &regs);
	}
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	return counts;
}

static u64 hits_of(struct plan_module *module, unsigned line, const u32 *counts, u64 base,
		   struct arena *arena)
{
	struct resolved *found = NULL;
	struct place_spec place;
	size_t n = 0;
	u64 hits = 0;
	struct error *err;

	err = place_spec_parse(arena_printf(arena, "lines.c:%u", line), arena, &place);
	assert_null(err);
	err = resolve_place(&place, module, arena, &found, &n);
	if (err)
		print_error("%s\n", err->text);
	assert_null(err);
	for (size_t i = 0; i < n; i++)
		hits += counts[found[i].pc - base];
	return hits;
}

/* Compares every line that has an expectation of the kind. */
static unsigned check_lines(struct plan_module *module, const u32 *counts, u64 base, bool all_only,
			    struct arena *arena)
{
	unsigned line = 1, wrong = 0, checked = 0;

	for (const char *at = source; *at; at = strchr(at, '\n') + 1, line++) {
		const char *mark = strstr(at, "/* "), *end = strchr(at, '\n');
		char kind[8];
		unsigned long wanted;
		u64 hits;

		if (!mark || mark > end || sscanf(mark, "/* %7s %lu */", kind, &wanted) != 2 ||
		    (all_only && strcmp(kind, "all") != 0))
			continue;
		hits = hits_of(module, line, counts, base, arena);
		checked++;
		if (hits != wanted) {
			print_error("line %u: %lu hits, %lu expected: %.*s\n", line,
				    (unsigned long)hits, wanted, (int)(end - at), at);
			wrong++;
		}
	}
	assert_true(checked > 5);
	return wrong;
}

static bool check_build(const char *compiler, bool all_only)
{
	struct plan_module module = {.path = programs_path("lines"), .shown = "lines"};
	struct arena *arena = arena_new();
	unsigned wrong;
	u32 *counts;
	u64 base;

	programs_write("lines.c", source);
	if (!programs_run("%s -g -no-pie -o lines lines.c", compiler))
		return false;
	print_message("%s\n", compiler);
	assert_null(elf_file_open(module.path, "lines", &module.file));
	assert_null(dw_open(module.file, "", &module.dw));
	base = elf_file_symbol(module.file, "_init")->pc;
	counts = run_by_steps(module.path, elf_file_symbol(module.file, "main")->pc, base);
	wrong = check_lines(&module, counts, base, all_only, arena);
	assert_int_equal(wrong, 0);
	free(counts);
	dw_close(module.dw);
	elf_file_close(module.file);
	arena_free(arena);
	return true;
}

static void test_unoptimised_lines_count_as_gcov(void **state)
{
	assert_true(check_build("gcc -O0", false));
	check_build("gcc -O0 -gdwarf-4", false);
	check_build("clang -O0", false);
}

static void test_optimised_lines_that_survive_count_as_gcov(void **state)
{
	assert_true(check_build("gcc -O1", true));
	assert_true(check_build("gcc -O2 -fno-tree-vectorize", true));
	check_build("clang -O1", true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_unoptimised_lines_count_as_gcov),
		cmocka_unit_test(test_optimised_lines_that_survive_count_as_gcov),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
