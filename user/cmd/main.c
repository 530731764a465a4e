/* SPDX-License-Identifier: BSD-2-Clause */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/strbuf.h"
#include "cmd/border.h"
#include "cmd/cmd.h"

/* One command is one line here, one file beside, and its words in spec/usage.c. */
static const struct command {
	const char *name;
	struct error *(*run)(const struct spec *spec, struct arena *arena);
} commands[] = {
	{"snap", cmd_snap},	  {"log", cmd_log},	  {"count", cmd_count},
	{"tictoc", cmd_tictoc},	  {"list", cmd_list},
	{"explain", cmd_explain}, {"replay", cmd_replay}, {"doctor", cmd_doctor},
};

static const struct command *find_command(const char *name)
{
	size_t i = 0;

	/* spec_parse() knows the same names */
	while (i < ARRAY_LEN(commands) - 1 && strcmp(commands[i].name, name) != 0)
		i++;
	return &commands[i];
}

/* Near is what differs in two letters at most, and in less than half of them. */
static struct error *unknown_command(const char *name)
{
	enum { MAX_SLIPS = 2 };
	struct error *err = error_new(ERROR_USAGE, "there is no command \"%s\"", name);
	size_t n, best = min_u64(MAX_SLIPS + 1, (strlen(name) + 1) / 2);
	const struct spec_command *known = spec_commands(&n);
	const char *near = NULL;

	for (size_t i = 0; i < n; i++) {
		size_t distance = str_distance(name, known[i].name, best);

		if (distance < best) {
			best = distance;
			near = known[i].name;
		}
	}
	if (near)
		return error_cure(err, "Did you mean `snapline %s`?", near);
	return error_cure(err, "`snapline help` lists the commands.");
}

static struct error *print_usage(const char *command, struct arena *arena)
{
	if (command && !spec_command(command))
		return unknown_command(command);
	fputs(spec_usage(command, arena), stdout);
	return NULL;
}

static struct error *run_command(int argc, char **argv, struct arena *arena)
{
	struct spec *spec = NULL;
	struct error *err;

	if (!spec_command(argv[0]))
		return unknown_command(argv[0]);
	err = spec_parse(argc, argv, arena, &spec);
	if (err)
		return err;
	if (spec->help)
		return print_usage(spec->command, arena);
	return find_command(spec->command)->run(spec, arena);
}

static struct error *run(int argc, char **argv, struct arena *arena)
{
	const char *word = argc > 1 ? argv[1] : "help";

	if (strcmp(word, "help") == 0 || strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0)
		return print_usage(argc > 2 ? argv[2] : NULL, arena);
	if (strcmp(word, "--version") == 0 || strcmp(word, "version") == 0) {
		puts("snapline " SNAPLINE_VERSION);
		return NULL;
	}
	return run_command(argc - 1, argv + 1, arena);
}

/* Data that didn't reach its reader is a failure: a full disk, a closed pipe. */
static struct error *finish_output(void)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return NULL;
	return error_errno(ERROR_FAILED, "writing the output");
}

/*
 * What we open must not become standard output because that was closed. What reads and writes there
 * still fails.
 */
static void fill_standard_files(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0)
			open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
}

int main(int argc, char **argv)
{
	struct arena *arena = arena_new();
	struct error *err;
	int status = 0;

	fill_standard_files();
	err = run(argc, argv, arena);
	if (!err)
		err = finish_output();
	if (err) {
		fflush(stdout);
		error_print(err, stderr);
		status = (int)err->kind;
	}
	error_free(err);
	arena_free(arena);
	border_done();
	return status;
}
