/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tic-toc for people. Without --by:
 *
 *	call: 1,234,567 pairs in 10.0 s
 *	  min 812 ns  mean 2.31 us  p50 1.98 us  p90 3.71 us  p99 7.94 us  p99.9 31.2 us  max 1.02
 * ms [   512 ns,   1.02 us)        1,234  |@
 *
 * With it a line for each value, the one that took the most time first.
 */
#include <inttypes.h>
#include <stdio.h>
#include <sys/ioctl.h>

#include "event/tictoc.h"
#include "out/pen.h"
#include "out/render.h"
#include "out/tree.h"

static const struct {
	const char *name;
	double q;
} quantiles[] = {{"p50", 0.5}, {"p90", 0.9}, {"p99", 0.99}, {"p99.9", 0.999}};

static void put_duration(struct pen *pen, u64 ns, int width)
{
	_cleanup_(strbuf_free) struct strbuf text = {0};

	histogram_label_time(&text, ns);
	pen_printf(pen, PEN_PLAIN, "%*s", width, text.text);
}

static void put_named(struct pen *pen, const char *name, u64 ns)
{
	pen_printf(pen, PEN_DIM, "  %s ", name);
	put_duration(pen, ns, 0);
}

static void put_whole(struct pen *pen, const struct event *event)
{
	const struct tictoc_event *tictoc = event->tictoc;
	const struct histogram *histogram = tictoc->histogram;
	_cleanup_(strbuf_free) struct strbuf bars = {0};

	pen_printf(pen, PEN_TITLE, "%s: ", event->probe);
	pen_count(pen, PEN_PLAIN, histogram->count, 0);
	pen_put(pen, PEN_PLAIN, histogram->count == 1 ? " pair" : " pairs");
	if (tictoc->seconds > 0)
		pen_printf(pen, PEN_PLAIN, " in %.1f s", tictoc->seconds);
	pen_newline(pen, 0);
	put_named(pen, "min", histogram->min);
	put_named(pen, "mean", histogram_mean_floor(histogram));
	for (size_t i = 0; i < ARRAY_LEN(quantiles); i++)
		put_named(pen, quantiles[i].name, histogram_quantile(histogram, quantiles[i].q));
	put_named(pen, "max", histogram->max);
	pen_newline(pen, 0);
	histogram_draw(histogram, histogram_label_time, &bars);
	strbuf_add(pen->out, bars.text, bars.len);
}

static void put_by(struct pen *pen, const struct tictoc_event *tictoc)
{
	if (tictoc->is_overflow)
		pen_put(pen, PEN_DIM, "(what found no room for a histogram of its own)");
	for (size_t i = 0; i < tictoc->n_by; i++) {
		pen_put(pen, PEN_PLAIN, i ? "  " : "");
		pen_put(pen, PEN_NAME, tictoc->by[i]->name);
		pen_put(pen, PEN_PLAIN, " = ");
		tree_put_brief(pen, tictoc->by[i]);
	}
}

static void put_row(struct pen *pen, const struct event *event)
{
	const struct tictoc_event *tictoc = event->tictoc;
	const struct histogram *histogram = tictoc->histogram;
	enum { COLUMN = 10 };

	if (tictoc->is_first) {
		pen_printf(pen, PEN_TITLE, "%s", event->probe);
		pen_newline(pen, 0);
		pen_printf(pen, PEN_DIM, "%12s%*s%*s%*s%*s%*s%*s%*s", "pairs", COLUMN, "min",
			   COLUMN, "mean", COLUMN, "p50", COLUMN, "p90", COLUMN, "p99", COLUMN,
			   "p99.9", COLUMN, "max");
		pen_newline(pen, 0);
	}
	pen_printf(pen, PEN_PLAIN, "%12" PRIu64, histogram->count);
	put_duration(pen, histogram->min, COLUMN);
	put_duration(pen, histogram_mean_floor(histogram), COLUMN);
	for (size_t i = 0; i < ARRAY_LEN(quantiles); i++)
		put_duration(pen, histogram_quantile(histogram, quantiles[i].q), COLUMN);
	put_duration(pen, histogram->max, COLUMN);
	pen_put(pen, PEN_PLAIN, "  ");
	put_by(pen, tictoc);
	pen_newline(pen, 0);
}

static u32 terminal_width(int fd)
{
	struct winsize size;

	return ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col ? size.ws_col : UINT16_MAX;
}

/* Lines of the terminal, which breaks what is longer than it is wide. */
static u32 count_lines(const struct strbuf *text, u32 width)
{
	u32 n = 0, column = 0;
	bool in_escape = false;

	for (size_t i = 0; i < text->len; i++) {
		char c = text->text[i];

		if (c == '\n') {
			n += 1 + (column ? (column - 1) / width : 0);
			column = 0;
		} else if (c == '\033' || in_escape) {
			in_escape = c != 'm';
		} else {
			column++;
		}
	}
	return n;
}

