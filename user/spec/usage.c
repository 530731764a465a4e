/* SPDX-License-Identifier: BSD-2-Clause */
/* The usage texts, from the tables. */
#include <string.h>

#include "base/strbuf.h"
#include "spec/option.h"

/* In the order of the IN_* bits. */
static const struct spec_command commands[] = {
	{"snap", "TARGET PLACE... [OPTIONS]",
	 "take snapshots: the stack and the values of the variables"},
	{"log", "TARGET PLACE... MESSAGE [OPTIONS]",
	 "write a line at each hit; {expr}, {expr:x}, {expr:d}, {expr:s} in MESSAGE are values",
	 INSTRUMENT_LOG},
	{"count", "TARGET PLACE... [OPTIONS]",
	 "count how often places are reached, by value or by line if wanted", INSTRUMENT_COUNT},
	{"tictoc", "TARGET TIC [TOC] [OPTIONS]",
	 "measure the time of a function, or between two places", INSTRUMENT_TICTOC},
	{"list", "TARGET funcs|lines|vars [PLACE or GLOB]",
	 "list functions, lines or variables that can be asked for"},
	{"explain", "TARGET PLACE... [OPTIONS]",
	 "say what snap would do, and why; attaches nothing, needs no root"},
	{"replay", "FILE [OPTIONS]", "show records that were written with -o FILE"},
	{"doctor", "[OPTIONS]", "test this host and name the cure for what is missing"},
};

static const char places[] =
	"\nPLACE is one of, each with BIN: before it if it isn't in the executable\n"
	"  FUNC               where the function has its arguments\n"
	"  FUNC%return        its return instructions; $return is set\n"
	"  FUNC:+N            the Nth line of it\n"
	"  FILE:LINE          a source line, in every inlined copy; the end of the path is enough\n"
	"  *0xADDR            an address as in the file, as nm prints it\n";

static const char all_lines[] =
	"  FUNC:*  FILE:*     all lines of it; the source is printed with the hits at its margin\n";

static const char statuses[] = "\nExit status: 0 done; 1 failed at run time; 2 usage; 3 no hit; 4 "
			       "place, variable or debug\n"
			       "information not found; 5 privilege or kernel feature missing.\n";

static const char *const group_titles[] = {
	[GROUP_TARGET] = "TARGET is one of",
	[GROUP_WHAT] = "What to take",
	[GROUP_LIMITS] = "Limits (default)",
	[GROUP_OUTPUT] = "Output",
};

const struct spec_command *spec_commands(size_t *n)
{
	*n = ARRAY_LEN(commands);
	return commands;
}

const struct spec_command *spec_command(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	}
	return NULL;
}

static void add_option(struct strbuf *buf, const struct option *option)
{
	struct strbuf _cleanup_(strbuf_free) left = {0};

	strbuf_puts(&left, option->name);
	if (option->argument)
		strbuf_printf(&left, " %s", option->argument);
	strbuf_printf(buf, "  %-18s %s\n", left.text, option->help);
}

static void add_group(struct strbuf *buf, enum option_group group, unsigned command)
{
	bool titled = false;
	size_t n;
	const struct option *options = options_all(&n);

	for (size_t i = 0; i < n; i++) {
		if (options[i].group != group || !(options[i].commands & command))
			continue;
		if (!titled)
			strbuf_printf(buf, "\n%s\n", group_titles[group]);
		titled = true;
		add_option(buf, &options[i]);
	}
}

static void add_overview(struct strbuf *buf)
{
	strbuf_puts(buf, "usage: snapline COMMAND ...\n"
			 "Looks into a running native program without stopping it.\n\n");
	for (size_t i = 0; i < ARRAY_LEN(commands); i++)
		strbuf_printf(buf, "  %-9s %s\n", commands[i].name, commands[i].help);
	strbuf_puts(buf,
		    "\n`snapline COMMAND --help` shows what it takes, `snapline --version` the "
		    "version.\n");
	strbuf_puts(buf, statuses);
}

static void add_command(struct strbuf *buf, const struct spec_command *command)
{
	unsigned bit = 1u << (command - commands);

	strbuf_printf(buf, "usage: snapline %s %s\n", command->name, command->synopsis);
	strbuf_printf(buf, "%c%s.\n", command->help[0] - 'a' + 'A', command->help + 1);
	add_group(buf, GROUP_TARGET, bit);
	if (bit & IN_TARGETS) {
		strbuf_printf(buf, "  %-18s %s\n", "-- COMMAND ARG...",
			      "last on the line: started with the probes in place");
		strbuf_puts(buf, places);
		if (bit & (IN_COUNT | IN_LIST))
			strbuf_puts(buf, all_lines);
	}
	for (size_t group = GROUP_WHAT; group < ARRAY_LEN(group_titles); group++)
		add_group(buf, (enum option_group)group, bit);
	strbuf_puts(buf, statuses);
}

const char *spec_usage(const char *command, struct arena *arena)
{
	const struct spec_command *found = command ? spec_command(command) : NULL;
	struct strbuf _cleanup_(strbuf_free) buf = {0};

	if (found)
		add_command(&buf, found);
	else
		add_overview(&buf);
	return arena_strdup(arena, buf.text);
}
