// SPDX-License-Identifier: BSD-2-Clause
// flags: -O0
// References to scalars and to structs, as arguments, members and locals.
#include <cstdio>

struct place {
	int x, y;
	long weights[6];
};

struct holder {
	place &where;
	int &count;
};

__attribute__((noinline)) static long visit(const place &at, int &count, holder &&both)
{
	count += at.x;
	return at.weights[2] + both.where.y; // all set
}

int main()
{
	place here = {3, 4, {100000000001, 100000000002, 100000000003, 4, 5, 6}};
	int count = 10;
	long total = 0;

	for (int i = 0; i < 3; i++)
		total += visit(here, count, holder{here, count});
	std::printf("total %ld count %d\n", total, count);
}
