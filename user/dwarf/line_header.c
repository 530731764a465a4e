/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The header of a line table: which files a unit has, without running its line program (DWARF 5,
 * section 6.2.4; versions 2 to 4 differ in the tables' form). Looking for a file reads these only.
 */
#include <string.h>

#include "base/cursor.h"
#include "base/strbuf.h"
#include "dwarf/dw_private.h"

enum { MAX_FORMATS = 16 };

struct entry_format {
	u64 content; /* DW_LNCT_* */
	u64 form;
};

struct reader {
	struct dw *dw;
	struct dw_unit *unit;
	struct elf_file *debug; /* the unit's own: the alternate file has its own sections */
	struct cursor cursor;
	struct line_header *header;
	bool is_64;
	const char **directories;
	size_t n_directories;
};

static const char *section_string(struct elf_file *file, const char *name, u64 offset)
{
	const struct elf_section *section = file ? elf_file_section(file, name) : NULL;
	const u8 *nul;

	if (!section || !section->bytes || offset >= section->size)
		return NULL;
	nul = memchr(section->bytes + offset, 0, section->size - offset);
	return nul ? (const char *)section->bytes + offset : NULL;
}

static u64 read_offset(struct reader *reader)
{
	return cursor_unsigned(&reader->cursor, reader->is_64 ? 8 : 4);
}

/* A string in any of its forms; NULL and skipped if it is something else. */
static const char *read_string(struct reader *reader, u64 form)
{
	struct cursor *cursor = &reader->cursor;

	switch (form) {
	case DW_FORM_string: return cursor_string(cursor);
	case DW_FORM_line_strp:
		return section_string(reader->debug, ".debug_line_str", read_offset(reader));
	case DW_FORM_strp: return section_string(reader->debug, ".debug_str", read_offset(reader));
	case DW_FORM_strp_sup:
	case DW_FORM_GNU_strp_alt:
		return section_string(reader->dw->alt_file, ".debug_str", read_offset(reader));
	default: cursor->failed = true; return NULL;
	}
}

static u64 read_number(struct reader *reader, u64 form)
{
	struct cursor *cursor = &reader->cursor;

	switch (form) {
	case DW_FORM_data1: return cursor_unsigned(cursor, 1);
	case DW_FORM_data2: return cursor_unsigned(cursor, 2);
	case DW_FORM_data4: return cursor_unsigned(cursor, 4);
	case DW_FORM_data8: return cursor_unsigned(cursor, 8);
	case DW_FORM_udata: return cursor_uleb(cursor);
	case DW_FORM_data16: cursor_skip(cursor, 16); return 0;
	case DW_FORM_block1: cursor_skip(cursor, cursor_unsigned(cursor, 1)); return 0;
	case DW_FORM_block: cursor_skip(cursor, cursor_uleb(cursor)); return 0;
	default: read_string(reader, form); return 0;
	}
}

/* Removes "." and "..", so that one file has one name; begins at the root or stays as it is. */
static void add_components(struct strbuf *path, const char *text)
{
	while (*text) {
		size_t len = strcspn(text, "/");
		const char *slash = path->text ? strrchr(path->text, '/') : NULL;

		if (len == 2 && !strncmp(text, "..", 2) && slash) {
			path->len = (size_t)(slash - path->text);
			path->text[path->len] = '\0';
		} else if (len && !(len == 1 && text[0] == '.')) {
			strbuf_putc(path, '/');
			strbuf_add(path, text, len);
		}
		text += len;
		text += *text == '/';
	}
}

static bool is_absolute(const char *path)
{
	return path && path[0] == '/';
}

static const char *full_path(struct reader *reader, const char *directory, const char *name)
{
	_cleanup_(strbuf_free) struct strbuf path = {};
	const char *comp_dir = reader->unit->comp_dir;
	size_t skip = !is_absolute(name) && !is_absolute(directory) && !is_absolute(comp_dir);

	/* version 5 lists the compilation directory itself, which may be relative, as number 0 */
	if (directory && comp_dir && !strcmp(directory, comp_dir))
		directory = NULL;
	if (!is_absolute(name)) {
		if (!is_absolute(directory))
			add_components(&path, comp_dir ? comp_dir : "");
		add_components(&path, directory ? directory : "");
	}
	add_components(&path, name);
	if (!path.text || path.len <= skip)
		return NULL;
	return map_intern(&reader->dw->strings, path.text + skip, path.len - skip);
}

static void add_file(struct reader *reader, const char *name, u64 directory)
{
	struct line_header *header = reader->header;
	const char *path = NULL;

	if (name)
		path = full_path(reader,
				 directory < reader->n_directories ? reader->directories[directory]
								   : NULL,
				 name);
	*arena_push(reader->dw->arena, header->files, header->n_files) = path;
}

/* Versions 2 to 4: strings up to an empty one; numbers count from 1, 0 is the compilation's. */
static void read_tables_v4(struct reader *reader)
{
	struct dw *dw = reader->dw;
	const char *text;

	*arena_push(dw->arena, reader->directories, reader->n_directories) = reader->unit->comp_dir;
	while ((text = cursor_string(&reader->cursor)) && *text &&
	       reader->n_directories < DW_MAX_FILES)
		*arena_push(dw->arena, reader->directories, reader->n_directories) = text;
	add_file(reader, NULL, 0);
	while ((text = cursor_string(&reader->cursor)) && *text &&
	       reader->header->n_files < DW_MAX_FILES) {
		u64 directory = cursor_uleb(&reader->cursor);

		cursor_uleb(&reader->cursor); /* time */
		cursor_uleb(&reader->cursor); /* length */
		add_file(reader, text, directory);
	}
}

static size_t read_formats(struct reader *reader, struct entry_format *formats)
{
	size_t n = cursor_unsigned(&reader->cursor, 1);

	if (n > MAX_FORMATS)
		reader->cursor.failed = true;
	for (size_t i = 0; i < n && !reader->cursor.failed; i++) {
		formats[i].content = cursor_uleb(&reader->cursor);
		formats[i].form = cursor_uleb(&reader->cursor);
	}
	return reader->cursor.failed ? 0 : n;
}

/* Version 5: both tables say themselves what an entry consists of. */
static void read_table_v5(struct reader *reader, bool is_files)
{
	struct entry_format formats[MAX_FORMATS];
	size_t n_formats = read_formats(reader, formats);
	u64 n = cursor_uleb(&reader->cursor);

	for (u64 i = 0; i < n && n_formats && i < DW_MAX_FILES && !reader->cursor.failed; i++) {
		const char *path = NULL;
		u64 directory = 0;

		for (size_t j = 0; j < n_formats; j++) {
			if (formats[j].content == DW_LNCT_path)
				path = read_string(reader, formats[j].form);
			else if (formats[j].content == DW_LNCT_directory_index)
				directory = read_number(reader, formats[j].form);
			else
				read_number(reader, formats[j].form);
		}
		if (is_files)
			add_file(reader, path, directory);
		else
			*arena_push(reader->dw->arena, reader->directories, reader->n_directories) =
				path;
	}
}

static void read_header(struct reader *reader)
{
	struct line_header *header = reader->header;
	struct cursor *cursor = &reader->cursor;
	u64 length = cursor_unsigned(cursor, 4);
	size_t program;

	reader->is_64 = length == 0xffffffff;
	if (reader->is_64)
		length = cursor_unsigned(cursor, 8);
	if (cursor->failed || length > cursor_left(cursor))
		return;
	cursor->end = cursor->at + length;
	header->version = (u8)min_u64(cursor_unsigned(cursor, 2), 255);
	if (header->version < 2 || header->version > 5)
		return;
	header->address_size = 8;
	if (header->version >= 5) {
		header->address_size = (u8)cursor_unsigned(cursor, 1);
		cursor_skip(cursor, 1); /* segment selectors */
	}
	length = read_offset(reader);
	if (length > cursor_left(cursor))
		return;
	program = cursor_offset(cursor) + length;
	header->min_instruction = (u8)cursor_unsigned(cursor, 1);
	header->max_ops = header->version >= 4 ? (u8)cursor_unsigned(cursor, 1) : 1;
	header->default_is_stmt = cursor_unsigned(cursor, 1);
	header->line_base = (s8)cursor_unsigned(cursor, 1);
	header->line_range = (u8)cursor_unsigned(cursor, 1);
	header->opcode_base = (u8)cursor_unsigned(cursor, 1);
	for (unsigned i = 1; i < header->opcode_base; i++)
		header->opcode_lengths[i] = (u8)cursor_unsigned(cursor, 1);
	if (header->version >= 5) {
		read_table_v5(reader, false);
		read_table_v5(reader, true);
	} else {
		read_tables_v4(reader);
	}
	/* A program that uses VLIW bundles or no line range isn't one of our CPUs'. */
	if (cursor->failed || !header->line_range || header->max_ops != 1 || !header->opcode_base)
		return;
	header->program = cursor->start + program;
	header->program_len = (size_t)(cursor->end - header->program);
}

const struct line_header *dw_line_header(struct dw *dw, struct dw_unit *unit)
{
	struct reader reader = {.dw = dw, .unit = unit};
	const struct elf_section *section;
	Dwarf_Attribute attr;
	Dwarf_Word offset;

	if (unit->lines)
		return unit->lines;
	unit->lines = arena_alloc(dw->arena, sizeof(*unit->lines));
	reader.header = unit->lines;
	reader.debug = unit->offset & DW_ALT_OFFSET ? dw->alt_file : dw->debug;
	section = reader.debug ? elf_file_section(reader.debug, ".debug_line") : NULL;
	if (!section || !section->bytes ||
	    dwarf_formudata(dwarf_attr(&unit->die, DW_AT_stmt_list, &attr), &offset) != 0)
		return unit->lines;
	reader.cursor = cursor_new(section->bytes, section->size);
	cursor_seek(&reader.cursor, offset);
	read_header(&reader);
	return unit->lines;
}

const char *dw_unit_file(struct dw *dw, struct dw_unit *unit, u64 number)
{
	const struct line_header *header = dw_line_header(dw, unit);

	return number < header->n_files ? header->files[number] : NULL;
}

const char *dw_die_file(struct dw *dw, Dwarf_Die *die, unsigned attribute)
{
	Dwarf_Attribute attr;
	struct dw_unit *unit;
	Dwarf_Word number;
	Dwarf_Die cu;

	/* The number counts in the unit that the attribute stands in, which may be another. */
	if (dwarf_formudata(dwarf_attr_integrate(die, attribute, &attr), &number) != 0 ||
	    !dwarf_cu_die(attr.cu, &cu, NULL, NULL, NULL, NULL, NULL, NULL))
		return NULL;
	unit = dw_unit_of(dw, &cu);
	return unit ? dw_unit_file(dw, unit, number) : NULL;
}
