/* SPDX-License-Identifier: BSD-2-Clause */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"
#include "spec/spec.h"

static struct arena *arena;

static int begin(void **state)
{
	arena = arena_new();
	return 0;
}

static int end(void **state)
{
	arena_free(arena);
	return 0;
}

static const struct place_case {
	const char *text;
	enum place_form form;
	const char *binary, *name;
	unsigned line;
	u64 address;
} good_places[] = {
	{"main", PLACE_FUNCTION, NULL, "main"},
	{"memcpy@plt", PLACE_FUNCTION, NULL, "memcpy@plt"},
	{"foo.part.0", PLACE_FUNCTION, NULL, "foo.part.0"},
	{"call*", PLACE_FUNCTION, NULL, "call*"},
	{"libc.so.6:malloc", PLACE_FUNCTION, "libc.so.6", "malloc"},
	{"/opt/a:b/prog:main", PLACE_FUNCTION, "/opt/a:b/prog", "main"},
	{"ns::cls::func", PLACE_FUNCTION, NULL, "ns::cls::func"},
	{"::func", PLACE_FUNCTION, NULL, "::func"},
	{"ns::cls::~cls", PLACE_FUNCTION, NULL, "ns::cls::~cls"},
	{"libx.so:ns::f", PLACE_FUNCTION, "libx.so", "ns::f"},
	{"std::map<int, a::b>::find(int)", PLACE_FUNCTION, NULL, "std::map<int, a::b>::find(int)"},
	{"main%return", PLACE_RETURN, NULL, "main"},
	{"libc.so.6:malloc%return", PLACE_RETURN, "libc.so.6", "malloc"},
	{"ns::f%return", PLACE_RETURN, NULL, "ns::f"},
	{"main:+3", PLACE_OFFSET, NULL, "main", 3},
	{"ns::f:+3", PLACE_OFFSET, NULL, "ns::f", 3},
	{"libx.so:ns::f:+12", PLACE_OFFSET, "libx.so", "ns::f", 12},
	{"server.c:120", PLACE_LINE, NULL, "server.c", 120},
	{"src/redis/server.c:1", PLACE_LINE, NULL, "src/redis/server.c", 1},
	{"/abs/x.c:7", PLACE_LINE, NULL, "/abs/x.c", 7},
	{"libx.so.1:io.c:7", PLACE_LINE, "libx.so.1", "io.c", 7},
	{"/usr/lib/libx.so.1:src/io.c:7", PLACE_LINE, "/usr/lib/libx.so.1", "src/io.c", 7},
	{"file with space.c:7", PLACE_LINE, NULL, "file with space.c", 7},
	{"*0x401136", PLACE_ADDRESS, NULL, NULL, 0, 0x401136},
	{"*4096", PLACE_ADDRESS, NULL, NULL, 0, 4096},
	{"libx.so:*0x1139", PLACE_ADDRESS, "libx.so", NULL, 0, 0x1139},
	{"main:*", PLACE_ALL, NULL, "main"},
	{"server.c:*", PLACE_ALL, NULL, "server.c"},
	{"libx.so:ns::f:*", PLACE_ALL, "libx.so", "ns::f"},
};

static void assert_same(const char *got, const char *wanted)
{
	if (!wanted)
		assert_null(got);
	else
		assert_string_equal(got, wanted);
}

static void test_places(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(good_places); i++) {
		const struct place_case *wanted = &good_places[i];
		struct place_spec place = {0};
		struct error *err = place_spec_parse(wanted->text, arena, &place);

		if (err)
			fail_msg("%s: %s", wanted->text, err->text);
		assert_string_equal(place.text, wanted->text);
		assert_int_equal(place.form, wanted->form);
		assert_same(place.binary, wanted->binary);
		assert_same(place.name, wanted->name);
		assert_int_equal(place.line, wanted->line);
		assert_int_equal(place.address, wanted->address);
	}
}

static const struct bad_place {
	const char *text;
	size_t start, len;
} bad_places[] = {
	{"", 0, 1},
	{":main", 0, 1},
	{"libx.so:", 8, 1},
	{"main%retrun", 4, 7},
	{"main%return:+3", 4, 10},
	{"%return", 0, 1},
	{"main:+", 4, 2},
	{"main:+x", 4, 3},
	{":+3", 0, 1},
	{"server.c:0", 9, 1},
	{"server.c:99999999999999999999", 9, 20},
	{"server.c:10:5", 11, 2},
	{":12", 0, 1},
	{"12", 0, 2},
	{"0x401136", 0, 8},
	{"9lives", 0, 6},
	{"*main", 1, 4},
	{"*0x", 1, 2},
	{"*0xzz", 1, 4},
	{":*0x10", 0, 1},
	{"*99999999999999999999999", 1, 23},
	{":*", 0, 1},
	{"*", 0, 1},
};

