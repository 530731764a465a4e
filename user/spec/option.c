/* SPDX-License-Identifier: BSD-2-Clause */
#include "spec/option.h"

#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"

static void *field_of(const struct option *option, struct spec *spec)
{
	return (char *)spec + option->field;
}

static struct error *bad_value(const struct option *option, const char *value, const char *wanted)
{
	size_t start = strlen(option->name) + 1;
	struct error *err =
		error_new(ERROR_USAGE, "%s takes %s, not \"%s\"", option->name, wanted, value);
	struct strbuf _cleanup_(strbuf_free) source = {0};

	strbuf_printf(&source, "%s %s", option->name, value);
	return error_span(err, source.text, start, strlen(value));
}

/* An error about value alone becomes one about the option with it. */
static struct error *at_option(const struct option *option, const char *value, struct error *err)
{
	struct strbuf _cleanup_(strbuf_free) source = {0};

	strbuf_printf(&source, "%s %s", option->name, value);
	err = error_prefix(err, "%s", option->name);
	return error_span(err, source.text, strlen(option->name) + 1, strlen(value));
}

static struct error *check_range(const struct option *option, const char *value, u64 number)
{
	char wanted[80];

	if (number >= option->min && (!option->max || number <= option->max))
		return NULL;
	if (option->max)
		snprintf(wanted, sizeof(wanted), "%llu to %llu", (unsigned long long)option->min,
			 (unsigned long long)option->max);
	else
		snprintf(wanted, sizeof(wanted), "at least %llu", (unsigned long long)option->min);
	return bad_value(option, value, wanted);
}

static struct error *parse_flag(const struct option *option, const char *value, struct arena *arena,
				struct spec *spec)
{
	*(bool *)field_of(option, spec) = true;
	return NULL;
}

static struct error *parse_verbose(const struct option *option, const char *value,
				   struct arena *arena, struct spec *spec)
{
	spec->verbose++;
	return NULL;
}

static struct error *parse_text(const struct option *option, const char *value, struct arena *arena,
				struct spec *spec)
{
	if (!*value)
		return bad_value(option, value, "a text");
	*(const char **)field_of(option, spec) = arena_strdup(arena, value);
	return NULL;
}

static bool decimal(const char *value, u64 *number)
{
	/* "010" is ten here, not eight */
	for (const char *p = value; *p; p++) {
		if (*p < '0' || *p > '9')
			return false;
	}
	while (value[0] == '0' && value[1])
		value++;
	return str_u64(value, number);
}

static struct error *parse_u64(const struct option *option, const char *value, struct arena *arena,
			       struct spec *spec)
{
	struct error *err;
	u64 number;

	if (!decimal(value, &number))
		return bad_value(option, value, "a number");
	err = check_range(option, value, number);
	if (!err)
		*(u64 *)field_of(option, spec) = number;
	return err;
}

static struct error *parse_u32(const struct option *option, const char *value, struct arena *arena,
			       struct spec *spec)
{
	struct error *err;
	u64 number;

	if (!decimal(value, &number))
		return bad_value(option, value, "a number");
	err = check_range(option, value, number);
	if (!err)
		*(u32 *)field_of(option, spec) = (u32)number;
	return err;
}

static struct error *parse_bytes(const struct option *option, const char *value,
				 struct arena *arena, struct spec *spec)
{
	u64 number;
	struct error *err = spec_size(value, &number);

	if (err)
		return at_option(option, value, err);
	err = check_range(option, value, number);
	if (!err)
		*(u32 *)field_of(option, spec) = (u32)number;
	return err;
}

static struct error *parse_duration(const struct option *option, const char *value,
				    struct arena *arena, struct spec *spec)
{
	u64 ns;
	struct error *err = spec_duration(value, &ns);

	if (err)
		return at_option(option, value, err);
	*(u64 *)field_of(option, spec) = ns;
	return NULL;
}

static struct error *parse_rate(const struct option *option, const char *value, struct arena *arena,
				struct spec *spec)
{
	size_t len = strlen(value);
	char *digits = arena_strdup(arena, value);
	u64 rate;

	if (len > 2 && strcmp(value + len - 2, "/s") == 0)
		digits[len - 2] = '\0';
	if (!decimal(digits, &rate))
		return bad_value(option, value, "a number of hits a second, like 10 or 10/s");
	spec->limits.rate = rate;
	return NULL;
}

static struct error *parse_sample(const struct option *option, const char *value,
				  struct arena *arena, struct spec *spec)
{
	u64 every;

	if (strncmp(value, "1/", 2) != 0 || !decimal(value + 2, &every) || every == 0)
		return bad_value(option, value, "1/N, like 1/100 for every hundredth hit");
	spec->limits.sample = every;
	return NULL;
}

