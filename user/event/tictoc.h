/* SPDX-License-Identifier: BSD-2-Clause */
/* What tic-toc has to say: histograms, their sum, and of a slow pair what it was. */
#ifndef SNAPLINE_EVENT_TICTOC_H
#define SNAPLINE_EVENT_TICTOC_H

#include "base/histogram.h"
#include "event/decode.h"
#include "pair.h"

/* The pair that a snapshot at TOC ended. */
struct tictoc_pair {
	u64 elapsed_ns;
	u64 tic_time_ns;  /* since the epoch */
	u64 tic_ktime_ns; /* CLOCK_MONOTONIC */
	u64 tic_hit;
	u32 tic_pid, tic_tid;
	struct value **values; /* as they were at TIC */
	size_t n_values;
};

/* A histogram as the maps have it. */
struct tictoc_row {
	struct row_key key;
	bool is_overflow; /* without --by all; else what found no room */
	bool is_first;	  /* of those that come together */
	double seconds;	  /* so far */
	struct histogram histogram;
};

/* hits = pairs + open + overwritten + left + lost + rejected */
struct pairs_accounting {
	u64 hits, pairs, open, overwritten, left, lost;
	u64 over_limit, condition_error, condition_false; /* rejected is their sum */
	u64 toc_hits, toc_alone, key_error;		  /* outside the sum */
	u64 slow, slow_rate, slow_full, slow_emitted;	  /* the first is the sum of the others */
	u64 uncaptured;
	bool missed_known;
	u64 missed;
	double seconds;
	bool overhead_known;
	double overhead;
	struct taken_out taken_out;
};

struct tictoc_event {
	struct tictoc_pair *pair; /* SNAPSHOT */
	/* TICTOC */
	const struct histogram *histogram;
	struct value **by; /* one for each --by; their names are the expressions */
	size_t n_by;
	bool is_overflow; /* the histogram of what found no room for its own */
	bool is_live;	  /* more will come */
	bool is_last;	  /* of those that come together */
	bool is_first;
	double seconds; /* so far */
	/* PAIRS */
	struct pairs_accounting sum;
};

/* The chunk of a record that tells of its pair. */
struct error *tictoc_decode(struct event *event, const struct decoder *decoder, const u8 *bytes,
			    size_t len) _must_use_;
/* The values at TIC, as trees; after event_unwind(). Nothing for other snapshots. */
struct error *tictoc_values(struct event *event, const struct decoder *decoder,
			    const struct value_limits *limits) _must_use_;
/* An event of a histogram; the caller ends it with event_free(). */
struct event *tictoc_row_event(const struct plan *plan, const struct tictoc_row *row,
			       const struct value_limits *limits);
struct event *tictoc_pairs_event(const struct plan *plan, const struct pairs_accounting *sum);

#endif
