/* SPDX-License-Identifier: BSD-2-Clause */
/* The variables over which expressions are tested; plain C, also included by the generated oracle. */
#ifndef SNAPLINE_TESTS_WORLD_H
#define SNAPLINE_TESTS_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum color { RED, GREEN = 5, BLUE = -7 };
enum big { SMALL = 1, HUGE_ONE = 0x80000000u };

struct point {
	short x;
	long y;
};

struct node {
	int value;
	unsigned char tag;
	struct node *next;
	unsigned a : 3;
	int b : 5;
	unsigned c : 17;
	int d : 7;
	unsigned wide : 32;
	char name[12];
	const char *text;
	struct point at, *where;
	int array[4];
	unsigned short grid[2][3];
	float f;
	double real;
	union {
		unsigned whole;
		unsigned char parts[4];
	} mix;
};

/* X(name, C type, basic type) */
#define WORLD_SCALARS(X) \
	X(flag, bool, BOOL) X(sc, signed char, SCHAR) X(uc, unsigned char, UCHAR) \
	X(ss, short, SHORT) X(us, unsigned short, USHORT) X(si, int, INT) X(ui, unsigned, UINT) \
	X(sl, long, LONG) X(ul, unsigned long, ULONG) X(sj, int, INT) X(uj, unsigned, UINT) \
	X(sm, long, LONG) X(um, unsigned long, ULONG) X(r1, int, INT) X(r2, unsigned long, ULONG) \
	X(r3, short, SHORT) X(v1, long, LONG) X(zero, int, INT) \
	X(f, float, FLOAT) X(g, float, FLOAT) X(real, double, DOUBLE) X(other, double, DOUBLE)

struct world {
#define X(name, type, basic) type name;
	WORLD_SCALARS(X)
#undef X
	enum color color;
	enum big big;
	char buffer[16];
	char exact[4];
	char *string, *longer, *wild_string;
	struct node node, *p, *null, *wild;
	struct point pair;
	int array[5], *ip;
	unsigned char *bytes;
	/* Not variables: what the pointers point to. */
	struct node nodes[3];
	char text[2][96];
};

#endif
