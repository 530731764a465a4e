/* SPDX-License-Identifier: BSD-2-Clause */
#include "plan/serial.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "plan/compile.h"
#include "plan/plan.h"
#include "plan/tictoc.h"

enum { MAX_ARGS = 4096, MAX_LINES = 1000000, MAX_MODULES = 4096, MAX_PLACES_READ = 65536 };

struct reader {
	struct plan *plan;
	const char *at, *end;
	const char *folder;
	unsigned line;
	bool bad; /* sticky: a field of the line is missing or wrong */
	char **args;
	size_t n_args;
};

static void skip_spaces(struct reader *reader)
{
	while (reader->at < reader->end && *reader->at == ' ')
		reader->at++;
}

static const char *get_word(struct reader *reader)
{
	const char *start;

	skip_spaces(reader);
	start = reader->at;
	while (reader->at<reader->end && * reader->at> ' ')
		reader->at++;
	if (reader->at == start)
		reader->bad = true;
	return arena_strndup(reader->plan->arena, start, (size_t)(reader->at - start));
}

static u64 get_number(struct reader *reader, int base)
{
	const char *word = get_word(reader);
	char *end;
	u64 number = strtoull(word, &end, base);

	if (*end)
		reader->bad = true;
	return number;
}

/* A number below the bound: an index of something that was read before. */
static u32 get_below(struct reader *reader, u64 bound)
{
	u64 number = get_number(reader, 10);

	if (number < bound)
		return (u32)number;
	reader->bad = true;
	return 0;
}

static int hex_digit(char c)
{
	return isdigit((u8)c) ? c - '0' : (c >= 'a' && c <= 'f') ? c - 'a' + 10 : -1;
}

static char get_escape(struct reader *reader)
{
	int high = -1, low = -1;

	if (reader->end - reader->at >= 3 && reader->at[0] == 'x') {
		high = hex_digit(reader->at[1]);
		low = hex_digit(reader->at[2]);
		reader->at += 3;
	}
	if (high < 0 || low < 0)
		reader->bad = true;
	return (char)(high * 16 + low);
}

static const char *get_string(struct reader *reader)
{
	const char *last;
	char *text;
	size_t len = 0;

	skip_spaces(reader);
	if (reader->at < reader->end && *reader->at == '-') {
		reader->at++;
		return NULL;
	}
	if (reader->at == reader->end || *reader->at != '"') {
		reader->bad = true;
		return NULL;
	}
	reader->at++;
	/* There is no quote in it but the last. */
	last = memchr(reader->at, '"', (size_t)(reader->end - reader->at));
	text = arena_alloc(reader->plan->arena,
			   (size_t)((last ? last : reader->end) - reader->at) + 1);
	while (!reader->bad && reader->at < reader->end && *reader->at != '"' &&
	       *reader->at != '\n') {
		char c = *reader->at++;

		text[len++] = c == '\\' ? get_escape(reader) : c;
	}
	if (reader->at == reader->end || *reader->at++ != '"')
		reader->bad = true;
	return text;
}

static void get_code(struct reader *reader, struct gen_code *code)
{
	size_t n = get_below(reader, BAY_INSNS + 1);
	const char *digits = get_word(reader);
	struct bpf_insn *insns;

	if (n && strlen(digits) != n * 16)
		reader->bad = true;
	if (reader->bad || !n)
		return;
	insns = arena_array(reader->plan->arena, struct bpf_insn, n);
	for (size_t i = 0; i < n; i++) {
		char word[17] = "";
		u64 bits;

		memcpy(word, digits + 16 * i, 16);
		bits = strtoull(word, NULL, 16);
		memcpy(&insns[i], &bits, sizeof(bits));
	}
	*code = (struct gen_code){insns, n};
}

static void get_build_id(struct reader *reader, struct build_id *id)
{
	const char *digits = get_word(reader);
	size_t len = strlen(digits) / 2;

	if (strcmp(digits, "-") == 0)
		return;
	if (len > sizeof(id->bytes) || strlen(digits) % 2)
		reader->bad = true;
	for (size_t i = 0; i < len && !reader->bad; i++) {
		int high = hex_digit(digits[2 * i]), low = hex_digit(digits[2 * i + 1]);

		if (high < 0 || low < 0)
			reader->bad = true;
		id->bytes[i] = (u8)(high * 16 + low);
	}
	id->len = (u8)len;
}

