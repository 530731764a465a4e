/* SPDX-License-Identifier: BSD-2-Clause */
/* On tests/targets/choose_*: what is chosen, what is refused, and that a move can't be told. */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include "plan/choose.h"
#include "plan/code.h"

#define TARGETS "build/targets/"

struct opened {
	struct arena *arena;
	struct elf_file *file;
	struct dw *dw;
	struct code_store *code;
};

static struct opened open_target(const char *path)
{
	struct opened opened = {.arena = arena_new()};

	assert_null(elf_file_open(path, path, &opened.file));
	assert_null(dw_open(opened.file, "", &opened.dw));
	opened.code = code_store_new(opened.dw);
	return opened;
}

static void close_target(struct opened *opened)
{
	code_store_free(opened->code);
	dw_close(opened->dw);
	elf_file_close(opened->file);
	arena_free(opened->arena);
}

static u64 pc_of(const struct opened *opened, const char *symbol)
{
	const struct elf_symbol *found = elf_file_symbol(opened->file, symbol);

	assert_non_null(found);
	return found->pc;
}

static struct choice choose(const struct opened *opened, u64 pc, enum choose_for what, bool exact)
{
	struct choose_how how = {.what = what, .exact = exact};
	struct choice choice;

	assert_null(choose_instruction(opened->code, pc, &how, opened->arena, &choice));
	assert_non_null(choice.why);
	assert_int_not_equal(choice.cost, INSN_REFUSED);
	return choice;
}

static void assert_refused(const struct opened *opened, u64 pc, enum choose_for what, bool exact,
			   const char *says)
{
	struct choose_how how = {.what = what, .exact = exact};
	struct choice choice;
	struct error *err = choose_instruction(opened->code, pc, &how, opened->arena, &choice);

	assert_non_null(err);
	assert_int_equal(err->kind, ERROR_USAGE);
	if (!strstr(err->text, says))
		fail_msg("\"%s\" doesn't say \"%s\"", err->text, says);
	error_free(err);
}

static void test_nop_before_red_zone_is_left(void **state)
{
	struct opened opened = open_target(TARGETS "choose_hazards");
	u64 nop = pc_of(&opened, "red_zone_nop");

	assert_int_equal(choose(&opened, nop, CHOOSE_COUNTER, false).pc, nop + 5);
	assert_int_equal(choose(&opened, nop, CHOOSE_SNAPSHOT, false).pc, nop + 5);
	assert_int_equal(choose(&opened, nop, CHOOSE_SNAPSHOT, false).asked_cost, INSN_REFUSED);
	assert_refused(&opened, nop, CHOOSE_COUNTER, true, "5-byte nop");
	close_target(&opened);
}

static void test_patchable_entry_is_left(void **state)
{
	struct opened opened = open_target(TARGETS "choose_hazards");
	u64 entry = pc_of(&opened, "patchable");

	/* lea only writes a register that nobody looks at, so the emulated nop behind it will do */
	assert_int_equal(choose(&opened, entry, CHOOSE_SNAPSHOT, false).pc, entry + 8);
	assert_int_equal(choose(&opened, entry, CHOOSE_SNAPSHOT, false).cost, INSN_EMULATED);
	/* back is as good as on */
	assert_int_equal(choose(&opened, entry + 9, CHOOSE_COUNTER, false).pc, entry + 8);
	close_target(&opened);
}

static void test_named_registers_are_kept(void **state)
{
	struct opened opened = open_target(TARGETS "choose_hazards");
	struct choose_how how = {.what = CHOOSE_SNAPSHOT, .regs = UINT32_MAX};
	u64 entry = pc_of(&opened, "patchable");
	struct choice choice;

	/* lea writes eax: that far and no further */
	assert_null(choose_instruction(opened.code, entry, &how, opened.arena, &choice));
	assert_int_equal(choice.pc, entry + 5);
	close_target(&opened);
}

static void test_kernel_hazards_are_refused_or_left(void **state)
{
	struct opened opened = open_target(TARGETS "choose_hazards");
	u64 exchange = pc_of(&opened, "exchange") + 11, call = pc_of(&opened, "ask_pid") + 5;

	assert_refused(&opened, exchange, CHOOSE_SNAPSHOT, true, "exchange of registers");
	assert_int_not_equal(choose(&opened, exchange, CHOOSE_SNAPSHOT, false).pc, exchange);
	assert_refused(&opened, call, CHOOSE_COUNTER, true, "crash");
	assert_int_not_equal(choose(&opened, call, CHOOSE_COUNTER, false).pc, call);
	close_target(&opened);
}

