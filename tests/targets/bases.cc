// SPDX-License-Identifier: BSD-2-Clause
// Virtual base classes: one, one shared by two, one of a base, one behind a pointer to a base. Takes
// a second, so that what is read after a hit is there.
#include <cstdio>
#include <unistd.h>

struct origin {
	int start = 5;
	virtual ~origin() {}
};

struct left : virtual origin {
	long l = 20;
};

struct right : virtual origin {
	long r = 30;
};

struct both : left, right {
	int own = 4;
};

struct deeper : virtual both {
	short last = 7;
};

__attribute__((noinline)) static long sum(left *one, both *shared, deeper &deep)
{
	long total = one->l + one->start;

	total += shared->l + shared->r + shared->own + shared->start;
	total += deep.last + deep.own + deep.start;
	return total; // all set
}

int main()
{
	left one;
	both shared;
	deeper deep;
	long total = 0;

	shared.start = 6;
	deep.start = 8;
	for (int i = 0; i < 50; i++) {
		usleep(20000);
		one.l = i;
		total += sum(i ? &one : &shared, &shared, deep);
	}
	std::printf("total %ld\n", total);
}
