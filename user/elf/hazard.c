/* SPDX-License-Identifier: BSD-2-Clause */
/* Where a probe would do harm, or where control arrives unseen: rseq sections and landing pads. */
#include <stdlib.h>
#include <string.h>

#include "base/cursor.h"
#include "elf/elf_private.h"

/* include/uapi/linux/rseq.h: struct rseq_cs, the same since Linux 4.18. */
struct rseq_cs {
	u32 version;
	u32 flags;
	u64 start_ip;
	u64 post_commit_offset;
	u64 abort_ip;
};

struct relocation {
	u64 address;
	u64 value;
};

static int by_address(const void *a, const void *b)
{
	const struct relocation *x = a, *y = b;

	return x->address < y->address ? -1 : x->address > y->address;
}

static bool is_relative(const struct elf_file *file, u64 info)
{
	u32 type = ELF64_R_TYPE(info);

	return file->header->e_machine == EM_X86_64 ? type == R_X86_64_RELATIVE
						    : type == R_AARCH64_RELATIVE;
}

/* The relative relocations that fall into section: a PIE's descriptors are zero without them. */
static struct relocation *relocations_of(struct elf_file *file, const struct elf_section *section,
					 size_t *n)
{
	const struct elf_section *table = elf_file_section(file, ".rela.dyn");
	struct relocation *found = NULL;

	*n = 0;
	for (u64 at = 0; table && table->bytes && at + sizeof(Elf64_Rela) <= table->size;
	     at += sizeof(Elf64_Rela)) {
		Elf64_Rela rela;

		memcpy(&rela, table->bytes + at, sizeof(rela));
		if (is_relative(file, rela.r_info) && rela.r_offset >= section->pc &&
		    rela.r_offset - section->pc < section->size && *n < ELF_MAX_RELOCATIONS)
			*arena_push(file->arena, found, *n) =
				(struct relocation){rela.r_offset, (u64)rela.r_addend};
	}
	if (*n)
		qsort(found, *n, sizeof(*found), by_address);
	return found;
}

static u64 relocated(u64 address, u64 value, const struct relocation *relocations, size_t n)
{
	struct relocation key = {address, 0};
	const struct relocation *found =
		n ? bsearch(&key, relocations, n, sizeof(key), by_address) : NULL;

	return found ? found->value : value;
}

static void read_rseq(struct elf_file *file)
{
	const struct elf_section *section = elf_file_section(file, "__rseq_cs");
	const struct relocation *relocations;
	size_t n;

	if (!section || !section->bytes)
		return;
	relocations = relocations_of(file, section, &n);
	for (u64 at = 0; at + sizeof(struct rseq_cs) <= section->size;
	     at += sizeof(struct rseq_cs)) {
		struct rseq_cs cs;
		u64 start;

		memcpy(&cs, section->bytes + at, sizeof(cs));
		start = relocated(section->pc + at + offsetof(struct rseq_cs, start_ip),
				  cs.start_ip, relocations, n);
		if (start && cs.post_commit_offset && start + cs.post_commit_offset > start)
			*arena_push(file->arena, file->rseq, file->n_rseq) =
				(struct pc_range){start, start + cs.post_commit_offset};
	}
}

size_t elf_file_rseq_ranges(struct elf_file *file, const struct pc_range **ranges)
{
	if (!file->rseq_known) {
		file->rseq_known = true;
		read_rseq(file);
	}
	*ranges = file->rseq;
	return file->n_rseq;
}

/* DW_EH_PE_*: how .eh_frame and .gcc_except_table encode pointers (LSB Core, section 10.5). */
enum {
	PE_ABSOLUTE = 0x00,
	PE_ULEB = 0x01,
	PE_UDATA2 = 0x02,
	PE_UDATA4 = 0x03,
	PE_UDATA8 = 0x04,
	PE_SLEB = 0x09,
	PE_SDATA2 = 0x0a,
	PE_SDATA4 = 0x0b,
	PE_SDATA8 = 0x0c,
	PE_FORMAT = 0x0f,
	PE_PCREL = 0x10,
	PE_RELATION = 0x70,
	PE_OMIT = 0xff,
};

static u64 read_value(struct cursor *cursor, u8 encoding)
{
	switch (encoding & PE_FORMAT) {
	case PE_ABSOLUTE:
	case PE_UDATA8:
	case PE_SDATA8: return cursor_unsigned(cursor, 8);
	case PE_ULEB: return cursor_uleb(cursor);
	case PE_SLEB: return (u64)cursor_sleb(cursor);
	case PE_UDATA2: return cursor_unsigned(cursor, 2);
	case PE_UDATA4: return cursor_unsigned(cursor, 4);
	case PE_SDATA2: return (u64)cursor_signed(cursor, 2);
	case PE_SDATA4: return (u64)cursor_signed(cursor, 4);
	default: cursor->failed = true; return 0;
	}
}

/* section_pc: where the cursor's first byte lies in memory. */
static u64 read_pointer(struct cursor *cursor, u8 encoding, u64 section_pc)
{
	u64 here = section_pc + cursor_offset(cursor), value = read_value(cursor, encoding);

	return value && (encoding & PE_RELATION) == PE_PCREL ? value + here : value;
}

