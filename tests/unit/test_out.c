/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Renderers on events made by hand, against tests/golden/out/. GOLDEN=update writes those files
 * anew: then read the difference.
 */
#include "unit.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/strbuf.h"
#include "out/sink.h"

#define HOSTILE "\033[31mred\a\xff\xe2\x80\xae\"\\"

struct world {
	struct arena *arena;
	struct value_limits limits;
	struct value_context context;
	struct event event;
};

static struct type node_type, node_pointer;
static struct type_member node_members[4];
static const char *const color_off = "", *const color_on = "color";

static void add(struct world *world, u64 address, const void *bytes, size_t len,
		enum image_origin origin)
{
	image_add((struct image *)world->context.image, address,
		  arena_memdup(world->arena, bytes, len), len, origin);
}

static struct value *made(struct world *world, const char *name, const char *kind,
			  const struct type *type, const void *bytes, size_t len)
{
	return value_from_bytes(name, kind, type, arena_memdup(world->arena, bytes, len), len,
				&world->context);
}

struct node {
	int number;
	const char *name;
	struct node *next;
	long counts[12];
};

static void make_types(struct world *world)
{
	const struct type *counts = type_array_of(type_basic(TYPE_BASIC_LONG), 12, world->arena);

	node_type = (struct type){.kind = TYPE_STRUCT,
				  .name = "node",
				  .size = sizeof(struct node),
				  .members = node_members,
				  .n_members = 4};
	node_pointer = *type_pointer_to(&node_type, world->arena);
	node_members[0] =
		(struct type_member){.name = "number", .type = type_basic(TYPE_BASIC_INT)};
	node_members[1] = (struct type_member){
		.name = "name", .type = type_basic(TYPE_BASIC_CHAR_POINTER), .offset = 8};
	node_members[2] = (struct type_member){.name = "next", .type = &node_pointer, .offset = 16};
	node_members[3] = (struct type_member){.name = "counts", .type = counts, .offset = 24};
}

static void make_memory(struct world *world)
{
	struct node nodes[4] = {
		{1, (char *)0x5000, (void *)0x4078, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}},
		{2, (char *)0x9000, (void *)0x40f0, {0}},
		{3, (char *)0x5000, (void *)0x4168, {0}},
		{4, (char *)0x5000, (void *)0x4000, {-1}},
	};

	_Static_assert(sizeof(nodes[0]) == 0x78, "the addresses above");
	add(world, 0x4000, nodes, 0x78, IMAGE_HIT);
	add(world, 0x4078, &nodes[1], 0x78, IMAGE_LATE);
	add(world, 0x40f0, &nodes[2], 2 * 0x78, IMAGE_HIT);
	add(world, 0x5000, HOSTILE, sizeof(HOSTILE), IMAGE_HIT);
}

static void add_variable(struct world *world, struct frame *frame, struct value *value)
{
	*arena_push(world->arena, frame->variables, frame->n_variables) = value;
}

static void make_frames(struct world *world)
{
	static const struct event_module module = {.path = "/usr/bin/example"};
	struct frame *frames = arena_array(world->arena, struct frame, 4);
	u64 head = 0x4000, again = 0x40f0, big = 1ULL << 60;
	u8 text[24] = "GET", bytes[16] = HOSTILE, yes = 1;
	const struct type *chars = type_basic(TYPE_BASIC_CHAR);
	double real = 0.1;

	frames[0] = (struct frame){0, "walk", 0, "src/list.c", 42, .ip = 0x401136, .pc = 0x1136};
	add_variable(world, &frames[0], made(world, "head", "argument", &node_pointer, &head, 8));
	add_variable(world, &frames[0],
		     made(world, "size", "argument", type_basic(TYPE_BASIC_ULONG), &big, 8));
	add_variable(
		world, &frames[0],
		made(world, "verb", "local", type_array_of(chars, 24, world->arena), text, 24));
	add_variable(
		world, &frames[0],
		made(world, "raw", "local", type_array_of(chars, 16, world->arena), bytes, 16));
	add_variable(world, &frames[0],
		     value_absent("i", "local", type_basic(TYPE_BASIC_INT), ABSENT_OPTIMIZED_OUT,
				  NULL, world->arena));
	frames[0].is_inlined = true;
	frames[1] = (struct frame){1, "serve", 0, "src/list.c", 99, .ip = 0x401200, .pc = 0x1200};
	add_variable(world, &frames[1],
		     value_absent("init", "argument", type_basic(TYPE_BASIC_INT),
				  ABSENT_NO_CALL_SITE, NULL, world->arena));
	add_variable(world, &frames[1],
		     made(world, "found", "local", type_basic(TYPE_BASIC_BOOL), &yes, 1));
	add_variable(world, &frames[1],
		     made(world, "ratio", "local", type_basic(TYPE_BASIC_DOUBLE), &real, 8));
	add_variable(world, &frames[1], made(world, "again", "local", &node_pointer, &again, 8));
	frames[2] = (struct frame){2, HOSTILE, 0, NULL, 0, .ip = 0x401300, .module = &module};
	frames[3] = (struct frame){3, NULL, 0, NULL, 0, .ip = 0x7f0000001000, .late = true};
	world->event.frames = frames;
	world->event.n_frames = 4;
}

