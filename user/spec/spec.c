/* SPDX-License-Identifier: BSD-2-Clause */
#include "spec/spec.h"

#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"
#include "spec/option.h"

/* A walk along argv. */
struct parser {
	int argc;
	char **argv;
	int at;
	unsigned command; /* its IN_* bit */
	struct arena *arena;
	struct spec *spec;
	const char **words; /* what is neither an option nor its value */
	size_t n_words;
	bool has_rate;
};

struct limits spec_default_limits(const char *command)
{
	struct limits limits = {
		.hits = 1,
		.duration_ns = 3600ull * 1000000000,
		.rate = 1,
		.stack_bytes = 16 << 10,
		.frames = 64,
		.depth = 2,
		.elements = 32,
		.string_bytes = 256,
		.overhead = 20,
	};

	if (strcmp(command, "count") == 0)
		limits.hits = limits.rate = 0;
	if (strcmp(command, "tictoc") == 0)
		limits.hits = 0;
	if (strcmp(command, "log") == 0) {
		limits.hits = 0;
		limits.rate = 100;
		limits.stack_bytes = 0;
	}
	return limits;
}

static struct error *usage_error(const struct parser *parser, struct error *err)
{
	if (err->cure)
		return err;
	return error_cure(err, "`snapline %s --help` shows what it takes.", parser->spec->command);
}

static struct error *unknown_option(const struct parser *parser, const char *arg, size_t len)
{
	const char *near = option_near(arg, len, parser->command);
	struct error *err = error_new(ERROR_USAGE, "snapline %s has no option %.*s",
				      parser->spec->command, (int)len, arg);

	err = error_span(err, arg, 0, len);
	return near ? error_cure(err, "Did you mean %s?", near) : err;
}

static struct error *find_option(const struct parser *parser, const char *arg, size_t len,
				 const struct option **option)
{
	const struct option *found = option_by_name(arg, len, parser->command);

	if (!found)
		return unknown_option(parser, arg, len);
	*option = found;
	return NULL;
}

static struct error *take_value(struct parser *parser, const struct option *option,
				const char *attached)
{
	const char *value = attached;

	if (!value && parser->at >= parser->argc)
		return error_span(
			error_new(ERROR_USAGE, "%s needs %s", option->name, option->argument),
			option->name, 0, strlen(option->name));
	if (!value)
		value = parser->argv[parser->at++];
	parser->has_rate |= strcmp(option->name, "--rate") == 0;
	return option->parse(option, value, parser->arena, parser->spec);
}

/* --name, --name=value, --name value */
static struct error *parse_long(struct parser *parser, const char *arg)
{
	const char *equals = strchr(arg, '=');
	size_t len = equals ? (size_t)(equals - arg) : strlen(arg);
	const struct option *option = NULL;
	struct error *err = find_option(parser, arg, len, &option);

	if (err)
		return err;
	if (option->argument)
		return take_value(parser, option, equals ? equals + 1 : NULL);
	if (equals)
		return error_span(error_new(ERROR_USAGE, "%s takes no value", option->name), arg,
				  len, strlen(equals));
	return option->parse(option, NULL, parser->arena, parser->spec);
}

/* -n 5, -n5, -qv */
static struct error *parse_short(struct parser *parser, const char *arg)
{
	for (const char *p = arg + 1; *p; p++) {
		char name[] = {'-', *p, '\0'};
		const struct option *option = NULL;
		struct error *err = find_option(parser, name, 2, &option);

		if (err && p == arg + 1) { /* -frames: the dash that is missing */
			error_free(err);
			return unknown_option(parser, arg, strlen(arg));
		}
		if (err)
			return err;
		if (option->argument)
			return take_value(parser, option, p[1] ? p + 1 : NULL);
		err = option->parse(option, NULL, parser->arena, parser->spec);
		if (err)
			return err;
	}
	return NULL;
}

static struct error *parse_command(struct parser *parser)
{
	size_t n = (size_t)(parser->argc - parser->at);
	char **command;

	if (!(parser->command & IN_TARGETS))
		return error_new(ERROR_USAGE, "snapline %s takes no command to start",
				 parser->spec->command);
	if (n == 0)
		return error_new(ERROR_USAGE, "a command to start must follow --");
	command = arena_array(parser->arena, char *, n + 1);
	for (size_t i = 0; i < n; i++)
		command[i] = arena_strdup(parser->arena, parser->argv[parser->at + (int)i]);
	parser->spec->target.command = command;
	parser->at = parser->argc;
	return NULL;
}

static struct error *parse_arg(struct parser *parser)
{
	const char *arg = parser->argv[parser->at++];

	if (strcmp(arg, "--") == 0)
		return parse_command(parser);
	if (strncmp(arg, "--", 2) == 0)
		return parse_long(parser, arg);
	if (arg[0] == '-' && arg[1])
		return parse_short(parser, arg);
	*arena_push(parser->arena, parser->words, parser->n_words) = arg;
	return NULL;
}

