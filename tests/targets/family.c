// SPDX-License-Identifier: BSD-2-Clause
// library: parts/family_library.c
// flags: -pthread
// Lives of processes, told by words: each is done in turn, and each process prints what it counted.
//
//   calls N      N calls of step()           shared N    N calls of the library's function
//   pause MS     sleeps                      wait        prints "ready PID", waits for a line of input
//   threads K N  K threads, each N calls     alone       the rest is done by a thread, the first one ends
//   fork         a child does the rest, waited for       vfork  the same with vfork and exec
//   leave        a child does the rest, its parent ends  exec FILE  FILE goes on with the rest
//   forever      calls of step(), a millisecond apart    kill   SIGKILL to itself
//   many N       N children that each call step() once   again  a thread executes this file with the rest
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "common.h"
#include "parts/family_library.h"

struct job {
	int pid, tid, round;
	const char *name;
	char text[24];
};

static atomic_long steps, shared;
static const char *self;
static char **rest;

/* A one-byte nop comes first: the cheapest instruction to probe. */
static NOINLINE __attribute__((patchable_function_entry(1))) long step(struct job *job, int round)
{
	job->round = round;
	atomic_fetch_add(&steps, 1);
	KEEP(job);
	return job->pid + round;
}

static struct job new_job(void)
{
	struct job job = {.pid = getpid(), .tid = (int)syscall(SYS_gettid), .name = self};

	snprintf(job.text, sizeof(job.text), "job of %d", job.tid);
	return job;
}

static NOINLINE void call_steps(long n, useconds_t between)
{
	struct job job = new_job();

	for (long i = 0; i != n; i++) {
		step(&job, (int)i);
		if (between)
			usleep(between);
	}
}

static void call_shared(long n)
{
	for (long i = 0; i < n; i++)
		if (family_shared(getpid(), (int)i) >= 0)
			atomic_fetch_add(&shared, 1);
}

static void tell(void)
{
	char line[96];
	int len = snprintf(line, sizeof(line), "count %d step %ld shared %ld\n", getpid(),
			   atomic_exchange(&steps, 0), atomic_exchange(&shared, 0));

	if (write(STDOUT_FILENO, line, (size_t)len) != len)
		_exit(2);
}

static void await_line(void)
{
	char line[64];
	int len = snprintf(line, sizeof(line), "ready %d\n", getpid());

	if (write(STDOUT_FILENO, line, (size_t)len) != len)
		_exit(2);
	while (read(STDIN_FILENO, line, 1) == 1 && line[0] != '\n')
		;
}

static void *thread_steps(void *argument)
{
	call_steps(*(long *)argument, 0);
	return NULL;
}

static void run_threads(int k, long n)
{
	pthread_t threads[64];

	k = clamp(k, 1, 64);
	for (int i = 0; i < k; i++)
		pthread_create(&threads[i], NULL, thread_steps, &n);
	for (int i = 0; i < k; i++)
		pthread_join(threads[i], NULL);
}

static void become(const char *path)
{
	char *argv[64] = {(char *)path};

	for (int i = 0; rest[i] && i < 62; i++)
		argv[i + 1] = rest[i];
	execv(path, argv);
	_exit(127);
}

static void run_all(void);

static void *run_rest(void *unused)
{
	run_all();
	tell();
	exit(0);
}

static void first_thread_ends(void)
{
	pthread_t thread;

	pthread_create(&thread, NULL, run_rest, NULL);
	pthread_exit(NULL);
}

/* The parent's share of the rest is none. */
static void give_rest(pid_t child, int waits)
{
	static char *nothing[] = {NULL};

	rest = nothing;
	if (waits)
		waitpid(child, NULL, 0);
}

static void split(int waits)
{
	pid_t child = fork();

	if (child) {
		give_rest(child, waits);
		return;
	}
	atomic_store(&steps, 0);
	atomic_store(&shared, 0);
}

static void split_by_vfork(void)
{
	pid_t child = vfork();

	if (child == 0)
		become(self);
	give_rest(child, 1);
}

static void many_children(long n)
{
	for (long i = 0; i < n; i++) {
		pid_t child = fork();

		if (child == 0) {
			call_steps(1, 0);
			_exit(0);
		}
		waitpid(child, NULL, 0);
	}
}

static void *become_self(void *unused)
{
	become(self);
	return NULL;
}

static void thread_executes(void)
{
	pthread_t thread;

	pthread_create(&thread, NULL, become_self, NULL);
	pthread_join(thread, NULL);
}

static long number(void)
{
	return *rest ? atol(*rest++) : 0;
}

static void run_word(const char *word)
{
	if (!strcmp(word, "calls")) {
		call_steps(number(), 0);
	} else if (!strcmp(word, "shared")) {
		call_shared(number());
	} else if (!strcmp(word, "pause")) {
		usleep((useconds_t)number() * 1000);
	} else if (!strcmp(word, "wait")) {
		await_line();
	} else if (!strcmp(word, "threads")) {
		int k = (int)number();

		run_threads(k, number());
	} else if (!strcmp(word, "alone")) {
		first_thread_ends();
	} else if (!strcmp(word, "fork")) {
		split(1);
	} else if (!strcmp(word, "leave")) {
		split(0);
	} else if (!strcmp(word, "vfork")) {
		split_by_vfork();
	} else if (!strcmp(word, "exec") && *rest) {
		tell();
		rest++;
		become(rest[-1]);
	} else if (!strcmp(word, "forever")) {
		call_steps(-1, 1000);
	} else if (!strcmp(word, "many")) {
		many_children(number());
	} else if (!strcmp(word, "again")) {
		tell();
		thread_executes();
	} else if (!strcmp(word, "kill")) {
		tell();
		kill(getpid(), SIGKILL);
	}
}

static void run_all(void)
{
	while (*rest)
		run_word(*rest++);
}

int main(int argc, char **argv)
{
	self = argv[0];
	rest = argv + 1;
	run_all();
	tell();
	return 0;
}
