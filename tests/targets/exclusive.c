/* SPDX-License-Identifier: BSD-2-Clause */
// cpu: aarch64
// flags: -pthread -march=armv8-a -mno-outline-atomics
/*
 * Loops of load- and store-exclusive, in which a trap makes the store fail for ever, and loads of
 * constants that stand beside the code. Ends with 0 if all values were right.
 */
#include <pthread.h>
#include <stdio.h>

enum { THREADS = 4, ROUNDS = 500 };

static long sum, words[2];

/* The compiler's own loop. */
__attribute__((noipa)) static void add(long *to, long value)
{
	__atomic_fetch_add(to, value, __ATOMIC_SEQ_CST);
}

/* With a way out of the middle of it. */
__attribute__((noipa)) static int exchange(long *to, long from, long value)
{
	return __atomic_compare_exchange_n(to, &from, value, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

/* Loads of a general and of a vector register from behind the function. */
__attribute__((noipa)) static long beside(void)
{
	long general, vector;

	asm volatile("ldr %0, 1f\n"
		     "ldr d16, 1f\n"
		     "fmov %1, d16\n"
		     "b 2f\n"
		     ".balign 8\n"
		     "1: .quad 0x123456789\n"
		     "2:"
		     : "=r"(general), "=r"(vector)
		     :
		     : "v16");
	return general == 0x123456789 && vector == general ? general : 0;
}

static void *work(void *wrong)
{
	for (long i = 0; i < ROUNDS; i++) {
		long seen;

		add(&sum, i);
		do
			seen = __atomic_load_n(&words[i % 2], __ATOMIC_RELAXED);
		while (!exchange(&words[i % 2], seen, seen + 1));
		*(int *)wrong += beside() != 0x123456789;
	}
	return NULL;
}

int main(void)
{
	pthread_t threads[THREADS];
	int wrong[THREADS] = {0}, all = 0;

	for (int i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, work, &wrong[i]);
	for (int i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		all += wrong[i];
	}
	all += sum != (long)THREADS * ROUNDS * (ROUNDS - 1) / 2;
	all += words[0] + words[1] != (long)THREADS * ROUNDS;
	printf("wrong %d dead 0\n", all);
	return all != 0;
}
