/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A source with the hits of its lines at the margin; a line without code has none, and one that was
 * never reached has 0:
 *
 *	networking.c
 *	       1,204   2398  	while(c->qb_pos < sdslen(c->querybuf)) {
 *	           0   2400  		if (c->flags & CLIENT_BLOCKED) break;
 *
 * A + behind the hits: the line was taken out by --max-overhead, they are those until then.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/host.h"
#include "out/pen.h"
#include "out/report.h"

enum { HITS_WIDTH = 15, MAX_LINES = 1000000, MAX_LINE_BYTES = 65536 };

/* The hits of a file's lines. */
struct listing {
	const char *file;
	unsigned first, last;
	u64 *hits; /* of line first + i */
	bool *has_code, *is_out;
};

static const struct event_place *place_of(const struct count_report *report,
					  const struct report_row *row)
{
	return row->place < report->n_places ? &report->places[row->place] : NULL;
}

static bool belongs(const struct count_report *report, const struct report_row *row, u32 probe,
		    const char *file)
{
	const struct event_place *place = place_of(report, row);

	return row->probe == probe && place && place->file && strcmp(place->file, file) == 0 &&
	       place->line && place->line <= MAX_LINES;
}

static bool gather(const struct count_report *report, u32 probe, struct listing *listing)
{
	listing->first = UINT32_MAX;
	for (size_t i = 0; i < report->n_rows; i++) {
		const struct event_place *place = place_of(report, &report->rows[i]);

		if (!belongs(report, &report->rows[i], probe, listing->file))
			continue;
		listing->first = (unsigned)min_u64(listing->first, place->line);
		listing->last = (unsigned)max_u64(listing->last, place->line);
	}
	if (!listing->last)
		return false;
	listing->hits = calloc(listing->last - listing->first + 1, sizeof(*listing->hits));
	listing->has_code = calloc(listing->last - listing->first + 1, sizeof(bool));
	listing->is_out = calloc(listing->last - listing->first + 1, sizeof(bool));
	if (!listing->hits || !listing->has_code || !listing->is_out)
		error_no_memory();
	for (size_t i = 0; i < report->n_rows; i++) {
		unsigned at;

		if (!belongs(report, &report->rows[i], probe, listing->file))
			continue;
		at = place_of(report, &report->rows[i])->line - listing->first;
		listing->hits[at] += report->rows[i].hits;
		listing->has_code[at] = true;
		listing->is_out[at] |= report->rows[i].is_out;
	}
	return true;
}

/* DIR may be the top of the source tree or the very folder: the longest end of the path that is
 * there is taken.
 */
static FILE *open_under(const char *folder, const char *path)
{
	const char *rest = path;
	char name[4096];
	FILE *file = NULL;

	while (rest && !file) {
		while (*rest == '/')
			rest++;
		snprintf(name, sizeof(name), "%s/%s", folder, rest);
		file = host_open_stream(name);
		rest = strchr(rest, '/');
	}
	return file;
}

static FILE *open_source(const struct count_report *report, const char *path)
{
	if (report->sources)
		return open_under(report->sources, path);
	return *path == '/' ? host_open_stream(path) : NULL;
}

static void put_margin(struct pen *pen, const struct listing *listing, unsigned line)
{
	bool inside = line >= listing->first && line <= listing->last;
	bool is_out = inside && listing->is_out[line - listing->first];
	u64 hits;

	if (!inside || !listing->has_code[line - listing->first]) {
		pen_printf(pen, PEN_PLAIN, "%*s", HITS_WIDTH, "");
	} else {
		hits = listing->hits[line - listing->first];
		pen_count(pen, hits ? PEN_NAME : PEN_DIM, hits, HITS_WIDTH);
	}
	pen_printf(pen, PEN_DIM, "%c %5u", is_out ? '+' : ' ', line);
}

/* Tabs as spaces: the margin would move them. */
static void put_code(struct pen *pen, const char *text, size_t len)
{
	u32 start = pen->column + 2;
	char c[2] = "";

	pen_put(pen, PEN_PLAIN, "  ");
	for (size_t i = 0; i < len; i++) {
		c[0] = text[i] == '\t' ? ' ' : text[i];
		pen_put(pen, PEN_PLAIN, c);
		while (text[i] == '\t' && (pen->column - start) % 8)
			pen_put(pen, PEN_PLAIN, " ");
	}
}

static void put_lines_alone(struct pen *pen, const struct listing *listing)
{
	for (unsigned line = listing->first; line <= listing->last; line++) {
		if (!listing->has_code[line - listing->first])
			continue;
		put_margin(pen, listing, line);
		pen_newline(pen, 0);
	}
}

static void put_source(struct pen *pen, const struct listing *listing, FILE *source, bool whole)
{
	char *text = NULL;
	size_t capacity = 0;
	unsigned line = 0;
	ssize_t len;

	while (line < MAX_LINES && (len = getline(&text, &capacity, source)) >= 0) {
		line++;
		if (!whole && (line < listing->first || line > listing->last))
			continue;
		while (len && (text[len - 1] == '\n' || text[len - 1] == '\r'))
			len--;
		put_margin(pen, listing, line);
		put_code(pen, text, min_u64((u64)len, MAX_LINE_BYTES));
		pen_newline(pen, 0);
	}
	free(text);
	for (line++; line <= listing->last; line++) {
		if (line < listing->first || !listing->has_code[line - listing->first])
			continue;
		put_margin(pen, listing, line);
		pen_put(pen, PEN_DIM, "  <the source has no such line>");
		pen_newline(pen, 0);
	}
}

static void put_file(struct pen *pen, const struct count_report *report, u32 probe,
		     const char *file, bool whole)
{
	struct listing listing = {.file = file};
	FILE *source;

	if (!gather(report, probe, &listing))
		return;
	source = open_source(report, file);
	pen_put(pen, PEN_TITLE, file);
	if (!source)
		pen_put(pen, PEN_DIM, "  (the source isn't there; --source DIR says where it is)");
	pen_newline(pen, 0);
	if (source)
		put_source(pen, &listing, source, whole);
	else
		put_lines_alone(pen, &listing);
	if (source)
		fclose(source);
	free(listing.hits);
	free(listing.has_code);
	free(listing.is_out);
}

/* Is the row the first of its file? */
static bool is_first(const struct count_report *report, size_t row, u32 probe, const char *file)
{
	for (size_t i = 0; i < row; i++)
		if (belongs(report, &report->rows[i], probe, file))
			return false;
	return true;
}

void listing_put(struct pen *pen, const struct count_report *report, u32 probe)
{
	const char *text = report->probes[probe], *last = NULL;
	const char *colon = strrchr(text, ':');

	for (size_t i = 0; i < report->n_rows; i++) {
		const struct event_place *place = place_of(report, &report->rows[i]);
		bool whole;

		if (report->rows[i].probe != probe || !place || !place->file)
			continue;
		if (last && strcmp(last, place->file) == 0)
			continue;
		last = place->file;
		whole = colon && memchr(text, '.', (size_t)(colon - text)) != NULL;
		if (is_first(report, i, probe, place->file))
			put_file(pen, report, probe, place->file, whole);
	}
}
