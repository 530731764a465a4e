/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A log line for people:
 *
 *	14:36:48.123456 redis-server 812/815 call server.c:3408: GET of client 7
 *
 * time, thread (process/thread), function and line, message. Lines of that PLACE that are missing
 * before it are said on a line of their own.
 */
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "out/pen.h"
#include "out/render.h"

static void put_time(struct pen *pen, u64 time_ns)
{
	time_t seconds = (time_t)(time_ns / 1000000000);
	struct tm local;

	if (time_ns && localtime_r(&seconds, &local))
		pen_printf(pen, PEN_DIM, "%02d:%02d:%02d.%06u ", local.tm_hour, local.tm_min,
			   local.tm_sec, (unsigned)(time_ns / 1000 % 1000000));
}

static void put_missing(struct pen *pen, const struct event *event, u64 n, const char *why)
{
	if (!n)
		return;
	put_time(pen, event->time_ns);
	pen_printf(pen, PEN_DIM, "(%" PRIu64 " line%s of ", n, n == 1 ? "" : "s");
	pen_put(pen, PEN_DIM, event->probe);
	pen_printf(pen, PEN_DIM, " %s)", why);
	pen_newline(pen, 0);
}

static void put_place(struct pen *pen, const struct event *event)
{
	const struct event_place *place = &event->place;
	const char *file = place->file ? strrchr(place->file, '/') : NULL;

	if (place->function)
		pen_put(pen, PEN_FUNCTION, place->function);
	else
		pen_printf(pen, PEN_ADDRESS, "0x%" PRIx64, place->pc);
	if (place->file)
		pen_printf(pen, PEN_PLAIN, " %s:%u", file ? file + 1 : place->file, place->line);
	pen_put(pen, PEN_PLAIN, ": ");
}

struct error *text_log(const struct sink *sink, const struct event *event)
{
	_cleanup_(strbuf_free) struct strbuf out = {0};
	struct pen pen = {.out = &out, .color = sink->options.color};

	put_missing(&pen, event, event->suppressed, "suppressed by the rate limit");
	put_missing(&pen, event, event->lost, "lost: the buffer was full");
	put_time(&pen, event->time_ns);
	pen_put(&pen, PEN_PLAIN, event->comm ? event->comm : "?");
	if (event->pid)
		pen_printf(&pen, PEN_PLAIN, " %u/%u ", event->pid, event->tid);
	else
		pen_put(&pen, PEN_PLAIN, " ?/? "); /* of another pid namespace */
	put_place(&pen, event);
	pen_put(&pen, PEN_PLAIN, event->message);
	pen_newline(&pen, 0);
	return render_write_later(sink->options.out, &out);
}