static void test_bad_places(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(bad_places); i++) {
		const struct bad_place *wanted = &bad_places[i];
		struct place_spec place = {.text = "untouched"};
		struct error *err = place_spec_parse(wanted->text, arena, &place);

		if (!err)
			fail_msg("\"%s\" was taken", wanted->text);
		assert_int_equal(err->kind, ERROR_USAGE);
		assert_string_equal(err->source, wanted->text);
		if (err->span_start != wanted->start || err->span_len != wanted->len)
			fail_msg("\"%s\": span %zu+%zu", wanted->text, err->span_start,
				 err->span_len);
		assert_non_null(err->cure);
		assert_string_equal(place.text, "untouched");
		error_free(err);
	}
}

static void test_durations(void **state)
{
	static const struct {
		const char *text;
		u64 ns;
	} good[] = {
		{"10", 10000000000},  {"250ms", 250000000},  {"1.5s", 1500000000},
		{"2m", 120000000000}, {"1h", 3600000000000}, {"0", 0},
		{"3us", 3000},	      {"0.000000001", 1},    {"7ns", 7},
	};
	static const char *const bad[] = {
		"",   "x",   "-1",	     "1x",  "1.",
		".5", "1 s", "99999999999h", "1e3", "99999999999999999999999"};
	u64 ns;

	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		assert_null(spec_duration(good[i].text, &ns));
		assert_int_equal(ns, good[i].ns);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct error *err = spec_duration(bad[i], &ns);

		if (!err)
			fail_msg("\"%s\" was taken", bad[i]);
		assert_int_equal(err->kind, ERROR_USAGE);
		error_free(err);
	}
}

/* Splits at single spaces; at most 20 words. */
static struct error *parse_line(const char *line, struct spec **spec)
{
	char *argv[21], *rest = arena_strdup(arena, line);
	int argc = 0;

	while (argc < 20 && (argv[argc] = strsep(&rest, " ")))
		argc++;
	argv[argc] = NULL;
	return spec_parse(argc, argv, arena, spec);
}

static struct spec *good_line(const char *line)
{
	struct spec *spec = NULL;
	struct error *err = parse_line(line, &spec);

	if (err)
		fail_msg("%s: %s", line, err->text);
	return spec;
}

static void test_defaults_protect(void **state)
{
	struct spec *spec = good_line("snap -p 12 main");

	assert_string_equal(spec->command, "snap");
	assert_int_equal(spec->target.kind, TARGET_PIDS);
	assert_int_equal(spec->target.pids[0], 12);
	assert_int_equal(spec->limits.hits, 1);
	assert_int_equal(spec->limits.rate, 1);
	assert_int_equal(spec->limits.duration_ns, 3600000000000);
	assert_int_equal(spec->limits.stack_bytes, 16384);
	assert_int_equal(spec->limits.frames, 64);
	assert_int_equal(spec->limits.depth, 2);
	assert_int_equal(spec->limits.elements, 32);
	assert_int_equal(spec->limits.string_bytes, 256);
	assert_int_equal(spec->format, FORMAT_TEXT);
}

static void test_options_stand_anywhere(void **state)
{
	struct spec *spec = good_line("snap main -n5 --rate=10/s -x /bin/x a.c:3 -n 6 --if x>3 "
				      "--capture a --capture=b=c -vv -qf json --stack 32K");

	assert_int_equal(spec->n_places, 2);
	assert_int_equal(spec->places[1].line, 3);
	assert_int_equal(spec->limits.hits, 6);
	assert_int_equal(spec->limits.rate, 10);
	assert_int_equal(spec->limits.stack_bytes, 32768);
	assert_string_equal(spec->condition, "x>3");
	assert_int_equal(spec->n_captures, 2);
	assert_string_equal(spec->captures[1], "b=c");
	assert_int_equal(spec->verbose, 2);
	assert_true(spec->quiet);
	assert_int_equal(spec->format, FORMAT_JSON);
	assert_int_equal(spec->target.kind, TARGET_BINARY);
}

