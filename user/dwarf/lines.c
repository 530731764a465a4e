/* SPDX-License-Identifier: BSD-2-Clause */
/* Line tables: the program of a unit run into rows (DWARF 5, section 6.2.5), and looking them up.
 */
#include <stdlib.h>
#include <string.h>

#include "base/cursor.h"
#include "dwarf/dw_private.h"

/* The state machine, and where its rows go. */
struct machine {
	struct dw *dw;
	struct dw_unit *unit;
	const struct line_header *header;
	struct cursor cursor;
	u64 pc;
	u64 file, line, column;
	bool is_stmt, prologue_end;
	bool discriminated; /* a row of the run of one line that is being read has a discriminator */
	struct dw_row *rows;
	size_t n_rows;
	size_t sequence; /* index of the first row of the sequence that is being read */
};

struct file_unit {
	const char *file;
	u32 unit;
};

struct dw_lines {
	struct file_unit *by_file; /* sorted by file address */
	size_t n_by_file;
	const char **files; /* unique, sorted by name */
	size_t n_files;
	struct map found; /* rows of one file, by the address of its name */
};

static void reset(struct machine *machine)
{
	machine->pc = 0;
	machine->file = 1;
	machine->line = 1;
	machine->column = 0;
	machine->is_stmt = machine->header->default_is_stmt;
	machine->prologue_end = false;
	machine->discriminated = false;
	machine->sequence = machine->n_rows;
}

static void add_row(struct machine *machine, bool is_end)
{
	struct dw_row *row;

	if (machine->n_rows >= DW_MAX_ROWS) {
		machine->cursor.failed = true;
		return;
	}
	row = arena_push(machine->dw->arena, machine->rows, machine->n_rows);
	row->pc = machine->pc;
	row->file = machine->file < machine->header->n_files ? machine->header->files[machine->file]
							     : NULL;
	row->line = row->file && machine->line <= UINT32_MAX ? (unsigned)machine->line : 0;
	row->column = (unsigned)min_u64(machine->column, UINT32_MAX);
	row->is_stmt = machine->is_stmt;
	row->end_sequence = is_end;
	row->prologue_end = machine->prologue_end;
	machine->prologue_end = false;
	if (machine->n_rows - 1 > machine->sequence && !is_end)
		row->is_repeat = machine->discriminated && row->line == row[-1].line &&
				 row->file == row[-1].file;
}

static bool in_unit(const struct dw_unit *unit, u64 pc)
{
	for (size_t i = 0; i < unit->n_ranges; i++)
		if (pc >= unit->ranges[i].start && pc < unit->ranges[i].end)
			return true;
	return !unit->n_ranges;
}

/* What the linker dropped keeps its rows, at address 0 or -1: they must not describe real code. */
static void end_sequence(struct machine *machine)
{
	u64 start;

	add_row(machine, true);
	start = machine->n_rows > machine->sequence ? machine->rows[machine->sequence].pc : 0;
	if (machine->pc <= start || !dw_is_code(machine->dw, start) ||
	    !dw_is_code(machine->dw, machine->pc - 1) || !in_unit(machine->unit, start))
		machine->n_rows = machine->sequence;
	reset(machine);
}

static void advance(struct machine *machine, u64 operations)
{
	machine->pc += operations * machine->header->min_instruction;
}

static void advance_line(struct machine *machine, s64 lines)
{
	machine->line += (u64)lines;
	if (lines)
		machine->discriminated = false;
}

static void extended_opcode(struct machine *machine)
{
	struct cursor *cursor = &machine->cursor;
	u64 len = cursor_uleb(cursor);
	size_t next = cursor_offset(cursor) + len;
	u8 opcode;

	if (!len || len > cursor_left(cursor)) {
		cursor->failed = true;
		return;
	}
	opcode = (u8)cursor_unsigned(cursor, 1);
	if (opcode == DW_LNE_end_sequence)
		end_sequence(machine);
	else if (opcode == DW_LNE_set_address)
		machine->pc = cursor_unsigned(cursor, (unsigned)min_u64(len - 1, 9));
	else if (opcode == DW_LNE_set_discriminator)
		machine->discriminated |= cursor_uleb(cursor) != 0;
	cursor_seek(cursor, next);
}