static void test_repeated_instruction_is_left(void **state)
{
	struct opened opened = open_target(TARGETS "choose_hazards");
	u64 rounds = pc_of(&opened, "fill") + 14;

	/* on for a counter; back for a snapshot, as the fill itself is seen */
	assert_int_equal(choose(&opened, rounds, CHOOSE_COUNTER, false).pc, rounds + 3);
	assert_int_equal(choose(&opened, rounds, CHOOSE_SNAPSHOT, false).pc, rounds - 5);
	assert_refused(&opened, rounds, CHOOSE_COUNTER, true, "each would count as a hit");
	close_target(&opened);
}

static void test_restartable_sequence_is_refused(void **state)
{
	struct opened opened = open_target(TARGETS "choose_hazards");
	u64 start = pc_of(&opened, "count_up");

	assert_refused(&opened, start + 7, CHOOSE_COUNTER, false, "restartable sequence");
	assert_refused(&opened, start + 14, CHOOSE_SNAPSHOT, false, "updates would be lost");
	assert_int_equal(choose(&opened, start, CHOOSE_COUNTER, false).pc, start);
	close_target(&opened);
}

static void test_middle_of_an_instruction_is_refused(void **state)
{
	struct opened opened = open_target(TARGETS "choose_hazards");
	u64 start = pc_of(&opened, "red_zone");

	for (u64 pc = start + 1; pc < start + 5; pc++)
		assert_refused(&opened, pc, CHOOSE_COUNTER, false, "is inside the instruction at");
	assert_refused(&opened, pc_of(&opened, "updates"), CHOOSE_COUNTER, false, "overwrite data");
	assert_refused(&opened, 0, CHOOSE_COUNTER, false, "not in the program's code");
	close_target(&opened);
}

static void test_data_in_code_is_refused(void **state)
{
	struct opened opened = open_target(TARGETS "choose_hazards");
	u64 start = pc_of(&opened, "count_up");

	/* the signature in front of an abort handler */
	assert_refused(&opened, start + 22 + 1, CHOOSE_COUNTER, false, "");
	close_target(&opened);
}

static void test_exact_stays(void **state)
{
	struct opened opened = open_target(TARGETS "choose_blocks");
	u64 start = pc_of(&opened, "switched");
	struct choice choice = choose(&opened, start, CHOOSE_COUNTER, true);

	assert_int_equal(choice.pc, start);
	assert_int_equal(choice.cost, INSN_SINGLE_STEP);
	assert_int_not_equal(choose(&opened, start, CHOOSE_COUNTER, false).pc, start);
	close_target(&opened);
}

/* All instructions of the functions of choose_blocks.c. */
static const char *const functions[] = {"switched",	 "threaded",  "last", "tail",
					"indirect_tail", "cold_part", "walk", "main"};

static void load_function(struct opened *opened, const char *name, struct code *code)
{
	struct code_extent extent;

	assert_null(code_extent_at(opened->dw, pc_of(opened, name), opened->arena, &extent));
	assert_null(code_decode(opened->dw, &extent, opened->arena, code));
	code_trace(code);
}

static const char *const builds[] = {TARGETS "choose_blocks", TARGETS "choose_blocks.clang",
				     TARGETS "choose_blocks.fixed"};

static void test_jump_tables_are_found(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(builds); i++) {
		struct opened opened = open_target(builds[i]);
		size_t tables = 0, leaders = 0;
		struct code code;

		load_function(&opened, "switched", &code);
		assert_null(code.unknown_jump);
		for (size_t n = 0; n < code.n; n++) {
			tables += code.insns[n].is_table_jump;
			leaders += code.insns[n].is_leader;
		}
		/* clang makes a lookup table of simple cases, but here cases have effects */
		assert_int_equal(tables, 1);
		assert_true(leaders >= 7);
		load_function(&opened, "threaded", &code);
		assert_null(code.unknown_jump);
		close_target(&opened);
	}
}

