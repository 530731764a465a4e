/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the dynamic linker decides about data. A library's exported variable needn't be the one that
 * its code uses: gcc's default PIE reserves room for it in the executable (R_X86_64_COPY), and from
 * then on everybody uses the copy there; a library that is loaded earlier may define the name, too.
 * The debug information still has the library's own address, where the initial value lies forever.
 *
 * What the code uses is in its global offset table, in the word that the dynamic linker fills in by
 * an R_X86_64_GLOB_DAT relocation. So that word is the answer where there is one, for every process
 * alike. Code that is bound within its module (hidden, -Bsymbolic) has none.
 */
#include <stdlib.h>
#include <string.h>

#include "elf/elf_private.h"

/* An entry of .dynsym; undefined ones have pc 0. */
struct dynamic_symbol {
	const char *name;
	u64 pc, size;
	u64 slot;
	bool is_defined;
	bool is_function;
	bool is_tls;
	bool is_open; /* another module's definition may take its place */
};

struct elf_dynamic {
	struct dynamic_symbol *symbols; /* sorted by pc */
	size_t n;
	bool is_program;
	bool is_symbolic;
};

static void read_flags(const struct elf_file *file, struct elf_dynamic *dynamic)
{
	enum { MAX_ENTRIES = 4096 };
	const struct elf_section *section = elf_file_section(file, ".dynamic");
	Elf64_Dyn entry;

	dynamic->is_program = !elf_file_is_pie(file);
	if (!section || !section->bytes)
		return;
	for (size_t i = 0; i < MAX_ENTRIES && (i + 1) * sizeof(entry) <= section->size; i++) {
		memcpy(&entry, section->bytes + i * sizeof(entry), sizeof(entry));
		if (entry.d_tag == DT_NULL)
			break;
		/* libc.so has an interpreter too, so that it can be run; only the flag tells. */
		if (entry.d_tag == DT_FLAGS_1)
			dynamic->is_program |= (entry.d_un.d_val & DF_1_PIE) != 0;
		dynamic->is_symbolic |=
			entry.d_tag == DT_SYMBOLIC ||
			(entry.d_tag == DT_FLAGS && (entry.d_un.d_val & DF_SYMBOLIC));
	}
}

static void convert(const struct elf_dynamic *dynamic, const struct elf_section *strings,
		    const Elf64_Sym *sym, struct dynamic_symbol *symbol)
{
	unsigned type = ELF64_ST_TYPE(sym->st_info);

	symbol->name = elf_string(strings->bytes, strings->size, sym->st_name);
	if (!symbol->name || ELF64_ST_BIND(sym->st_info) == STB_LOCAL)
		symbol->name = "";
	symbol->is_function = type == STT_FUNC || type == STT_GNU_IFUNC;
	symbol->is_tls = type == STT_TLS;
	symbol->is_defined = sym->st_shndx != SHN_UNDEF;
	if (symbol->is_defined && sym->st_value + sym->st_size >= sym->st_value) {
		symbol->pc = sym->st_value;
		symbol->size = sym->st_size;
	}
	symbol->is_open = symbol->is_defined && *symbol->name && !dynamic->is_program &&
			  !dynamic->is_symbolic &&
			  ELF64_ST_VISIBILITY(sym->st_other) == STV_DEFAULT;
}

static void read_dynamic_symbols(struct elf_file *file, struct elf_dynamic *dynamic)
{
	const struct elf_section *table = elf_file_section(file, ".dynsym");
	const struct elf_section *strings = elf_file_section(file, ".dynstr");
	Elf64_Sym sym;

	if (!table || !table->bytes || !strings || !strings->bytes)
		return;
	dynamic->n = min_u64(table->size / sizeof(sym), ELF_MAX_SYMBOLS);
	dynamic->symbols = arena_array(file->arena, struct dynamic_symbol, dynamic->n + 1);
	for (size_t i = 0; i < dynamic->n; i++) {
		memcpy(&sym, table->bytes + i * sizeof(sym), sizeof(sym));
		convert(dynamic, strings, &sym, &dynamic->symbols[i]);
	}
}

