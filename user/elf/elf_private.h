/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of elf/ share: the state behind a struct elf_file. */
#ifndef SNAPLINE_ELF_PRIVATE_H
#define SNAPLINE_ELF_PRIVATE_H

#include <elf.h>
#include <libelf.h>

#include "elf/elf_file.h"

/* Bounds for what a foreign file can make us do. */
enum {
	ELF_MAX_SECTIONS = 1 << 20,
	ELF_MAX_SYMBOLS = 1 << 24,
	ELF_MAX_SEGMENTS = 1 << 16,
	ELF_MAX_RELOCATIONS = 1 << 24,
	ELF_MAX_FRAMES = 1 << 22,
	ELF_MAX_CALL_SITES = 1 << 22,
};

struct elf_file {
	char *path;
	char *shown;
	const u8 *map; /* the whole file */
	size_t size;
	bool is_mapped; /* else malloced */
	bool is_debug_file;
	Elf *elf;
	const Elf64_Ehdr *header;
	const struct arch *arch;
	struct arena *arena;
	struct build_id build_id;
	const char *interpreter;
	struct elf_segment *segments;
	size_t n_segments;
	struct elf_section *sections; /* index 0 is the null section, as in the file */
	size_t n_sections;

	/* symbol.c; read on first use */
	struct elf_symbol *symbols;
	u64 *reach; /* reach[i]: the highest end of symbols[0..i] */
	size_t n_symbols;
	u32 *by_name; /* indices into symbols, sorted by name */
	bool has_symbols;

	/* debug_file.c */
	struct elf_file *debug; /* NULL: none, or the file itself */
	struct elf_file *alt;
	const char *looked;
	bool debug_known, alt_known;

	struct elf_dynamic *dynamic; /* dynamic.c; NULL until asked for */

	/* hazard.c */
	struct pc_range *rseq;
	size_t n_rseq;
	u64 *pads;
	size_t n_pads;
	bool rseq_known, pads_known;
};

/* Opens a file that holds debug information only: its segments may be empty. */
struct error *elf_debug_open(const char *path, const char *shown,
			     struct elf_file **file) _must_use_;
/* The section header of sections[i]; NULL if libelf can't read it. */
bool elf_section_header(struct elf_file *file, size_t i, Elf64_Shdr *header);
/* Its bytes as they lie in the file, NULL if they are compressed, absent or out of the file. */
const u8 *elf_raw_bytes(const struct elf_file *file, const Elf64_Shdr *header);
/* Is it GNU's old form of a compressed section, ".zdebug_info"? */
bool elf_is_gnu_compressed(const char *name);
/* A NUL-terminated string at offset of a section that holds strings; NULL if it isn't one. */
const char *elf_string(const u8 *bytes, u64 size, u64 offset);
/* Appends "name@plt" symbols for the stubs of the procedure linkage table (plt.c). */
void elf_plt_symbols(struct elf_file *file, struct elf_symbol **symbols, size_t *n);
/* Forgets symbols and the rest that a debug file adds to. */
void elf_symbols_reset(struct elf_file *file);

#endif
