// cpu: x86_64
// flags: -fno-inline -fcf-protection=branch
/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Shapes of functions for choosing instructions: jump tables, tail calls, cold parts, pointers.
 * Its argument is the number of rounds.
 */
#include <stdio.h>
#include <stdlib.h>

int sink;

/* A switch with a jump table. */
int switched(int kind, int x)
{
	switch (kind) {
	case 0: return x + 1;
	case 1: return sink = x * 3;
	case 2: return x - sink;
	case 3: sink++; return 9;
	case 4: return x << 2;
	case 5: sink = 3; return x >> 1;
	case 6: return x ^ 0x55;
	default: return -1;
	}
}

/* A computed goto: labels whose address is taken. */
int threaded(const unsigned char *code)
{
	static void *const steps[] = {&&add, &&twice, &&out};
	int value = 0;

	goto *steps[*code];
add:
	value += *++code;
	goto *steps[*++code];
twice:
	value *= 2;
	goto *steps[*++code];
out:
	return value;
}

int last(int x)
{
	sink = x;
	return x + 2;
}

/* Leaves by a tail call, or by return. */
int tail(int x)
{
	if (x & 1)
		return x;
	return last(x * 5);
}

/* Leaves by a tail call through a pointer. */
int (*volatile callback)(int) = last;
int indirect_tail(int x)
{
	return callback(x + 1);
}

/* Has a part that is rarely run. */
int cold_part(int x)
{
	if (__builtin_expect(x < 0, 0)) {
		fprintf(stderr, "negative: %d\n", x);
		abort();
	}
	return x * x + sink;
}

struct node {
	struct node *next;
	long value;
};

/* A loop of loads: what a probe passes could fault. */
long walk(const struct node *node)
{
	long sum = 0;

	for (; node; node = node->next)
		sum += node->value;
	return sum;
}

int main(int argc, char **argv)
{
	struct node two = {NULL, 2}, one = {&two, 1};
	static const unsigned char program[] = {0, 5, 1, 0, 7, 2};
	int rounds = argc > 1 ? atoi(argv[1]) : 100000;
	long total = 0;

	for (int i = 0; i < rounds; i++) {
		total += switched(i % 8, i) + threaded(program) + tail(i) + indirect_tail(i);
		total += cold_part(i % 1000) + walk(&one);
	}
	printf("total: %ld\n", total);
	return 0;
}