/* Where the file's pc 0 lies in the stopped process. */
static u64 bias_of(pid_t pid, const char *path)
{
	char line[512], maps[64];
	unsigned long start;
	FILE *file;

	snprintf(maps, sizeof(maps), "/proc/%d/maps", pid);
	file = fopen(maps, "r");
	assert_non_null(file);
	assert_non_null(fgets(line, sizeof(line), file));
	assert_int_equal(sscanf(line, "%lx", &start), 1);
	assert_non_null(strstr(line, strrchr(path, '/')));
	fclose(file);
	return start;
}

static void run_until(pid_t pid, u64 ip)
{
	struct user_regs_struct regs;
	long word = ptrace(PTRACE_PEEKTEXT, pid, (void *)ip, NULL);
	int status;

	assert_int_equal(ptrace(PTRACE_POKETEXT, pid, (void *)ip, (word & ~0xffL) | 0xcc), 0);
	assert_int_equal(ptrace(PTRACE_CONT, pid, NULL, NULL), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSTOPPED(status));
	assert_int_equal(ptrace(PTRACE_POKETEXT, pid, (void *)ip, word), 0);
	assert_int_equal(ptrace(PTRACE_GETREGS, pid, NULL, &regs), 0);
	assert_int_equal(regs.rip, ip + 1);
	regs.rip = ip;
	assert_int_equal(ptrace(PTRACE_SETREGS, pid, NULL, &regs), 0);
}

