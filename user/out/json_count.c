/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Counters, one object for each row:
 *
 *	{"event":"count","probe","place":{...}|null,"hits","by":{"EXPR":value,...},
 *	 "missing":{"EXPR":reason},"overflow":true,"taken_out":true,
 *	 "histogram":{"expr","count","sum","mean","min","max","absent","buckets":[[from,to,hits],...]},
 *	 "interval":true,"seconds","rate"}
 *
 * A value is a number, a boolean or a string (a text, or the name of an enumerator or function);
 * $stack is an array of functions, innermost first; what could not be had is null, and missing says
 * why. place is null where hits are of several places. overflow: hits of all keys that found no
 * room. taken_out: --max-overhead ended it, the hits are those until then. With -i the object has
 * interval, and rate, in hits a second since the one before.
 */
#include <inttypes.h>

#include "base/json.h"
#include "out/render.h"
#include "out/report.h"

static void put_build_id(struct json *json, const struct build_id *id)
{
	struct strbuf text = {0};

	for (unsigned i = 0; id && i < id->len && i < sizeof(id->bytes); i++)
		strbuf_printf(&text, "%02x", id->bytes[i]);
	json_member_string(json, "build_id", text.text);
	strbuf_free(&text);
}

static void put_place(struct json *json, const struct event_place *place)
{
	json_key(json, "place");
	if (!place) {
		json_null(json);
		return;
	}
	json_object(json);
	json_member_string(json, "function", place->function);
	json_member_string(json, "file", place->file);
	json_key(json, "line");
	if (place->file)
		json_u64(json, place->line);
	else
		json_null(json);
	json_key(json, "pc");
	json_hex(json, place->pc);
	json_member_string(json, "module", place->module);
	put_build_id(json, place->build_id);
	json_object_end(json);
}

static void put_frames(struct json *json, const struct key_value *value)
{
	json_array(json);
	for (size_t i = 0; i < value->n_frames; i++)
		json_string(json, value->frames[i]);
	json_array_end(json);
}

static void put_value(struct json *json, const struct key_value *value)
{
	switch (value->kind) {
	case KEY_IS_NUMBER:
		if (value->is_signed)
			json_s64(json, (s64)value->number);
		else
			json_u64(json, value->number);
		break;
	case KEY_IS_REAL: json_real(json, value->real); break;
	case KEY_IS_BOOL: json_bool(json, value->number); break;
	case KEY_IS_TEXT: json_string(json, value->string); break;
	case KEY_IS_SYMBOL: json_string(json, value->text); break;
	case KEY_IS_STACK: put_frames(json, value); break;
	case KEY_IS_MISSING: json_null(json); break;
	}
}

static void put_keys(struct json *json, const struct count_report *report,
		     const struct report_row *row)
{
	bool is_missing = false, is_cut = false;

	json_key(json, "by");
	json_object(json);
	for (size_t i = 0; i < report->n_by; i++) {
		json_key(json, report->by[i]);
		put_value(json, &row->by[i]);
		is_missing |= row->by[i].kind == KEY_IS_MISSING;
		is_cut |= row->by[i].is_cut;
	}
	json_object_end(json);
	if (is_cut) {
		json_key(json, "cut");
		json_bool(json, true);
	}
	if (!is_missing)
		return;
	json_key(json, "missing");
	json_object(json);
	for (size_t i = 0; i < report->n_by; i++)
		if (row->by[i].kind == KEY_IS_MISSING)
			json_member_string(json, report->by[i], row->by[i].status);
	json_object_end(json);
}

/* Of a negative number the bounds change their places. */
static void put_bucket(struct json *json, const struct histogram *histogram, u32 bucket,
		       bool is_negative)
{
	u64 lower = histogram_lower(bucket), upper = histogram_upper(bucket);

	json_array(json);
	if (is_negative) {
		json_s64(json, -(s64)upper);
		json_s64(json, -(s64)lower);
	} else {
		json_u64(json, lower);
		json_u64(json, upper);
	}
	json_u64(json, histogram->buckets[bucket]);
	json_array_end(json);
}

static void put_bounds(struct json *json, const struct report_histogram *both)
{
	const struct histogram *positive = &both->positive, *negative = &both->negative;

	json_key(json, "min");
	if (negative->count)
		json_s64(json, -(s64)negative->max);
	else
		json_u64(json, positive->min);
	json_key(json, "max");
	if (positive->count)
		json_u64(json, positive->max);
	else
		json_s64(json, -(s64)negative->min);
}

static void put_histogram(struct json *json, const char *text, const struct report_histogram *both)
{
	const struct histogram *positive = &both->positive, *negative = &both->negative;
	u64 count = positive->count + negative->count;
	s64 sum = (s64)(positive->sum - negative->sum);

	json_key(json, "histogram");
	json_object(json);
	json_member_string(json, "expr", text);
	json_member_u64(json, "count", count);
	json_key(json, "sum");
	negative->count ? json_s64(json, sum) : json_u64(json, positive->sum);
	if (count) {
		json_key(json, "mean");
		json_real(json,
			  negative->count ? (double)sum / (double)count : histogram_mean(positive));
		put_bounds(json, both);
	}
	json_member_u64(json, "absent", both->absent);
	json_key(json, "buckets");
	json_array(json);
	for (u32 i = HISTOGRAM_BUCKETS; i-- > 0;)
		if (negative->buckets[i])
			put_bucket(json, negative, i, true);
	for (u32 i = 0; i < HISTOGRAM_BUCKETS; i++)
		if (positive->buckets[i])
			put_bucket(json, positive, i, false);
	json_array_end(json);
	json_object_end(json);
}

static void put_row(struct json *json, const struct count_report *report,
		    const struct report_row *row)
{
	json_member_string(json, "event", "count");
	json_member_string(json, "probe", report->probes[row->probe]);
	put_place(json, row->place < report->n_places ? &report->places[row->place] : NULL);
	json_member_u64(json, "hits", row->hits);
	if (row->by)
		put_keys(json, report, row);
	json_member_true(json, "overflow", row->is_overflow);
	json_member_true(json, "taken_out", row->is_out);
	if (row->histogram)
		put_histogram(json, report->histogram, row->histogram);
	json_key(json, "seconds");
	json_real(json, report->seconds);
	if (!report->is_interval)
		return;
	json_key(json, "interval");
	json_bool(json, true);
	json_key(json, "rate");
	json_real(json,
		  report->seconds > 0 ? (double)(row->hits - row->before) / report->seconds : 0);
}

struct error *json_count(const struct sink *sink, const struct count_report *report)
{
	_cleanup_(strbuf_free) struct strbuf out = {0};
	struct error *err = NULL;
	struct json json;

	for (size_t i = 0; i < report->n_rows && !err; i++) {
		json_begin(&json, &out);
		json_object(&json);
		put_row(&json, report, &report->rows[i]);
		json_object_end(&json);
		err = json_end(&json);
		strbuf_putc(&out, '\n');
	}
	return err ? err : render_write(sink->options.out, &out);
}
