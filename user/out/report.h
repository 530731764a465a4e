/* SPDX-License-Identifier: BSD-2-Clause */
/* The reports of counters, for people and as JSON. */
#ifndef SNAPLINE_OUT_REPORT_H
#define SNAPLINE_OUT_REPORT_H

#include "event/report.h"
#include "out/sink.h"

struct pen;

struct error *text_count(const struct sink *sink, const struct count_report *report) _must_use_;
struct error *json_count(const struct sink *sink, const struct count_report *report) _must_use_;
/* The rows of one probe, which is FUNC:* or FILE:*, as the source with hits at its margin. */
void listing_put(struct pen *pen, const struct count_report *report, u32 probe);

#endif
