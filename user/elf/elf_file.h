/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An ELF file on disk: sections, segments, symbols, identity, and where its debug information lies.
 * Three kinds of address, never mixed: `pc` is an address as in the file (what nm prints,
 * st_value), `offset` a byte offset in the file (what a uprobe takes), and ip a run-time address.
 */
#ifndef SNAPLINE_ELF_FILE_H
#define SNAPLINE_ELF_FILE_H

#include <string.h>

#include "arch/arch.h"
#include "base/arena.h"
#include "base/error.h"

struct elf_file;

struct build_id {
	u8 len; /* 0: the file has none */
	u8 bytes[32];
};

/* Two files without a build-id aren't known to be the same. */
static inline bool build_id_equal(const struct build_id *a, const struct build_id *b)
{
	return a->len && a->len == b->len && memcmp(a->bytes, b->bytes, a->len) == 0;
}

struct elf_symbol {
	const char *name;    /* lives as long as the file; "name@plt" for synthesized PLT entries */
	u64 pc;
	u64 size;            /* 0: unknown */
	bool is_function;
	bool is_object;
	bool is_tls;         /* pc is then the offset in the TLS segment */
	bool is_global;
	bool is_indirect;    /* STT_GNU_IFUNC: pc is a function that chooses the real one */
	bool is_plt;
	bool is_dynamic;     /* from .dynsym */
};

struct elf_section {
	const char *name;
	u64 pc;
	u64 size;
	u64 offset;
	bool is_mapped; /* has memory in a process */
	bool is_code;
	bool is_writable;
	const u8 *bytes; /* NULL for SHT_NOBITS, and for compressed ones until asked for by name */
};

/* A PT_LOAD segment. */
struct elf_segment {
	u64 pc, mem_size;
	u64 offset, file_size;
	bool readable, writable, executable;
};

/*
 * Opens path for reading. `shown` is how the file is called towards the user (inside a container
 * that differs from the path through /proc/PID/root). Fails with ERROR_NOT_FOUND and a sentence for
 * a missing file, one that isn't ELF, is truncated, 32-bit, of another CPU, or of the wrong type.
 */
struct error *elf_file_open(const char *path, const char *shown, struct elf_file **file) _must_use_;
/* From memory (the vdso); bytes are copied. */
struct error *elf_file_open_memory(const void *bytes, size_t len, const char *shown,
				   struct elf_file **file) _must_use_;
void elf_file_close(struct elf_file *file);
/*
 * Where a file of just this build is: at path, or under its name in folder. NULL: neither. A file
 * without a build-id can't be known again.
 */
const char *elf_file_find_build(const char *path, const struct build_id *id, const char *folder,
				struct arena *arena);

const char *elf_file_path(const struct elf_file *file);
const char *elf_file_shown(const struct elf_file *file);
const struct arch *elf_file_arch(const struct elf_file *file);
const struct build_id *elf_file_build_id(const struct elf_file *file);
bool elf_file_is_pie(const struct elf_file *file);      /* ET_DYN: run-time bias isn't 0 */
bool elf_file_is_go(const struct elf_file *file);       /* .go.buildinfo, .gopclntab */
const char *elf_file_interpreter(const struct elf_file *file); /* NULL: static */
u64 elf_file_entry(const struct elf_file *file);
/* The raw libelf handle, for dwarf/ only. */
void *elf_file_handle(struct elf_file *file);

size_t elf_file_segments(const struct elf_file *file, const struct elf_segment **segments);
size_t elf_file_sections(const struct elf_file *file, const struct elf_section **sections);
const struct elf_section *elf_file_section(const struct elf_file *file, const char *name);
const struct elf_section *elf_file_section_at(const struct elf_file *file, u64 pc);
bool elf_file_pc_to_offset(const struct elf_file *file, u64 pc, u64 *offset);
bool elf_file_offset_to_pc(const struct elf_file *file, u64 offset, u64 *pc);
/* The file's bytes at pc (not for .bss); as many as follow in the segment, at least one. */
const u8 *elf_file_bytes(const struct elf_file *file, u64 pc, size_t *len);
/* Bytes at pc that no running process can have changed (segment without write permission). */
const u8 *elf_file_constant_bytes(const struct elf_file *file, u64 pc, size_t *len);

/* All symbols of .symtab, .dynsym (once each) and the PLT, sorted by pc. Also from debug_file. */
size_t elf_file_symbols(struct elf_file *file, const struct elf_symbol **symbols);
/* The symbol that covers pc (the nearest one below, if sizes are missing); NULL if none. */
const struct elf_symbol *elf_file_symbol_at(struct elf_file *file, u64 pc);
const struct elf_symbol *elf_file_symbol(struct elf_file *file, const char *name);

/*
 * The file with the debug information of this one: itself, or
 * /usr/lib/debug/.build-id/xx/yyy.debug, or by .gnu_debuglink (CRC checked), looked up under `root`
 * ("" or "/proc/PID/root") first, then on the host. *debug is NULL if there is none; *looked lists
 * where it was looked for, for the message. The debug file belongs to `file` and is closed with it.
 * Its symbols are merged into `file`'s.
 */
struct error *elf_file_debug_file(struct elf_file *file, const char *root, struct elf_file **debug,
				  const char **looked) _must_use_;
/* The dwz alternate file (.gnu_debugaltlink) of a debug file, NULL if it has none. */
struct error *elf_file_alt_file(struct elf_file *file, const char *root,
				struct elf_file **alt) _must_use_;

/* Is it a program, not a library? A static PIE and one with an interpreter are. */
bool elf_file_is_program(struct elf_file *file);
/*
 * A variable (or a function's address) that the dynamic linker looks up by name (dynamic.c). The
 * module's own code uses what the word at `slot` points to at run time.
 */
struct elf_binding {
	const char *name;
	u64 pc;   /* this module's own definition; 0: it has none */
	u64 slot; /* word of the global offset table, as a pc; 0: there is none */
};
/*
 * Of a library: the exported thing that covers pc and whose place another module's may take. `name`
 * (or NULL) chooses between several names of one address. False: pc stays what it is.
 */
bool elf_file_binding_at(struct elf_file *file, u64 pc, const char *name,
			 struct elf_binding *binding);
/* What the module takes from another one by this name; false if it names none. */
bool elf_file_import(struct elf_file *file, const char *name, struct elf_binding *binding);
/*
 * How many different addresses it exports by this name (versions); *pc is one of them, or, for
 * *is_tls, an offset in its thread-local storage.
 */
unsigned elf_file_exports(struct elf_file *file, const char *name, u64 *pc, bool *is_tls);

/*
 * Why return addresses may not be replaced in a process that maps this file as code, a clause about
 * it; NULL: nothing in it unwinds or switches stacks (unwinds.c). Looks through all of its code.
 */
const char *elf_file_unwinds(struct elf_file *file, struct arena *arena);
/* The C library or its dynamic linker: elf_file_unwinds() lets it through, for others to call. */
bool elf_file_is_libc(const struct elf_file *file);

/* Ranges of restartable sequences (descriptors in __rseq_cs, as pcs); FACTS.md, "Hazards". */
struct pc_range {
	u64 start, end;
};
size_t elf_file_rseq_ranges(struct elf_file *file, const struct pc_range **ranges);
/* Landing pads of exceptions (.gcc_except_table by .eh_frame's LSDA), sorted. */
size_t elf_file_landing_pads(struct elf_file *file, const u64 **pcs);

#endif
