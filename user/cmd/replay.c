/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <libgen.h>

#include "cmd/border.h"
#include "cmd/cmd.h"
#include "cmd/show.h"
#include "event/log.h"
#include "event/recording.h"
#include "event/report.h"

/* What one run of replay holds. */
struct playback {
	const struct spec *spec;
	struct replay *replay;
	struct plan *plan;
	struct processes *processes;
	struct decoder decoder;
	struct sink *sink;
	struct log_decoder *log; /* made with the first line */
	bool with_values;
};

static struct error *open_file(const struct spec *spec, FILE **file)
{
	*file = fopen(spec->file, "re");
	if (!*file)
		return error_errno(errno == ENOENT ? ERROR_NOT_FOUND : ERROR_FAILED,
				   "%s can't be read", spec->file);
	return border_cross_to_read(spec, NULL, fileno(*file));
}

/* The programs may lie beside the record file, for showing it elsewhere. */
static struct error *read_head(struct playback *playback, FILE *file, struct arena *arena)
{
	const char *path = playback->spec->file, *folder = dirname(arena_strdup(arena, path));
	const char *text;
	size_t len;
	s64 realtime_offset;
	struct error *err =
		replay_open(file, path, &playback->replay, &text, &len, &realtime_offset);

	if (!err)
		err = plan_read(text, len, folder, &playback->plan);
	if (err)
		return err;
	playback->processes = processes_new(false, folder);
	playback->decoder = (struct decoder){
		.plan = playback->plan,
		.processes = playback->processes,
		.realtime_offset = realtime_offset,
	};
	for (size_t i = 0; i < playback->plan->n_modules; i++)
		if (playback->plan->modules[i]->dw)
			processes_know_file(playback->processes, playback->plan->modules[i]->path,
					    playback->plan->modules[i]->dw);
	return NULL;
}

static struct error *show_notes(struct playback *playback)
{
	struct error *err = NULL;

	for (size_t i = 0; i < playback->plan->n_notes && !err; i++)
		err = show_notice(playback->sink, playback->plan->notes[i]);
	return err;
}

static struct error *show_line(struct playback *playback, const struct replay_item *item)
{
	const struct event *event;
	struct error *err;

	if (!playback->log)
		playback->log = log_decoder_new(&playback->decoder, playback->with_values);
	err = log_decode(playback->log, item->record, item->record_len, &event);
	return err ? err : sink_event(playback->sink, event);
}

static struct error *show_report(struct playback *playback, const struct replay_item *item)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct count_report report;
	struct error *err =
		report_read(item->report, item->report_len, playback->plan, arena, &report);

	if (err)
		return err;
	if (playback->spec->count.sources)
		report.sources = playback->spec->count.sources;
	return show_count(playback->sink, &report);
}

static struct error *show_item(struct playback *playback, const struct replay_item *item)
{
	_cleanup_(event_freep) struct event *event = NULL;
	struct error *err;

	if ((item->row || item->pairs) && playback->plan->n_probes != TICTOC_PROBES)
		return error_new(ERROR_FAILED, "damaged record file: times of no pair");
	if (item->row)
		return show_row(playback->sink, playback->plan, item->row);
	if (item->pairs)
		return show_pairs(playback->sink, playback->plan, item->pairs);
	if (item->is_summary && item->probe >= playback->plan->n_probes)
		return error_new(ERROR_FAILED, "damaged record file: a summary of no probe");
	if (item->is_summary)
		return show_summary(playback->sink, playback->plan->probes[item->probe].text,
				    &item->accounting);
	if (item->report)
		return show_report(playback, item);
	if (log_is_record(item->record, item->record_len))
		return show_line(playback, item);
	err = show_decode(&playback->decoder, item->record, item->record_len, item->late,
			  item->n_late, &event);
	return err ? err : sink_event(playback->sink, event);
}

static struct error *show_items(struct playback *playback)
{
	struct replay_item item;
	struct error *err;

	do {
		err = replay_next(playback->replay, playback->processes, &item);
		if (!err)
			err = show_item(playback, &item);
	} while (!err);
	return err == &error_end ? NULL : err;
}

static struct error *finish(struct playback *playback, struct error *err)
{
	struct error *later = playback->sink ? sink_end(playback->sink) : NULL;

	if (err)
		error_free(later);
	else
		err = later;
	log_decoder_free(playback->log);
	processes_free(playback->processes);
	plan_free(playback->plan);
	replay_close(playback->replay);
	return err;
}

struct error *cmd_replay(const struct spec *spec, struct arena *arena)
{
	struct playback playback = {.spec = spec, .with_values = spec->format != FORMAT_TEXT};
	FILE *file;
	struct error *err = open_file(spec, &file);

	if (!err)
		err = read_head(&playback, file, arena);
	if (!err)
		err = show_open(spec, stdout, &playback.sink);
	if (!err)
		err = show_notes(&playback);
	if (!err)
		err = show_items(&playback);
	return finish(&playback, err);
}
