/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of dwarf/ share: the libdw handles behind a struct dw, and the unit index. */
#ifndef SNAPLINE_DW_PRIVATE_H
#define SNAPLINE_DW_PRIVATE_H

#include <dwarf.h>
#include <elfutils/libdw.h>

#include "dwarf/dw.h"

struct dw_unit;

struct dw {
	struct elf_file *file;  /* the module */
	struct elf_file *debug; /* has .debug_info: file itself, a separate file, or NULL */
	Dwarf *dbg;             /* NULL: no debug information */
	Dwarf *alt;             /* dwz alternate file, or NULL */
	Elf *cfi_elf;           /* the module's own ELF handle, for .eh_frame */
	struct arena *arena;    /* everything that lives as long as the dw */
	const char *missing;
	/* each file's own state, NULL until first used; the file that uses it defines the struct */
	struct dw_index *index;     /* index.c: units by address and by name */
	struct dw_lines *lines;     /* lines.c */
	struct dw_types *types;     /* type.c: types by DIE offset */
	struct dw_frames *cfi;      /* cfi.c */
	struct dw_scopes *scopes;   /* scope.c */
	struct dw_names *names;     /* names.c: top-level DIEs by name */
};

/* The unit DIE that covers pc (index.c; from DW_AT_low_pc and DW_AT_ranges, never .debug_aranges). */
bool dw_unit_die_at(struct dw *dw, u64 pc, Dwarf_Die *cu);
/* Every unit DIE in order; partial units (dwz) included if asked. */
size_t dw_unit_dies(struct dw *dw, const Dwarf_Die **cus);
/* A DIE by .debug_info offset; offsets in the alternate file have DW_ALT_OFFSET set. */
#define DW_ALT_OFFSET (1ULL << 63)
bool dw_die_at(struct dw *dw, u64 offset, Dwarf_Die *die);
u64 dw_die_offset(struct dw *dw, Dwarf_Die *die);
/* Name through DW_AT_abstract_origin and DW_AT_specification; NULL if none. */
const char *dw_die_name(Dwarf_Die *die);

#endif