static struct error *parse_overhead(const struct option *option, const char *value,
				    struct arena *arena, struct spec *spec)
{
	enum { MOST = 1000000 };
	char *end = NULL;
	double percent = strtod(value, &end);
	bool is_none = strcmp(value, "none") == 0;

	if (*end == '%')
		end++;
	if (!is_none && (value[0] < '0' || value[0] > '9' || strspn(value, "0123456789.%") != strlen(value) ||
			 *end || percent <= 0 || percent > MOST))
		return bad_value(option, value, "percent of the program's own time, like 5, or none");
	spec->limits.overhead = is_none ? 0 : percent;
	spec->limits.overhead_of_all = !is_none;
	return NULL;
}

static struct error *add_pid(const struct option *option, const char *value, const char *text,
			     struct arena *arena, struct spec *spec)
{
	enum { PID_MAX = 1 << 22 };
	u64 pid;

	if (!decimal(text, &pid) || pid == 0 || pid > PID_MAX)
		return bad_value(option, value, "process numbers, like 1234 or 1234,1240");
	for (size_t i = 0; i < spec->target.n_pids; i++) {
		if (spec->target.pids[i] == (int)pid)
			return NULL;
	}
	*arena_push(arena, spec->target.pids, spec->target.n_pids) = (int)pid;
	return NULL;
}

static struct error *parse_pids(const struct option *option, const char *value, struct arena *arena,
				struct spec *spec)
{
	char *rest = arena_strdup(arena, value), *pid;

	while ((pid = strsep(&rest, ","))) {
		struct error *err = add_pid(option, value, pid, arena, spec);

		if (err)
			return err;
	}
	return NULL;
}

static struct error *parse_capture(const struct option *option, const char *value,
				   struct arena *arena, struct spec *spec)
{
	if (!*value)
		return bad_value(option, value, "an expression");
	*arena_push(arena, spec->captures, spec->n_captures) = arena_strdup(arena, value);
	return NULL;
}

static struct error *parse_by(const struct option *option, const char *value, struct arena *arena,
			      struct spec *spec)
{
	if (!*value)
		return bad_value(option, value, "an expression");
	if (spec->count.n_by == SPEC_MAX_BY)
		return error_new(ERROR_USAGE, "--by can be given %d times at most", SPEC_MAX_BY);
	spec->count.by[spec->count.n_by++] = arena_strdup(arena, value);
	return NULL;
}

static struct error *parse_interval(const struct option *option, const char *value,
				    struct arena *arena, struct spec *spec)
{
	enum { SHORTEST_NS = 10000000 };
	u64 ns;
	struct error *err = spec_duration(value, &ns);

	if (err)
		return at_option(option, value, err);
	if (ns < SHORTEST_NS)
		return bad_value(option, value, "at least 10ms");
	spec->count.interval_ns = ns;
	return NULL;
}

static struct error *parse_message(const struct option *option, const char *value,
				   struct arena *arena, struct spec *spec)
{
	struct message *message = NULL;
	struct error *err = message_parse(value, arena, &message);

	spec->message = message;
	return err;
}

static struct error *parse_slower(const struct option *option, const char *value,
				  struct arena *arena, struct spec *spec)
{
	struct tictoc_spec *tictoc = &spec->tictoc;
	char *end = NULL;
	double percent = value[0] == 'p' ? strtod(value + 1, &end) : 0;

	tictoc->is_slower = true;
	if (value[0] != 'p')
		return parse_duration(option, value, arena, spec);
	if (value[1] < '0' || value[1] > '9' || *end || percent <= 0 || percent >= 100)
		return bad_value(option, value, "a duration, or p99, p99.9 and the like");
	tictoc->quantile = percent / 100;
	tictoc->slower_ns = UINT64_MAX;
	return NULL;
}

static struct error *parse_format(const struct option *option, const char *value,
				  struct arena *arena, struct spec *spec)
{
	static const char *const names[] = {
		[FORMAT_TEXT] = "text", [FORMAT_JSON] = "json", [FORMAT_TRACE] = "trace"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (strcmp(value, names[i]) == 0) {
			spec->format = (enum output_format)i;
			return NULL;
		}
	}
	return bad_value(option, value, "text, json or trace");
}

static struct error *parse_returns(const struct option *option, const char *value,
				   struct arena *arena, struct spec *spec)
{
	static const char *const names[] = {[RETURNS_AUTO] = "auto",
					    [RETURNS_INSTRUCTIONS] = "instructions",
					    [RETURNS_SESSION] = "session"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (strcmp(value, names[i]) == 0) {
			spec->tictoc.returns = (enum returns)i;
			return NULL;
		}
	}
	return bad_value(option, value, "auto, instructions or session");
}

