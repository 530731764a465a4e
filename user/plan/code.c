/* SPDX-License-Identifier: BSD-2-Clause */
#include "plan/code.h"

#include <stdlib.h>

static struct error *decode_range(struct code *code, const struct pc_range *range)
{
	struct elf_file *file = dw_file(code->dw);
	size_t len;
	const u8 *bytes = elf_file_bytes(file, range->start, &len);
	u64 pc = range->start;

	if (!bytes || range->end <= range->start || range->end - range->start > len)
		return error_new(ERROR_FAILED,
				 "%s: the code of the function at 0x%llx isn't in the file",
				 elf_file_shown(file), (unsigned long long)range->start);
	if (range->end - range->start > CODE_MAX_BYTES)
		return error_new(ERROR_FAILED,
				 "%s: the function at 0x%llx has %llu bytes, more than "
				 "snapline decodes",
				 elf_file_shown(file), (unsigned long long)range->start,
				 (unsigned long long)(range->end - range->start));
	while (pc < range->end) {
		struct insn insn;
		size_t at = pc - range->start;

		if (!code->arch->decode(bytes + at, range->end - range->start - at, pc, &insn)) {
			if (pc < code->doubtful_from)
				code->doubtful_from = pc;
			return NULL;
		}
		arena_push(code->arena, code->insns, code->n)->insn = insn;
		pc += insn.len;
	}
	return NULL;
}

struct error *code_decode(struct dw *dw, const struct code_extent *extent, struct arena *arena,
			  struct code *code)
{
	*code = (struct code){.dw = dw, .arch = elf_file_arch(dw_file(dw)), .arena = arena};
	code->extent = *extent;
	code->doubtful_from = UINT64_MAX;
	for (size_t i = 0; i < extent->n_ranges; i++) {
		struct error *err = NULL;

		if (!i || extent->ranges[i].start >= extent->ranges[i - 1].end)
			err = decode_range(code, &extent->ranges[i]);
		if (err)
			return err;
	}
	return NULL;
}

struct code_insn *code_at(const struct code *code, u64 pc, bool inside)
{
	size_t low = 0, high = code->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		struct insn *insn = &code->insns[middle].insn;

		if (insn->address == pc ||
		    (inside && pc > insn->address && pc - insn->address < insn->len))
			return &code->insns[middle];
		if (insn->address < pc)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

bool code_holds(const struct code *code, u64 pc)
{
	for (size_t i = 0; i < code->extent.n_ranges; i++)
		if (pc >= code->extent.ranges[i].start && pc < code->extent.ranges[i].end)
			return true;
	return false;
}