static struct error *parse_args(struct parser *parser)
{
	while (parser->at < parser->argc) {
		struct error *err = parse_arg(parser);

		if (err)
			return err;
	}
	return NULL;
}

static struct error *exclusive(const char *a, const char *b)
{
	return error_new(ERROR_USAGE, "%s and %s exclude each other", a, b);
}

static struct error *settle_target(struct parser *parser)
{
	struct target_spec *target = &parser->spec->target;

	if (target->n_pids && target->binary)
		return error_cure(exclusive("-p", "-x"),
				  "To probe a library of a process, write it before the place: "
				  "-p PID libc.so.6:malloc.");
	if (target->n_pids && target->comm)
		return exclusive("-p", "--comm");
	if (target->binary && target->comm)
		return exclusive("-x", "--comm");
	if (target->command && (target->n_pids || target->comm))
		return exclusive(target->n_pids ? "-p" : "--comm", "-- COMMAND");
	target->kind = target->command	? TARGET_COMMAND
		       : target->n_pids ? TARGET_PIDS
		       : target->comm	? TARGET_COMM
		       : target->binary ? TARGET_BINARY
					: TARGET_NONE;
	if (target->kind == TARGET_NONE && (parser->command & IN_TARGETS))
		return error_cure(error_new(ERROR_USAGE, "no target is given"),
				  "Say which program: -p PID, -x BINARY, --comm NAME, or "
				  "-- COMMAND at the end.");
	return NULL;
}

static struct error *settle_places(struct parser *parser)
{
	struct spec *spec = parser->spec;

	if (parser->n_words == 0)
		return error_cure(error_new(ERROR_USAGE, "no place is given"),
				  "Say where: FUNC, FILE:LINE, FUNC:+N, FUNC%%return or *0xADDR. "
				  "`snapline list` shows what there is.");
	for (size_t i = 0; i < parser->n_words; i++) {
		struct place_spec *place = arena_push(parser->arena, spec->places, spec->n_places);
		struct error *err = place_spec_parse(parser->words[i], parser->arena, place);

		if (err)
			return err;
	}
	return NULL;
}

/* The last word; what is before it are places. */
static struct error *settle_message(struct parser *parser)
{
	struct message *message = NULL;
	struct error *err;

	if (parser->n_words < 2)
		return error_cure(error_new(ERROR_USAGE, "%s is given",
					    parser->n_words ? "no message" : "no place"),
				  "First the place, then the message, each as one argument: "
				  "snapline log TARGET PLACE 'n is {n}'.");
	err = message_parse(parser->words[--parser->n_words], parser->arena, &message);
	parser->spec->message = message;
	return err;
}

static struct error *too_many(const struct parser *parser, size_t most)
{
	const char *word;

	if (parser->n_words <= most)
		return NULL;
	word = parser->words[most];
	return error_span(error_new(ERROR_USAGE, "\"%s\" is one argument too many", word), word, 0,
			  strlen(word));
}

static struct error *settle_list(struct parser *parser)
{
	static const char *const names[] = {
		[LIST_FUNCS] = "funcs", [LIST_LINES] = "lines", [LIST_VARS] = "vars"};
	const char *cure = "Say what to list: funcs, lines or vars.";
	size_t what = 0;

	if (parser->n_words == 0)
		return error_cure(error_new(ERROR_USAGE, "nothing to list is named"), "%s", cure);
	while (what < ARRAY_LEN(names) && strcmp(parser->words[0], names[what]) != 0)
		what++;
	if (what == ARRAY_LEN(names)) {
		const char *word = parser->words[0];
		struct error *err = error_new(ERROR_USAGE, "\"%s\" can't be listed", word);

		return error_cure(error_span(err, word, 0, strlen(word)), "%s", cure);
	}
	parser->spec->list_what = (enum list_what)what;
	if (parser->n_words > 1)
		parser->spec->list_pattern = arena_strdup(parser->arena, parser->words[1]);
	return too_many(parser, 2);
}

static struct error *settle_replay(struct parser *parser)
{
	if (parser->n_words == 0)
		return error_cure(error_new(ERROR_USAGE, "no file is given"),
				  "Name one that was written with -o FILE.");
	parser->spec->file = arena_strdup(parser->arena, parser->words[0]);
	return too_many(parser, 1);
}

static struct error *settle_words(struct parser *parser)
{
	struct error *err;

	if (parser->command & IN_LOG) {
		err = settle_message(parser);
		return err ? err : settle_places(parser);
	}
	if (parser->command & IN_TICTOC) {
		err = too_many(parser, 2);
		return err ? err : settle_places(parser);
	}
	if (parser->command & IN_TAKING)
		return settle_places(parser);
	if (parser->command & IN_LIST)
		return settle_list(parser);
	if (parser->command & IN_REPLAY)
		return settle_replay(parser);
	return too_many(parser, 0);
}