static struct error *parse_color(const struct option *option, const char *value,
				 struct arena *arena, struct spec *spec)
{
	static const char *const names[] = {
		[COLOR_AUTO] = "auto", [COLOR_ALWAYS] = "always", [COLOR_NEVER] = "never"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (strcmp(value, names[i]) == 0) {
			spec->color = (enum color_mode)i;
			return NULL;
		}
	}
	return bad_value(option, value, "auto, always or never");
}

#define FIELD(member) offsetof(struct spec, member)

static const struct option options[] = {
	{"-p", "PID[,PID...]", IN_TARGETS, GROUP_TARGET,
	 "these processes; their children only with --follow", parse_pids},
	{"-x", "BINARY", IN_TARGETS, GROUP_TARGET,
	 "every process that runs or maps this file, now or later", parse_text,
	 FIELD(target.binary)},
	{"--comm", "GLOB", IN_TARGETS, GROUP_TARGET, "the processes with such a name", parse_text,
	 FIELD(target.comm)},
	{"--follow", NULL, IN_TAKING, GROUP_TARGET, "with -p: and the children they start",
	 parse_flag, FIELD(target.follow)},
	{"--if", "EXPR", IN_TAKING, GROUP_WHAT,
	 "only hits where this C expression is true; evaluated in the kernel", parse_text,
	 FIELD(condition)},
	{"--capture", "EXPR", IN_SHOWING, GROUP_WHAT,
	 "show this value too; may be given several times", parse_capture},
	{"--log", "MESSAGE", IN_EXPLAIN, GROUP_WHAT, "what log would do with this message",
	 parse_message},
	{"--by", "EXPR", IN_COUNTING, GROUP_WHAT,
	 "count by this value, $caller or $stack; may be given several times", parse_by},
	{"--hist", "EXPR", IN_COUNTING, GROUP_WHAT, "and the distribution of this number",
	 parse_text, FIELD(count.histogram)},
	{"--key", "EXPR", IN_TIMING, GROUP_WHAT,
	 "pair TIC and TOC by this value, whatever thread they run on", parse_text,
	 FIELD(tictoc.key)},
	{"--by", "EXPR", IN_TICTOC, GROUP_WHAT,
	 "a histogram for each value, as it is at TIC; may be given several times", parse_by},
	{"--slower", "DURATION", IN_TIMING, GROUP_WHAT,
	 "a snapshot at TOC of what took longer, with values from TIC; p99: of the slowest",
	 parse_slower, FIELD(tictoc.slower_ns)},
	{"--returns", "HOW", IN_TIMING, GROUP_WHAT,
	 "see a function's returns at its return instructions, by a session link, or auto",
	 parse_returns},
	{"--tictoc", NULL, IN_EXPLAIN, GROUP_WHAT, "what tictoc would do with one place or two",
	 parse_flag, FIELD(tictoc.explain)},
	{"--count", NULL, IN_EXPLAIN, GROUP_WHAT, "what count would do; FUNC:* and --by imply it",
	 parse_flag, FIELD(count.explain)},
	{"--regs", NULL, IN_FRAMES, GROUP_WHAT, "show the registers", parse_flag, FIELD(regs)},
	{"--exact", NULL, IN_TAKING, GROUP_WHAT,
	 "probe the very instruction asked for, never a cheaper one near it", parse_flag,
	 FIELD(exact)},
	{"-n", "PAIRS", IN_TICTOC, GROUP_LIMITS, "stop after so many (no limit)", parse_u64,
	 FIELD(limits.hits)},
	{"-n", "HITS", IN_SNAPPING, GROUP_LIMITS, "stop after so many (1; 0: no limit)", parse_u64,
	 FIELD(limits.hits)},
	{"-n", "LINES", IN_LOG, GROUP_LIMITS, "stop after so many (no limit)", parse_u64,
	 FIELD(limits.hits)},
	{"-n", "HITS", IN_COUNT, GROUP_LIMITS, "stop after so many (no limit)", parse_u64,
	 FIELD(limits.hits)},
	{"-d", "DURATION", IN_TAKING, GROUP_LIMITS,
	 "stop after 10 (seconds), 250ms, 2m, ... (1h; 0: no end)", parse_duration,
	 FIELD(limits.duration_ns)},
	{"--rate", "N/s", IN_TICTOC, GROUP_LIMITS,
	 "at most so many snapshots a second (1; 0: no limit)", parse_rate},
	{"--rate", "N/s", IN_SNAPPING, GROUP_LIMITS, "at most so many a second (1; 0: no limit)",
	 parse_rate},
	{"--rate", "N/s", IN_LOG, GROUP_LIMITS, "at most so many lines a second (100; 0: no limit)",
	 parse_rate},
	{"--rate", "N/s", IN_COUNT, GROUP_LIMITS, "count at most so many a second (no limit)",
	 parse_rate},
	{"--skip", "N", IN_TAKING, GROUP_LIMITS, "leave out the first N hits", parse_u64,
	 FIELD(limits.skip)},
	{"--sample", "1/N", IN_TAKING, GROUP_LIMITS, "take every Nth hit", parse_sample},
	{"--max-overhead", "PERCENT", IN_TAKING, GROUP_LIMITS,
	 "take out what costs the program more (20, if single-stepped), or none",
	 parse_overhead},
	{"--keys", "N", IN_COUNTING, GROUP_LIMITS,
	 "at most so many different keys (10240; with --hist 1024)", parse_u32, FIELD(count.keys),
	 1, 1 << 20},
	{"--keys", "N", IN_TICTOC, GROUP_LIMITS, "at most so many histograms (1000)", parse_u32,
	 FIELD(count.keys), 1, 10000},
	{"--open", "N", IN_TIMING, GROUP_LIMITS, "at most so many open pairs (65536)", parse_u32,
	 FIELD(tictoc.max_open), 1, 1 << 22},
	{"--frames", "N", IN_STACKS, GROUP_LIMITS, "at most so many frames (64)", parse_u32,
	 FIELD(limits.frames), 1, 1024},
	{"--depth", "N", IN_FRAMES, GROUP_LIMITS, "follow pointers so far (2)", parse_u32,
	 FIELD(limits.depth), 0, 32},
	{"--elements", "N", IN_VALUES, GROUP_LIMITS, "at most so many elements of an array (32)",
	 parse_u32, FIELD(limits.elements), 1, 4096},
	{"--string", "BYTES", IN_VALUES, GROUP_LIMITS, "at most so much of a string (256)",
	 parse_bytes, FIELD(limits.string_bytes), 1, 4096},
	{"--stack", "BYTES", IN_SHOWING, GROUP_LIMITS, "copy so much of the stack (16K)",
	 parse_bytes, FIELD(limits.stack_bytes), 0, 256 << 10},
	{"-f", "FORMAT", IN_ALL, GROUP_OUTPUT, "text, json (one object a line) or trace",
	 parse_format},
	{"-i", "SECONDS", IN_COUNT, GROUP_OUTPUT, "print counts and rates so often",
	 parse_interval},
	{"--source", "DIR", IN_COUNT | IN_REPLAY, GROUP_OUTPUT,
	 "where the source files of a listing are, if not at their recorded path", parse_text,
	 FIELD(count.sources)},
	{"-o", "FILE", IN_ATTACHING, GROUP_OUTPUT,
	 "write the records there, for `snapline replay FILE`", parse_text, FIELD(output)},
	{"--color", "WHEN", IN_ALL, GROUP_OUTPUT, "auto, always or never", parse_color},
	{"-q", NULL, IN_ALL, GROUP_OUTPUT, "no notices, no summary", parse_flag, FIELD(quiet)},
	{"-v", NULL, IN_ALL, GROUP_OUTPUT, "say more; -vv still more", parse_verbose},
	{"--help", NULL, IN_ALL, GROUP_OUTPUT, "this text", parse_flag, FIELD(help)},
};

const struct option *options_all(size_t *n)
{
	*n = ARRAY_LEN(options);
	return options;
}

const struct option *option_by_name(const char *name, size_t len, unsigned command)
{
	if (len == 2 && strncmp(name, "-h", 2) == 0)
		return option_by_name("--help", strlen("--help"), command);
	for (size_t i = 0; i < ARRAY_LEN(options); i++) {
		if ((options[i].commands & command) && strlen(options[i].name) == len &&
		    strncmp(options[i].name, name, len) == 0)
			return &options[i];
	}
	return NULL;
}

const char *option_near(const char *name, size_t len, unsigned command)
{
	char *wanted = strndup(name, len);
	size_t best = 4, distance;
	const char *found = NULL;

	if (!wanted)
		error_no_memory();
	for (size_t i = 0; i < ARRAY_LEN(options); i++) {
		/* one letter is no likeness */
		if (!(options[i].commands & command) || strlen(options[i].name) <= 2)
			continue;
		distance = str_distance(wanted, options[i].name, best);
		if (distance < best) {
			best = distance;
			found = options[i].name;
		}
	}
	free(wanted);
	return found;
}
