/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Addresses of code that are stored in data: of labels (computed goto), functions, and whatever
 * looks like one. All data of the file is read once.
 */
#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "plan/code.h"

struct code_span {
	u64 start, end;
};

/* From the first section of code to the last. */
static struct code_span span_of_code(const struct elf_section *sections, size_t n)
{
	struct code_span span = {UINT64_MAX, 0};

	for (size_t i = 0; i < n; i++) {
		if (!sections[i].is_code)
			continue;
		span.start = min_u64(span.start, sections[i].pc);
		span.end = max_u64(span.end, sections[i].pc + sections[i].size);
	}
	return span;
}

static void add_label(struct code_labels *labels, struct code_span span, u64 word)
{
	if (word >= span.start && word < span.end)
		*arena_push(labels->arena, labels->pcs, labels->n) = word;
}

static void add_relocations(struct code_labels *labels, struct code_span span,
			    const struct elf_section *section)
{
	for (u64 at = 0; at + sizeof(Elf64_Rela) <= section->size; at += sizeof(Elf64_Rela)) {
		Elf64_Rela rela;

		memcpy(&rela, section->bytes + at, sizeof(rela));
		add_label(labels, span, (u64)rela.r_addend);
	}
}

static void add_words(struct code_labels *labels, struct code_span span,
		      const struct elf_section *section)
{
	for (u64 at = 0; at + sizeof(u64) <= section->size; at += sizeof(u64)) {
		u64 word;

		memcpy(&word, section->bytes + at, sizeof(word));
		add_label(labels, span, word);
	}
}

static int by_pc(const void *a, const void *b)
{
	const u64 *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static void read_labels(struct code_labels *labels, struct elf_file *file)
{
	const struct elf_section *sections;
	size_t n = elf_file_sections(file, &sections);
	struct code_span span = span_of_code(sections, n);

	for (size_t i = 0; i < n; i++) {
		const struct elf_section *section = &sections[i];

		if (!section->is_mapped || section->is_code || !section->bytes)
			continue;
		if (strncmp(section->name, ".rela.", 6) == 0)
			add_relocations(labels, span, section);
		else if (strncmp(section->name, ".eh_frame", 9) != 0)
			add_words(labels, span, section);
	}
	if (labels->n)
		qsort(labels->pcs, labels->n, sizeof(*labels->pcs), by_pc);
	labels->is_read = true;
}

/* Index of the first label above pc. */
static size_t first_above(const struct code_labels *labels, u64 pc)
{
	size_t low = 0, high = labels->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (labels->pcs[middle] <= pc)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

void code_find_labels(struct code *code)
{
	const struct code_extent *extent = &code->extent;
	struct code_labels *labels = code->labels;

	if (code->has_labels)
		return;
	if (!labels) {
		labels = code->labels = arena_alloc(code->arena, sizeof(*labels));
		labels->arena = code->arena;
	}
	if (!labels->is_read)
		read_labels(labels, dw_file(code->dw));
	for (size_t i = first_above(labels, extent->ranges[0].start);
	     i < labels->n && labels->pcs[i] < extent->ranges[extent->n_ranges - 1].end; i++)
		code_arrive(code, labels->pcs[i], code->has_indirect_jump);
	code->has_labels = true;
}
