/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tests/golden/expr/NAME.test: blocks of lines. "expr" is given; what follows is what the tree, the
 * instructions and the result over world_fill()'s memory have to be, or the error. With UPDATE=1
 * the files are rewritten; look at the difference before you commit it.
 */
#include "unit.h"

#include <elf.h>
#include <dirent.h>
#include <stdlib.h>

#include "../expr/scope.h"
#include "base/strbuf.h"

#define BASE 0x10000000ull
#define FOLDER "tests/golden/expr"

struct golden {
	struct world_scope world;
	struct world memory;
	struct frame_regs regs;
	struct image *image;
};

static void put_error(struct strbuf *out, const char *what, struct error *err)
{
	strbuf_printf(out, "%s %s\n", what, err->text);
	if (err->source) {
		strbuf_printf(out, "      %*s^", (int)err->span_start, "");
		for (size_t i = 1; i < err->span_len; i++)
			strbuf_putc(out, '~');
		strbuf_putc(out, '\n');
	}
	if (err->cure)
		strbuf_printf(out, "cure  %s\n", err->cure);
	error_free(err);
}

static void put_result(struct strbuf *out, const struct expr_result *result)
{
	const struct type *bare = type_strip(result->type);
	u64 number = 0;
	double full;
	float single;

	memcpy(&number, result->bytes, min_u64(bare->size, 8));
	memcpy(&full, result->bytes, sizeof(full));
	memcpy(&single, result->bytes, sizeof(single));
	if (result->error)
		strbuf_printf(out, "value error: %s\n", result->error);
	else if (result->absence != PRESENT)
		strbuf_printf(out, "value %s\n", absence_text(result->absence));
	else if (!type_is_scalar(bare))
		strbuf_printf(out, "value at 0x%llx\n", (unsigned long long)result->address);
	else if (bare->kind == TYPE_FLOAT)
		strbuf_printf(out, "value %.17g\n", bare->size == 4 ? single : full);
	else if (bare->kind == TYPE_POINTER)
		strbuf_printf(out, "value 0x%llx\n", (unsigned long long)number);
	else if (bare->is_signed)
		strbuf_printf(out, "value %lld\n",
			      (long long)(number << (64 - 8 * bare->size)) >>
				      (64 - 8 * bare->size));
	else
		strbuf_printf(out, "value %llu\n", (unsigned long long)number);
}

static void put_code(struct strbuf *out, const struct gen_code *code, struct arena *arena)
{
	char *listing = arena_strdup(arena, gen_listing(code, arena)), *line;

	while ((line = strsep(&listing, "\n")) && *line)
		strbuf_printf(out, "insn  %s\n", line);
}

static void describe(struct golden *golden, const char *text, struct strbuf *out)
{
	struct arena *arena = arena_new();
	struct bay_env bay = world_env();
	struct expr_env env = {bay.pid,	 bay.tid,     bay.cpu, bay.time,
			       bay.hits, bay.elapsed, bay.comm};
	struct loc_context context =
		world_context(&golden->world, &golden->regs, golden->image, arena);
	struct expr_result result;
	struct expr *tree, *typed;
	struct gen_code code;
	struct error *err = expr_parse(text, arena, &tree);

	if (!err)
		err = expr_type(tree, text, &golden->world.scope, arena, &typed);
	if (err) {
		put_error(out, "error", err);
		arena_free(arena);
		return;
	}
	strbuf_printf(out, "tree  %s\n", expr_dump(typed, arena));
	expr_eval(typed, &context, &env, &result);
	put_result(out, &result);
	err = gen_condition(typed, text, &golden->world.place, arena, &code);
	if (err)
		put_error(out, "nogen", err);
	else
		put_code(out, &code, arena);
	arena_free(arena);
}

static char *read_file(const char *path)
{
	FILE *file = fopen(path, "r");
	char *text = calloc(1, 1 << 20);

	assert_non_null(file);
	assert_non_null(text);
	assert_true(fread(text, 1, (1 << 20) - 1, file) > 0);
	fclose(file);
	return text;
}

/* Comments and expressions stay, the rest is made anew. */
static void make_anew(struct golden *golden, const char *text, struct strbuf *out)
{
	char *copy = strdup(text), *rest = copy, *line;

	while ((line = strsep(&rest, "\n"))) {
		if (line[0] == '#')
			strbuf_printf(out, "%s\n", line);
		if (strncmp(line, "expr  ", 6))
			continue;
		strbuf_printf(out, "\n%s\n", line);
		describe(golden, line + 6, out);
	}
	free(copy);
}

static void show_difference(const char *path, const char *want, const char *have)
{
	size_t line = 1, start = 0;

	for (size_t i = 0; want[i] && want[i] == have[i]; i++)
		if (want[i] == '\n') {
			line++;
			start = i + 1;
		}
	print_error("%s:%zu:\n  want %.*s\n  have %.*s\n", path, line,
		    (int)strcspn(want + start, "\n"), want + start,
		    (int)strcspn(have + start, "\n"), have + start);
}

static void check_file(struct golden *golden, const char *path)
{
	char *want = read_file(path);
	struct strbuf have = {};
	FILE *file;

	make_anew(golden, want, &have);
	if (getenv("UPDATE")) {
		file = fopen(path, "w");
		assert_non_null(file);
		fputs(have.text, file);
		fclose(file);
	} else if (strcmp(want, have.text)) {
		show_difference(path, want, have.text);
		fail();
	}
	strbuf_free(&have);
	free(want);
}

static void test_files(void **state)
{
	struct golden golden;
	struct dirent *entry;
	DIR *folder = opendir(FOLDER);
	unsigned n = 0;

	assert_non_null(folder);
	world_scope_init(&golden.world, BASE, arch_by_machine(EM_X86_64));
	world_fill(&golden.memory, BASE);
	world_regs(&golden.memory, BASE, &golden.regs);
	golden.image = image_new(golden.world.arena);
	image_add(golden.image, BASE, &golden.memory, sizeof(golden.memory), IMAGE_HIT);
	while ((entry = readdir(folder))) {
		size_t len = strlen(entry->d_name);
		char path[512];

		if (len < 5 || strcmp(entry->d_name + len - 5, ".test"))
			continue;
		snprintf(path, sizeof(path), FOLDER "/%s", entry->d_name);
		check_file(&golden, path);
		n++;
	}
	closedir(folder);
	assert_true(n >= 5);
	arena_free(golden.world.arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_files)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