static int begin(void **state)
{
	static const struct build_id id = {4, {0xde, 0xad, 0xbe, 0xef}};
	static struct world world;
	int three = 3;

	memset(&world, 0, sizeof(world));
	world.arena = arena_new();
	world.limits = (struct value_limits){
		.depth = 2, .elements = 32, .string_bytes = 32, .repeats = 10, .nodes = 1000};
	world.context = (struct value_context){
		.arena = world.arena, .image = image_new(world.arena), .limits = &world.limits};
	make_types(&world);
	make_memory(&world);
	world.event = (struct event){.kind = EVENT_SNAPSHOT,
				     .probe = "src/list.c:42",
				     .id = 1,
				     .time_ns = 1700000000123456789,
				     .pid = 812,
				     .tid = 813,
				     .cpu = 1,
				     .comm = HOSTILE,
				     .arena = world.arena,
				     .stack_end = "no call frame information"};
	world.event.place = (struct event_place){.function = "walk",
						 .file = "src/list.c",
						 .line = 42,
						 .pc = 0x1136,
						 .module = "/usr/bin/example",
						 .build_id = &id};
	*arena_push(world.arena, world.event.captures, world.event.n_captures) =
		made(&world, "head->number + 2", "capture", type_basic(TYPE_BASIC_INT), &three, 4);
	make_frames(&world);
	*state = &world;
	return 0;
}

static int end(void **state)
{
	arena_free(((struct world *)*state)->arena);
	return 0;
}

/* What the sink wrote to out and err, one after the other. Freed by the caller. */
static char *rendered(const char *format, const struct event *event, const char *color,
		      unsigned verbose, bool quiet)
{
	size_t len;
	char *text;
	FILE *file = open_memstream(&text, &len);
	struct sink_options options = {
		.out = file, .err = file, .color = *color, .verbose = verbose, .quiet = quiet};
	struct sink *sink;

	assert_null(sink_new(format, &options, &sink));
	assert_null(sink_event(sink, event));
	assert_null(sink_end(sink));
	fclose(file);
	return text;
}

static void assert_golden(const char *name, char *text)
{
	_cleanup_(strbuf_free) struct strbuf path = {0}, expected = {0};
	const char *mode = getenv("GOLDEN");
	char buffer[4096];
	size_t n;
	FILE *file;

	strbuf_printf(&path, "tests/golden/out/%s", name);
	if (mode && strcmp(mode, "update") == 0) {
		file = fopen(path.text, "w");
		assert_non_null(file);
		fputs(text, file);
		fclose(file);
	}
	file = fopen(path.text, "r");
	assert_non_null(file);
	strbuf_puts(&expected, "");
	while ((n = fread(buffer, 1, sizeof(buffer), file)) > 0)
		strbuf_add(&expected, buffer, n);
	fclose(file);
	assert_string_equal(text, expected.text);
	free(text);
}

static void test_snapshot_text(void **state)
{
	struct world *world = *state;

	assert_golden("snapshot.txt", rendered("text", &world->event, color_off, 0, false));
	assert_golden("snapshot-color.txt", rendered(NULL, &world->event, color_on, 0, false));
}

static void test_snapshot_json(void **state)
{
	struct world *world = *state;

	assert_golden("snapshot.json", rendered("json", &world->event, color_off, 0, false));
}

static void test_registers(void **state)
{
	struct world *world = *state;
	struct frame_regs regs = {0};

	for (int i = 0; i < ARCH_MAX_DWARF_REGS; i++)
		regs.value[i] = 0x1111 * i;
	regs.absence[3] = ABSENT_NOT_SAVED;
	world->event.n_frames = 0;
	world->event.regs = &regs;
	world->event.show_regs = true;
	assert_golden("registers.txt", rendered("text", &world->event, color_off, 0, false));
	assert_golden("registers.json", rendered("json", &world->event, color_off, 0, false));
}