/* Each histogram takes 16 KiB of the kernel's memory, and as much again when it is read. */
static struct error *settle_count(const struct parser *parser)
{
	enum { MOST_HISTOGRAMS = 10240 };
	const struct count_spec *count = &parser->spec->count;

	if (!count->histogram || count->keys <= MOST_HISTOGRAMS)
		return NULL;
	return error_cure(error_new(ERROR_USAGE, "--keys takes at most %d with --hist, not %u",
				    MOST_HISTOGRAMS, count->keys),
			  "Each key's histogram takes 16 KiB of kernel memory.");
}

/* What only one instrument has says which one explain is asked about. */
static void settle_instrument(struct parser *parser)
{
	struct spec *spec = parser->spec;
	bool counts = spec->count.explain || spec->count.n_by || spec->count.histogram ||
		      spec->count.keys;

	for (size_t i = 0; i < spec->n_places; i++)
		counts |= spec->places[i].form == PLACE_ALL;
	if (spec->tictoc.explain || spec->tictoc.key || spec->tictoc.is_slower)
		spec->instrument = INSTRUMENT_TICTOC;
	else if (counts)
		spec->instrument = INSTRUMENT_COUNT;
	else if (spec->message)
		spec->instrument = INSTRUMENT_LOG;
}

/* A trace has every pair, unless slow ones are asked for. */
static struct error *settle_tictoc(struct parser *parser)
{
	struct spec *spec = parser->spec;

	if (spec->n_places > 2)
		return error_new(ERROR_USAGE, "tictoc takes one place or two");
	if (spec->tictoc.key && spec->n_places < 2)
		return error_cure(error_new(ERROR_USAGE, "--key needs two places"),
				  "The calls of one function are told apart without a key.");
	if (spec->n_captures && !spec->tictoc.is_slower && spec->format != FORMAT_TRACE)
		return error_cure(error_new(ERROR_USAGE, "--capture needs --slower"),
				  "It says what the snapshots of slow pairs show of their tics.");
	if (spec->format != FORMAT_TRACE || spec->tictoc.is_slower)
		return NULL;
	spec->tictoc.is_slower = spec->tictoc.is_trace = true;
	spec->limits.stack_bytes = 0;
	if (!parser->has_rate)
		spec->limits.rate = 0;
	return NULL;
}

static struct error *settle_format(struct parser *parser)
{
	if (parser->spec->format != FORMAT_TRACE ||
	    (parser->command & (IN_SNAP | IN_TICTOC | IN_REPLAY)))
		return NULL;
	return error_new(ERROR_USAGE, "snapline %s writes text and json only",
			 parser->spec->command);
}

/* What a function returns is the first thing to be asked of a snapshot there. */
static void settle_captures(struct parser *parser)
{
	struct spec *spec = parser->spec;
	bool returns = false;

	for (size_t i = 0; i < spec->n_places; i++)
		returns |= spec->places[i].form == PLACE_RETURN;
	for (size_t i = 0; i < spec->n_captures; i++)
		returns &= strcmp(spec->captures[i], "$return") != 0;
	if (!returns)
		return;
	spec->returned = "$return";
	*arena_push(parser->arena, spec->captures, spec->n_captures) = spec->returned;
}

static struct error *settle(struct parser *parser)
{
	struct error *err;

	if (parser->spec->help)
		return NULL;
	err = settle_target(parser);
	if (!err)
		err = settle_format(parser);
	if (!err)
		err = settle_words(parser);
	if (!err && (parser->command & IN_EXPLAIN))
		settle_instrument(parser);
	if (!err && parser->spec->instrument == INSTRUMENT_SNAP)
		settle_captures(parser);
	if (!err && parser->spec->instrument == INSTRUMENT_TICTOC)
		err = settle_tictoc(parser);
	if (!err && parser->spec->instrument == INSTRUMENT_COUNT)
		err = settle_count(parser);
	return err;
}

struct error *spec_parse(int argc, char **argv, struct arena *arena, struct spec **spec)
{
	const struct spec_command *command = spec_command(argv[0]);
	struct parser parser = {.argc = argc, .argv = argv, .at = 1, .arena = arena};
	struct error *err;
	size_t n;

	if (!command)
		return error_new(ERROR_USAGE, "snapline has no command \"%s\"", argv[0]);
	parser.command = 1u << (command - spec_commands(&n));
	parser.spec = arena_alloc(arena, sizeof(*parser.spec));
	parser.spec->command = command->name;
	parser.spec->argc = argc;
	parser.spec->argv = argv;
	parser.spec->instrument = command->instrument;
	parser.spec->limits = spec_default_limits(command->name);
	err = parse_args(&parser);
	if (!err)
		err = settle(&parser);
	if (err)
		return usage_error(&parser, err);
	*spec = parser.spec;
	return NULL;
}
