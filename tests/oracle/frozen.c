// SPDX-License-Identifier: BSD-2-Clause
// Preloaded into redis: a clock that stands still, a fixed seed, threads that start one after another, and input that
// is there as soon as its sender is, so that each run is the same.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
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

/* The client connects, then sends all in one piece: the two are one event, as the rounds of the loop count. */
int accept4(int fd, struct sockaddr *restrict address, socklen_t *restrict size, int flags)
{
	enum { MOST_MS = 10000 };
	int (*next)(int, struct sockaddr *, socklen_t *, int) = dlsym(RTLD_NEXT, "accept4");
	int peer = next(fd, address, size, flags);

	if (peer >= 0)
		poll(&(struct pollfd){.fd = peer, .events = POLLIN}, 1, MOST_MS);
	return peer;
}

/* A thread has the program for itself until it waits for the first time. */
static sem_t waits;
static __thread bool has_waited;

int pthread_create(pthread_t *restrict thread, const pthread_attr_t *restrict attributes,
		   void *(*start)(void *), void *restrict argument)
{
	int (*next)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *) =
		dlsym(RTLD_NEXT, "pthread_create");
	int error;

	has_waited = true;
	error = next(thread, attributes, start, argument);
	if (!error)
		while (sem_wait(&waits))
			;
	return error;
}

int pthread_cond_wait(pthread_cond_t *restrict condition, pthread_mutex_t *restrict mutex)
{
	int (*next)(pthread_cond_t *, pthread_mutex_t *) = dlsym(RTLD_NEXT, "pthread_cond_wait");

	if (!has_waited)
		sem_post(&waits);
	has_waited = true;
	return next(condition, mutex);
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
