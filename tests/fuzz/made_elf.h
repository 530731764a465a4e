/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A small program, made in memory around DWARF expressions and call frame instructions that a
 * fuzzer gives: three functions of 64 bytes, f0 to f2, in each of which every 16 bytes end with a
 * call.
 *
 *	.eh_frame	a CIE and an FDE for each function, with instructions as given
 *	.debug_info	types; for each function its frame base, an argument, variables and a call
 *			site, with expressions as given
 */
#ifndef SNAPLINE_FUZZ_MADE_ELF_H
#define SNAPLINE_FUZZ_MADE_ELF_H

#include <dwarf.h>
#include <elf.h>

#include "base/strbuf.h"
#include "fuzz.h"

enum {
	MADE_BASE = 0x400000,
	MADE_TEXT = 0x100, /* offset of the code in the file */
	MADE_CODE = MADE_BASE + MADE_TEXT,
	MADE_FUNCTION = 64,
	MADE_FUNCTIONS = 3,
	MADE_CODE_SIZE = MADE_FUNCTION * MADE_FUNCTIONS,
};

static inline void put(struct strbuf *out, u64 number, size_t bytes)
{
	strbuf_add(out, &number, bytes);
}

static inline void put_uleb(struct strbuf *out, u64 number)
{
	for (; number >= 0x80; number >>= 7)
		put(out, (number & 0x7f) | 0x80, 1);
	put(out, number, 1);
}

static inline void put_text(struct strbuf *out, const char *text)
{
	strbuf_add(out, text, strlen(text) + 1);
}

/* An expression of the input, as DW_FORM_exprloc. */
static inline void put_expression(struct strbuf *out, struct feed *feed)
{
	size_t len;
	const u8 *bytes = feed_block(feed, &len);

	put_uleb(out, len);
	strbuf_add(out, bytes, len);
}

/* Bytes with their length before them, 4 bytes. */
static inline void put_sized(struct strbuf *out, struct strbuf *body)
{
	put(out, body->len, 4);
	strbuf_add(out, body->text, body->len);
	strbuf_free(body);
}

static inline void put_cie(struct strbuf *out, struct feed *feed, bool is_signal)
{
	struct strbuf cie = {0};
	size_t len;
	const u8 *instructions = feed_block(feed, &len);

	put(&cie, 0, 4);
	put(&cie, 1, 1);
	put_text(&cie, is_signal ? "zRS" : "zR");
	put_uleb(&cie, 1);  /* code alignment */
	put(&cie, 0x78, 1); /* data alignment -8 */
	put(&cie, 16, 1);   /* return address */
	put_uleb(&cie, 1);  /* augmentation: */
	put(&cie, 0x00, 1); /* addresses are absolute */
	strbuf_add(&cie, instructions, len);
	put_sized(out, &cie);
}

static inline void put_call_frames(struct strbuf *out, struct feed *feed)
{
	for (u64 i = 0; i < MADE_FUNCTIONS; i++) {
		size_t cie = out->len, len;
		struct strbuf fde = {0};
		const u8 *instructions;

		put_cie(out, feed, feed_number(feed, 1) & 1);
		instructions = feed_block(feed, &len);
		put(&fde, out->len + 4 - cie, 4);
		put(&fde, MADE_CODE + i * MADE_FUNCTION, 8);
		put(&fde, MADE_FUNCTION, 8);
		put_uleb(&fde, 0);
		strbuf_add(&fde, instructions, len);
		put_sized(out, &fde);
	}
	put(out, 0, 4);
}

enum {
	ABBREV_UNIT = 1,
	ABBREV_BASE,
	ABBREV_STRUCT,
	ABBREV_MEMBER,
	ABBREV_POINTER,
	ABBREV_ARRAY,
	ABBREV_RANGE,
	ABBREV_FUNCTION,
	ABBREV_ARGUMENT,
	ABBREV_VARIABLE,
	ABBREV_CALL,
	ABBREV_CALL_ARGUMENT,
};

