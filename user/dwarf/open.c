/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>

#include "base/strbuf.h"
#include "dwarf/dw_private.h"

static const char install[] = "install its -dbg or -dbgsym package, or build it with -g";

/* The alternate file's absence isn't an error: what isn't shared can still be read. */
static void open_alt(struct dw *dw, const char *root)
{
	_cleanup_(error_freep) struct error *err = NULL;

	err = elf_file_alt_file(dw->debug, root, &dw->alt_file);
	if (err)
		dw->missing = arena_strdup(dw->arena, err->text);
	if (err || !dw->alt_file)
		return;
	dw->alt = dwarf_begin_elf(elf_file_handle(dw->alt_file), DWARF_C_READ, NULL);
	if (dw->alt)
		dwarf_setalt(dw->dbg, dw->alt);
	else
		dw->missing = arena_printf(dw->arena, "%s is damaged: %s",
					   elf_file_path(dw->alt_file), dwarf_errmsg(-1));
}

static const char *why_missing(struct dw *dw, const char *looked)
{
	return arena_printf(dw->arena, "%s has no debug information%s%s; %s",
			    elf_file_shown(dw->file), *looked ? ", none found at " : "", looked,
			    install);
}

struct error *dw_open(struct elf_file *file, const char *root, struct dw **dw)
{
	const char *looked;
	struct error *err;
	struct dw *opened = calloc(1, sizeof(*opened));

	if (!opened)
		error_no_memory();
	opened->arena = arena_new();
	opened->file = file;
	opened->cfi_elf = elf_file_handle(file);
	map_init(&opened->strings, opened->arena);
	err = elf_file_debug_file(file, root, &opened->debug, &looked);
	if (err) {
		dw_close(opened);
		return err;
	}
	if (opened->debug) {
		opened->dbg = dwarf_begin_elf(elf_file_handle(opened->debug), DWARF_C_READ, NULL);
		if (opened->dbg)
			open_alt(opened, root);
		else
			opened->missing = arena_printf(
				opened->arena, "the debug information in %s is damaged: %s",
				elf_file_path(opened->debug), dwarf_errmsg(-1));
	} else {
		opened->missing = why_missing(opened, looked);
	}
	*dw = opened;
	return NULL;
}

void dw_close(struct dw *dw)
{
	if (!dw)
		return;
	if (dw->cfi_close)
		dw->cfi_close(dw);
	if (dw->dbg)
		dwarf_end(dw->dbg);
	if (dw->alt)
		dwarf_end(dw->alt);
	arena_free(dw->arena);
	free(dw);
}

struct elf_file *dw_file(const struct dw *dw)
{
	return dw->file;
}

bool dw_has_info(const struct dw *dw)
{
	return dw->dbg != NULL;
}

const char *dw_missing(const struct dw *dw)
{
	return dw->missing;
}

static bool in_executable_segment(const struct dw *dw, u64 pc)
{
	const struct elf_segment *segments;
	size_t n = elf_file_segments(dw->file, &segments);

	for (size_t i = 0; i < n; i++)
		if (segments[i].executable && pc >= segments[i].pc &&
		    pc - segments[i].pc < segments[i].file_size)
			return true;
	return false;
}

bool dw_is_code(const struct dw *dw, u64 pc)
{
	const struct elf_section *sections, *section;

	if (!in_executable_segment(dw, pc))
		return false;
	if (!elf_file_sections(dw->file, &sections))
		return true;
	section = elf_file_section_at(dw->file, pc);
	return section && section->is_code;
}
