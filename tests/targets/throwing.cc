// SPDX-License-Identifier: BSD-2-Clause
// Exceptions thrown through a timed function: its frames' destructors run, and the program lives.
#include <cstdio>
#include <ctime>
#include <stdexcept>

static int destroyed, caught, returned;

struct guard {
	~guard() { destroyed++; }
};

static void pause_us(long us)
{
	struct timespec ts = {0, us * 1000};

	nanosleep(&ts, nullptr);
}

extern "C" __attribute__((noinline)) int risky(int round)
{
	guard kept;

	pause_us(500);
	if (round % 4 == 0)
		throw std::runtime_error("every fourth");
	returned++;
	return round;
}

extern "C" __attribute__((noinline)) int middle(int round)
{
	guard kept;

	return risky(round) + 1;
}

int main()
{
	for (int i = 0; i < 20; i++) {
		try {
			middle(i);
		} catch (const std::exception &) {
			caught++;
		}
	}
	printf("destroyed %d caught %d returned %d\n", destroyed, caught, returned);
	return 0;
}