static const u16 made_abbrevs[] = {
	ABBREV_UNIT,
	DW_TAG_compile_unit,
	1,
	DW_AT_name,
	DW_FORM_string,
	DW_AT_low_pc,
	DW_FORM_addr,
	DW_AT_high_pc,
	DW_FORM_data8,
	0,
	0,
	ABBREV_BASE,
	DW_TAG_base_type,
	0,
	DW_AT_name,
	DW_FORM_string,
	DW_AT_byte_size,
	DW_FORM_data1,
	DW_AT_encoding,
	DW_FORM_data1,
	0,
	0,
	ABBREV_STRUCT,
	DW_TAG_structure_type,
	1,
	DW_AT_name,
	DW_FORM_string,
	DW_AT_byte_size,
	DW_FORM_data1,
	0,
	0,
	ABBREV_MEMBER,
	DW_TAG_member,
	0,
	DW_AT_name,
	DW_FORM_string,
	DW_AT_type,
	DW_FORM_ref4,
	DW_AT_data_member_location,
	DW_FORM_exprloc,
	0,
	0,
	ABBREV_POINTER,
	DW_TAG_pointer_type,
	0,
	DW_AT_type,
	DW_FORM_ref4,
	0,
	0,
	ABBREV_ARRAY,
	DW_TAG_array_type,
	1,
	DW_AT_type,
	DW_FORM_ref4,
	0,
	0,
	ABBREV_RANGE,
	DW_TAG_subrange_type,
	0,
	DW_AT_upper_bound,
	DW_FORM_exprloc,
	0,
	0,
	ABBREV_FUNCTION,
	DW_TAG_subprogram,
	1,
	DW_AT_name,
	DW_FORM_string,
	DW_AT_low_pc,
	DW_FORM_addr,
	DW_AT_high_pc,
	DW_FORM_data8,
	DW_AT_frame_base,
	DW_FORM_exprloc,
	0,
	0,
	ABBREV_ARGUMENT,
	DW_TAG_formal_parameter,
	0,
	DW_AT_name,
	DW_FORM_string,
	DW_AT_type,
	DW_FORM_ref4,
	DW_AT_location,
	DW_FORM_exprloc,
	0,
	0,
	ABBREV_VARIABLE,
	DW_TAG_variable,
	0,
	DW_AT_name,
	DW_FORM_string,
	DW_AT_type,
	DW_FORM_ref4,
	DW_AT_location,
	DW_FORM_exprloc,
	0,
	0,
	ABBREV_CALL,
	DW_TAG_call_site,
	1,
	DW_AT_call_return_pc,
	DW_FORM_addr,
	DW_AT_call_target,
	DW_FORM_exprloc,
	0,
	0,
	ABBREV_CALL_ARGUMENT,
	DW_TAG_call_site_parameter,
	0,
	DW_AT_location,
	DW_FORM_exprloc,
	DW_AT_call_value,
	DW_FORM_exprloc,
	0,
	0,
	0,
};

static inline u32 put_base(struct strbuf *info, const char *name, u8 size, u8 encoding)
{
	u32 at = (u32)info->len;

	put_uleb(info, ABBREV_BASE);
	put_text(info, name);
	put(info, size, 1);
	put(info, encoding, 1);
	return at;
}

/* Of struct, array and pointer. */
struct made_types {
	u32 integer, structure, array, pointer;
};

static inline struct made_types put_types(struct strbuf *info, struct feed *feed)
{
	struct made_types types = {.integer = put_base(info, "int", 4, DW_ATE_signed)};
	u32 real = put_base(info, "double", 8, DW_ATE_float);

	put_base(info, "unsigned char", 1, DW_ATE_unsigned_char);
	put_base(info, "__int128", 16, DW_ATE_signed);
	put_base(info, "short", 2, DW_ATE_signed);
	types.structure = (u32)info->len;
	put_uleb(info, ABBREV_STRUCT);
	put_text(info, "pair");
	put(info, 16, 1);
	for (int i = 0; i < 2; i++) {
		put_uleb(info, ABBREV_MEMBER);
		put_text(info, i ? "y" : "x");
		put(info, i ? real : types.integer, 4);
		put_expression(info, feed);
	}
	put_uleb(info, 0);
	types.array = (u32)info->len;
	put_uleb(info, ABBREV_ARRAY);
	put(info, types.integer, 4);
	put_uleb(info, ABBREV_RANGE);
	put_expression(info, feed);
	put_uleb(info, 0);
	types.pointer = (u32)info->len;
	put_uleb(info, ABBREV_POINTER);
	put(info, types.structure, 4);
	return types;
}

static inline void put_variable(struct strbuf *info, struct feed *feed, u8 abbrev, const char *name,
				u32 type)
{
	put_uleb(info, abbrev);
	put_text(info, name);
	put(info, type, 4);
	put_expression(info, feed);
}

static inline void put_function(struct strbuf *info, struct feed *feed, u64 i,
				const struct made_types *types)
{
	const char name[] = {'f', (char)('0' + i), '\0'};
	u64 start = MADE_CODE + i * MADE_FUNCTION;

	put_uleb(info, ABBREV_FUNCTION);
	put_text(info, name);
	put(info, start, 8);
	put(info, MADE_FUNCTION, 8);
	put_expression(info, feed);
	put_variable(info, feed, ABBREV_ARGUMENT, "n", types->integer);
	put_variable(info, feed, ABBREV_ARGUMENT, "p", types->pointer);
	put_variable(info, feed, ABBREV_VARIABLE, "v", types->structure);
	put_variable(info, feed, ABBREV_VARIABLE, "a", types->array);
	put_uleb(info, ABBREV_CALL);
	put(info, start + 32, 8);
	put_expression(info, feed);
	put_uleb(info, ABBREV_CALL_ARGUMENT);
	put_expression(info, feed);
	put_expression(info, feed);
	put_uleb(info, 0);
	put_uleb(info, 0);
}