/* Before the symbols are sorted: relocations have their numbers. */
static void read_slots(struct elf_file *file, struct elf_dynamic *dynamic)
{
	const struct elf_section *table = elf_file_section(file, ".rela.dyn");
	u32 glob_dat =
		file->arch->elf_machine == EM_X86_64 ? R_X86_64_GLOB_DAT : R_AARCH64_GLOB_DAT;
	Elf64_Rela rela;
	u64 n;

	if (!table || !table->bytes)
		return;
	n = min_u64(table->size / sizeof(rela), ELF_MAX_RELOCATIONS);
	for (u64 i = 0; i < n; i++) {
		memcpy(&rela, table->bytes + i * sizeof(rela), sizeof(rela));
		if (ELF64_R_TYPE(rela.r_info) == glob_dat && !rela.r_addend &&
		    ELF64_R_SYM(rela.r_info) < dynamic->n)
			dynamic->symbols[ELF64_R_SYM(rela.r_info)].slot = rela.r_offset;
	}
}

static int by_pc(const void *a, const void *b)
{
	const struct dynamic_symbol *x = a, *y = b;

	return x->pc < y->pc ? -1 : x->pc > y->pc;
}

static const struct elf_dynamic *dynamic_of(struct elf_file *file)
{
	struct elf_dynamic *dynamic = file->dynamic;

	if (dynamic)
		return dynamic;
	dynamic = file->dynamic = arena_alloc(file->arena, sizeof(*dynamic));
	read_flags(file, dynamic);
	read_dynamic_symbols(file, dynamic);
	read_slots(file, dynamic);
	if (dynamic->n)
		qsort(dynamic->symbols, dynamic->n, sizeof(*dynamic->symbols), by_pc);
	return dynamic;
}

bool elf_file_is_program(struct elf_file *file)
{
	return dynamic_of(file)->is_program;
}

static bool is_bound(const struct dynamic_symbol *symbol)
{
	return symbol->slot || (symbol->is_open && !symbol->is_function);
}

/* The name that is asked for decides; else one whose word is known. */
static unsigned rank(const struct dynamic_symbol *symbol, const char *name)
{
	return 1 + (symbol->slot != 0) + (name && !strcmp(symbol->name, name) ? 2 : 0);
}

bool elf_file_binding_at(struct elf_file *file, u64 pc, const char *name,
			 struct elf_binding *binding)
{
	enum { LOOK_BACK = 64 };
	const struct elf_dynamic *dynamic = dynamic_of(file);
	const struct dynamic_symbol *best = NULL;
	size_t low = 0, high = dynamic->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (dynamic->symbols[middle].pc <= pc)
			low = middle + 1;
		else
			high = middle;
	}
	for (size_t i = low; i-- > 0 && low - i < LOOK_BACK;) {
		const struct dynamic_symbol *symbol = &dynamic->symbols[i];

		if (symbol->pc && !symbol->is_tls && is_bound(symbol) &&
		    pc - symbol->pc < max_u64(symbol->size, 1) &&
		    (!best || rank(symbol, name) > rank(best, name)))
			best = symbol;
	}
	if (!best || dynamic->is_program)
		return false;
	*binding = (struct elf_binding){best->name, best->pc, best->slot};
	return true;
}

bool elf_file_import(struct elf_file *file, const char *name, struct elf_binding *binding)
{
	const struct elf_dynamic *dynamic = dynamic_of(file);

	for (size_t i = 0; i < dynamic->n && !dynamic->symbols[i].pc; i++) {
		const struct dynamic_symbol *symbol = &dynamic->symbols[i];

		if (!symbol->is_defined && strcmp(symbol->name, name) == 0) {
			*binding = (struct elf_binding){.name = symbol->name, .slot = symbol->slot};
			return true;
		}
	}
	return false;
}

unsigned elf_file_exports(struct elf_file *file, const char *name, u64 *pc, bool *is_tls)
{
	const struct elf_dynamic *dynamic = dynamic_of(file);
	unsigned n = 0;

	for (size_t i = 0; i < dynamic->n; i++) {
		const struct dynamic_symbol *symbol = &dynamic->symbols[i];

		if (!symbol->is_defined || strcmp(symbol->name, name) != 0)
			continue;
		if (!n || symbol->pc != *pc)
			n++;
		*pc = symbol->pc;
		*is_tls = symbol->is_tls;
	}
	return n;
}