static void test_command_takes_the_rest(void **state)
{
	struct spec *spec = good_line("snap main -x lib.so -- ./prog -n 3 --if -- x");

	assert_int_equal(spec->target.kind, TARGET_COMMAND);
	assert_string_equal(spec->target.binary, "lib.so");
	assert_string_equal(spec->target.command[0], "./prog");
	assert_string_equal(spec->target.command[5], "x");
	assert_null(spec->target.command[6]);
	assert_int_equal(spec->limits.hits, 1);
	assert_int_equal(spec->n_places, 1);
}

static void test_other_commands(void **state)
{
	struct spec *spec = good_line("list -x /bin/ls funcs main*");

	assert_int_equal(spec->list_what, LIST_FUNCS);
	assert_string_equal(spec->list_pattern, "main*");
	assert_int_equal(good_line("list vars --comm redis*")->list_what, LIST_VARS);
	assert_string_equal(good_line("replay -f trace a.snap")->file, "a.snap");
	assert_true(good_line("snap --help")->help);
	assert_string_equal(good_line("explain -x a b --if c -n 0 -d 0")->command, "explain");
	assert_string_equal(good_line("doctor -f json")->command, "doctor");
	spec = good_line("snap -p 1 main");
	assert_true(spec->limits.overhead == 20 && !spec->limits.overhead_of_all);
	spec = good_line("count -p 1 main --max-overhead 2.5%");
	assert_true(spec->limits.overhead == 2.5 && spec->limits.overhead_of_all);
	spec = good_line("log -p 1 main text --max-overhead none");
	assert_true(spec->limits.overhead == 0 && !spec->limits.overhead_of_all);
	spec = good_line("snap -p 1,2,1 -p 3 main --sample 1/10 --skip 4 -n 0 -d 0 --rate 0");
	assert_int_equal(spec->target.n_pids, 3);
	assert_int_equal(spec->limits.sample, 10);
	assert_int_equal(spec->limits.skip, 4);
	assert_int_equal(spec->limits.hits + spec->limits.duration_ns + spec->limits.rate, 0);
}

static const struct bad_line {
	const char *line;
	const char *says; /* in the text or the cure */
} bad_lines[] = {
	{"snap main", "no target"},
	{"snap -p 1", "no place"},
	{"snap -p", "-p needs PID"},
	{"snap -p 0 main", "\"0\""},
	{"snap -p 1, main", "-p takes"},
	{"snap -p x main", "-p takes process numbers"},
	{"snap -p 1 --capure x main", "--capture"},
	{"snap -p 1 --farmes=3 main", "--frames"},
	{"snap -p 1 -z main", "-z"},
	{"snap -p 1 -frames main", "-f"},
	{"snap -p 1 --frames 0 main", "1 to 1024"},
	{"snap -p 1 --frames -1 main", "\"-1\""},
	{"snap -p 1 --depth 33 main", "0 to 32"},
	{"snap -p 1 --stack 1G main", "bytes"},
	{"snap -p 1 --rate fast main", "a second"},
	{"snap -p 1 --sample 10 main", "1/N"},
	{"snap -p 1 --max-overhead 0 main", "percent"},
	{"snap -p 1 --max-overhead 1e9 main", "percent"},
	{"snap -p 1 --max-overhead -5 main", "percent"},
	{"snap -p 1 --max-overhead 5%% main", "percent"},
	{"snap -p 1 --sample 1/0 main", "1/N"},
	{"snap -p 1 -d soon main", "duration"},
	{"snap -p 1 -f xml main", "text, json or trace"},
	{"snap -p 1 --color red main", "auto"},
	{"snap -p 1 --regs=yes main", "no value"},
	{"snap -p 1 -x a main", "exclude"},
	{"snap -p 1 --comm a main", "exclude"},
	{"snap -p 1 main -- x", "exclude"},
	{"snap main --", "must follow --"},
	{"snap -p 1 main%retrun", "%return"},
	{"list -x a", "funcs, lines or vars"},
	{"list -x a funs", "funcs, lines or vars"},
	{"list -x a funcs b c", "one argument too many"},
	{"list -x a funcs -f trace", "json"},
	{"list -x a funcs -n 3", "-n"},
	{"count -p 1 f --hist n --keys 10241", "16 KiB"},
	{"explain -p 1 f --hist n --keys 10241", "--hist"},
	{"replay", "no file"},
	{"replay a b", "too many"},
	{"replay a -- b", "no command"},
	{"doctor x", "too many"},
	{"snop", "snop"},
};

