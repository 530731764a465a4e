/* SPDX-License-Identifier: BSD-2-Clause */
/* Symbols: of .symtab, .dynsym, the separate debug file and the PLT, as one table sorted by pc. */
#include <stdlib.h>
#include <string.h>

#include "elf/elf_private.h"

/* A label that assembler code exports counts as a function, although nobody gave it the type. */
static bool is_code_label(const struct elf_file *file, const Elf64_Sym *sym)
{
	return ELF64_ST_TYPE(sym->st_info) == STT_NOTYPE &&
	       ELF64_ST_BIND(sym->st_info) != STB_LOCAL && sym->st_shndx < file->n_sections &&
	       file->sections[sym->st_shndx].is_code;
}

/* $x and $d, also with a dot and more behind, are marks of the assembler (Arm's AAELF64). */
static bool is_mapping(const struct elf_file *file, const char *name)
{
	return file->arch->elf_machine == EM_AARCH64 && name[0] == '$' &&
	       (name[1] == 'x' || name[1] == 'd') && (!name[2] || name[2] == '.');
}

static bool convert(const struct elf_file *owner, const Elf64_Sym *sym, struct elf_symbol *symbol)
{
	unsigned type = ELF64_ST_TYPE(sym->st_info);

	if (sym->st_shndx == SHN_UNDEF || type == STT_SECTION || type == STT_FILE)
		return false;
	symbol->is_function =
		type == STT_FUNC || type == STT_GNU_IFUNC || is_code_label(owner, sym);
	symbol->is_indirect = type == STT_GNU_IFUNC;
	symbol->is_object = type == STT_OBJECT || type == STT_COMMON;
	symbol->is_tls = type == STT_TLS;
	if (!symbol->is_function && !symbol->is_object && !symbol->is_tls &&
	    (type != STT_NOTYPE || sym->st_shndx >= SHN_LORESERVE))
		return false;
	symbol->pc = sym->st_value;
	symbol->size = sym->st_size;
	symbol->is_global = ELF64_ST_BIND(sym->st_info) != STB_LOCAL;
	return symbol->pc + symbol->size >= symbol->pc;
}

static void read_table(struct elf_file *file, struct elf_file *owner, const char *section_name,
		       const char *strings_name, struct elf_symbol **symbols, size_t *n)
{
	const struct elf_section *table = elf_file_section(owner, section_name);
	const struct elf_section *strings = elf_file_section(owner, strings_name);

	if (!table || !table->bytes || !strings || !strings->bytes)
		return;
	for (u64 at = 0; at + sizeof(Elf64_Sym) <= table->size && *n < ELF_MAX_SYMBOLS;
	     at += sizeof(Elf64_Sym)) {
		struct elf_symbol symbol = {.is_dynamic = section_name[1] == 'd'};
		Elf64_Sym sym;

		memcpy(&sym, table->bytes + at, sizeof(sym));
		symbol.name = elf_string(strings->bytes, strings->size, sym.st_name);
		if (symbol.name && *symbol.name && !is_mapping(file, symbol.name) &&
		    convert(owner, &sym, &symbol))
			*arena_push(file->arena, *symbols, *n) = symbol;
	}
}

static int by_pc(const void *a, const void *b)
{
	const struct elf_symbol *x = a, *y = b;

	if (x->pc != y->pc)
		return x->pc < y->pc ? -1 : 1;
	if (x->is_tls != y->is_tls)
		return x->is_tls ? 1 : -1;
	if (strcmp(x->name, y->name) != 0)
		return strcmp(x->name, y->name);
	return (int)x->is_dynamic - (int)y->is_dynamic;
}

static int by_name(const void *a, const void *b, void *context)
{
	const struct elf_symbol *symbols = context;
	const struct elf_symbol *x = &symbols[*(const u32 *)a], *y = &symbols[*(const u32 *)b];
	int order = strcmp(x->name, y->name);

	if (order)
		return order;
	if (x->is_global != y->is_global)
		return x->is_global ? -1 : 1;
	return x->pc < y->pc ? -1 : x->pc > y->pc;
}