struct cie {
	u8 pointer_encoding;
	u8 lsda_encoding;
	bool has_augmentation;
};

static void read_cie(struct cursor cursor, u64 section_pc, struct cie *cie)
{
	const char *augmentation;
	u8 version = (u8)cursor_unsigned(&cursor, 1);

	*cie = (struct cie){.lsda_encoding = PE_OMIT};
	augmentation = cursor_string(&cursor);
	cursor_uleb(&cursor); /* code alignment */
	cursor_sleb(&cursor); /* data alignment */
	if (version == 1)
		cursor_skip(&cursor, 1);
	else
		cursor_uleb(&cursor);
	if (!augmentation || augmentation[0] != 'z')
		return;
	cie->has_augmentation = true;
	cursor_uleb(&cursor);
	for (const char *c = augmentation + 1; *c && !cursor.failed; c++) {
		if (*c == 'L')
			cie->lsda_encoding = (u8)cursor_unsigned(&cursor, 1);
		else if (*c == 'R')
			cie->pointer_encoding = (u8)cursor_unsigned(&cursor, 1);
		else if (*c == 'P')
			read_pointer(&cursor, (u8)cursor_unsigned(&cursor, 1), section_pc);
		else if (*c != 'S' && *c != 'B')
			return;
	}
}

/* The call-site table of one function's language-specific data (Itanium C++ ABI, "LSDA"). */
static void read_lsda(struct elf_file *file, const struct elf_section *table, u64 lsda,
		      u64 function)
{
	struct cursor cursor = cursor_new(table->bytes, table->size);
	u64 base = function, len;
	u8 encoding;

	cursor_seek(&cursor, lsda - table->pc);
	encoding = (u8)cursor_unsigned(&cursor, 1);
	if (encoding != PE_OMIT)
		base = read_pointer(&cursor, encoding, table->pc);
	if (cursor_unsigned(&cursor, 1) != PE_OMIT)
		cursor_uleb(&cursor);
	encoding = (u8)cursor_unsigned(&cursor, 1);
	len = cursor_uleb(&cursor);
	if (cursor.failed || len > cursor_left(&cursor))
		return;
	cursor.end = cursor.at + len;
	while (cursor_left(&cursor) && !cursor.failed && file->n_pads < ELF_MAX_CALL_SITES) {
		u64 pad;

		read_value(&cursor, encoding);
		read_value(&cursor, encoding);
		pad = read_value(&cursor, encoding);
		cursor_uleb(&cursor);
		if (pad && !cursor.failed)
			*arena_push(file->arena, file->pads, file->n_pads) = base + pad;
	}
}

static void read_fde(struct elf_file *file, struct cursor cursor, u64 section_pc,
		     const struct cie *cie)
{
	u64 function = read_pointer(&cursor, cie->pointer_encoding, section_pc), lsda;
	const struct elf_section *table;

	read_value(&cursor, cie->pointer_encoding);
	if (!cie->has_augmentation || cie->lsda_encoding == PE_OMIT)
		return;
	cursor_uleb(&cursor);
	lsda = read_pointer(&cursor, cie->lsda_encoding & ~0x80, section_pc);
	table = cursor.failed || !lsda ? NULL : elf_file_section_at(file, lsda);
	if (table && table->bytes && !table->is_code)
		read_lsda(file, table, lsda, function);
}

static int by_value(const void *a, const void *b)
{
	u64 x = *(const u64 *)a, y = *(const u64 *)b;

	return x < y ? -1 : x > y;
}

static void read_pads(struct elf_file *file)
{
	const struct elf_section *section = elf_file_section(file, ".eh_frame");
	struct cursor cursor;
	struct cie cie = {.lsda_encoding = PE_OMIT};
	size_t cie_at = SIZE_MAX;

	if (!section || !section->bytes)
		return;
	cursor = cursor_new(section->bytes, section->size);
	for (size_t n = 0; cursor_left(&cursor) >= 4 && n < ELF_MAX_FRAMES; n++) {
		u64 len = cursor_unsigned(&cursor, 4), id;
		size_t id_at, wanted;
		struct cursor entry;

		if (len == 0xffffffff)
			len = cursor_unsigned(&cursor, 8);
		id_at = cursor_offset(&cursor);
		if (len < 4 || len > cursor_left(&cursor))
			break;
		entry = cursor;
		entry.end = entry.at + len;
		cursor_skip(&cursor, len);
		id = cursor_unsigned(&entry, 4);
		if (id == 0 || id > id_at)
			continue;
		wanted = id_at - id;
		if (wanted != cie_at) {
			struct cursor head = cursor_new(section->bytes, section->size);

			cursor_seek(&head, wanted);
			cursor_skip(&head, 8);
			read_cie(head, section->pc, &cie);
			cie_at = wanted;
		}
		read_fde(file, entry, section->pc, &cie);
	}
	if (file->n_pads)
		qsort(file->pads, file->n_pads, sizeof(u64), by_value);
}

size_t elf_file_landing_pads(struct elf_file *file, const u64 **pcs)
{
	if (!file->pads_known) {
		file->pads_known = true;
		read_pads(file);
	}
	*pcs = file->pads;
	return file->n_pads;
}
