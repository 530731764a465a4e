/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tic-toc as JSON, beside json.c:
 *
 * tictoc    probe by{EXPR: value} (null: all, or what found no room) overflow
 *           count sum min mean p50 p90 p99 p999 max (nanoseconds)
 *           buckets[[smallest, largest, count]...] of those that aren't empty
 * summary   probe tics pairs open overwritten left lost rejected{over_limit condition_error
 *           condition_false} tocs tocs_without_tic tocs_without_key
 *           slow{pairs emitted rate_limited buffer_full without_values} missed seconds overhead taken_out
 * A snapshot that ends a pair has `elapsed` (ns) and `tic{time pid tid hit values[...]}` besides.
 */
#include "event/tictoc.h"
#include "out/render.h"

static void put_by(struct json *json, const struct tictoc_event *tictoc)
{
	json_key(json, "by");
	if (!tictoc->n_by) {
		json_null(json);
	} else {
		json_object(json);
		for (size_t i = 0; i < tictoc->n_by; i++) {
			json_key(json, tictoc->by[i]->name);
			render_json_value(json, tictoc->by[i]);
		}
		json_object_end(json);
	}
	json_key(json, "overflow");
	json_bool(json, tictoc->is_overflow);
}

static void put_buckets(struct json *json, const struct histogram *histogram)
{
	json_key(json, "buckets");
	json_array(json);
	for (u32 i = 0; i < HISTOGRAM_BUCKETS; i++) {
		if (!histogram->buckets[i])
			continue;
		json_array(json);
		json_u64(json, histogram_lower(i));
		json_u64(json, histogram_upper(i));
		json_u64(json, histogram->buckets[i]);
		json_array_end(json);
	}
	json_array_end(json);
}

void json_tictoc(struct json *json, const struct event *event)
{
	const struct histogram *histogram = event->tictoc->histogram;

	json_key(json, "probe");
	json_string(json, event->probe);
	put_by(json, event->tictoc);
	json_member_u64(json, "count", histogram->count);
	json_member_u64(json, "sum", histogram->sum);
	json_member_u64(json, "min", histogram->min);
	json_key(json, "mean");
	json_real(json, histogram_mean(histogram));
	json_member_u64(json, "p50", histogram_quantile(histogram, 0.5));
	json_member_u64(json, "p90", histogram_quantile(histogram, 0.9));
	json_member_u64(json, "p99", histogram_quantile(histogram, 0.99));
	json_member_u64(json, "p999", histogram_quantile(histogram, 0.999));
	json_member_u64(json, "max", histogram->max);
	put_buckets(json, histogram);
}

void json_pair(struct json *json, const struct event *event)
{
	const struct tictoc_pair *pair = event->tictoc->pair;

	json_member_u64(json, "elapsed", pair->elapsed_ns);
	json_key(json, "tic");
	json_object(json);
	render_json_time(json, pair->tic_time_ns);
	json_member_u64(json, "pid", pair->tic_pid);
	json_member_u64(json, "tid", pair->tic_tid);
	json_member_u64(json, "hit", pair->tic_hit);
	render_json_variables(json, "values", pair->values, pair->n_values, event->arena);
	json_object_end(json);
}

static void put_slow(struct json *json, const struct pairs_accounting *sum)
{
	json_key(json, "slow");
	json_object(json);
	json_member_u64(json, "pairs", sum->slow);
	json_member_u64(json, "emitted", sum->slow_emitted);
	json_member_u64(json, "rate_limited", sum->slow_rate);
	json_member_u64(json, "buffer_full", sum->slow_full);
	json_member_u64(json, "without_values", sum->uncaptured);
	json_object_end(json);
}

void json_pairs(struct json *json, const struct event *event)
{
	const struct pairs_accounting *sum = &event->tictoc->sum;

	json_key(json, "probe");
	json_string(json, event->probe);
	json_member_u64(json, "tics", sum->hits);
	json_member_u64(json, "pairs", sum->pairs);
	json_member_u64(json, "open", sum->open);
	json_member_u64(json, "overwritten", sum->overwritten);
	json_member_u64(json, "left", sum->left);
	json_member_u64(json, "lost", sum->lost);
	json_key(json, "rejected");
	json_object(json);
	json_member_u64(json, "over_limit", sum->over_limit);
	json_member_u64(json, "condition_error", sum->condition_error);
	json_member_u64(json, "condition_false", sum->condition_false);
	json_object_end(json);
	json_member_u64(json, "tocs", sum->toc_hits);
	json_member_u64(json, "tocs_without_tic", sum->toc_alone);
	json_member_u64(json, "tocs_without_key", sum->key_error);
	put_slow(json, sum);
	json_key(json, "missed");
	if (sum->missed_known)
		json_u64(json, sum->missed);
	else
		json_null(json);
	json_key(json, "seconds");
	json_real(json, sum->seconds);
	json_overhead(json, sum->overhead_known, sum->overhead, &sum->taken_out);
}
