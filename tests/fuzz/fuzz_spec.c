/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A command line, its arguments on lines of their own; and each argument as every other form of
 * text that an option or argument can have: place, duration, size, number, message, glob.
 */
#include <stdlib.h>

#include "base/strbuf.h"
#include "elf/demangle.h"
#include "fuzz.h"
#include "spec/spec.h"

enum { MAX_ARGS = 64 };

static int split(char *text, char **argv)
{
	int argc = 0;

	while (argc < MAX_ARGS) {
		char *end = strchr(text, '\n');

		argv[argc++] = text;
		if (!end)
			break;
		*end = '\0';
		text = end + 1;
	}
	argv[argc] = NULL;
	return argc;
}

static void run_place(const char *text, struct arena *arena)
{
	struct place_spec place;
	struct error *err = place_spec_parse(text, arena, &place);

	/* What is parsed has a name or an address, and no glob of it takes long. */
	if (!err && !place.name && place.form != PLACE_ADDRESS)
		__builtin_trap();
	if (!err && place.name)
		str_glob(place.name, text);
	fuzz_error(err);
}

static void run_forms(const char *text, const char *next, struct arena *arena)
{
	struct message *message;
	char *plain = demangle(text);
	u64 number;

	if (plain && strlen(plain) > DEMANGLE_MAX)
		__builtin_trap();
	free(plain);
	run_place(text, arena);
	fuzz_error(message_parse(text, arena, &message));
	fuzz_error(spec_duration(text, &number));
	fuzz_error(spec_size(text, &number));
	str_u64(text, &number);
	if (!next)
		return;
	str_glob(text, next);
	str_distance(text, next, 8);
	str_path_suffix(text, next);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct arena *arena = arena_new();
	char *argv[MAX_ARGS + 1];
	struct spec *spec;
	int argc = split(arena_strndup(arena, (const char *)data, size), argv);

	for (int i = 0; i < argc; i++)
		run_forms(argv[i], argv[i + 1], arena);
	if (spec_command(argv[0]))
		fuzz_error(spec_parse(argc, argv, arena, &spec));
	arena_free(arena);
	return 0;
}
