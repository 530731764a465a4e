/* SPDX-License-Identifier: BSD-2-Clause */
/* Where the function that holds an address begins and ends. */
#include <stdlib.h>
#include <string.h>

#include "plan/code.h"

static int by_start(const void *a, const void *b)
{
	const struct pc_range *x = a, *y = b;

	return x->start < y->start ? -1 : x->start > y->start;
}

static void set_ranges(struct code_extent *extent, struct pc_range *ranges, size_t n)
{
	qsort(ranges, n, sizeof(*ranges), by_start);
	extent->ranges = ranges;
	extent->n_ranges = n;
}

/* From debug information: it knows all parts. False if no function there covers pc. */
static struct error *by_debug_information(struct dw *dw, u64 pc, struct arena *arena,
					  struct code_extent *extent, bool *found)
{
	const struct dw_instance *instance;
	struct dw_frame *frames;
	struct error *err;
	size_t n;

	*found = false;
	if (!dw_has_info(dw))
		return NULL;
	err = dw_frames_at(dw, pc, arena, &frames, &n);
	if (err || !n)
		return err;
	instance = &frames[n - 1].instance;
	if (!instance->n_ranges)
		return NULL;
	extent->name = instance->function ? instance->function->name : NULL;
	extent->entry = instance->entry;
	extent->is_whole = true;
	set_ranges(extent,
		   arena_memdup(arena, instance->ranges,
				instance->n_ranges * sizeof(*instance->ranges)),
		   instance->n_ranges);
	*found = true;
	return NULL;
}

/* "f" and "f.cold", "f.cold.3": length of the common part of the name, without the suffix. */
static size_t base_len(const char *name)
{
	const char *cold = strstr(name, ".cold");

	return cold ? (size_t)(cold - name) : strlen(name);
}

static bool is_part_of(const char *name, const char *of)
{
	size_t len = base_len(of);

	return strncmp(name, of, len) == 0 && (!name[len] || strncmp(name + len, ".cold", 5) == 0);
}

/* A symbol table that was stripped has no local functions, so cold parts have no name there. */
static bool has_local_functions(const struct elf_symbol *symbols, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (symbols[i].is_function && !symbols[i].is_global && !symbols[i].is_plt)
			return true;
	return false;
}

static u64 symbol_end(struct elf_file *file, const struct elf_symbol *symbol)
{
	const struct elf_section *section = elf_file_section_at(file, symbol->pc);
	const struct elf_symbol *symbols;
	size_t n = elf_file_symbols(file, &symbols);
	u64 end = section ? section->pc + section->size : symbol->pc;

	if (symbol->size)
		return symbol->pc + symbol->size;
	for (size_t i = 0; i < n; i++)
		if (symbols[i].pc > symbol->pc)
			return min_u64(symbols[i].pc, end);
	return end;
}

static bool by_symbol(struct dw *dw, u64 pc, struct arena *arena, struct code_extent *extent)
{
	struct elf_file *file = dw_file(dw);
	const struct elf_symbol *symbol = elf_file_symbol_at(file, pc), *symbols;
	size_t n_symbols = elf_file_symbols(file, &symbols), n = 0;
	struct pc_range *ranges = NULL;

	if (!symbol || !symbol->is_function || pc >= symbol_end(file, symbol))
		return false;
	extent->name = symbol->name;
	extent->entry = symbol->pc;
	extent->is_whole = symbol->is_plt || has_local_functions(symbols, n_symbols);
	*arena_push(arena, ranges, n) = (struct pc_range){symbol->pc, symbol_end(file, symbol)};
	for (size_t i = 0; i < n_symbols; i++) {
		const struct elf_symbol *other = &symbols[i];

		if (!other->is_function || !other->size || other->pc == symbol->pc ||
		    !is_part_of(other->name, symbol->name))
			continue;
		/* two static functions of one name: whose cold part it is can't be told */
		if (base_len(other->name) == strlen(other->name) &&
		    base_len(symbol->name) == strlen(symbol->name))
			extent->is_whole = false;
		else
			*arena_push(arena, ranges, n) =
				(struct pc_range){other->pc, other->pc + other->size};
	}
	set_ranges(extent, ranges, n);
	return true;
}

static u32 word_at(const u8 *bytes)
{
	u32 word;

	memcpy(&word, bytes, sizeof(word));
	return word;
}

/*
 * From the sorted table of .eh_frame_hdr (LSB Core, section 10.6.2), as ld and lld write it:
 * version 1, encodings pcrel sdata4, udata4, datarel sdata4; then the count and pairs of start and
 * entry. An entry is length, CIE pointer, start, length of the code, of 4 bytes each.
 */
static bool by_call_frames(struct dw *dw, u64 pc, struct arena *arena, struct code_extent *extent)
{
	static const u8 head[] = {1, 0x1b, 0x03, 0x3b};
	struct elf_file *file = dw_file(dw);
	const struct elf_section *table = elf_file_section(file, ".eh_frame_hdr");
	struct pc_range *range = arena_alloc(arena, sizeof(*range));
	size_t low = 0, high, len;
	const u8 *entry;

	if (!table || !table->bytes || table->size < 12 || memcmp(table->bytes, head, sizeof(head)))
		return false;
	high = min_u64(word_at(table->bytes + 8), (table->size - 12) / 8);
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (table->pc + (s32)word_at(table->bytes + 12 + 8 * middle) <= pc)
			low = middle + 1;
		else
			high = middle;
	}
	if (!low)
		return false;
	range->start = table->pc + (s32)word_at(table->bytes + 12 + 8 * (low - 1));
	entry = elf_file_bytes(file, table->pc + (s32)word_at(table->bytes + 16 + 8 * (low - 1)),
			       &len);
	if (!entry || len < 16)
		return false;
	range->end = range->start + word_at(entry + 12);
	if (pc >= range->end)
		return false;
	extent->entry = range->start;
	set_ranges(extent, range, 1);
	return true;
}

struct error *code_extent_at(struct dw *dw, u64 pc, struct arena *arena, struct code_extent *extent)
{
	struct elf_file *file = dw_file(dw);
	const struct elf_section *section = elf_file_section_at(file, pc);
	struct code_extent found = {0};
	bool known;
	struct error *err;

	if (!section || !section->is_code || !section->bytes)
		return error_new(ERROR_USAGE,
				 "%s: 0x%llx is not in the program's code; a probe there would "
				 "overwrite data",
				 elf_file_shown(file), (unsigned long long)pc);
	err = by_debug_information(dw, pc, arena, &found, &known);
	if (err)
		return err;
	if (!known && !by_symbol(dw, pc, arena, &found) && !by_call_frames(dw, pc, arena, &found))
		return error_new(
			ERROR_USAGE,
			"%s: nothing says which function holds 0x%llx, so whether an instruction "
			"starts there can't be told; a probe inside of one would corrupt the "
			"program",
			elf_file_shown(file), (unsigned long long)pc);
	*extent = found;
	return NULL;
}
