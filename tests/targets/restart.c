// SPDX-License-Identifier: BSD-2-Clause
// flags: -pthread
// Restartable sequences that really are restarted: threads add to a counter of their CPU without an atomic
// instruction. What they counted is compared with how often they did.
// usage: restart ROUNDS [THREADS]
#include <pthread.h>
#include <sys/rseq.h>
#include <unistd.h>
#include "common.h"

enum { CPUS = 1024 };
static struct {
	long n;
	char alone[56];
} counters[CPUS];
static long rounds;

static struct rseq *own_area(void)
{
	return (struct rseq *)((char *)__builtin_thread_pointer() + __rseq_offset);
}

#ifdef __x86_64__
/* False: interrupted before the addition was stored. */
static NOINLINE int add_here(struct rseq *area, uint32_t cpu, long *counter)
{
	asm goto(".pushsection __rseq_cs, \"aw\"\n"
		 ".balign 32\n"
		 "3: .long 0, 0\n"
		 ".quad 1f, 2f - 1f, 4f\n"
		 ".popsection\n"
		 "lea 3b(%%rip), %%rax\n"
		 "mov %%rax, %[cs]\n"
		 "1: cmp %[cpu], %[id]\n"
		 "jne 4f\n"
		 "mov (%[counter]), %%rax\n"
		 "nop\n"
		 "add $1, %%rax\n"
		 "mov %%rax, (%[counter])\n"
		 "2:\n"
		 ".pushsection .text.unlikely, \"ax\"\n"
		 ".byte 0x0f, 0xb9, 0x3d\n"
		 ".long 0x53053053\n"
		 "4: jmp %l[failed]\n"
		 ".popsection\n"
		 :
		 : [cs] "m"(area->rseq_cs), [id] "m"(area->cpu_id), [cpu] "r"(cpu),
		   [counter] "r"(counter)
		 : "memory", "cc", "rax"
		 : failed);
	return 1;
failed:
	return 0;
}
#else
static NOINLINE int add_here(struct rseq *area, uint32_t cpu, long *counter)
{
	asm goto(".pushsection __rseq_cs, \"aw\"\n"
		 ".balign 32\n"
		 "3: .long 0, 0\n"
		 ".quad 1f, 2f - 1f, 4f\n"
		 ".popsection\n"
		 "adrp x9, 3b\n"
		 "add x9, x9, :lo12:3b\n"
		 "str x9, %[cs]\n"
		 "1: ldr w9, %[id]\n"
		 "cmp w9, %w[cpu]\n"
		 "b.ne 4f\n"
		 "ldr x9, [%[counter]]\n"
		 "nop\n"
		 "add x9, x9, #1\n"
		 "str x9, [%[counter]]\n"
		 "2:\n"
		 ".pushsection .text.unlikely, \"ax\"\n"
		 ".inst 0xd428bc00\n"
		 "4: b %l[failed]\n"
		 ".popsection\n"
		 :
		 : [cs] "m"(area->rseq_cs), [id] "m"(area->cpu_id), [cpu] "r"(cpu),
		   [counter] "r"(counter)
		 : "memory", "cc", "x9"
		 : failed);
	return 1;
failed:
	return 0;
}
#endif

static void *run(void *unused)
{
	struct rseq *area = own_area();

	for (long i = 0; i < rounds; i++) {
		uint32_t cpu;

		do
			cpu = *(volatile uint32_t *)&area->cpu_id_start;
		while (!add_here(area, cpu, &counters[cpu % CPUS].n));
	}
	return NULL;
}

int main(int argc, char **argv)
{
	int n = argc > 2 ? clamp(atoi(argv[2]), 1, 64) : 8;
	pthread_t threads[64];
	long sum = 0;

	if (!__rseq_size) {
		printf("not here: no restartable sequences\n");
		return 0;
	}
	rounds = argc > 1 ? atol(argv[1]) : 1000;
	for (int i = 0; i < n; i++)
		pthread_create(&threads[i], NULL, run, NULL);
	for (int i = 0; i < n; i++)
		pthread_join(threads[i], NULL);
	for (int i = 0; i < CPUS; i++)
		sum += counters[i].n;
	printf("counted %ld lost %ld\n", sum, n * rounds - sum);
	return sum != n * rounds;
}
