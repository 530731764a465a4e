// SPDX-License-Identifier: BSD-2-Clause
// corpus
// flags: -pthread
// Threads that take turns, each with thread-local storage: the same order in every run.
#include <pthread.h>
#include "common.h"

struct job {
	int id;
	long result;
	char name[8];
};

static __thread int local_count = 5;
static __thread struct job *local_job;
__thread char local_name[8];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
// Who has the turn runs, and nobody else: main gives it away only while it waits.
static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t ended = PTHREAD_COND_INITIALIZER;
static int n_ended;
static unsigned long worked;

static NOINLINE long work(struct job *job, int round)
{
	long value = job->id * 1000 + round;

	local_count++;
	local_job = job;
	snprintf(local_name, sizeof(local_name), "t%d", job->id);
	pthread_mutex_lock(&lock);
	worked++;
	job->result += value * local_count;
	pthread_mutex_unlock(&lock);
	return value;
}

static void *run(void *argument)
{
	struct job *job = argument;
	long sum = 0;

	pthread_mutex_lock(&turn);
	for (int round = 0; round < 5; round++)
		sum += work(job, round);
	job->result -= sum;
	n_ended++;
	pthread_cond_signal(&ended);
	pthread_mutex_unlock(&turn);
	return job;
}

int main(void)
{
	struct job jobs[3];
	pthread_t thread;
	void *result;

	pthread_mutex_lock(&turn);
	for (int i = 0; i < 3; i++) {
		jobs[i].id = i + 1;
		jobs[i].result = 0;
		snprintf(jobs[i].name, sizeof(jobs[i].name), "job %d", i);
		pthread_create(&thread, NULL, run, &jobs[i]);
		while (n_ended == i)
			pthread_cond_wait(&ended, &turn);
		pthread_join(thread, &result);
	}
	pthread_mutex_unlock(&turn);
	for (int i = 0; i < 3; i++)
		printf("%s %ld\n", jobs[i].name, jobs[i].result);
	printf("count work %lu\n", worked);
	return 0;
}
