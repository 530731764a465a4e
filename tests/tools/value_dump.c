/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Prints the global variables of an ELF file as value/ shows them, from the file's initialised
 * data, without running it. Names come on stdin, one a line; "NAME = TEXT" goes to stdout. usage:
 * value_dump [-a] FILE    -a: strings in ASCII, as gdb in the C locale
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dwarf/die.h"
#include "dwarf/dw.h"
#include "out/sink.h"
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

static struct value *global(const char *name, struct dw *dw, struct value_context *context)
{
	const struct elf_symbol *where = elf_file_symbol(dw_file(dw), name);
	Dwarf_Die die;

	if (!where || !dw_find_top(dw, name, DW_TAG_variable, &die)) {
		fprintf(stderr, "%s is not found\n", name);
		return NULL;
	}
	name = arena_strdup(context->arena, name);
	return value_from_memory(name, "capture", dw_type_of(dw, &die), where->pc, context);
}

static void render(const char *format, const struct event *event)
{
	struct sink_options options = {.out = stdout, .err = stderr};
	struct sink *sink;

	check(sink_new(format, &options, &sink));
	check(sink_event(sink, event));
	check(sink_end(sink));
}

static void dump(struct elf_file *file, struct dw *dw, const struct value_limits *limits,
		 const char *format)
{
	struct arena *arena = arena_new();
	struct event event = {.kind = EVENT_SNAPSHOT, .arena = arena, .image = image_new(arena)};
	struct value_context context = {.arena = arena,
					.image = event.image,
					.limits = limits,
					.symbol = symbol,
					.context = file};
	char name[256];

	load_segments(event.image, file, arena);
	while (fgets(name, sizeof(name), stdin)) {
		struct value *value;

		name[strcspn(name, "\n")] = '\0';
		value = global(name, dw, &context);
		if (value)
			*arena_push(arena, event.captures, event.n_captures) = value;
	}
	for (size_t i = 0; i < event.n_captures && !format; i++)
		printf("%s = %s\n", event.captures[i]->name, value_text(event.captures[i], arena));
	if (format)
		render(format, &event);
	arena_free(arena);
}

int main(int argc, char **argv)
{
	struct value_limits limits = {
		.depth = 2, .elements = 32, .string_bytes = 32, .repeats = 10, .nodes = 10000};
	const char *format = NULL;
	struct elf_file *file;
	struct dw *dw;

	for (int option; (option = getopt(argc, argv, "af:")) != -1;) {
		if (option == 'a')
			limits.ascii = true;
		else if (option == 'f')
			format = optarg;
	}
	if (optind >= argc)
		return 2;
	check(elf_file_open(argv[optind], argv[optind], &file));
	check(dw_open(file, "", &dw));
	dump(file, dw, &limits, format);
	dw_close(dw);
	elf_file_close(file);
	return 0;
}