struct error *text_tictoc(struct sink *sink, const struct event *event)
{
	_cleanup_(strbuf_free) struct strbuf out = {0};
	struct pen pen = {.out = &out, .color = sink->options.color};

	if (event->tictoc->n_by || event->tictoc->is_overflow)
		put_row(&pen, event);
	else
		put_whole(&pen, event);
	if (event->tictoc->is_live)
		sink->live_lines += count_lines(&out, terminal_width(sink->options.terminal));
	return render_write(sink->options.out, &out);
}

/* Back to where the live lines began. */
struct error *text_erase_live(struct sink *sink)
{
	_cleanup_(strbuf_free) struct strbuf out = {0};

	if (!sink->live_lines)
		return NULL;
	strbuf_printf(&out, "\033[%uA\033[J", sink->live_lines);
	sink->live_lines = 0;
	return render_write(sink->options.out, &out);
}

/* Of a snapshot that ends a pair. */
void text_pair(struct pen *pen, const struct tictoc_pair *pair)
{
	pen_put(pen, PEN_PLAIN, "took ");
	put_duration(pen, pair->elapsed_ns, 0);
	pen_printf(pen, PEN_DIM, "  since tic %" PRIu64 " on tid %u", pair->tic_hit, pair->tic_tid);
	pen_newline(pen, 0);
	for (size_t i = 0; i < pair->n_values; i++) {
		pen_put(pen, PEN_DIM, i ? "        " : "at TIC  ");
		pen_put(pen, PEN_NAME, pair->values[i]->name);
		pen_put(pen, PEN_PLAIN, " = ");
		tree_put(pen, pair->values[i], 8);
		pen_newline(pen, 0);
	}
}

static void put_class(struct pen *pen, const char *name, u64 number, bool show, const char *sign)
{
	if (!show)
		return;
	pen_printf(pen, PEN_PLAIN, " %s %s ", sign, name);
	pen_count(pen, PEN_PLAIN, number, 0);
}

static void put_beside(struct pen *pen, const char *name, u64 number, bool show)
{
	if (!show)
		return;
	pen_printf(pen, PEN_PLAIN, "  %s ", name);
	pen_count(pen, PEN_PLAIN, number, 0);
}

static void put_slow(struct pen *pen, const struct pairs_accounting *sum)
{
	if (!sum->slow)
		return;
	pen_put(pen, PEN_PLAIN, "  slow ");
	pen_count(pen, PEN_PLAIN, sum->slow, 0);
	pen_put(pen, PEN_PLAIN, " (shown ");
	pen_count(pen, PEN_PLAIN, sum->slow_emitted, 0);
	put_beside(pen, "rate_limited", sum->slow_rate, sum->slow_rate);
	put_beside(pen, "buffer_full", sum->slow_full, sum->slow_full);
	put_beside(pen, "without values", sum->uncaptured, sum->uncaptured);
	pen_put(pen, PEN_PLAIN, ")");
}

struct error *text_pairs(struct sink *sink, const struct event *event)
{
	_cleanup_(strbuf_free) struct strbuf out = {0};
	struct pen pen = {.out = &out, .color = sink->options.color};
	const struct pairs_accounting *sum = &event->tictoc->sum;
	u64 rejected = sum->over_limit + sum->condition_error + sum->condition_false;
	bool all = sink->options.verbose > 0;

	pen_printf(&pen, PEN_TITLE, "%s: ", event->probe);
	pen_put(&pen, PEN_PLAIN, "tics ");
	pen_count(&pen, PEN_PLAIN, sum->hits, 0);
	put_class(&pen, "pairs", sum->pairs, true, "=");
	put_class(&pen, "open", sum->open, all || sum->open, "+");
	put_class(&pen, "overwritten", sum->overwritten, all || sum->overwritten, "+");
	put_class(&pen, "left", sum->left, all || sum->left, "+");
	put_class(&pen, "lost", sum->lost, all || sum->lost, "+");
	put_class(&pen, "rejected", rejected, all || rejected, "+");
	put_beside(&pen, "condition_error", sum->condition_error, sum->condition_error);
	put_beside(&pen, "tocs without tic", sum->toc_alone, all);
	put_beside(&pen, "tocs without key", sum->key_error, all || sum->key_error);
	put_slow(&pen, sum);
	if (!sum->missed_known)
		pen_put(&pen, PEN_PLAIN, "  missed unknown");
	put_beside(&pen, "missed", sum->missed, sum->missed_known && (sum->missed || all));
	pen_printf(&pen, PEN_PLAIN, "  %.1f s", sum->seconds);
	text_taken_out(&pen, &sum->taken_out);
	pen_newline(&pen, 0);
	return render_write(sink->options.err, &out);
}
