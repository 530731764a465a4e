/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Prints the global variables of an ELF file as value/ shows them, from the file's initialised
 * data, without running it. Names come on stdin, one a line; "NAME = TEXT" goes to stdout. usage:
 * value_dump [-a] FILE    -a: strings in ASCII, as gdb in the C locale
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dwarf/die.h"
#include "dwarf/dw.h"
#include "value/value.h"

static void check(struct error *err)
{
	if (!err)
		return;
	error_print(err, stderr);
	exit(1);
}

static const char *symbol(void *context, u64 address, bool functions_only, struct arena *arena)
{
	const struct elf_symbol *found = elf_file_symbol_at(context, address);

	if (!found || (functions_only && !found->is_function))
		return NULL;
	if (found->pc == address)
		return found->name;
	return arena_printf(arena, "%s+%llu", found->name,
			    (unsigned long long)(address - found->pc));
}

static void load_segments(struct image *image, struct elf_file *file, struct arena *arena)
{
	const struct elf_segment *segments;
	size_t n = elf_file_segments(file, &segments), len;

	for (size_t i = 0; i < n; i++) {
		const u8 *bytes = elf_file_bytes(file, segments[i].pc, &len);
		u8 *memory = arena_alloc(arena, segments[i].mem_size);

		if (bytes)
			memcpy(memory, bytes, min_u64(len, segments[i].file_size));
		image_add(image, segments[i].pc, memory, segments[i].mem_size, IMAGE_FILE);
	}
}

static void dump(const char *name, struct dw *dw, struct value_context *context)
{
	const struct elf_symbol *where = elf_file_symbol(dw_file(dw), name);
	Dwarf_Die die;
	struct value *value;

	if (!where || !dw_find_top(dw, name, DW_TAG_variable, &die)) {
		printf("%s is not found\n", name);
		return;
	}
	value = value_from_memory(name, "global", dw_type_of(dw, &die), where->pc, context);
	printf("%s = %s\n", name, value_text(value, context->arena));
}

int main(int argc, char **argv)
{
	struct value_limits limits = {
		.depth = 2, .elements = 32, .string_bytes = 32, .repeats = 10, .nodes = 10000};
	struct arena *arena = arena_new();
	struct value_context context = {.limits = &limits, .symbol = symbol};
	struct elf_file *file;
	struct dw *dw;
	char name[256];

	limits.ascii = argc > 1 && strcmp(argv[1], "-a") == 0;
	check(elf_file_open(argv[argc - 1], argv[argc - 1], &file));
	check(dw_open(file, "", &dw));
	context.context = file;
	while (fgets(name, sizeof(name), stdin)) {
		struct image *image = image_new(arena);

		name[strcspn(name, "\n")] = '\0';
		context.arena = arena;
		context.image = image;
		load_segments(image, file, arena);
		dump(name, dw, &context);
		arena_reset(arena);
	}
	dw_close(dw);
	elf_file_close(file);
	arena_free(arena);
	return 0;
}
