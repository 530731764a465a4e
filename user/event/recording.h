/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Record files (-o, replay): the plan, then records with all that showing them elsewhere needs. A
 * line of text "SNAPLINE RECORDS 2\n", then sections: a head (struct section), its bytes, padding to
 * 8. Numbers are in the host's byte order.
 *
 *	PLAN     text of plan_write(), first
 *	CLOCK    s64: ns from CLOCK_MONOTONIC to the epoch
 *	PROCESS  pid, start time; maps as text like /proc/PID/maps; before its first record
 *	FILES    build-ids of the modules of the process before (struct file_identity each)
 *	VDSO     bytes of the vdso of the process before
 *	LATE     address and bytes that were read after the hit; of the record that follows
 *	RECORD   as the kernel wrote it
 *	COUNT    a report of a counter (report.c)
 *	SUMMARY  of one probe, last
 *	TICTOC   a histogram: its key, sum, extremes, then (bucket, count) of those that aren't empty
 *	PAIRS    sum of tic-toc, behind its histograms
 */
#ifndef SNAPLINE_RECORDING_H
#define SNAPLINE_RECORDING_H

#include <stdio.h>

#include "event/decode.h"
#include "event/tictoc.h"

struct recording;

/* Creates the file and writes the head. */
struct error *recording_create(const char *path, const struct plan *plan, s64 realtime_offset,
			       struct recording **recording) _must_use_;
/* The event is the record decoded to the end, so that all late memory is known. */
void recording_add(struct recording *recording, const struct record_head *record,
		   const struct event *event);
void recording_summary(struct recording *recording, u32 probe, const struct accounting *counts);
struct count_report;
void recording_count(struct recording *recording, const struct count_report *report);
void recording_tictoc(struct recording *recording, const struct tictoc_row *row);
void recording_pairs(struct recording *recording, const struct pairs_accounting *sum);
/* Closes the file; errors of writing come here. Frees it. */
struct error *recording_close(struct recording *recording) _must_use_;

struct replay;

/* What replay_next() found. */
struct replay_item {
	bool is_summary;
	u32 probe; /* summary */
	struct accounting accounting;
	const void *report; /* of a counter, for report_read(); valid until the next call */
	size_t report_len;
	const struct tictoc_row *row; /* tic-toc; or NULL */
	const struct pairs_accounting *pairs; /* or NULL */
	const void *record; /* else; valid until the next call */
	size_t record_len;
	const struct late_memory *late;
	size_t n_late;
};

/*
 * Takes the file, and reads the head: plan_text is for plan_read(). The path is for messages.
 * ERROR_FAILED for a file that is none or damaged.
 */
struct error *replay_open(FILE *file, const char *path, struct replay **replay,
			  const char **plan_text, size_t *plan_len,
			  s64 *realtime_offset) _must_use_;
/* Processes go into `processes` as they come; error_end after the last item. */
struct error *replay_next(struct replay *replay, struct processes *processes,
			  struct replay_item *item) _must_use_;
void replay_close(struct replay *replay);
void replay_closep(struct replay **replay);

#endif