/* Runs path with an argument, from main() on one instruction at a time; counts[pc] below size. */
static void count_steps(struct opened *opened, const char *path, const char *argument, u32 *counts,
			size_t size)
{
	struct user_regs_struct regs;
	pid_t pid = fork();
	int status;
	u64 bias;

	if (pid == 0) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		if (!freopen("/dev/null", "w", stdout))
			_exit(1);
		execl(path, path, argument, NULL);
		_exit(1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSTOPPED(status));
	bias = elf_file_is_pie(opened->file) ? bias_of(pid, path) : 0;
	run_until(pid, bias + pc_of(opened, "main"));
	while (WIFSTOPPED(status)) {
		assert_int_equal(ptrace(PTRACE_GETREGS, pid, NULL, &regs), 0);
		if (regs.rip - bias < size)
			counts[regs.rip - bias]++;
		assert_int_equal(ptrace(PTRACE_SINGLESTEP, pid, NULL, NULL), 0);
		assert_int_equal(waitpid(pid, &status, 0), pid);
	}
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static size_t check_counts(struct opened *opened, const u32 *counts, const char *name,
			   size_t *moved)
{
	struct code code;
	size_t wrong = 0;

	load_function(opened, name, &code);
	for (size_t i = 0; i < code.n; i++) {
		u64 pc = code.insns[i].insn.address;

		for (int what = CHOOSE_COUNTER; what <= CHOOSE_SNAPSHOT; what++) {
			struct choose_how how = {.what = what};
			struct choice choice;
			struct error *err;

			if (!code.insns[i].is_reached)
				continue;
			err = choose_instruction(opened->code, pc, &how, opened->arena, &choice);
			if (err) {
				error_free(err);
				continue;
			}
			*moved += choice.pc != pc;
			if (counts[choice.pc] == counts[pc])
				continue;
			print_error("%s 0x%lx (%u times): 0x%lx (%u times): %s\n", name, pc,
				    counts[pc], choice.pc, counts[choice.pc], choice.why);
			wrong++;
		}
		/* what never was reached by decoding must never run */
		if (!code.insns[i].is_reached && counts[pc])
			wrong++;
	}
	return wrong;
}

static void test_moved_probes_are_hit_as_often(void **state)
{
	for (size_t b = 0; b < ARRAY_LEN(builds); b++) {
		enum { SIZE = 1 << 23 };
		struct opened opened = open_target(builds[b]);
		u32 *counts = calloc(SIZE, sizeof(*counts));
		size_t wrong = 0, moved = 0;

		assert_non_null(counts);
		count_steps(&opened, builds[b], "17", counts, SIZE);
		assert_int_equal(counts[pc_of(&opened, "switched")], 17);
		for (size_t i = 0; i < ARRAY_LEN(functions); i++)
			wrong += check_counts(&opened, counts, functions[i], &moved);
		assert_int_equal(wrong, 0);
		assert_true(moved > 50);
		free(counts);
		close_target(&opened);
	}
}

static void test_snapshot_passes_no_store_or_load(void **state)
{
	struct opened opened = open_target(TARGETS "choose_blocks");
	struct code code;

	for (size_t f = 0; f < ARRAY_LEN(functions); f++) {
		load_function(&opened, functions[f], &code);
		for (size_t i = 0; i < code.n; i++) {
			struct choose_how how = {.what = CHOOSE_SNAPSHOT};
			struct choice choice;
			u64 pc = code.insns[i].insn.address;
			struct error *err;
			bool refused;

			if (!code.insns[i].is_reached)
				continue;
			err = choose_instruction(opened.code, pc, &how, opened.arena, &choice);
			refused = err != NULL;
			error_free(err);
			for (size_t n = i;
			     !refused && n < code.n && code.insns[n].insn.address < choice.pc;
			     n++) {
				assert_false(code.insns[n].insn.writes_memory);
				assert_false(code.insns[n].insn.may_fault);
				assert_int_equal(code.insns[n].insn.flow, FLOW_NEXT);
			}
		}
	}
	close_target(&opened);
}

static void test_block(void **state)
{
	struct opened opened = open_target(TARGETS "choose_hazards");
	struct choose_block block;
	u64 nop = pc_of(&opened, "red_zone_nop");

	assert_null(choose_block(opened.code, nop, opened.arena, &block));
	assert_int_equal(block.insns[block.asked].address, nop);
	assert_int_equal(block.insns[block.n - 1].flow, FLOW_RETURN);
	close_target(&opened);
}

static size_t returns_of(struct opened *opened, const char *name, struct function_exit **exits,
			 const char **note)
{
	struct code_extent extent;
	size_t n;

	assert_null(code_extent_at(opened->dw, pc_of(opened, name), opened->arena, &extent));
	assert_null(choose_returns(opened->dw, extent.ranges, extent.n_ranges, opened->arena, exits,
				   &n, note));
	return n;
}

static void test_returns(void **state)
{
	struct opened opened = open_target(TARGETS "choose_blocks");
	struct function_exit *exits;
	const char *note;

	assert_true(returns_of(&opened, "switched", &exits, &note) >= 6);
	assert_null(note);
	assert_int_equal(returns_of(&opened, "indirect_tail", &exits, &note), 1);
	assert_true(exits[0].is_tail_call);
	assert_null(note);
	/* one return and the jump to last() */
	assert_int_equal(returns_of(&opened, "tail", &exits, &note), 2);
	assert_true(exits[0].is_tail_call != exits[1].is_tail_call);
	assert_null(note);
	assert_int_equal(returns_of(&opened, "last", &exits, &note), 1);
	assert_false(exits[0].is_tail_call);
	close_target(&opened);
}

static void test_functions_are_decoded_once(void **state)
{
	struct opened opened = open_target(TARGETS "choose_blocks");
	u64 entry = pc_of(&opened, "switched");
	struct code *code, *again, *other;
	struct error *err;
	size_t wide = 0;

	assert_null(code_store_at(opened.code, entry, &code));
	assert_true(code->n > 10);
	assert_null(code_store_at(opened.code, code->insns[code->n - 1].insn.address, &again));
	assert_ptr_equal(again, code);
	assert_null(code_store_at(opened.code, pc_of(&opened, "tail"), &other));
	assert_ptr_not_equal(other, code);
	/* not at an instruction, yet in the function */
	while (code->insns[wide].insn.len < 2)
		wide++;
	assert_null(code_store_at(opened.code, code->insns[wide].insn.address + 1, &again));
	assert_int_equal(again->extent.entry, entry);
	err = code_store_at(opened.code, 1, &again);
	assert_non_null(err);
	error_free(err);
	close_target(&opened);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nop_before_red_zone_is_left),
		cmocka_unit_test(test_patchable_entry_is_left),
		cmocka_unit_test(test_named_registers_are_kept),
		cmocka_unit_test(test_kernel_hazards_are_refused_or_left),
		cmocka_unit_test(test_repeated_instruction_is_left),
		cmocka_unit_test(test_restartable_sequence_is_refused),
		cmocka_unit_test(test_middle_of_an_instruction_is_refused),
		cmocka_unit_test(test_data_in_code_is_refused),
		cmocka_unit_test(test_exact_stays),
		cmocka_unit_test(test_jump_tables_are_found),
		cmocka_unit_test(test_moved_probes_are_hit_as_often),
		cmocka_unit_test(test_snapshot_passes_no_store_or_load),
		cmocka_unit_test(test_block),
		cmocka_unit_test(test_returns),
		cmocka_unit_test(test_functions_are_decoded_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
