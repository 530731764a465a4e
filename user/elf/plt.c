/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Names for the stubs of the procedure linkage table, which have no symbols. Linkers order and pad
 * the stubs in their own ways (.plt, .plt.sec with endbr64, .plt.got), but each stub jumps through
 * one slot of the global offset table, and the slot's relocation names the symbol. So a stub is
 * named by the slot that it jumps through (System V ABI, AMD64 supplement, section 5.2).
 */
#include <stdlib.h>
#include <string.h>

#include "elf/elf_private.h"

struct slot {
	u64 address;
	const char *name;
};

static int by_address(const void *a, const void *b)
{
	const struct slot *x = a, *y = b;

	return x->address < y->address ? -1 : x->address > y->address;
}

static void read_slots(struct elf_file *file, const char *section_name, struct slot **slots,
		       size_t *n)
{
	const struct elf_section *relocations = elf_file_section(file, section_name);
	const struct elf_section *symbols = elf_file_section(file, ".dynsym");
	const struct elf_section *strings = elf_file_section(file, ".dynstr");

	if (!relocations || !relocations->bytes || !symbols || !symbols->bytes || !strings)
		return;
	for (u64 at = 0; at + sizeof(Elf64_Rela) <= relocations->size && *n < ELF_MAX_RELOCATIONS;
	     at += sizeof(Elf64_Rela)) {
		const char *name;
		Elf64_Rela rela;
		Elf64_Sym sym;
		u64 index;

		memcpy(&rela, relocations->bytes + at, sizeof(rela));
		index = ELF64_R_SYM(rela.r_info);
		if (!index || index >= symbols->size / sizeof(sym))
			continue;
		memcpy(&sym, symbols->bytes + index * sizeof(sym), sizeof(sym));
		name = elf_string(strings->bytes, strings->size, sym.st_name);
		if (name && *name)
			*arena_push(file->arena, *slots, *n) = (struct slot){rela.r_offset, name};
	}
}

/* The slot that the stub at `code` jumps through: [endbr64] [bnd] jmp *disp32(%rip). */
static bool stub_slot(const u8 *code, u64 len, u64 pc, u64 *slot)
{
	static const u8 endbr64[] = {0xf3, 0x0f, 0x1e, 0xfa};
	u64 at = 0;
	s32 displacement;

	if (len >= sizeof(endbr64) && !memcmp(code, endbr64, sizeof(endbr64)))
		at = sizeof(endbr64);
	if (at < len && code[at] == 0xf2)
		at++;
	if (len < at + 6 || code[at] != 0xff || code[at + 1] != 0x25)
		return false;
	memcpy(&displacement, code + at + 2, sizeof(displacement));
	*slot = pc + at + 6 + (u64)(s64)displacement;
	return true;
}

static void name_stubs(struct elf_file *file, const char *section_name, const struct slot *slots,
		       size_t n_slots, struct elf_symbol **symbols, size_t *n)
{
	const struct elf_section *section = elf_file_section(file, section_name);
	u64 step = !strcmp(section_name, ".plt.got") ? 8 : 16, at = 0;

	while (section && section->bytes && at < section->size) {
		struct slot key, *found;

		if (!stub_slot(section->bytes + at, section->size - at, section->pc + at,
			       &key.address)) {
			at += step;
			continue;
		}
		if (section->bytes[at] == 0xf3)
			step = 16;
		found = bsearch(&key, slots, n_slots, sizeof(*slots), by_address);
		if (found)
			*arena_push(file->arena, *symbols, *n) = (struct elf_symbol){
				.name = arena_printf(file->arena, "%s@plt", found->name),
				.pc = section->pc + at,
				.size = min_u64(step, section->size - at),
				.is_function = true,
				.is_plt = true,
			};
		at += step;
	}
}

void elf_plt_symbols(struct elf_file *file, struct elf_symbol **symbols, size_t *n)
{
	static const char *const sections[] = {".plt", ".plt.sec", ".plt.got"};
	struct slot *slots = NULL;
	size_t n_slots = 0;

	if (file->header->e_machine != EM_X86_64)
		return;
	read_slots(file, ".rela.plt", &slots, &n_slots);
	read_slots(file, ".rela.dyn", &slots, &n_slots);
	if (!n_slots)
		return;
	qsort(slots, n_slots, sizeof(*slots), by_address);
	for (size_t i = 0; i < ARRAY_LEN(sections); i++)
		name_stubs(file, sections[i], slots, n_slots, symbols, n);
}
