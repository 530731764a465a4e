/* SPDX-License-Identifier: BSD-2-Clause */
/* The bytes of a record file, for its writer and its reader (recording.h). */
#ifndef SNAPLINE_RECORDING_FORMAT_H
#define SNAPLINE_RECORDING_FORMAT_H

#include "base/base.h"
#include "pair.h"

#define RECORDING_MAGIC "SNAPLINE RECORDS 2\n"

enum section_kind {
	SECTION_PLAN = 1,
	SECTION_CLOCK,
	SECTION_PROCESS,
	SECTION_FILES,
	SECTION_VDSO,
	SECTION_LATE,
	SECTION_RECORD,
	SECTION_SUMMARY,
	SECTION_COUNT,
	SECTION_TICTOC,
	SECTION_PAIRS,
};

enum { SECTION_ALIGN = 8, SECTION_BIGGEST = 256 * 1024 * 1024 };

struct section {
	u32 kind;
	u32 len; /* bytes that follow, padding not counted */
};

/* Before the maps' text of SECTION_PROCESS. */
struct section_process {
	s32 pid;
	u32 padding;
	u64 start_time;
};

struct section_summary {
	u32 probe;
	u32 missed_known;
	u64 hits, over_limit, condition_error, condition_false, rate_limited, buffer_full, emitted;
	u64 missed, faulted;
	double seconds;
	/* files that are older end here */
	u32 out_places, out_of;
	double out_seconds;
	u64 overhead_known;
	double overhead;
};

/* SECTION_TICTOC, before n_buckets of the other. */
struct section_tictoc {
	struct row_key key;
	u32 is_overflow;
	u32 n_buckets;
	u32 is_first;
	u32 unused;
	u64 sum, min, max;
	double seconds;
};
struct section_bucket {
	u64 bucket;
	u64 count;
};

struct section_pairs {
	u64 numbers[17]; /* with which struct pairs_accounting begins */
	u8 missed_known;
	u8 padding[7];
	u64 missed;
	double seconds;
	/* files that are older end here */
	u32 out_places, out_of;
	double out_seconds;
	u64 overhead_known;
	double overhead;
};

#endif
