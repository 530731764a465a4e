// SPDX-License-Identifier: BSD-2-Clause
// corpus
// Inlined helpers within helpers, tail calls, constants propagated, arguments dropped and split.
#include "common.h"

struct vec {
	int x, y, z;
};

static unsigned long stepped;

static inline __attribute__((always_inline)) int dot(struct vec a, struct vec b)
{
	int xy = a.x * b.x + a.y * b.y;

	return xy + a.z * b.z;
}

static inline __attribute__((always_inline)) struct vec scale(struct vec v, int by)
{
	struct vec result = {v.x * by, v.y * by, v.z * by};

	return result;
}

static inline __attribute__((always_inline)) int project(struct vec v, struct vec onto)
{
	struct vec scaled = scale(v, 3);
	int length = dot(onto, onto);
	int along = dot(scaled, onto);

	return length ? along / length : 0;
}

static NOINLINE int finish(int value, int bias)
{
	int result = value + bias;

	KEEP(result);
	return result;
}

static NOINLINE int tail_b(int value, int bias)
{
	value ^= bias;
	return finish(value, bias + 1);
}

static NOINLINE int tail_a(int value)
{
	if (value & 1)
		return tail_b(value * 2, 5);
	return tail_b(value, 9);
}

static int split(const struct vec *v, int unused, int scale_by)
{
	int part = v->x * scale_by;

	if (v->y > 90) {
		fprintf(stderr, "cold %d\n", part);
		part -= v->y;
	}
	return part + v->z;
}

static NOINLINE int step(struct sequence *sequence, struct vec *at)
{
	struct vec by = {clamp((int)(sequence_next(sequence) % 100), 5, 50), 2, -1};
	int moved = project(by, *at);

	stepped++;
	at->x += by.x % 7;
	at->y += by.y;
	at->z -= by.z;
	moved += split(at, 1, 4);
	moved += split(at, 2, 4);
	return tail_a(moved);
}

static NOINLINE unsigned factorial(unsigned n, unsigned product)
{
	if (n < 2)
		return product;
	return factorial(n - 1, product * n);
}

int main(void)
{
	struct sequence sequence = {.state = 3};
	struct vec at = {1, 2, 3};
	long sum = 0;

	for (int i = 0; i < 30; i++) {
		int moved = step(&sequence, &at);

		sum += moved;
		if (i % 10 == 0)
			sum += factorial((unsigned)i / 5 + 3, 1);
	}
	printf("sum %ld at %d %d %d\n", sum, at.x, at.y, at.z);
	printf("count step %lu\n", stepped);
	return 0;
}
