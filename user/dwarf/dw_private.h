/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of dwarf/ share: the libdw handles behind a struct dw, and the unit index. */
#ifndef SNAPLINE_DW_PRIVATE_H
#define SNAPLINE_DW_PRIVATE_H

#include <dwarf.h>
#include <elfutils/libdw.h>

#include "base/map.h"
#include "dwarf/dw.h"

/* Bounds for what foreign debug information can make us do. */
enum {
	DW_MAX_UNITS = 1 << 22,
	DW_MAX_RANGES = 1 << 20,   /* of one DIE */
	DW_MAX_DEPTH = 64,         /* of nested DIEs */
	DW_MAX_FILES = 1 << 20,    /* of one line table */
	DW_MAX_ROWS = 1 << 24,     /* of one line table */
	DW_MAX_CHAIN = 16,         /* abstract origins and specifications in a row */
};

/* One unit: a compilation unit, or a partial or type unit that others share. */
struct dw_unit {
	Dwarf_Die die;
	u64 offset;                /* of the unit DIE, as dw_die_offset() */
	bool is_compile_unit;
	const char *comp_dir;      /* NULL: none recorded */
	struct pc_range *ranges;   /* in code only: what the linker dropped is left out */
	size_t n_ranges;
	struct line_header *lines; /* line_header.c; NULL until asked for */
	struct dw_row *rows;       /* lines.c */
	size_t n_rows;
	struct unit_functions *functions; /* function.c */
	bool has_rows;
	bool has_functions;
};

struct dw {
	struct elf_file *file;  /* the module */
	struct elf_file *debug; /* has .debug_info: file itself, a separate file, or NULL */
	struct elf_file *alt_file;
	Dwarf *dbg;             /* NULL: no debug information */
	Dwarf *alt;             /* dwz alternate file, or NULL */
	Elf *cfi_elf;           /* the module's own ELF handle, for .eh_frame */
	struct arena *arena;    /* everything that lives as long as the dw */
	const char *missing;
	struct map strings;     /* file names, one copy each (map_intern) */
	/* each file's own state, NULL until first used; the file that uses it defines the struct */
	struct dw_index *index;     /* index.c: units by address and by name */
	struct dw_lines *lines;     /* lines.c */
	struct dw_functions *functions; /* function.c */
	struct dw_types *types;     /* type.c: types by DIE offset */
	struct dw_frames *cfi;      /* cfi.c */
	struct dw_scopes *scopes;   /* recall.c: what is at a pc */
	struct dw_names *names;     /* names.c: top-level DIEs by name */
	struct map *distances;      /* frame_base.c: by function */
	void (*cfi_close)(struct dw *dw); /* set by cfi.c if there is something to end */
};

/* Is there code at pc in the module? False for what the linker left out (address 0, -1). */
bool dw_is_code(const struct dw *dw, u64 pc);
/* All units in order: the file's, then the alternate file's. */
size_t dw_units(struct dw *dw, struct dw_unit **units);
/* The unit whose code covers pc (index.c: DW_AT_low_pc and DW_AT_ranges, never .debug_aranges). */
struct dw_unit *dw_unit_at(struct dw *dw, u64 pc);
/* The unit that a DIE lies in; NULL if it isn't in the index. */
struct dw_unit *dw_unit_of(struct dw *dw, Dwarf_Die *die);
bool dw_unit_die_at(struct dw *dw, u64 pc, Dwarf_Die *cu);
/* Every unit DIE in order; the partial, type and alternate ones too. */
size_t dw_unit_dies(struct dw *dw, const Dwarf_Die **cus);
/* A DIE by .debug_info offset; flags tell the alternate file and .debug_types apart. */
#define DW_ALT_OFFSET (1ULL << 63)
#define DW_TYPES_OFFSET (1ULL << 62)
bool dw_die_at(struct dw *dw, u64 offset, Dwarf_Die *die);
u64 dw_die_offset(struct dw *dw, Dwarf_Die *die);
/* Moves on to the next sibling; false at the end. */
bool dw_next_sibling(Dwarf_Die *die);
/* Name through DW_AT_abstract_origin and DW_AT_specification; NULL if none. */
const char *dw_die_name(Dwarf_Die *die);
/* DW_AT_decl_file (or DW_AT_call_file) as a full path; NULL if none. */
const char *dw_die_file(struct dw *dw, Dwarf_Die *die, unsigned attribute);
/* The ranges of a DIE that lie in code, in the order given. */
size_t dw_die_ranges(struct dw *dw, Dwarf_Die *die, struct arena *arena, struct pc_range **ranges);
/* May libdw walk this list (lists.c)? True for what is none. */
bool dw_locations_fit(struct dw *dw, Dwarf_Attribute *attr);
bool dw_ranges_fit(struct dw *dw, Dwarf_Die *die);
/* The function that a subprogram or inlined subroutine is an instance of; one object for each. */
const struct dw_function *dw_function_of(struct dw *dw, Dwarf_Die *die);
/* Fills *instance from a subprogram or inlined subroutine; false if it has no code. */
bool dw_instance_of(struct dw *dw, Dwarf_Die *die, struct arena *arena,
		    struct dw_instance *instance);
/* The DIE at the end of the abstract origins: itself if it has none. */
void dw_die_root(Dwarf_Die *die, Dwarf_Die *root);

/* The out-of-line function whose code covers pc (function.c). */
bool dw_subprogram_at(struct dw *dw, u64 pc, Dwarf_Die *die);

/* The header of a unit's line table (DWARF 5, section 6.2.4). */
struct line_header {
	u8 version;
	u8 address_size;
	u8 min_instruction;
	u8 max_ops;
	bool default_is_stmt;
	s8 line_base;
	u8 line_range;
	u8 opcode_base;
	u8 opcode_lengths[256];
	const char **files;  /* by DW_LNS_set_file's number; NULL where there is none */
	size_t n_files;
	const u8 *program;
	size_t program_len;
};
/* Never NULL: a unit without lines has no files and no program. */
const struct line_header *dw_line_header(struct dw *dw, struct dw_unit *unit);
const char *dw_unit_file(struct dw *dw, struct dw_unit *unit, u64 number);

#endif