static inline void put_info(struct strbuf *out, struct feed *feed)
{
	enum { LENGTH = 4 };
	struct strbuf info = {0};
	struct made_types types;

	put(&info, 0, LENGTH); /* offsets in the unit count from its length */
	put(&info, 5, 2);
	put(&info, DW_UT_compile, 1);
	put(&info, 8, 1);
	put(&info, 0, 4);
	put_uleb(&info, ABBREV_UNIT);
	put_text(&info, "made.c");
	put(&info, MADE_CODE, 8);
	put(&info, MADE_CODE_SIZE, 8);
	types = put_types(&info, feed);
	for (u64 i = 0; i < MADE_FUNCTIONS; i++)
		put_function(&info, feed, i, &types);
	put_uleb(&info, 0);
	put(out, info.len - LENGTH, LENGTH);
	strbuf_add(out, info.text + LENGTH, info.len - LENGTH);
	strbuf_free(&info);
}

struct made_section {
	const char *name;
	u32 type;
	u64 flags, start, size;
};

static inline void put_section(struct strbuf *out, const struct made_section *section, u32 name)
{
	const Elf64_Shdr header = {
		.sh_name = name,
		.sh_type = section->type,
		.sh_flags = section->flags,
		.sh_addr = section->flags ? MADE_BASE + section->start : 0,
		.sh_offset = section->start,
		.sh_size = section->size,
		.sh_addralign = 1,
	};

	strbuf_add(out, &header, sizeof(header));
}

static inline void put_headers(struct strbuf *out)
{
	const Elf64_Ehdr head = {
		.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
		.e_type = ET_EXEC,
		.e_machine = EM_X86_64,
		.e_version = EV_CURRENT,
		.e_entry = MADE_CODE,
		.e_phoff = sizeof(head),
		.e_ehsize = sizeof(head),
		.e_phentsize = sizeof(Elf64_Phdr),
		.e_phnum = 1,
		.e_shentsize = sizeof(Elf64_Shdr),
	};
	const Elf64_Phdr segment = {
		.p_type = PT_LOAD, .p_flags = PF_R | PF_X, .p_vaddr = MADE_BASE, .p_align = 0x1000};

	strbuf_add(out, &head, sizeof(head));
	strbuf_add(out, &segment, sizeof(segment));
	while (out->len < MADE_TEXT)
		strbuf_putc(out, '\0');
}

static inline void put_code(struct strbuf *out)
{
	static const u8 step[16] = {0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90,
				    0x90, 0x90, 0x90, 0xe8, 0x00, 0x00, 0x00, 0x00};

	for (size_t at = 0; at < MADE_CODE_SIZE; at += sizeof(step))
		strbuf_add(out, step, sizeof(step));
}

static inline void put_section_table(struct strbuf *out, struct made_section *sections, size_t n)
{
	struct made_section *names = &sections[n - 1];
	u32 name = 1;
	Elf64_Ehdr *head;
	Elf64_Phdr *segment;
	u64 table;

	names->start = out->len;
	strbuf_putc(out, '\0');
	for (size_t i = 1; i < n; i++)
		put_text(out, sections[i].name);
	names->size = out->len - names->start;
	table = out->len;
	for (size_t i = 0; i < n; i++) {
		put_section(out, &sections[i], i ? name : 0);
		name += i ? (u32)strlen(sections[i].name) + 1 : 0;
	}
	head = (Elf64_Ehdr *)out->text;
	head->e_shoff = table;
	head->e_shnum = (u16)n;
	head->e_shstrndx = (u16)(n - 1);
	segment = (Elf64_Phdr *)(head + 1);
	segment->p_filesz = segment->p_memsz = out->len;
}

/* The caller frees it. */
static inline void made_elf(struct strbuf *out, struct feed *feed)
{
	enum { TEXT = 1, FRAMES, ABBREVS, INFO, NAMES, N };
	struct made_section sections[N] = {
		[TEXT] = {".text", SHT_PROGBITS, SHF_ALLOC | SHF_EXECINSTR, MADE_TEXT,
			  MADE_CODE_SIZE},
		[FRAMES] = {".eh_frame", SHT_PROGBITS, SHF_ALLOC},
		[ABBREVS] = {".debug_abbrev", SHT_PROGBITS},
		[INFO] = {".debug_info", SHT_PROGBITS},
		[NAMES] = {".shstrtab", SHT_STRTAB},
	};

	put_headers(out);
	put_code(out);
	for (size_t i = FRAMES; i <= INFO; i++) {
		sections[i].start = out->len;
		if (i == FRAMES)
			put_call_frames(out, feed);
		else if (i == INFO)
			put_info(out, feed);
		for (size_t j = 0; i == ABBREVS && j < ARRAY_LEN(made_abbrevs); j++)
			put_uleb(out, made_abbrevs[j]);
		sections[i].size = out->len - sections[i].start;
	}
	put_section_table(out, sections, N);
}

#endif
