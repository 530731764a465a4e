/* SPDX-License-Identifier: BSD-2-Clause */
/* The simple questions to an ELF file: what it is, and what lies at an address. */
#include <string.h>

#include "elf/elf_private.h"

const char *elf_file_path(const struct elf_file *file)
{
	return file->path;
}

const char *elf_file_shown(const struct elf_file *file)
{
	return file->shown;
}

const struct arch *elf_file_arch(const struct elf_file *file)
{
	return file->arch;
}

const struct build_id *elf_file_build_id(const struct elf_file *file)
{
	return &file->build_id;
}

bool elf_file_is_pie(const struct elf_file *file)
{
	return file->header->e_type == ET_DYN;
}

bool elf_file_is_go(const struct elf_file *file)
{
	return elf_file_section(file, ".go.buildinfo") || elf_file_section(file, ".gopclntab");
}

const char *elf_file_interpreter(const struct elf_file *file)
{
	return file->interpreter;
}

u64 elf_file_entry(const struct elf_file *file)
{
	return file->header->e_entry;
}

void *elf_file_handle(struct elf_file *file)
{
	return file->elf;
}

size_t elf_file_segments(const struct elf_file *file, const struct elf_segment **segments)
{
	*segments = file->segments;
	return file->n_segments;
}

size_t elf_file_sections(const struct elf_file *file, const struct elf_section **sections)
{
	*sections = file->sections;
	return file->n_sections;
}

static bool is_in_file(const struct elf_file *file, const u8 *bytes)
{
	return bytes >= file->map && bytes < file->map + file->size;
}

/*
 * libelf keeps what it decompressed; the bytes live as long as the file. libdw may have been there
 * before: it inflates GNU's old form (.zdebug_info, "ZLIB" and the size in front) in place.
 */
static void decompress(const struct elf_file *file, size_t i)
{
	Elf_Scn *scn = elf_getscn(file->elf, i);
	Elf64_Shdr header;
	Elf_Data *data;

	if (!elf_section_header((struct elf_file *)file, i, &header) ||
	    header.sh_type == SHT_NOBITS)
		return;
	if (header.sh_flags & SHF_COMPRESSED && elf_compress(scn, 0, 0) < 0)
		return;
	data = elf_getdata(scn, NULL);
	/* Once only: what comes out may look compressed again, and libdw may hold it already. */
	if (data && elf_is_gnu_compressed(file->sections[i].name) &&
	    is_in_file(file, data->d_buf)) {
		elf_compress_gnu(scn, 0, 0);
		data = elf_getdata(scn, NULL);
	}
	if (!data || !data->d_buf || (data->d_size >= 4 && !memcmp(data->d_buf, "ZLIB", 4)))
		return;
	file->sections[i].bytes = data->d_buf;
	file->sections[i].size = data->d_size;
}

bool elf_is_gnu_compressed(const char *name)
{
	return strncmp(name, ".zdebug_", strlen(".zdebug_")) == 0;
}

/* .debug_info may be called .zdebug_info. */
static bool is_called(const struct elf_section *section, const char *name)
{
	return strcmp(section->name, name) == 0 ||
	       (elf_is_gnu_compressed(section->name) && strcmp(section->name + 2, name + 1) == 0);
}

const struct elf_section *elf_file_section(const struct elf_file *file, const char *name)
{
	for (size_t i = 0; i < file->n_sections; i++) {
		struct elf_section *section = &file->sections[i];

		if (!is_called(section, name))
			continue;
		if (!section->bytes)
			decompress(file, i);
		return section;
	}
	return NULL;
}

const struct elf_section *elf_file_section_at(const struct elf_file *file, u64 pc)
{
	for (size_t i = 0; i < file->n_sections; i++) {
		const struct elf_section *section = &file->sections[i];

		if (section->is_mapped && pc >= section->pc && pc - section->pc < section->size)
			return section;
	}
	return NULL;
}

/* The segment whose file bytes hold pc. */
static const struct elf_segment *segment_at(const struct elf_file *file, u64 pc)
{
	for (size_t i = 0; i < file->n_segments; i++) {
		const struct elf_segment *segment = &file->segments[i];

		if (pc >= segment->pc && pc - segment->pc < segment->file_size)
			return segment;
	}
	return NULL;
}

bool elf_file_pc_to_offset(const struct elf_file *file, u64 pc, u64 *offset)
{
	const struct elf_segment *segment = segment_at(file, pc);

	if (!segment)
		return false;
	*offset = pc - segment->pc + segment->offset;
	return true;
}

bool elf_file_offset_to_pc(const struct elf_file *file, u64 offset, u64 *pc)
{
	const struct elf_segment *found = NULL;

	/* Segments may share a page of the file; the executable one is meant. */
	for (size_t i = 0; i < file->n_segments; i++) {
		const struct elf_segment *segment = &file->segments[i];

		if (offset >= segment->offset && offset - segment->offset < segment->file_size &&
		    (!found || (segment->executable && !found->executable)))
			found = segment;
	}
	if (!found)
		return false;
	*pc = offset - found->offset + found->pc;
	return true;
}

static const u8 *bytes_in(const struct elf_file *file, const struct elf_segment *segment, u64 pc,
			  size_t *len)
{
	u64 skip;

	if (!segment || file->is_debug_file)
		return NULL;
	skip = pc - segment->pc;
	*len = segment->file_size - skip;
	return file->map + segment->offset + skip;
}

const u8 *elf_file_bytes(const struct elf_file *file, u64 pc, size_t *len)
{
	return bytes_in(file, segment_at(file, pc), pc, len);
}

const u8 *elf_file_constant_bytes(const struct elf_file *file, u64 pc, size_t *len)
{
	const struct elf_segment *segment = segment_at(file, pc);

	return segment && !segment->writable ? bytes_in(file, segment, pc, len) : NULL;
}