/* The same symbol stands in .symtab and .dynsym, and again in the debug file. */
static size_t drop_repeats(struct elf_symbol *symbols, size_t n)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++) {
		struct elf_symbol *last = kept ? &symbols[kept - 1] : NULL;

		if (last && last->pc == symbols[i].pc && last->is_tls == symbols[i].is_tls &&
		    !strcmp(last->name, symbols[i].name)) {
			last->is_global |= symbols[i].is_global;
			last->is_dynamic |= symbols[i].is_dynamic;
			last->size = max_u64(last->size, symbols[i].size);
		} else {
			symbols[kept++] = symbols[i];
		}
	}
	return kept;
}

static void index_symbols(struct elf_file *file)
{
	u64 reach = 0;

	file->reach = arena_array(file->arena, u64, file->n_symbols);
	file->by_name = arena_array(file->arena, u32, file->n_symbols);
	for (size_t i = 0; i < file->n_symbols; i++) {
		if (!file->symbols[i].is_tls)
			reach = max_u64(reach, file->symbols[i].pc + file->symbols[i].size);
		file->reach[i] = reach;
		file->by_name[i] = (u32)i;
	}
	qsort_r(file->by_name, file->n_symbols, sizeof(u32), by_name, file->symbols);
}

static void read_symbols(struct elf_file *file)
{
	struct elf_symbol *symbols = NULL;
	size_t n = 0;

	if (file->has_symbols)
		return;
	file->has_symbols = true;
	read_table(file, file, ".symtab", ".strtab", &symbols, &n);
	read_table(file, file, ".dynsym", ".dynstr", &symbols, &n);
	if (file->debug)
		read_table(file, file->debug, ".symtab", ".strtab", &symbols, &n);
	elf_plt_symbols(file, &symbols, &n);
	if (n)
		qsort(symbols, n, sizeof(*symbols), by_pc);
	file->symbols = symbols;
	file->n_symbols = drop_repeats(symbols, n);
	if (n)
		index_symbols(file);
}

void elf_symbols_reset(struct elf_file *file)
{
	file->has_symbols = false;
	file->symbols = NULL;
	file->n_symbols = 0;
}

size_t elf_file_symbols(struct elf_file *file, const struct elf_symbol **symbols)
{
	read_symbols(file);
	*symbols = file->symbols;
	return file->n_symbols;
}

/* Of several symbols at one place: a sized function, then global, then without underscores. */
static int rank(const struct elf_symbol *symbol)
{
	return (symbol->is_function << 5) + ((symbol->is_object || symbol->is_plt) << 4) +
	       ((symbol->size > 0) << 3) + (symbol->is_global << 2) +
	       ((symbol->name[0] != '_') << 1) +
	       (symbol->name[0] != '\0' && symbol->name[1] != '_');
}

static bool covers(const struct elf_file *file, const struct elf_symbol *symbol, u64 pc)
{
	const struct elf_section *section;

	if (symbol->is_tls || pc < symbol->pc)
		return false;
	if (symbol->size)
		return pc - symbol->pc < symbol->size;
	section = elf_file_section_at(file, pc);
	return section && symbol->pc >= section->pc;
}

const struct elf_symbol *elf_file_symbol_at(struct elf_file *file, u64 pc)
{
	enum { LOOK_BACK = 512 };
	const struct elf_symbol *best = NULL, *unsized = NULL;
	size_t low = 0, high;

	read_symbols(file);
	high = file->n_symbols;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (file->symbols[middle].pc <= pc)
			low = middle + 1;
		else
			high = middle;
	}
	for (size_t i = low; i-- > 0 && low - i < LOOK_BACK;) {
		const struct elf_symbol *symbol = &file->symbols[i];

		if (best && symbol->pc != best->pc && best->is_function)
			break;
		if (covers(file, symbol, pc)) {
			const struct elf_symbol **slot = symbol->size ? &best : &unsized;

			if (!*slot || ((*slot)->pc == symbol->pc && rank(symbol) > rank(*slot)))
				*slot = symbol;
		}
		if (file->reach[i] <= pc && unsized)
			break;
	}
	/* One without a size reaches no further than to the next symbol. */
	if (unsized && file->symbols[low - 1].pc != unsized->pc)
		unsized = NULL;
	return best ? best : unsized;
}

const struct elf_symbol *elf_file_symbol(struct elf_file *file, const char *name)
{
	size_t low = 0, high;

	read_symbols(file);
	high = file->n_symbols;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(file->symbols[file->by_name[middle]].name, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == file->n_symbols || strcmp(file->symbols[file->by_name[low]].name, name) != 0)
		return NULL;
	return &file->symbols[file->by_name[low]];
}
