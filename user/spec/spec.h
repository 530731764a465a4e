/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the user asked, parsed. It knows no binary: names stay text, numbers are checked for form.
 * Owned by the arena that spec_parse() was given.
 */
#ifndef SNAPLINE_SPEC_H
#define SNAPLINE_SPEC_H

#include "base/arena.h"
#include "base/error.h"
#include "spec/message.h"

enum target_kind {
	TARGET_NONE,	/* list, explain of a file given with -x need none of the others */
	TARGET_PIDS,	/* -p */
	TARGET_BINARY,	/* -x: every process that runs or maps it */
	TARGET_COMM,	/* --comm GLOB */
	TARGET_COMMAND, /* -- COMMAND ARG...; with -x BINARY too, places are looked up in BINARY */
};

struct target_spec {
	enum target_kind kind;
	int *pids;
	size_t n_pids;
	const char *binary; /* -x, or NULL */
	const char *comm;
	char **command; /* NULL-terminated argv, or NULL */
	bool follow;	/* --follow: children too */
};

enum place_form {
	PLACE_FUNCTION, /* FUNC */
	PLACE_RETURN,	/* FUNC%return */
	PLACE_OFFSET,	/* FUNC:+N */
	PLACE_LINE,	/* FILE:LINE */
	PLACE_ADDRESS,	/* *0xADDR */
	PLACE_ALL,	/* FUNC:* or FILE:* (count, list) */
	PLACE_ENTRY,	/* a function's true entry; nobody writes it, tictoc asks for it */
};

struct place_spec {
	const char *text;   /* as written, for messages */
	const char *binary; /* BIN: or NULL */
	enum place_form form;
	const char *name; /* function or file */
	unsigned line;	  /* LINE, or N of +N */
	u64 address;
};

enum output_format { FORMAT_TEXT, FORMAT_JSON, FORMAT_TRACE };
enum color_mode { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };

struct limits {
	u64 hits;	  /* -n; 0: no limit */
	u64 duration_ns;  /* -d; 0: no limit */
	u64 rate;	  /* --rate a second; 0: no limit */
	u64 skip;	  /* --skip: the first N hits */
	u64 sample;	  /* --sample 1/N: every Nth hit; 0 and 1: all */
	u32 stack_bytes;  /* --stack */
	u32 frames;	  /* --frames */
	u32 depth;	  /* --depth: pointers followed from a variable */
	u32 elements;	  /* --elements of an array */
	u32 string_bytes; /* --string */
	double overhead;  /* --max-overhead, percent of the target's own CPU time; 0: no limit */
	bool overhead_of_all; /* asked for: of every probe, not only of those that are single-stepped */
};

/* What is done at a hit. */
enum instrument { INSTRUMENT_SNAP, INSTRUMENT_LOG, INSTRUMENT_COUNT, INSTRUMENT_TICTOC };

enum list_what { LIST_FUNCS, LIST_LINES, LIST_VARS };

/* count */
enum { SPEC_MAX_BY = 4 };
struct count_spec {
	const char *by[SPEC_MAX_BY]; /* --by */
	size_t n_by;
	const char *histogram; /* --hist, or NULL */
	u64 interval_ns;       /* -i; 0: at the end alone */
	u32 keys;	       /* --keys; 0: the default */
	const char *sources;   /* --source DIR, or NULL */
	bool explain;	       /* explain --count */
};

/* tictoc: by what a function's returns are seen */
enum returns { RETURNS_AUTO, RETURNS_INSTRUCTIONS, RETURNS_SESSION };

struct tictoc_spec {
	const char *key; /* --key, or NULL */
	bool is_slower;	 /* slow pairs are shown, with snapshots */
	bool is_trace;	 /* all pairs are, without */
	double quantile; /* --slower p99: 0.99; 0: slower_ns holds */
	u64 slower_ns;
	u32 max_open;	 /* --open; 0: the default */
	enum returns returns; /* --returns */
	bool explain;	 /* explain's --tictoc */
};

struct spec {
	const char *command;	    /* "snap" */
	enum instrument instrument; /* the command's; of explain, the one that is explained */
	struct count_spec count;
	struct tictoc_spec tictoc;
	struct target_spec target;
	struct place_spec *places;
	size_t n_places;
	const char *condition; /* --if, or NULL */
	const char **captures; /* --capture */
	size_t n_captures;
	const char *returned; /* the one of them that FUNC%return adds unasked: "$return"; or NULL */
	const struct message *message; /* log's MESSAGE, explain's --log; or NULL */
	enum list_what list_what;
	const char *list_pattern; /* list: PLACE or glob, or NULL */
	const char *file;	  /* replay's FILE */
	struct limits limits;
	enum output_format format;
	enum color_mode color;
	const char *output; /* -o, or NULL */
	bool regs, exact, quiet;
	unsigned verbose; /* -v count */
	bool help, version;
	int argc; /* the command line itself, for record files */
	char **argv;
};

/* argv[0] is the command's name. Failures are ERROR_USAGE with the span of the faulty argument. */
struct error *spec_parse(int argc, char **argv, struct arena *arena, struct spec **spec) _must_use_;
struct error *place_spec_parse(const char *text, struct arena *arena,
			       struct place_spec *place) _must_use_;
/* Owns every default of DESIGN.md, "Defaults that protect production". */
struct limits spec_default_limits(const char *command);
/* "10", "250ms", "1.5s", "2m", "1h" (a bare number is seconds). */
struct error *spec_duration(const char *text, u64 *ns) _must_use_;
/* "4096", "16K", "1M" (powers of 1024). */
struct error *spec_size(const char *text, u64 *bytes) _must_use_;
/* A command's name and what it does, in the order of the overview. */
struct spec_command {
	const char *name;
	const char *synopsis; /* what follows the name */
	const char *help;     /* one line */
	enum instrument instrument;
};
const struct spec_command *spec_commands(size_t *n);
const struct spec_command *spec_command(const char *name); /* NULL: none of that name */
/* The usage text of one command (NULL: the overview); generated from the option table. */
const char *spec_usage(const char *command, struct arena *arena);

#endif