static void standard_opcode(struct machine *machine, u8 opcode)
{
	const struct line_header *header = machine->header;
	struct cursor *cursor = &machine->cursor;

	switch (opcode) {
	case DW_LNS_copy: add_row(machine, false); break;
	case DW_LNS_advance_pc: advance(machine, cursor_uleb(cursor)); break;
	case DW_LNS_advance_line: advance_line(machine, cursor_sleb(cursor)); break;
	case DW_LNS_set_file: machine->file = cursor_uleb(cursor); break;
	case DW_LNS_set_column: machine->column = cursor_uleb(cursor); break;
	case DW_LNS_negate_stmt: machine->is_stmt = !machine->is_stmt; break;
	case DW_LNS_set_basic_block: break;
	case DW_LNS_const_add_pc:
		advance(machine, (255 - header->opcode_base) / header->line_range);
		break;
	case DW_LNS_fixed_advance_pc: machine->pc += cursor_unsigned(cursor, 2); break;
	case DW_LNS_set_prologue_end: machine->prologue_end = true; break;
	case DW_LNS_set_epilogue_begin: break;
	default:
		for (unsigned i = 0; i < header->opcode_lengths[opcode]; i++)
			cursor_uleb(cursor);
	}
}

static void run(struct machine *machine)
{
	const struct line_header *header = machine->header;

	reset(machine);
	while (cursor_left(&machine->cursor) && !machine->cursor.failed) {
		u8 opcode = (u8)cursor_unsigned(&machine->cursor, 1);

		if (opcode >= header->opcode_base) {
			u8 adjusted = opcode - header->opcode_base;

			advance(machine, adjusted / header->line_range);
			advance_line(machine, header->line_base + adjusted % header->line_range);
			add_row(machine, false);
		} else if (opcode == 0) {
			extended_opcode(machine);
		} else {
			standard_opcode(machine, opcode);
		}
	}
	machine->n_rows = machine->sequence; /* a sequence that doesn't end says nothing */
}

struct keyed_row {
	struct dw_row row;
	size_t order;
};

/* By address; a sequence's end comes before the next one's start; else as the program wrote them.
 */
