/* SPDX-License-Identifier: BSD-2-Clause */
#include "cmd/lives.h"

#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

struct lives {
	bool ends, follows;
	struct life {
		int pid, pidfd; /* -1: none */
		bool headless;
	} * items;
	int *pids;
	u64 *ticks;
	size_t n, n_alive;
	int wake; /* epoll of the pidfds */
};

struct lives *lives_new(const struct target *target, int launched)
{
	enum target_kind kind = target->spec->kind;
	size_t room = target->n_processes + 1;
	struct lives *lives = calloc(1, sizeof(*lives));

	if (!lives || !(lives->items = calloc(room, sizeof(*lives->items))) ||
	    !(lives->pids = calloc(room, sizeof(*lives->pids))) ||
	    !(lives->ticks = calloc(room, sizeof(*lives->ticks))))
		error_no_memory();
	lives->ends = kind != TARGET_BINARY;
	lives->follows = kind == TARGET_COMMAND || target->spec->follow;
	lives->wake = epoll_create1(EPOLL_CLOEXEC);
	if (launched)
		lives->pids[lives->n++] = launched;
	for (size_t i = 0; !launched && i < target->n_processes; i++) {
		lives->ticks[lives->n] = target->processes[i].start_time;
		lives->pids[lives->n++] = target->processes[i].pid;
	}
	for (size_t i = 0; i < lives->n; i++)
		lives->items[i] = (struct life){lives->pids[i], -1, false};
	return lives;
}

const int *lives_pids(const struct lives *lives, size_t *n)
{
	*n = lives->n;
	return lives->pids;
}

bool lives_has(const struct lives *lives, int pid)
{
	for (size_t i = 0; i < lives->n; i++)
		if (lives->pids[i] == pid)
			return true;
	return false;
}

const u64 *lives_ticks(const struct lives *lives)
{
	return lives->ticks;
}

void lives_watch(struct lives *lives)
{
	for (size_t i = 0; lives->ends && i < lives->n; i++) {
		struct epoll_event event = {.events = EPOLLIN | EPOLLONESHOT};
		struct life *life = &lives->items[i];

		life->pidfd = (int)syscall(SYS_pidfd_open, life->pid, 0);
		if (life->pidfd < 0)
			continue;
		lives->n_alive++;
		epoll_ctl(lives->wake, EPOLL_CTL_ADD, life->pidfd, &event);
	}
}

int lives_fd(const struct lives *lives)
{
	return lives->wake;
}

bool lives_all_ended(struct lives *lives, struct load_session *load)
{
	struct epoll_event events[16];
	int n;

	if (!lives->ends)
		return false;
	while ((n = epoll_wait(lives->wake, events, ARRAY_LEN(events), 0)) > 0)
		lives->n_alive -= min_u64((u64)n, lives->n_alive);
	return lives->n_alive == 0 && !(lives->follows && load_follows(load));
}

int lives_headless(struct lives *lives)
{
	for (size_t i = 0; i < lives->n && lives->n_alive; i++) {
		struct life *life = &lives->items[i];

		if (life->pidfd < 0 || life->headless || proc_thread(life->pid) == life->pid)
			continue;
		life->headless = true;
		return life->pid;
	}
	return 0;
}

void lives_free(struct lives *lives)
{
	if (!lives)
		return;
	for (size_t i = 0; i < lives->n; i++)
		if (lives->items[i].pidfd >= 0)
			close(lives->items[i].pidfd);
	if (lives->wake >= 0)
		close(lives->wake);
	free(lives->items);
	free(lives->pids);
	free(lives->ticks);
	free(lives);
}
