// SPDX-License-Identifier: BSD-2-Clause
// Preloaded into redis: a clock that stands still and a fixed seed, so that each run is the same.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define MOMENT 1700000000

int clock_gettime(clockid_t clock, struct timespec *time)
{
	time->tv_sec = clock == CLOCK_MONOTONIC ? 5000 : MOMENT;
	time->tv_nsec = 250000000;
	return 0;
}

int gettimeofday(struct timeval *restrict time, void *restrict zone __attribute__((unused)))
{
	time->tv_sec = MOMENT;
	time->tv_usec = 250000;
	return 0;
}

time_t time(time_t *to)
{
	if (to)
		*to = MOMENT;
	return MOMENT;
}

/* No timer is ever due, so rounds of the event loop without an event would only count real time. */
int epoll_wait(int fd, struct epoll_event *events, int most, int timeout)
{
	int (*next)(int, struct epoll_event *, int, int) = dlsym(RTLD_NEXT, "epoll_wait");

	return next(fd, events, most, timeout ? -1 : 0);
}

pid_t getpid(void)
{
	return 4242;
}

/* Large-file programs call it fopen64. */
static FILE *open_fixed(const char *name, const char *path, const char *mode)
{
	FILE *(*next)(const char *, const char *) = dlsym(RTLD_NEXT, name);

	return next(strcmp(path, "/dev/urandom") == 0 ? "/dev/zero" : path, mode);
}

FILE *fopen(const char *path, const char *mode)
{
	return open_fixed("fopen", path, mode);
}

FILE *fopen64(const char *path, const char *mode)
{
	return open_fixed("fopen64", path, mode);
}
