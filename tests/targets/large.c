// SPDX-License-Identifier: BSD-2-Clause
// flags: -O0
// A frame that is larger than the copy of the stack.
#include "common.h"

static int sum(const char *name, int n)
{
	int after = n + 1;
	int numbers[8000];
	int lengths[n];
	int before = n + 2;

	for (int i = 0; i < 8000; i++)
		numbers[i] = i;
	for (int i = 0; i < n; i++)
		lengths[i] = numbers[i] * 2;
	return after + before + lengths[n - 1] + name[0]; /* all set */
}

int main(void)
{
	int result = 7;

	for (int i = 1; i < 6; i++)
		result += sum("large", i);
	printf("%d\n", result);
	return 0;
}
