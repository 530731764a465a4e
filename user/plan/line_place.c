/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which addresses stand for a line.
 *
 * The line table says which line an instruction belongs to, and which rows begin a statement
 * (is_stmt). A line usually has several statement rows, and probing them all would count one
 * execution of the line several times; gdb takes the first of them in each block, which can miss it
 * altogether. We want what gcov counts: how often control enters the line. So:
 *
 *   A place of line L is a statement row of L that control can reach from somewhere that is not L.
 *
 * Take `while (n > 0) { n--; }` over lines 7 to 9, as gcc -O0 compiles it:
 *
 *	0x10  jmp 0x16      row: line 7      entered from line 6
 *	0x12  subl $1, n    row: line 8
 *	0x16  cmpl $0, n    row: line 7      entered from line 8, and from 0x10 which is line 7
 *	0x1a  jg 0x12
 *
 * Both rows of line 7 are entered from another line, but every run through 0x10 comes to 0x16
 * without leaving the line. A probe on each would count the first round twice. So an entry that
 * always leads to another entry within the line is left out: 0x16 alone is hit n + 1 times, as gcov
 * says. In a `for` header the initialisation and the increment are both entered from elsewhere, and
 * neither leads to an entry: both are places, and n + 1 is their sum.
 *
 * How it is computed. For one line and one copy of its function, each instruction gets what may be
 * true before it: control comes from within the line (IN), or from elsewhere (OUT). This flows
 * along fall-through, branches and jumps until nothing changes. At an address, the rows are passed
 * in their order: optimised code has many rows of no length, each the beginning of a statement.
 *
 * - Only statement rows change the state. gcc marks as statements the points where a statement
 *   begins in the source's order, and moved instructions in between are not marked. clang marks
 *   nothing so carefully: there all rows count.
 * - Code inlined from a call in line L is part of L: a return from it doesn't enter L again, and
 *   running it before L's first row doesn't either. Each inlined copy is a function of its own;
 *   outside of it is OUT, so that a copy in a loop counts every time.
 * - Line 0 is nobody's code and changes nothing.
 * - Where control comes through a jump table, the state is that of all such jumps together; at a
 *   landing pad it is OUT.
 *
 * Then three kinds of entry are left out, where others remain: in tables of clang
 * and of gcc -O0 the rest of a statement, which is come back to after its other lines or after code
 * that the scheduler moved in between (reached only by way of another entry; and of another column
 * where code may have been copied: the unroller's copies have the same column, and count each); a
 * jump that clang gives the line of an `else` that it jumps over; and, as above, the one that
 * always leads to another.
 *
 * Lines on which no statement begins have other places (line_anchor.c). The line of a function's
 * name stands for its entry where the table gives that to the brace.
 *
 * What remains different from the figure that gcov prints: a loop within one line (`while (*p)
 * p++;`) counts entries of the line, where gcov adds the rounds; of a statement on several lines
 * gcov counts each basic block for one of them, and all `return` of a function at one. (Its flow
 * graph has our counts: tests/oracle/gcov_flow.py.) In optimised code, where the compiler merged
 * two lines' beginnings into one address, both count what that address is reached; and where it did
 * away with rounds (vectorised, or computed without the loop) what doesn't run isn't counted.
 */
#include "plan/line_place.h"

#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "plan/line_entry.h"
#include "plan/prologue.h"

static bool covers(const struct dw_instance *instance, u64 pc)
{
	for (size_t i = 0; i < instance->n_ranges; i++)
		if (pc >= instance->ranges[i].start && pc < instance->ranges[i].end)
			return true;
	return false;
}

static u32 innermost(const struct line_body *body, u64 pc)
{
	u32 found = 0;

	for (u32 i = 1; i < body->n_instances; i++)
		if (body->instances[i].parent == found && covers(&body->instances[i], pc))
			found = i;
	return found;
}

/* The function of this body that the line stands in: the last one that begins at it or above. */
static const struct dw_function *function_around(const struct line_body *body,
						 const struct dw_row *row)
{
	const struct dw_function *found = NULL;

	for (size_t i = 0; i < body->n_instances; i++) {
		const struct dw_function *function = body->instances[i].function;

		if (function->decl_file == row->file && function->decl_line &&
		    function->decl_line <= row->line &&
		    (!found || function->decl_line > found->decl_line))
			found = function;
	}
	return found;
}

static u64 distance(const struct dw_instance *instance, u64 pc)
{
	u64 least = pc > instance->entry ? pc - instance->entry : instance->entry - pc;

	for (size_t i = 0; i < instance->n_ranges; i++) {
		const struct pc_range *range = &instance->ranges[i];

		if (pc >= range->start && pc < range->end)
			return 0;
		least = min_u64(least, pc < range->start ? range->start - pc : pc - range->end + 1);
	}
	return least;
}

static u32 nearest_copy(const struct line_body *body, const struct dw_function *function, u64 pc)
{
	u64 least = UINT64_MAX;
	u32 found = 0;

	for (u32 i = 0; i < body->n_instances; i++)
		if (body->instances[i].function == function &&
		    distance(&body->instances[i], pc) < least) {
			found = i;
			least = distance(&body->instances[i], pc);
		}
	return found;
}

/*
 * The copy that a row belongs to isn't always the innermost at its address: a row of no length may
 * stand for the call of the inlined code that begins there, or begin a copy whose first instruction
 * was moved away. The line tells which function it is.
 */
static u32 copy_of_row(const struct line_body *body, const struct dw_row *row)
{
	const struct dw_function *function = function_around(body, row);
	u32 inner = innermost(body, row->pc);

	if (!function)
		return inner;
	for (u32 copy = inner;; copy = (u32)body->instances[copy].parent) {
		if (body->instances[copy].function == function)
			return copy;
		if (!copy)
			return nearest_copy(body, function, row->pc);
	}
}

/* Index of the first row at pc or above. */
static size_t first_row_at(const struct dw_row *rows, size_t n, u64 pc)
{
	size_t low = 0, high = n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (rows[middle].pc < pc)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void collect_rows(struct line_body *body, const struct dw_row *rows, size_t n)
{
	const struct dw_instance *outer = &body->instances[0];
	struct pc_range *ranges;
	size_t n_ranges = flow_ranges(outer->ranges, outer->n_ranges, body->arena, &ranges);

	for (size_t r = 0; r < n_ranges; r++)
		for (size_t i = first_row_at(rows, n, ranges[r].start);
		     i < n && rows[i].pc < ranges[r].end; i++)
			if (!rows[i].end_sequence)
				*arena_push(body->arena, body->rows, body->n_rows) = &rows[i];
	body->copy_of = arena_array(body->arena, u32, body->n_rows);
	for (size_t i = 0; i < body->n_rows; i++)
		body->copy_of[i] = copy_of_row(body, body->rows[i]);
}

static void index_rows(struct line_body *body)
{
	size_t row = 0;

	body->first_row = arena_array(body->arena, u32, body->flow.n + 1);
	for (size_t i = 0; i < body->flow.n; i++) {
		/* rows between instructions can't be probed */
		while (row < body->n_rows && body->rows[row]->pc < body->flow.insns[i].pc)
			row++;
		body->first_row[i] = (u32)row;
	}
	body->first_row[body->flow.n] = (u32)body->n_rows;
}

/*
 * Nothing runs through the no-ops that align what stands behind a jump or return: control that
 * comes there comes by its jumps alone. They have no row, as what begins a statement or block has.
 */
static void cut_padding(struct line_body *body)
{
	struct flow_insn *insns = body->flow.insns;

	for (u32 i = 1; i < body->flow.n; i++) {
		u32 next = insns[i].next;

		if (!insns[i].is_nop || insns[i].has_pred ||
		    line_rows_end(body, i) > body->first_row[i] || next == FLOW_NONE)
			continue;
		insns[i].next = FLOW_NONE;
		insns[next].has_pred = insns[next].is_target;
	}
}

static struct error *read_body(struct dw *dw, u64 pc, struct arena *arena, struct line_body *body)
{
	const struct dw_row *rows;
	struct error *err;
	size_t n;

	*body = (struct line_body){.dw = dw, .arena = arena};
	err = dw_body(dw, pc, arena, &body->instances, &body->n_instances);
	if (err || !body->n_instances)
		return err;
	err = dw_rows_of(dw, pc, &rows, &n);
	if (err)
		return err;
	flow_build(dw_file(dw), body->instances[0].ranges, body->instances[0].n_ranges, arena,
		   &body->flow);
	collect_rows(body, rows, n);
	index_rows(body);
	cut_padding(body);
	body->marks = dw_marks(dw, pc);
	body->before = arena_alloc(arena, body->flow.n);
	body->must = arena_alloc(arena, body->flow.n);
	return NULL;
}

/* gdb takes the first statement row of a block; a copy of the function stands for the block here.
 */
static u64 gdb_row(const struct line_query *query)
{
	const struct line_body *body = query->body;

	for (size_t i = 0; i < body->n_rows; i++)
		if (body->rows[i]->is_stmt && line_has_row(query, i))
			return body->rows[i]->pc;
	return 0;
}

/* Only where the flow isn't understood: a line that has rows is never left without a place. */
static void take_first(struct line_query *query)
{
	const struct line_body *body = query->body;

	for (size_t i = 0; i < body->n_rows && !query->n_entries; i++) {
		u32 insn = flow_find(&body->flow, body->rows[i]->pc);
		size_t n = 0;

		if (insn == FLOW_NONE || !body->rows[i]->is_stmt || !line_has_row(query, i))
			continue;
		*arena_push(body->arena, query->entries, n) = insn;
		*arena_push(body->arena, query->entry_rows, query->n_entries) = body->rows[i];
	}
}

/*
 * A line that begins at the function's entry is taken behind the prologue, as gdb does, where only
 * then its variables are in memory; unless control comes back to that address.
 */
static u64 with_variables(const struct line_body *body, u64 pc)
{
	const struct dw_instance *instance = &body->instances[0];
	u32 insn;
	u64 end;

	if (pc != instance->entry || !dw_needs_prologue(body->dw, instance->die))
		return pc;
	end = prologue_end(body->dw, instance);
	insn = flow_find(&body->flow, end);
	return insn == FLOW_NONE || body->flow.insns[insn].is_target ? pc : end;
}

static const char *reason(const struct line_query *query, u64 entry, u64 pc, u64 gdb_pc)
{
	const char *which = query->n_entries == 1 ? "the row where control enters the line"
						  : "one of the rows where control enters the line";

	if (!query->begins_statement)
		return "no statement begins on this line: a branch, call or return that is its";
	if (pc != entry)
		return "the function's entry, behind the prologue: only then are its variables in "
		       "memory";
	if (pc == gdb_pc)
		return which;
	return arena_printf(query->body->arena, "%s; gdb would stop at 0x%llx", which,
			    (unsigned long long)gdb_pc);
}

/* What line_places() is asked, and what it found. */
struct line_search {
	struct dw *dw;
	struct arena *arena;
	const char *file;
	unsigned line;	       /* 0: all */
	u64 function_die;      /* 0: any */
	struct map *marked;    /* lines of the file with a statement row */
	unsigned below, above; /* the nearest of them, where `line` has none */
	struct line_place *places;
	size_t n;
};

static bool begins_statement(const struct line_search *search, unsigned line)
{
	return map_get(search->marked, line) != NULL;
}

static void query_line(struct line_search *search, const struct line_body *body, unsigned line,
		       u32 copy)
{
	struct line_query query = {body, search->file, line, copy, begins_statement(search, line)};
	u64 gdb_pc;

	line_find_entries(&query);
	if (!query.n_entries)
		take_first(&query);
	gdb_pc = with_variables(body, gdb_row(&query));
	for (size_t i = 0; i < query.n_entries; i++) {
		u64 entry = body->flow.insns[query.entries[i]].pc;
		u64 pc = with_variables(body, entry);

		*arena_push(search->arena, search->places, search->n) = (struct line_place){
			.pc = pc,
			.line = line,
			.instance = body->instances[copy],
			.is_gdb_choice = pc == gdb_pc,
			.gdb_pc = gdb_pc,
			.why = reason(&query, entry, pc, gdb_pc),
		};
	}
}

struct line_copy {
	unsigned line;
	u32 copy;
};

static int by_line_copy(const void *a, const void *b)
{
	const struct line_copy *x = a, *y = b;

	if (x->line != y->line)
		return x->line < y->line ? -1 : 1;
	return x->copy < y->copy ? -1 : x->copy > y->copy;
}

static bool is_wanted(const struct line_search *search, const struct dw_function *function,
		      unsigned line)
{
	return line && (!search->line || search->line == line) &&
	       (!search->function_die || function->die == search->function_die);
}

/*
 * gcc begins a function with the row of its brace. The line of its name, if that is another, stands
 * for its entry.
 */
static unsigned line_of_name(const struct line_search *search, const struct line_body *body)
{
	const struct dw_function *function = body->instances[0].function;

	if (!function || function->decl_file != search->file ||
	    begins_statement(search, function->decl_line) ||
	    begins_inside(search->dw, &body->instances[0]))
		return 0;
	return function->decl_line;
}

static void add_name(struct line_search *search, const struct line_body *body)
{
	const struct dw_instance *instance = &body->instances[0];
	unsigned line = line_of_name(search, body);

	if (!is_wanted(search, instance->function, line))
		return;
	*arena_push(search->arena, search->places, search->n) = (struct line_place){
		.pc = with_variables(body, instance->entry),
		.line = line,
		.instance = *instance,
		.why = "the line of the function's name, which has no code: its entry",
	};
}

/* Each line of the file in each copy in this body, once. */
static void query_body(struct line_search *search, const struct line_body *body)
{
	unsigned name = line_of_name(search, body);
	struct line_copy *pairs = NULL;
	size_t n_pairs = 0;

	for (size_t i = 0; i < body->n_rows; i++) {
		const struct dw_row *row = body->rows[i];
		const struct dw_function *function = body->instances[body->copy_of[i]].function;

		if (row->file == search->file && is_wanted(search, function, row->line) &&
		    (row->is_stmt || !begins_statement(search, row->line)) &&
		    (!name || row->line != name))
			*arena_push(body->arena, pairs, n_pairs) =
				(struct line_copy){row->line, body->copy_of[i]};
	}
	if (n_pairs)
		qsort(pairs, n_pairs, sizeof(*pairs), by_line_copy);
	for (size_t i = 0; i < n_pairs; i++)
		if (!i || by_line_copy(&pairs[i - 1], &pairs[i]))
			query_line(search, body, pairs[i].line, pairs[i].copy);
	add_name(search, body);
}

/* Code without a function in the debug information (assembler): each change of line is a place. */
static void place_without_body(struct line_search *search, const struct dw_row *rows, size_t i)
{
	if ((search->line && rows[i].line != search->line) || search->function_die ||
	    (i && rows[i - 1].pc == rows[i].pc))
		return;
	*arena_push(search->arena, search->places, search->n) = (struct line_place){
		.pc = rows[i].pc,
		.line = rows[i].line,
		.is_gdb_choice = true,
		.gdb_pc = rows[i].pc,
		.why = "a statement row; no function is described here",
	};
}

static int by_line(const void *a, const void *b)
{
	const struct line_place *x = a, *y = b;

	if (x->line != y->line)
		return x->line < y->line ? -1 : 1;
	return x->pc < y->pc ? -1 : x->pc > y->pc;
}

static void mark_lines(struct line_search *search, const struct dw_row *rows, size_t n)
{
	static char yes;
	unsigned line = search->line;

	for (size_t i = 0; i < n; i++) {
		unsigned other = rows[i].line;

		map_put(search->marked, other, &yes);
		if (other < line && other > search->below)
			search->below = other;
		if (other > line && (!search->above || other < search->above))
			search->above = other;
	}
}

/* May the body that a row is of have the line? One without a statement is looked for around it. */
static bool may_have_line(const struct line_search *search, unsigned row_line)
{
	if (!search->line || row_line == search->line)
		return true;
	return !begins_statement(search, search->line) &&
	       (row_line == search->below || row_line == search->above);
}

static struct error *search_bodies(struct line_search *search, const struct dw_row *rows, size_t n)
{
	static char yes;
	struct map seen;

	map_init(&seen, search->arena);
	for (size_t i = 0; i < n; i++) {
		struct line_body body;
		struct error *err;

		if (!may_have_line(search, rows[i].line) || map_get(&seen, rows[i].pc))
			continue;
		err = read_body(search->dw, rows[i].pc, search->arena, &body);
		if (err)
			return err;
		for (size_t j = 0; j < body.n_rows; j++)
			map_put(&seen, body.rows[j]->pc, &yes);
		if (body.n_instances)
			query_body(search, &body);
		else
			place_without_body(search, rows, i);
	}
	return NULL;
}

struct error *line_places(struct dw *dw, const char *file, unsigned line, u64 function_die,
			  struct arena *arena, struct line_place **places, size_t *n)
{
	struct map marked;
	struct line_search search = {.dw = dw,
				     .arena = arena,
				     .file = file,
				     .line = line,
				     .function_die = function_die,
				     .marked = &marked};
	const struct dw_row *rows;
	size_t n_rows;
	struct error *err = dw_rows_of_file(dw, file, &rows, &n_rows);

	if (err)
		return err;
	if (n_rows)
		search.file = rows[0].file;
	map_init(&marked, arena);
	mark_lines(&search, rows, n_rows);
	err = search_bodies(&search, rows, n_rows);
	if (search.n)
		qsort(search.places, search.n, sizeof(*search.places), by_line);
	*places = search.places;
	*n = search.n;
	return err;
}