/* Nothing that a terminal obeys, whatever bytes the target holds. */
static void test_no_control_bytes_in_text(void **state)
{
	struct world *world = *state;
	char *text = rendered("text", &world->event, color_off, 0, false);

	for (const char *at = text; *at; at++)
		assert_true(*at == '\n' || (*at >= 0x20 && *at < 0x7f));
	free(text);
}

static void test_summary(void **state)
{
	struct event event = {.kind = EVENT_SUMMARY, .probe = "main"};

	event.accounting = (struct accounting){.hits = 1234567,
					       .over_limit = 1234500,
					       .condition_false = 66,
					       .emitted = 1,
					       .missed_known = true,
					       .seconds = 12.34};
	assert_golden("summary.txt", rendered("text", &event, color_off, 0, false));
	assert_golden("summary-verbose.txt", rendered("text", &event, color_off, 1, false));
	event.accounting.missed_known = false;
	assert_golden("summary-missed.txt", rendered("text", &event, color_off, 0, false));
	assert_golden("summary.json", rendered("json", &event, color_off, 0, false));
	event.accounting.taken_out = (struct taken_out){2, 2, 0.81};
	event.accounting.overhead_known = true;
	event.accounting.overhead = 12.5;
	assert_golden("summary-out.txt", rendered("text", &event, color_off, 0, false));
	event.accounting.taken_out.of = 314;
	assert_golden("summary-some-out.txt", rendered("text", &event, color_off, 0, false));
	assert_golden("summary-out.json", rendered("json", &event, color_off, 0, false));
	assert_golden("empty.txt", rendered("text", &event, color_off, 0, true));
}

static void test_notice(void **state)
{
	struct event event = {.kind = EVENT_NOTICE, .notice = "the process 812 ended" HOSTILE};

	assert_golden("notice.txt", rendered("text", &event, color_off, 0, false));
	assert_golden("notice.json", rendered("json", &event, color_off, 0, false));
}

static void test_log(void **state)
{
	struct world *world = *state;
	struct event *event = &world->event;
	int three = 3;

	event->kind = EVENT_LOG;
	event->message = "got " HOSTILE " after 3";
	event->message_len = strlen(event->message);
	*arena_push(world->arena, event->values, event->n_values) =
		made(world, "n", "value", type_basic(TYPE_BASIC_INT), &three, sizeof(three));
	*arena_push(world->arena, event->values, event->n_values) =
		value_absent("i", "value", type_basic(TYPE_BASIC_INT), ABSENT_OPTIMIZED_OUT, NULL,
			     world->arena);
	assert_golden("log.txt", rendered("text", event, color_off, 0, false));
	assert_golden("log.json", rendered("json", event, color_off, 0, false));
	event->suppressed = 48213;
	event->lost = 1;
	event->place.function = NULL;
	event->place.file = NULL;
	assert_golden("log-missing.txt", rendered("text", event, color_on, 0, false));
	assert_golden("log-missing.json", rendered("json", event, color_off, 0, false));
}

static void test_unknown_format_names_the_known(void **state)
{
	struct sink_options options = {.out = stdout, .err = stderr};
	struct sink *sink = NULL;
	struct error *err = sink_new("yaml", &options, &sink);

	assert_non_null(err);
	assert_int_equal(err->kind, ERROR_USAGE);
	assert_string_equal(err->text, "there is no output format 'yaml'");
	assert_string_equal(err->cure, "take one of: text, json, trace");
	assert_null(sink);
	error_free(err);
}

static void test_full_disk_is_an_error(void **state)
{
	struct world *world = *state;
	FILE *full = fopen("/dev/full", "w");
	struct sink_options options = {.out = full, .err = full};
	struct sink *sink;
	struct error *err;

	assert_non_null(full);
	assert_null(sink_new("json", &options, &sink));
	err = sink_event(sink, &world->event);
	assert_non_null(err);
	assert_int_equal(err->kind, ERROR_FAILED);
	error_free(err);
	/* Of log lines it is found when they leave the buffer. */
	world->event.kind = EVENT_LOG;
	world->event.message = "";
	err = sink_event(sink, &world->event);
	assert_null(err);
	err = sink_flush(sink);
	assert_non_null(err);
	error_free(err);
	assert_null(sink_end(sink));
	fclose(full);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)
	const struct CMUnitTest tests[] = {
		TEST(test_snapshot_text),
		TEST(test_snapshot_json),
		TEST(test_registers),
		TEST(test_no_control_bytes_in_text),
		TEST(test_summary),
		TEST(test_notice),
		TEST(test_log),
		TEST(test_unknown_format_names_the_known),
		TEST(test_full_disk_is_an_error),
	};

	setenv("TZ", "UTC", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