/* Opens the file if it still is the one that the plan was made for. */
static void open_same_file(struct plan *plan, struct plan_module *module, const char *folder)
{
	const char *path =
		elf_file_find_build(module->path, &module->build_id, folder, plan->arena);
	struct elf_file *file = NULL;
	struct error *err;

	if (!path) {
		plan_note(plan, "the build of %s that was recorded is neither there nor in %s",
			  module->path, folder);
		return;
	}
	err = elf_file_open(path, module->shown, &file);
	if (!err)
		err = dw_open(file, "", &module->dw);
	if (err) {
		plan_note(plan, "%s", err->text);
		error_free(err);
		elf_file_close(file);
		return;
	}
	module->file = file;
	module->path = path;
}

static void read_module(struct reader *reader)
{
	struct plan *plan = reader->plan;
	struct plan_module *module = arena_alloc(plan->arena, sizeof(*module));

	module->plan = plan;
	module->path = get_string(reader);
	module->shown = get_string(reader);
	get_build_id(reader, &module->build_id);
	if (!module->path || !module->shown || plan->n_modules >= MAX_MODULES)
		reader->bad = true;
	if (reader->bad)
		return;
	open_same_file(plan, module, reader->folder);
	*arena_push(plan->arena, plan->modules, plan->n_modules) = module;
}

static void read_probe(struct reader *reader)
{
	struct plan *plan = reader->plan;
	const char *text = get_string(reader);

	if (!text || plan->n_probes >= MAX_ARGS)
		reader->bad = true;
	else
		*arena_push(plan->arena, plan->probes, plan->n_probes) =
			(struct plan_probe){.text = text};
}

static void read_node(struct reader *reader)
{
	struct plan *plan = reader->plan;
	struct read_node node = {
		.size = get_below(reader, SNAPLINE_MAX_READ + 1),
		.kind = (u16)get_below(reader, READ_STRING + 1),
		.n_edges = (u16)get_below(reader, UINT16_MAX),
		.first_edge = get_below(reader, SNAPLINE_MAX_EDGES),
		.elements = get_below(reader, SNAPLINE_MAX_READ + 1),
		.stride = get_below(reader, UINT32_MAX),
	};

	if (plan->n_nodes >= SNAPLINE_MAX_NODES)
		reader->bad = true;
	else
		*arena_push(plan->arena, plan->nodes, plan->n_nodes) = node;
}

static void read_edge(struct reader *reader)
{
	struct plan *plan = reader->plan;
	struct read_edge edge = {
		.offset = get_below(reader, SNAPLINE_MAX_READ),
		.node = get_below(reader, plan->n_nodes),
	};

	if (plan->n_edges >= SNAPLINE_MAX_EDGES)
		reader->bad = true;
	else
		*arena_push(plan->arena, plan->edges, plan->n_edges) = edge;
}

static void read_program(struct reader *reader)
{
	struct plan *plan = reader->plan;
	struct plan_program program = {0};

	get_code(reader, &program.condition);
	get_code(reader, &program.roots);
	program.n_roots = get_below(reader, SNAPLINE_MAX_ROOTS + 1);
	for (u32 i = 0; i < program.n_roots; i++)
		program.root_nodes[i] = get_below(reader, max_u64(plan->n_nodes, 1));
	if (plan->n_programs >= MAX_PLACES_READ)
		reader->bad = true;
	else
		*arena_push(plan->arena, plan->programs, plan->n_programs) = program;
}

/* Of the program in the line before. */
static void read_values(struct reader *reader)
{
	struct plan *plan = reader->plan;
	struct plan_program *program;

	if (!plan->n_programs) {
		reader->bad = true;
		return;
	}
	program = &plan->programs[plan->n_programs - 1];
	get_code(reader, &program->values);
	program->n_values = get_below(reader, SNAPLINE_MAX_VALUES + 1);
	for (u32 i = 0; i < program->n_values; i++)
		program->value_slots[i] = (struct value_slot){
			.kind = (u16)get_below(reader, VALUE_INNER + 1),
			.from = (u16)get_below(reader, max_u64(i, 1)),
			.size = get_below(reader, SNAPLINE_MAX_READ + 1),
			.at = get_below(reader, SNAPLINE_MAX_VALUES * SNAPLINE_MAX_READ),
			.offset = get_below(reader, SNAPLINE_MAX_VALUES * SNAPLINE_MAX_READ),
		};
}

