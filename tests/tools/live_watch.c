/* SPDX-License-Identifier: BSD-2-Clause */
/* Live tests of user/load/watch.c: mappings of processes that are gone. Prints TAP; needs root. */
#include <signal.h>
#include <sys/wait.h>
#include <time.h>

#include "live.h"
#include "load/watch.h"

static u64 now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ull + ts.tv_nsec;
}

static bool maps_file(struct watch *watch, int pid, u64 ktime, const char *part)
{
	const struct watch_map *maps;
	size_t n;

	if (!watch_maps(watch, pid, ktime, &maps, &n))
		return false;
	for (size_t i = 0; i < n; i++) {
		if (strstr(maps[i].path, part) && maps[i].executable && maps[i].len)
			return true;
	}
	return false;
}

static struct watch *start(const int *pids, size_t n)
{
	struct watch *watch;
	struct error *err = watch_start(n == 0, pids, n, &watch);

	if (err) {
		error_print(err, stdout);
		exit(1);
	}
	return watch;
}

/* A child that is a copy of this program, and executes another. */
static void test_gone(bool everyone)
{
	int self = getpid(), pid, go[2];
	struct watch *watch = start(&self, !everyone);
	u64 before, after, ended = 0;
	char c;

	if (pipe(go))
		exit(1);
	before = now_ns();
	pid = fork();
	if (!pid) {
		if (read(go[0], &c, 1) == 1)
			execl("/bin/true", "true", NULL);
		_exit(1);
	}
	after = now_ns(); /* it is forked, and executes nothing before it may */
	if (write(go[1], "g", 1) != 1)
		exit(1);
	waitpid(pid, NULL, 0);
	close(go[0]);
	close(go[1]);
	watch_poll(watch);
	live_ok(maps_file(watch, pid, after, "live_watch") &&
			!maps_file(watch, pid, after, "/true"),
		"%s: a forked process has its parent's mappings", everyone ? "all" : "one");
	live_ok(maps_file(watch, pid, now_ns(), "/true") &&
			maps_file(watch, pid, now_ns(), "/libc") &&
			!maps_file(watch, pid, now_ns(), "live_watch"),
		"... and those of what it executed after that");
	live_ok(!maps_file(watch, pid, before, "live_watch"), "... and none before it was forked");
	live_ok(watch_ended(watch, pid, &ended) && ended > after && ended < now_ns() &&
			!watch_lost(watch),
		"... and its end is known");
	watch_free(watch);
}

static void test_strangers(void)
{
	int stranger = fork(), self = getpid(), pid;
	const struct watch_map *maps;
	struct watch *watch;
	size_t n;

	if (!stranger) {
		pause();
		_exit(0);
	}
	watch = start(&stranger, 1);
	pid = fork();
	if (!pid)
		_exit(0);
	waitpid(pid, NULL, 0);
	watch_poll(watch);
	live_ok(!watch_maps(watch, pid, now_ns(), &maps, &n) &&
			!watch_maps(watch, self, now_ns(), &maps, &n) &&
			maps_file(watch, stranger, now_ns(), "live_watch"),
		"processes that were not asked for are not kept");
	kill(stranger, 9);
	waitpid(stranger, NULL, 0);
	watch_free(watch);
}

int main(void)
{
	test_gone(true);
	test_gone(false);
	test_strangers();
	return live_plan();
}