static void test_bad_lines(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(bad_lines); i++) {
		struct spec *spec = NULL;
		struct error *err = parse_line(bad_lines[i].line, &spec);

		if (!err)
			fail_msg("\"%s\" was taken", bad_lines[i].line);
		assert_int_equal(err->kind, ERROR_USAGE);
		if (!strstr(err->text, bad_lines[i].says) &&
		    !(err->cure && strstr(err->cure, bad_lines[i].says)))
			fail_msg("\"%s\": %s (%s)", bad_lines[i].line, err->text, err->cure);
		assert_null(spec);
		error_free(err);
	}
}

static void test_sizes(void **state)
{
	u64 bytes;

	assert_null(spec_size("16K", &bytes));
	assert_int_equal(bytes, 16384);
	assert_null(spec_size("1M", &bytes));
	assert_int_equal(bytes, 1 << 20);
	assert_null(spec_size("4096", &bytes));
	assert_int_equal(bytes, 4096);
	for (size_t i = 0; i < 4; i++) {
		static const char *const bad[] = {"", "K", "1G", "16 K"};
		struct error *err = spec_size(bad[i], &bytes);

		assert_non_null(err);
		error_free(err);
	}
}

/* Whatever is typed: an answer or a usage error whose span lies inside its source. */
static void test_any_text_is_answered(void **state)
{
	static const char letters[] = "a:b*+%0x9.return/~<>, -=\"\\\xff";
	unsigned seed = 7;

	for (int round = 0; round < 20000; round++) {
		char text[24] = "";
		struct place_spec place;
		struct error *err;
		u64 number;

		for (int i = 0, len = rand_r(&seed) % 20; i < len; i++)
			text[i] = letters[(size_t)rand_r(&seed) % (sizeof(letters) - 1)];
		err = place_spec_parse(text, arena, &place);
		if (err && err->span_start + err->span_len > strlen(text) + 1)
			fail_msg("\"%s\": span %zu+%zu", text, err->span_start, err->span_len);
		if (!err && place.form != PLACE_ADDRESS)
			assert_true(place.name && place.name[0]);
		error_free(err);
		error_free(spec_duration(text, &number));
		error_free(spec_size(text, &number));
	}
}

static void test_counters(void **state)
{
	struct spec *spec = NULL;

	assert_null(parse_line("count -p 1 f g.c:* --by a --by $caller --hist n --keys 5 -i 0.5", &spec));
	assert_int_equal(spec->instrument, INSTRUMENT_COUNT);
	assert_int_equal(spec->n_places, 2);
	assert_int_equal(spec->count.n_by, 2);
	assert_string_equal(spec->count.by[1], "$caller");
	assert_string_equal(spec->count.histogram, "n");
	assert_int_equal(spec->count.keys, 5);
	assert_int_equal(spec->count.interval_ns, 500000000);
	assert_int_equal(spec->limits.hits, 0);
	assert_int_equal(spec->limits.rate, 0);
	assert_null(parse_line("explain -x a f", &spec));
	assert_int_equal(spec->instrument, INSTRUMENT_SNAP);
	assert_null(parse_line("explain -x a f --count", &spec));
	assert_int_equal(spec->instrument, INSTRUMENT_COUNT);
	assert_null(parse_line("explain -x a f:*", &spec));
	assert_int_equal(spec->instrument, INSTRUMENT_COUNT);
}

static void test_usage_names_every_option_of_its_command(void **state)
{
	const char *snap = spec_usage("snap", arena), *list = spec_usage("list", arena);

	assert_non_null(strstr(snap, "--capture EXPR"));
	assert_non_null(strstr(snap, "FUNC%return"));
	assert_non_null(strstr(list, "-x BINARY"));
	assert_null(strstr(list, "--capture"));
	assert_non_null(strstr(spec_usage(NULL, arena), "doctor"));
	for (const char *line = snap; line; line = strchr(line + 1, '\n'))
		assert_true(strcspn(line + 1, "\n") <= 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_bad_places),
		cmocka_unit_test(test_durations),
		cmocka_unit_test(test_defaults_protect),
		cmocka_unit_test(test_options_stand_anywhere),
		cmocka_unit_test(test_command_takes_the_rest),
		cmocka_unit_test(test_other_commands),
		cmocka_unit_test(test_bad_lines),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_any_text_is_answered),
		cmocka_unit_test(test_counters),
		cmocka_unit_test(test_usage_names_every_option_of_its_command),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
