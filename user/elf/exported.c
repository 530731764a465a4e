/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where the variables that a file exports or imports are when it runs. The dynamic linker binds
 * each name once for the whole process, so a library's own variable may live elsewhere: a program
 * that names `environ` gets a copy of it (R_X86_64_COPY), and the library uses that copy from then
 * on, while its debug information still tells of its own, which keeps the value of the start. The
 * truth is in the slot through which the library's code reads the address (System V ABI, AMD64
 * supplement, section 4.4.1): R_X86_64_GLOB_DAT in its global offset table.
 */
#include <stdlib.h>
#include <string.h>

#include "elf/elf_private.h"

/* An entry of .dynsym that is a variable. */
struct elf_export {
	const char *name;
	u64 pc;
	u64 slot; /* 0: none */
	bool is_defined;
	bool is_bound; /* the file's own, whatever other modules define */
};

static int by_pc(const void *a, const void *b)
{
	const struct elf_export *x = a, *y = b;

	return x->pc < y->pc ? -1 : x->pc > y->pc;
}

/* DT_SYMBOLIC: the library binds its names to itself. */
static bool is_symbolic(const struct elf_file *file)
{
	const struct elf_section *dynamic = elf_file_section(file, ".dynamic");
	Elf64_Dyn entry = {.d_tag = DT_NULL};

	for (u64 at = 0; dynamic && dynamic->bytes && at + sizeof(entry) <= dynamic->size;
	     at += sizeof(entry)) {
		memcpy(&entry, dynamic->bytes + at, sizeof(entry));
		if (entry.d_tag == DT_NULL)
			return false;
		if (entry.d_tag == DT_SYMBOLIC ||
		    (entry.d_tag == DT_FLAGS && (entry.d_un.d_val & DF_SYMBOLIC)))
			return true;
	}
	return false;
}

static bool is_address_relocation(const struct elf_file *file, const Elf64_Rela *rela)
{
	u32 type = ELF64_R_TYPE(rela->r_info);
	bool is_x86 = file->header->e_machine == EM_X86_64;

	if (rela->r_addend)
		return false;
	return is_x86 ? type == R_X86_64_GLOB_DAT || type == R_X86_64_64
		      : type == R_AARCH64_GLOB_DAT || type == R_AARCH64_ABS64;
}

/* By symbol number: the first slot that holds just the symbol's address. */
static u64 *read_slots(struct elf_file *file, u64 n_symbols)
{
	const struct elf_section *table = elf_file_section(file, ".rela.dyn");
	u64 *slots = arena_array(file->arena, u64, n_symbols + 1);
	Elf64_Rela rela;

	for (u64 at = 0; table && table->bytes && at + sizeof(rela) <= table->size;
	     at += sizeof(rela)) {
		u64 symbol;

		memcpy(&rela, table->bytes + at, sizeof(rela));
		symbol = ELF64_R_SYM(rela.r_info);
		if (symbol < n_symbols && !slots[symbol] && is_address_relocation(file, &rela))
			slots[symbol] = rela.r_offset;
	}
	return slots;
}

static bool is_variable(const Elf64_Sym *sym)
{
	unsigned type = ELF64_ST_TYPE(sym->st_info);

	return ELF64_ST_BIND(sym->st_info) != STB_LOCAL &&
	       (type == STT_OBJECT || type == STT_COMMON ||
		(type == STT_NOTYPE && sym->st_shndx == SHN_UNDEF));
}

static void read_exports(struct elf_file *file)
{
	const struct elf_section *symbols = elf_file_section(file, ".dynsym");
	const struct elf_section *strings = elf_file_section(file, ".dynstr");
	bool symbolic = is_symbolic(file);
	u64 n, *slots;
	Elf64_Sym sym;

	file->exports_known = true;
	if (!symbols || !symbols->bytes || !strings || !strings->bytes)
		return;
	n = min_u64(symbols->size / sizeof(sym), ELF_MAX_SYMBOLS);
	slots = read_slots(file, n);
	for (u64 i = 1; i < n; i++) {
		const char *name;

		memcpy(&sym, symbols->bytes + i * sizeof(sym), sizeof(sym));
		name = elf_string(strings->bytes, strings->size, sym.st_name);
		if (!name || !is_variable(&sym))
			continue;
		*arena_push(file->arena, file->exports, file->n_exports) = (struct elf_export){
			.name = name,
			.pc = sym.st_value,
			.slot = slots[i],
			.is_defined = sym.st_shndx != SHN_UNDEF,
			.is_bound = symbolic || ELF64_ST_VISIBILITY(sym.st_other) != STV_DEFAULT,
		};
	}
	if (file->n_exports)
		qsort(file->exports, file->n_exports, sizeof(*file->exports), by_pc);
}

enum elf_binding elf_file_bind_defined(struct elf_file *file, u64 pc, u64 *slot)
{
	size_t low = 0, high;
	bool exported = false;

	if (!file->exports_known)
		read_exports(file);
	high = file->n_exports;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (file->exports[middle].pc < pc)
			low = middle + 1;
		else
			high = middle;
	}
	/* One object may have several names, like environ; any slot tells where it is. */
	for (; low < file->n_exports && file->exports[low].pc == pc; low++) {
		const struct elf_export *there = &file->exports[low];

		if (!there->is_defined)
			continue;
		if (there->is_bound)
			return ELF_BOUND_HERE;
		exported = true;
		if (there->slot) {
			*slot = there->slot;
			return ELF_BOUND_BY_SLOT;
		}
	}
	return exported ? ELF_BOUND_ELSEWHERE : ELF_BOUND_HERE;
}

enum elf_binding elf_file_bind_declared(struct elf_file *file, const char *name, u64 *pc)
{
	if (!file->exports_known)
		read_exports(file);
	for (size_t i = 0; i < file->n_exports; i++) {
		const struct elf_export *there = &file->exports[i];

		if (strcmp(there->name, name) != 0)
			continue;
		if (there->is_defined) {
			*pc = there->pc;
			return ELF_BOUND_HERE;
		}
		if (there->slot) {
			*pc = there->slot;
			return ELF_BOUND_BY_SLOT;
		}
	}
	return ELF_BOUND_ELSEWHERE;
}
