// SPDX-License-Identifier: BSD-2-Clause
// Functions whose first code is that of another file: an inlined increment, which locks the bus on x86-64.
#include <atomic>
#include <cstdio>
#include <cstdlib>

static std::atomic<unsigned long> downs, ups;

__attribute__((noinline)) static int down(int n, long sum) // down is declared here
{
	downs++;
	if (n == 0)
		return (int)sum;
	volatile int below = down(n - 1, sum + n);
	return below + 1;
}

template <class T> __attribute__((noinline)) static T up(T from, T by) // up is declared here
{
	ups++;
	asm volatile("" ::: "memory");
	return from * 3 + by;
}

__attribute__((noinline)) static unsigned long seen() // seen is declared here
{
	return ups.load();
}

int main(int argc, char **argv)
{
	int rounds = argc > 1 ? atoi(argv[1]) : 10;
	int sum = 0;

	for (int i = 0; i < rounds; i++)
		sum += down(i % 5, i) + up<int>(i, 1) + (int)seen();
	std::printf("{\"own\": 1, \"downs\": %lu, \"ups\": %lu, \"sum\": %d}\n", downs.load(), ups.load(),
		    sum);
	return 0;
}
