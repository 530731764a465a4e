/* SPDX-License-Identifier: BSD-2-Clause */
#include "elf/elf_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/host.h"
#include "elf/elf_private.h"

static bool in_file(const struct elf_file *file, u64 offset, u64 len)
{
	return offset <= file->size && len <= file->size - offset;
}

static struct error *not_elf(const struct elf_file *file)
{
	return error_cure(error_new(ERROR_NOT_FOUND, "%s is not an ELF file", file->shown),
			  "Give the program or library itself, not a script that starts it");
}

/* Everything up to the type of file; libelf has not seen it yet. */
static struct error *check_identity(const struct elf_file *file)
{
	const u8 *ident = file->map;
	const Elf64_Ehdr *header = (const void *)file->map;

	if (file->size < SELFMAG || memcmp(ident, ELFMAG, SELFMAG) != 0)
		return not_elf(file);
	if (file->size < EI_NIDENT)
		return error_new(ERROR_NOT_FOUND, "%s is a truncated ELF file: %zu bytes",
				 file->shown, file->size);
	if (ident[EI_CLASS] == ELFCLASS32)
		return error_new(ERROR_NOT_FOUND,
				 "%s is a 32-bit program: snapline looks into 64-bit programs only",
				 file->shown);
	if (ident[EI_CLASS] != ELFCLASS64 || ident[EI_DATA] != ELFDATA2LSB)
		return error_new(ERROR_NOT_FOUND, "%s is not a little-endian 64-bit ELF file",
				 file->shown);
	if (file->size < sizeof(*header))
		return error_new(ERROR_NOT_FOUND, "%s is a truncated ELF file: %zu bytes",
				 file->shown, file->size);
	return NULL;
}

static struct error *check_kind(struct elf_file *file)
{
	const Elf64_Ehdr *header = file->header;

	file->arch = arch_by_machine(header->e_machine);
	if (!file->arch)
		return error_new(ERROR_NOT_FOUND, "%s is for another CPU (ELF machine %u)",
				 file->shown, header->e_machine);
	switch (header->e_type) {
	case ET_EXEC:
	case ET_DYN: return NULL;
	case ET_CORE:
		return error_new(ERROR_NOT_FOUND, "%s is a core file, not a program", file->shown);
	case ET_REL:
		if (file->is_debug_file) /* dwz writes its shared part so */
			return NULL;
		return error_new(ERROR_NOT_FOUND, "%s is an object file that isn't linked yet",
				 file->shown);
	default:
		return error_new(ERROR_NOT_FOUND,
				 "%s is neither a program nor a library (ELF type %u)", file->shown,
				 header->e_type);
	}
}

static struct error *truncated(const struct elf_file *file, const char *what)
{
	return error_cure(error_new(ERROR_NOT_FOUND,
				    "%s is a truncated ELF file: its %s lies beyond "
				    "its end at %zu bytes",
				    file->shown, what, file->size),
			  "Copy or build the file again");
}

static struct error *load_segments(struct elf_file *file)
{
	const Elf64_Ehdr *header = file->header;
	u64 size = (u64)header->e_phnum * sizeof(Elf64_Phdr);

	if (!header->e_phnum)
		return NULL;
	if (header->e_phentsize != sizeof(Elf64_Phdr) || !in_file(file, header->e_phoff, size))
		return truncated(file, "program header table");
	for (size_t i = 0; i < header->e_phnum; i++) {
		struct elf_segment *segment;
		Elf64_Phdr phdr;

		memcpy(&phdr, file->map + header->e_phoff + i * sizeof(phdr), sizeof(phdr));
		if (phdr.p_type == PT_INTERP && in_file(file, phdr.p_offset, phdr.p_filesz))
			file->interpreter = elf_string(file->map + phdr.p_offset, phdr.p_filesz, 0);
		if (phdr.p_type != PT_LOAD)
			continue;
		if (!file->is_debug_file && !in_file(file, phdr.p_offset, phdr.p_filesz))
			return truncated(file, "code or data");
		segment = arena_push(file->arena, file->segments, file->n_segments);
		*segment = (struct elf_segment){
			.pc = phdr.p_vaddr,
			.mem_size = phdr.p_memsz,
			.offset = phdr.p_offset,
			.file_size = min_u64(phdr.p_filesz, phdr.p_memsz),
			.readable = phdr.p_flags & PF_R,
			.writable = phdr.p_flags & PF_W,
			.executable = phdr.p_flags & PF_X,
		};
		if (segment->pc + segment->mem_size < segment->pc)
			file->n_segments--;
	}
	return NULL;
}

