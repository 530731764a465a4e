// SPDX-License-Identifier: BSD-2-Clause
// corpus
// Loops that are unrolled, vectorised, peeled, turned into library calls; a switch with a jump table.
#include "common.h"

static int numbers[256];
static unsigned char text[128];
static unsigned long rounds, cases[8];

static NOINLINE int sum_all(const int *values, int n)
{
	int sum = 0;

	for (int i = 0; i < n; i++)
		sum += values[i];
	return sum;
}

static NOINLINE void add_arrays(int *restrict to, const int *restrict from, int n)
{
	for (int i = 0; i < n; i++)
		to[i] = to[i] * 3 + from[i];
}

static NOINLINE int find_first(const unsigned char *bytes, int n, unsigned char wanted)
{
	int i;

	for (i = 0; i < n; i++) {
		if (bytes[i] == wanted)
			break;
	}
	return i;
}

static NOINLINE void sort(int *values, int n)
{
	for (int i = 1; i < n; i++) {
		int value = values[i];
		int j = i - 1;

		while (j >= 0 && values[j] > value) {
			values[j + 1] = values[j];
			j--;
		}
		values[j + 1] = value;
	}
}

static NOINLINE long machine(const unsigned char *code, int n)
{
	long accumulator = 1;
	int at = 0;

	while (at < n) {
		unsigned char operation = code[at++];

		rounds++;
		switch (operation & 7) {
		case 0:
			accumulator += operation;
			break;
		case 1:
			accumulator -= at;
			break;
		case 2:
			accumulator *= 3;
			break;
		case 3:
			accumulator ^= 0x5a5a;
			break;
		case 4:
			accumulator >>= 1;
			break;
		case 5:
			at += accumulator & 1;
			break;
		case 6:
			accumulator = -accumulator;
			break;
		default:
			accumulator %= 10007;
		}
		cases[operation & 7]++;
	}
	return accumulator;
}

static NOINLINE int nested_loops(int n)
{
	int found = 0;

	for (int a = 1; a < n; a++)
		for (int b = a; b < n; b++)
			for (int c = b; c < n; c++) {
				if (a * a + b * b != c * c)
					continue;
				found++;
			}
	return found;
}

static NOINLINE int countdown(int n)
{
	int odd = 0;

	do {
		if (n % 2)
			odd++;
		n -= 1 + (n % 3 == 0);
	} while (n > 0);
	return odd;
}

int main(void)
{
	struct sequence sequence = {.state = 11};
	long total = 0;

	for (int i = 0; i < 256; i++)
		numbers[i] = (int)(sequence_next(&sequence) % 5000);
	for (int i = 0; i < 127; i++)
		text[i] = (unsigned char)sequence_next(&sequence);
	for (int round = 0; round < 3; round++) {
		total += sum_all(numbers, 200 + round);
		add_arrays(numbers, numbers + 128, 128);
		total += find_first(text, 127, (unsigned char)round);
		sort(numbers, 40);
		total += machine(text, 127);
		total += nested_loops(20);
		total += countdown(50 + round);
	}
	printf("total %ld\n", total);
	printf("count machine rounds %lu case0 %lu case7 %lu\n", rounds, cases[0], cases[7]);
	return 0;
}
