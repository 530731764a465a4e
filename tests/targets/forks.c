/* SPDX-License-Identifier: BSD-2-Clause */
// cpu: x86_64
/*
 * What a probe on a 5-byte nop destroys on some kernels: a leaf function that keeps a value in the
 * red zone across the nop, and children that are forked after a thousand hits. Ends with 0 if all
 * values were right and every child lived.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOP5 ".byte 0x0f, 0x1f, 0x44, 0x00, 0x00\n"

/* The value lies at -8(%rsp) while control passes the nop. */
__attribute__((noipa)) long red_zone(long value)
{
	long result;

	asm volatile("mov %1, -8(%%rsp)\n" NOP5 "mov -8(%%rsp), %0"
		     : "=r"(result)
		     : "r"(value)
		     : "memory");
	return result;
}

/* The nop is the first instruction. */
__attribute__((noipa)) long leading(long value)
{
	asm volatile(NOP5);
	return value + 1;
}

__attribute__((noipa)) static long ordinary(long value)
{
	long sum = 0;

	for (long i = 0; i < value % 8; i++)
		sum += red_zone(i) * leading(i);
	return sum;
}

static int rounds(int n)
{
	int wrong = 0;

	for (int i = 0; i < n; i++) {
		long product = 0;

		for (long j = 0; j < i % 8; j++)
			product += j * (j + 1);
		wrong += red_zone(i) != i;
		wrong += leading(i) != i + 1;
		wrong += ordinary(i) != product;
	}
	return wrong;
}

static int child_fails(void)
{
	pid_t child = fork();
	int status;

	if (child == 0)
		_exit(rounds(100) != 0);
	if (child < 0 || waitpid(child, &status, 0) != child)
		return 1;
	return status != 0;
}

int main(void)
{
	int wrong = 0, dead = 0;

	for (int i = 0; i < 5; i++) {
		wrong += rounds(1200);
		dead += child_fails();
	}
	printf("wrong %d dead %d\n", wrong, dead);
	return wrong || dead;
}