bool elf_section_header(struct elf_file *file, size_t i, Elf64_Shdr *header)
{
	Elf_Scn *scn = elf_getscn(file->elf, i);
	const void *found = scn ? elf64_getshdr(scn) : NULL;

	if (!found)
		return false;
	memcpy(header, found, sizeof(*header)); /* it may lie anywhere in the file */
	return true;
}

const u8 *elf_raw_bytes(const struct elf_file *file, const Elf64_Shdr *header)
{
	if (header->sh_type == SHT_NOBITS || header->sh_flags & SHF_COMPRESSED ||
	    !in_file(file, header->sh_offset, header->sh_size))
		return NULL;
	return file->map + header->sh_offset;
}

const char *elf_string(const u8 *bytes, u64 size, u64 offset)
{
	if (!bytes || offset >= size || !memchr(bytes + offset, 0, size - offset))
		return NULL;
	return (const char *)bytes + offset;
}

static struct error *load_section(struct elf_file *file, size_t i, size_t names)
{
	struct elf_section *section = &file->sections[i];
	Elf64_Shdr header;

	section->name = "";
	if (!elf_section_header(file, i, &header))
		return truncated(file, "section header table");
	if (header.sh_type == SHT_NULL)
		return NULL;
	if (header.sh_type != SHT_NOBITS && !in_file(file, header.sh_offset, header.sh_size))
		return truncated(file, "last section");
	if (header.sh_addr + header.sh_size < header.sh_addr)
		return error_new(ERROR_NOT_FOUND,
				 "%s is damaged: section %zu wraps around the end of "
				 "memory",
				 file->shown, i);
	section->name = elf_strptr(file->elf, names, header.sh_name);
	if (!section->name)
		section->name = "";
	section->pc = header.sh_flags & SHF_ALLOC ? header.sh_addr : 0;
	section->size = header.sh_size;
	section->offset = header.sh_offset;
	section->is_code = header.sh_flags & SHF_EXECINSTR;
	section->is_writable = header.sh_flags & SHF_WRITE;
	section->is_mapped = header.sh_flags & SHF_ALLOC &&
			     !(header.sh_flags & SHF_TLS && header.sh_type == SHT_NOBITS);
	if (!elf_is_gnu_compressed(section->name))
		section->bytes = elf_raw_bytes(file, &header);
	return NULL;
}

static struct error *load_sections(struct elf_file *file)
{
	struct error *err;
	size_t n, names;

	if (!file->header->e_shoff)
		return NULL;
	/* libelf takes a table that it can't read for none; 0 sections: see the first */
	n = file->header->e_shnum ? file->header->e_shnum : 1;
	if (!in_file(file, file->header->e_shoff, n * sizeof(Elf64_Shdr)))
		return truncated(file, "section header table");
	if (elf_getshdrnum(file->elf, &n) || elf_getshdrstrndx(file->elf, &names) ||
	    n > ELF_MAX_SECTIONS)
		return error_new(ERROR_NOT_FOUND,
				 "%s is damaged: its section header table can't be read",
				 file->shown);
	if (!in_file(file, file->header->e_shoff, n * sizeof(Elf64_Shdr)))
		return truncated(file, "section header table");
	file->sections = arena_array(file->arena, struct elf_section, n);
	file->n_sections = n;
	for (size_t i = 0; i < n; i++) {
		err = load_section(file, i, names);
		if (err)
			return err;
	}
	return NULL;
}

/* .note.gnu.build-id, also where several notes share a section. */
static void load_build_id(struct elf_file *file)
{
	for (size_t i = 0; i < file->n_sections; i++) {
		const struct elf_section *section = &file->sections[i];
		u64 at = 0;

		if (!section->bytes || strncmp(section->name, ".note", 5) != 0)
			continue;
		while (section->size - at >= sizeof(Elf64_Nhdr)) {
			Elf64_Nhdr note;
			u64 name, desc, next;

			memcpy(&note, section->bytes + at, sizeof(note));
			name = at + sizeof(note);
			desc = name + (((u64)note.n_namesz + 3) & ~3ULL);
			next = desc + (((u64)note.n_descsz + 3) & ~3ULL);
			if (desc + note.n_descsz > section->size)
				break;
			if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 &&
			    !memcmp(section->bytes + name, "GNU", 4)) {
				file->build_id.len =
					(u8)min_u64(note.n_descsz, sizeof(file->build_id.bytes));
				memcpy(file->build_id.bytes, section->bytes + desc,
				       file->build_id.len);
				return;
			}
			if (next > section->size)
				break;
			at = next;
		}
	}
}

static struct error *load(struct elf_file *file)
{
	struct error *err = check_identity(file);

