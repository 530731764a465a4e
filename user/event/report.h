/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a counter says at its end, or with -i so often: an event that renderers print as a table or,
 * for FUNC:* and FILE:*, as the source with hits at its margin. Made of maps in the kernel by cmd/,
 * or of a record file; it holds all that showing it needs.
 */
#ifndef SNAPLINE_REPORT_H
#define SNAPLINE_REPORT_H

#include "base/histogram.h"
#include "event/event.h"
#include "plan/plan.h"

enum key_value_kind {
	KEY_IS_NUMBER, /* number, as a s64 if is_signed */
	KEY_IS_REAL,
	KEY_IS_BOOL,
	KEY_IS_TEXT,	/* string */
	KEY_IS_SYMBOL,	/* text is its name: an enumerator, a function */
	KEY_IS_STACK,	/* frames */
	KEY_IS_MISSING, /* status and text say why */
};

struct key_value {
	enum key_value_kind kind;
	bool is_signed, is_cut;
	u64 number;
	double real;
	const char *text;    /* what the terminal shows */
	const char *string;  /* TEXT: its bytes */
	const char *status;  /* MISSING: as the JSON's of a variable */
	const char **frames; /* STACK: functions, innermost first */
	size_t n_frames;
};

struct report_histogram {
	struct histogram positive, negative; /* of the magnitudes of negative numbers */
	u64 absent;			     /* hits whose number could not be had */
};

enum { REPORT_NO_PLACE = 0xffffffff };

struct report_row {
	u32 probe; /* index in the plan */
	u32 place; /* index in the plan; REPORT_NO_PLACE: of several places */
	u64 hits;
	u64 before;	      /* hits in the report before this one, of -i */
	bool is_overflow;     /* all keys that found no room */
	bool is_out;	      /* taken out by --max-overhead: hits until then */
	struct key_value *by; /* report.n_by of them; NULL if there are no keys or is_overflow */
	struct report_histogram *histogram; /* NULL: none */
};

struct count_report {
	const char *const *by; /* texts of --by */
	size_t n_by;
	const char *histogram; /* text of --hist, or NULL */
	bool is_interval;      /* of -i: more will come */
	double seconds;	       /* since the report before, or since the start */
	u64 time_ns;	       /* since the epoch */
	struct report_row *rows;
	size_t n_rows;
	const struct event_place *places; /* of the plan */
	size_t n_places;
	const char *const *probes;
	const bool *is_listing; /* of each probe: FUNC:* or FILE:* */
	size_t n_probes;
	const char *sources; /* --source DIR, or NULL */
};

/* All but the rows, the times and is_interval. */
void report_describe(const struct plan *plan, struct arena *arena, struct count_report *report);
/* For record files. */
void report_write(const struct count_report *report, struct strbuf *out);
/* The bytes may come from anybody. */
struct error *report_read(const void *bytes, size_t len, const struct plan *plan,
			  struct arena *arena, struct count_report *report) _must_use_;

#endif