static int by_pc(const void *a, const void *b)
{
	const struct keyed_row *x = a, *y = b;

	if (x->row.pc != y->row.pc)
		return x->row.pc < y->row.pc ? -1 : 1;
	if (x->row.end_sequence != y->row.end_sequence)
		return x->row.end_sequence ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

static void sort_rows(struct dw_row *rows, size_t n)
{
	struct keyed_row *keyed;
	bool sorted = true;

	for (size_t i = 1; i < n && sorted; i++)
		sorted = rows[i - 1].pc < rows[i].pc ||
			 (rows[i - 1].pc == rows[i].pc && !rows[i].end_sequence);
	if (sorted)
		return;
	keyed = malloc(n * sizeof(*keyed));
	if (!keyed)
		error_no_memory();
	for (size_t i = 0; i < n; i++)
		keyed[i] = (struct keyed_row){rows[i], i};
	qsort(keyed, n, sizeof(*keyed), by_pc);
	for (size_t i = 0; i < n; i++)
		rows[i] = keyed[i].row;
	free(keyed);
}

static void load_rows(struct dw *dw, struct dw_unit *unit)
{
	const struct line_header *header = dw_line_header(dw, unit);
	struct machine machine = {.dw = dw, .unit = unit, .header = header};

	if (unit->has_rows)
		return;
	unit->has_rows = true;
	if (!header->program || !unit->is_compile_unit)
		return;
	machine.cursor = cursor_new(header->program, header->program_len);
	run(&machine);
	sort_rows(machine.rows, machine.n_rows);
	unit->rows = machine.rows;
	unit->n_rows = machine.n_rows;
}

/* Index of the first row above pc. */
static size_t rows_above(const struct dw_unit *unit, u64 pc)
{
	size_t low = 0, high = unit->n_rows;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (unit->rows[middle].pc <= pc)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/*
 * As in gdb, a row that repeats the line before it, told apart by discriminators only, is none of
 * its own; of several rows at one address the last one counts, but a row that is no statement
 * stands back behind one that is.
 */
static const struct dw_row *row_that_counts(const struct dw_row *rows, size_t last)
{
	size_t i;

	while (last > 0 && rows[last].is_repeat)
		last--;
	i = last;
	while (!rows[i].is_stmt && i > 0 && rows[i - 1].pc == rows[i].pc &&
	       !rows[i - 1].end_sequence && rows[i - 1].line)
		i--;
	return rows[i].is_stmt ? &rows[i] : &rows[last];
}

bool dw_row_at(struct dw *dw, u64 pc, struct dw_row *row)
{
	struct dw_unit *unit = dw_unit_at(dw, pc);
	size_t i;

	if (!unit)
		return false;
	load_rows(dw, unit);
	i = rows_above(unit, pc);
	if (!i || unit->rows[i - 1].end_sequence)
		return false;
	*row = *row_that_counts(unit->rows, i - 1);
	return true;
}

struct error *dw_rows_of(struct dw *dw, u64 pc, const struct dw_row **rows, size_t *n)
{
	struct dw_unit *unit = dw_unit_at(dw, pc);

	if (unit)
		load_rows(dw, unit);
	*rows = unit ? unit->rows : NULL;
	*n = unit ? unit->n_rows : 0;
	return NULL;
}

static int by_file(const void *a, const void *b)
{
	const struct file_unit *x = a, *y = b;

	if (x->file != y->file)
		return x->file < y->file ? -1 : 1;
	return x->unit < y->unit ? -1 : x->unit > y->unit;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static struct dw_lines *get_lines(struct dw *dw)
{
	struct dw_lines *lines = dw->lines;
	struct dw_unit *units;
	size_t n_units;

	if (lines)
		return lines;
	lines = dw->lines = arena_alloc(dw->arena, sizeof(*lines));
	map_init(&lines->found, dw->arena);
	n_units = dw_units(dw, &units);
	for (size_t i = 0; i < n_units; i++) {
		const struct line_header *header;

		if (!units[i].is_compile_unit || !units[i].n_ranges)
			continue;
		header = dw_line_header(dw, &units[i]);
		for (size_t j = 0; j < header->n_files; j++)
			if (header->files[j])
				*arena_push(dw->arena, lines->by_file, lines->n_by_file) =
					(struct file_unit){header->files[j], (u32)i};
	}
	if (!lines->n_by_file)
		return lines;
	qsort(lines->by_file, lines->n_by_file, sizeof(*lines->by_file), by_file);
	for (size_t i = 0; i < lines->n_by_file; i++)
		if (!i || lines->by_file[i].file != lines->by_file[i - 1].file)
			*arena_push(dw->arena, lines->files, lines->n_files) =
				lines->by_file[i].file;
	qsort(lines->files, lines->n_files, sizeof(*lines->files), by_name);
	return lines;
}

struct error *dw_files(struct dw *dw, const char *const **files, size_t *n)
{
	*files = get_lines(dw)->files;
	*n = dw->lines->n_files;
	return NULL;
}

struct file_rows {
	struct dw_row *rows;
	size_t n;
};

static struct file_rows *collect(struct dw *dw, const char *file)
{
	struct file_rows *found = arena_alloc(dw->arena, sizeof(*found));
	struct dw_lines *lines = dw->lines;
	struct dw_unit *units;

	dw_units(dw, &units);
	for (size_t i = 0; i < lines->n_by_file; i++) {
		struct dw_unit *unit = &units[lines->by_file[i].unit];

		if (lines->by_file[i].file != file ||
		    (i && !by_file(&lines->by_file[i - 1], &lines->by_file[i])))
			continue;
		load_rows(dw, unit);
		for (size_t j = 0; j < unit->n_rows; j++)
			if (unit->rows[j].file == file && unit->rows[j].is_stmt &&
			    !unit->rows[j].end_sequence && unit->rows[j].line &&
			    dw_is_code(dw, unit->rows[j].pc))
				*arena_push(dw->arena, found->rows, found->n) = unit->rows[j];
	}
	sort_rows(found->rows, found->n);
	return found;
}

struct error *dw_rows_of_file(struct dw *dw, const char *file, const struct dw_row **rows,
			      size_t *n)
{
	struct dw_lines *lines = get_lines(dw);
	const char *known = map_intern(&dw->strings, file, strlen(file));
	struct file_rows *found = map_get(&lines->found, (u64)(uintptr_t)known);

	if (!found) {
		found = collect(dw, known);
		map_put(&lines->found, (u64)(uintptr_t)known, found);
	}
	*rows = found->rows;
	*n = found->n;
	return NULL;
}