	if (err)
		return err;
	file->header = (const void *)file->map;
	err = check_kind(file);
	if (!err)
		err = load_segments(file);
	if (err)
		return err;
	elf_version(EV_CURRENT);
	file->elf = elf_memory((char *)(uintptr_t)file->map, file->size);
	if (!file->elf || elf_kind(file->elf) != ELF_K_ELF)
		return error_new(ERROR_NOT_FOUND, "%s is damaged: %s", file->shown, elf_errmsg(-1));
	err = load_sections(file);
	if (err)
		return err;
	load_build_id(file);
	return NULL;
}

static struct elf_file *new_file(const char *path, const char *shown)
{
	struct elf_file *file = calloc(1, sizeof(*file));

	if (!file)
		error_no_memory();
	file->arena = arena_new();
	file->path = arena_strdup(file->arena, path);
	file->shown = arena_strdup(file->arena, shown);
	return file;
}

static struct error *is_folder(const struct elf_file *file)
{
	return error_new(ERROR_NOT_FOUND, "%s is a directory, not a program", file->shown);
}

/* errno of host_open(), where a process without rights isn't given what is no program. */
static struct error *cannot_open(const struct elf_file *file)
{
	switch (errno) {
	case EISDIR: return is_folder(file);
	case ENOEXEC: return not_elf(file);
	case EACCES:
	case EPERM:
		return error_cure(error_errno(ERROR_PRIVILEGE, "cannot open %s", file->shown),
				  "Run snapline as root, or with CAP_DAC_READ_SEARCH.");
	default: return error_errno(ERROR_NOT_FOUND, "cannot open %s", file->shown);
	}
}

static struct error *map_file(struct elf_file *file)
{
	struct error *err = NULL;
	struct stat st;
	void *map;
	int fd = host_open(file->path);

	if (fd < 0)
		return cannot_open(file);
	if (fstat(fd, &st))
		err = error_errno(ERROR_FAILED, "cannot read %s", file->shown);
	else if (S_ISDIR(st.st_mode))
		err = is_folder(file);
	else if (!S_ISREG(st.st_mode))
		err = error_new(ERROR_NOT_FOUND, "%s is not a regular file", file->shown);
	else if (st.st_size == 0)
		err = error_new(ERROR_NOT_FOUND, "%s is empty, not an ELF file", file->shown);
	if (!err) {
		map = mmap(NULL, (size_t)st.st_size, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
		if (map == MAP_FAILED) {
			err = error_errno(ERROR_FAILED, "cannot map %s", file->shown);
		} else {
			file->map = map;
			file->size = (size_t)st.st_size;
			file->is_mapped = true;
		}
	}
	close(fd);
	return err;
}

static struct error *finish_open(struct elf_file *opened, struct error *err, struct elf_file **file)
{
	if (!err)
		err = load(opened);
	if (err) {
		elf_file_close(opened);
		return err;
	}
	*file = opened;
	return NULL;
}

/* A file that eu-strip or objcopy left without code can be read, but not probed. */
static struct error *check_has_code(const struct elf_file *file)
{
	for (size_t i = 0; i < file->n_sections; i++)
		if (!strcmp(file->sections[i].name, ".text") && !file->sections[i].bytes)
			return error_cure(error_new(ERROR_NOT_FOUND,
						    "%s holds debug information only, no code",
						    file->shown),
					  "Give the program that it belongs to");
	return NULL;
}

struct error *elf_file_open(const char *path, const char *shown, struct elf_file **file)
{
	struct elf_file *opened = new_file(path, shown);
	struct error *err = map_file(opened);

	err = finish_open(opened, err, &opened);
	if (err)
		return err;
	err = check_has_code(opened);
	if (err) {
		elf_file_close(opened);
		return err;
	}
	*file = opened;
	return NULL;
}

struct error *elf_debug_open(const char *path, const char *shown, struct elf_file **file)
{
	struct elf_file *opened = new_file(path, shown);

	opened->is_debug_file = true;
	return finish_open(opened, map_file(opened), file);
}

struct error *elf_file_open_memory(const void *bytes, size_t len, const char *shown,
				   struct elf_file **file)
{
	struct elf_file *opened = new_file(shown, shown);
	u8 *copy = malloc(len ? len : 1);

	if (!copy)
		error_no_memory();
	memcpy(copy, bytes, len);
	opened->map = copy;
	opened->size = len;
	return finish_open(opened, NULL, file);
}

void elf_file_close(struct elf_file *file)
{
	if (!file)
		return;
	elf_file_close(file->debug);
	elf_file_close(file->alt);
	elf_end(file->elf);
	if (file->is_mapped)
		munmap((void *)(uintptr_t)file->map, file->size);
	else
		free((void *)(uintptr_t)file->map);
	arena_free(file->arena);
	free(file);
}
