/* SPDX-License-Identifier: BSD-2-Clause */
// cpu: x86_64
// flags: -g0 -pthread
/*
 * What Go's runtime does to a call: a goroutine that waits goes on on another thread, and stacks are
 * moved, here to where the other goroutine's was. R14 has the goroutine, whose first members
 * are the bounds of its stack; the section makes the file Go. One goroutine naps for 2 ms, the other
 * for 20.
 */
#include <pthread.h>
#include <semaphore.h>
#include <time.h>
#include "common.h"

enum { STACK = 4096, ROUNDS = 100, LONG_ROUNDS = 10 };

__attribute__((section(".go.buildinfo"), used)) static const char mark[] = "\xff Go buildinf:";

struct goroutine {
	uint64_t low, high;
	uint64_t sp, thread_sp;
	unsigned resumed;
};

void resume(struct goroutine *goroutine); /* until it waits */
extern char body[];

__asm__(".text\n"
	".type resume, @function\n"
	"resume:\n"
	"	push %rbx; push %rbp; push %r12; push %r13; push %r14; push %r15\n"
	"	mov %rdi, %r14\n"
	"	mov %rsp, 24(%r14)\n"
	"	mov 16(%r14), %rsp\n"
	"	ret\n"
	".size resume, . - resume\n"
	".type pause_here, @function\n"
	"pause_here:\n"
	"	mov %rsp, 16(%r14)\n"
	"	mov 24(%r14), %rsp\n"
	"	pop %r15; pop %r14; pop %r13; pop %r12; pop %rbp; pop %rbx\n"
	"	ret\n"
	".size pause_here, . - pause_here\n"
	".type nap, @function\n"
	"nap:\n"
	"	push %rax\n"
	"	call pause_here\n"
	"	pop %rax\n"
	"	ret\n"
	".size nap, . - nap\n"
	".type body, @function\n"
	"body:\n"
	"	call nap\n"
	"	jmp body\n"
	".size body, . - body\n");

static char stacks[2][STACK] __attribute__((aligned(16)));
static struct goroutine goroutines[2];
static sem_t asked, done;
static struct goroutine *wanted;

static void *other_thread(void *unused)
{
	for (;;) {
		sem_wait(&asked);
		resume(wanted);
		sem_post(&done);
	}
	return NULL;
}

static void start(int i)
{
	uint64_t first = (uint64_t)body;

	goroutines[i].low = (uint64_t)stacks[i];
	goroutines[i].high = goroutines[i].low + STACK;
	goroutines[i].sp = goroutines[i].high - sizeof(first);
	memcpy((void *)goroutines[i].sp, &first, sizeof(first));
}

/* On each thread in turn. */
static void go_on(struct goroutine *goroutine)
{
	if (goroutine->resumed++ % 2) {
		resume(goroutine);
		return;
	}
	wanted = goroutine;
	sem_post(&asked);
	sem_wait(&done);
}

static void move(struct goroutine *goroutine, int to)
{
	uint64_t used = goroutine->high - goroutine->sp;

	goroutine->low = (uint64_t)stacks[to];
	goroutine->high = goroutine->low + STACK;
	goroutine->sp = goroutine->high - used;
}

static void swap_stacks(int round)
{
	static char between[STACK];

	memcpy(between, stacks[0], STACK);
	memcpy(stacks[0], stacks[1], STACK);
	memcpy(stacks[1], between, STACK);
	move(&goroutines[0], (round + 1) % 2);
	move(&goroutines[1], round % 2);
}

int main(void)
{
	const struct timespec pause = {0, 2000000};
	pthread_t other;

	sem_init(&asked, 0, 0);
	sem_init(&done, 0, 0);
	pthread_create(&other, NULL, other_thread, NULL);
	start(0);
	start(1);
	for (int round = 0; round <= ROUNDS; round++) {
		go_on(&goroutines[0]);
		if (round % LONG_ROUNDS == 0)
			go_on(&goroutines[1]);
		nanosleep(&pause, NULL);
		swap_stacks(round);
	}
	printf("{\"own\": 1, \"naps\": %d, \"long_naps\": %d}\n", ROUNDS, ROUNDS / LONG_ROUNDS);
	return 0;
}
