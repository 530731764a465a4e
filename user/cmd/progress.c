/* SPDX-License-Identifier: BSD-2-Clause */
#include "cmd/progress.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { SHOW_AFTER_MS = 300, STEP_MS = 100 };

struct progress {
	const char *what;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t ended;
	bool is_ended;
	bool is_shown;
};

static void add_ms(struct timespec *time, long ms)
{
	time->tv_nsec += ms * 1000000;
	time->tv_sec += time->tv_nsec / 1000000000;
	time->tv_nsec %= 1000000000;
}

static void show(struct progress *progress, unsigned ms)
{
	progress->is_shown = true;
	fprintf(stderr, "\r%s ... %u.%u s", progress->what, ms / 1000, ms / 100 % 10);
	fflush(stderr);
}

static void *watch(void *context)
{
	struct progress *progress = context;
	unsigned ms = SHOW_AFTER_MS;
	struct timespec next;

	clock_gettime(CLOCK_MONOTONIC, &next);
	add_ms(&next, SHOW_AFTER_MS);
	pthread_mutex_lock(&progress->lock);
	while (!progress->is_ended) {
		if (pthread_cond_timedwait(&progress->ended, &progress->lock, &next) != ETIMEDOUT)
			continue;
		show(progress, ms);
		add_ms(&next, STEP_MS);
		ms += STEP_MS;
	}
	pthread_mutex_unlock(&progress->lock);
	return NULL;
}

/* Signals are for the thread that works. */
static bool start_thread(struct progress *progress)
{
	sigset_t all, before;
	int failed;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	failed = pthread_create(&progress->thread, NULL, watch, progress);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return !failed;
}

struct progress *progress_begin(const struct spec *spec, const char *what)
{
	struct progress *progress;
	pthread_condattr_t attributes;

	if (spec->quiet || !isatty(STDERR_FILENO))
		return NULL;
	progress = calloc(1, sizeof(*progress));
	if (!progress)
		error_no_memory();
	progress->what = what;
	pthread_mutex_init(&progress->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&progress->ended, &attributes);
	pthread_condattr_destroy(&attributes);
	if (start_thread(progress))
		return progress;
	free(progress);
	return NULL;
}

void progress_end(struct progress *progress)
{
	if (!progress)
		return;
	pthread_mutex_lock(&progress->lock);
	progress->is_ended = true;
	pthread_cond_signal(&progress->ended);
	pthread_mutex_unlock(&progress->lock);
	pthread_join(progress->thread, NULL);
	if (progress->is_shown)
		fputs("\r\033[K", stderr);
	pthread_cond_destroy(&progress->ended);
	pthread_mutex_destroy(&progress->lock);
	free(progress);
}

void progress_endp(struct progress **progress)
{
	progress_end(*progress);
}