static void read_place(struct reader *reader)
{
	struct plan *plan = reader->plan;
	struct place place = {.index = (u32)plan->n_places};
	u32 module, flags;

	place.probe = get_below(reader, plan->n_probes);
	module = get_below(reader, plan->n_modules);
	place.asked = get_number(reader, 16);
	place.pc = get_number(reader, 16);
	place.offset = get_number(reader, 16);
	place.cost = get_below(reader, INSN_REFUSED + 1);
	place.asked_cost = get_below(reader, INSN_REFUSED + 1);
	flags = get_below(reader, 2 * SERIAL_TAIL_CALL);
	place.line = get_below(reader, UINT32_MAX);
	place.program = get_below(reader, plan->n_programs);
	place.function = get_string(reader);
	place.file = get_string(reader);
	place.why = get_string(reader);
	place.moved = get_string(reader);
	if (plan->n_places >= MAX_PLACES_READ)
		reader->bad = true;
	if (reader->bad)
		return;
	place.module = plan->modules[module];
	place.is_inlined = flags & SERIAL_INLINED;
	place.is_return = flags & SERIAL_RETURN;
	place.is_tail_call = flags & SERIAL_TAIL_CALL;
	place.is_gdb_choice = flags & SERIAL_GDB_CHOICE;
	*arena_push(plan->arena, plan->places, plan->n_places) = place;
}

static void read_arg(struct reader *reader)
{
	const char *text = get_string(reader);

	if (!text || reader->n_args >= MAX_ARGS)
		reader->bad = true;
	else
		*arena_push(reader->plan->arena, reader->args, reader->n_args) = (char *)text;
}

static void read_note(struct reader *reader)
{
	const char *text = get_string(reader);

	if (!text || reader->plan->n_notes >= MAX_ARGS)
		reader->bad = true;
	else
		plan_note(reader->plan, "%s", text);
}

static void read_version(struct reader *reader)
{
	if (get_number(reader, 10) != 1)
		reader->bad = true;
}

static const struct {
	const char *word;
	void (*read)(struct reader *reader);
} lines[] = {
	{"snapline-plan", read_version},
	{"arg", read_arg},
	{"module", read_module},
	{"probe", read_probe},
	{"node", read_node},
	{"edge", read_edge},
	{"program", read_program},
	{"values", read_values},
	{"place", read_place},
	{"note", read_note},
};

/* False at "end". */
static bool read_line(struct reader *reader)
{
	const char *word = get_word(reader);
	bool more = strcmp(word, "end") != 0, known = !more;

	for (size_t i = 0; i < ARRAY_LEN(lines) && more; i++)
		if (strcmp(word, lines[i].word) == 0) {
			lines[i].read(reader);
			known = true;
		}
	if (!known || reader->at == reader->end || *reader->at != '\n')
		reader->bad = true;
	reader->at += !reader->bad;
	reader->line++;
	return more && !reader->bad && reader->line < MAX_LINES;
}

/* Notes about values are in the file already. */
static struct error *type_again(struct plan *plan, struct place *place)
{
	size_t notes = plan->n_notes;
	struct error *err = plan->spec->instrument == INSTRUMENT_TICTOC
				    ? plan_tictoc_types(plan, place)
				    : plan_type_captures(plan, place);

	if (!err)
		err = plan_type_values(plan, place);
	plan->n_notes = notes;
	return err;
}

static bool lacks_module(const struct plan *plan)
{
	for (size_t i = 0; i < plan->n_modules; i++)
		if (!plan->modules[i]->dw)
			return true;
	return false;
}

/* A capture may need a module that isn't here: then it stays absent, which a note says already. */
static struct error *type_captures(struct plan *plan)
{
	struct error *err = NULL;

	for (size_t i = 0; i < plan->n_places && !err; i++) {
		if (plan->places[i].module->dw)
			err = type_again(plan, &plan->places[i]);
		if (err && lacks_module(plan)) {
			error_free(err);
			err = NULL;
		}
	}
	return err;
}

static struct error *finish(struct reader *reader)
{
	struct plan *plan = reader->plan;
	struct spec *spec;
	struct error *err;

	if (reader->bad || !reader->n_args)
		return error_new(ERROR_FAILED, "damaged plan in line %u", reader->line);
	*arena_push(plan->arena, reader->args, reader->n_args) = NULL;
	err = spec_parse((int)reader->n_args - 1, reader->args, plan->arena, &spec);
	plan->spec = spec;
	return err ? err : type_captures(plan);
}

struct error *plan_read(const char *text, size_t len, const char *folder, struct plan **plan)
{
	struct arena *arena = arena_new();
	struct reader reader = {.at = text, .end = text + len, .folder = folder};
	struct error *err;

	reader.plan = arena_alloc(arena, sizeof(*reader.plan));
	reader.plan->arena = arena;
	while (read_line(&reader))
		;
	err = finish(&reader);
	if (err) {
		plan_free(reader.plan);
		return error_prefix(err, "record file");
	}
	*plan = reader.plan;
	return NULL;
}
