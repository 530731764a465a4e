// SPDX-License-Identifier: BSD-2-Clause
// corpus
// flags: -lm
// One of every C type that debug information can describe.
#include <complex.h>
#include <math.h>
#include <stdbool.h>
#include "common.h"

typedef unsigned char byte;
typedef struct point point;
typedef double matrix[2][3];
typedef int (*binary)(int, int);

struct point {
	int x, y;
};

enum colour { RED, GREEN = 5, BLUE = -2 };
enum flags { FLAG_A = 1, FLAG_B = 2, FLAG_C = 8, FLAG_D = 0x100 };

struct bits {
	unsigned a : 3;
	signed b : 5;
	unsigned long long wide : 40;
	_Bool yes : 1;
	enum colour colour : 4;
	unsigned : 0;
	unsigned last : 11;
};

union number {
	int32_t i;
	float f;
	byte bytes[4];
	struct {
		uint16_t low, high;
	};
};

struct packed {
	char tag;
	int value;
	short tail;
} __attribute__((packed));

struct flexible {
	unsigned count;
	short items[];
};

struct nested {
	point corner[2];
	union number number;
	struct {
		int hidden;
		union {
			long l;
			char c[8];
		};
	};
	const volatile int *watched;
	binary operation;
	struct nested *self;
	enum flags flags;
};

static int add(int a, int b)
{
	return a + b;
}

static int subtract(int a, int b)
{
	return a - b;
}

static binary const operations[] = {add, subtract, NULL};
static const volatile int watched = 77;
struct nested global_nested;
byte global_bytes[20] = "twenty\0bytes";

static NOINLINE int use_scalars(signed char sc, byte b, short s, unsigned short us, int i,
				unsigned u, long l, unsigned long ul)
{
	bool truth = i > 0;
	char letter = (char)('a' + b % 26);
	wchar_t wide = L'\u00e9';
	__int128 huge = (__int128)l * ul;
	int result = sc + b + s + us + i + (int)u + (int)l + truth + letter;

	KEEP(&huge);
	KEEP(wide);
	return result;
}

static NOINLINE double use_floats(float f, double d, long double ld, double complex z)
{
	double parts[2] = {creal(z), cimag(z)};
	float single = f * 2;
	long double extended = ld / 3;
	double special[4] = {NAN, INFINITY, -0.0, 1e-310};

	KEEP(parts);
	KEEP(special);
	KEEP(&extended);
	return parts[0] + parts[1] + single + d + (double)extended;
}

static NOINLINE unsigned use_bits(struct bits bits, union number number)
{
	struct bits copy = bits;
	unsigned sum;

	copy.a++;
	copy.b -= 3;
	copy.wide += 1ull << 35;
	copy.last ^= 0x155;
	KEEP(&copy);
	sum = copy.a + copy.last + number.low;
	return sum + (unsigned)copy.wide;
}

static NOINLINE int use_arrays(int n, int columns)
{
	int row[n];
	int grid[n][columns];
	matrix m = {{1.5, 2.5, 3.5}, {-1, -2, -3}};
	char name[] = "array of characters";
	char longer[300];
	int same[24] = {0};
	int sum = 0;

	memset(longer, 'x', sizeof(longer));
	for (int i = 0; i < n; i++) {
		row[i] = i * i;
		for (int j = 0; j < columns; j++)
			grid[i][j] = row[i] - j;
	}
	same[20] = n;
	KEEP(m);
	KEEP(name);
	KEEP(longer);
	KEEP(same);
	for (int i = 0; i < n; i++)
		sum += grid[i][i % columns] + (int)m[i & 1][1] + name[i] + same[i];
	return sum;
}

static NOINLINE int use_flexible(const struct flexible *flexible)
{
	int sum = 0;

	for (unsigned i = 0; i < flexible->count; i++)
		sum += flexible->items[i];
	return sum;
}

static NOINLINE int use_nested(struct nested *nested, enum flags flags)
{
	point *corner = &nested->corner[1];
	int result;

	corner->x += 3;
	nested->flags = flags | FLAG_D;
	nested->operation = operations[nested->hidden & 1];
	nested->self = nested;
	nested->watched = &watched;
	result = nested->operation(corner->x, *nested->watched);
	return result + (int)nested->l;
}

static NOINLINE int use_packed(struct packed packed, const char *text, void *opaque)
{
	static int calls;
	struct packed *pointer = &packed;

	calls++;
	pointer->value += calls;
	KEEP(pointer);
	return packed.tag + packed.value + packed.tail + (int)strlen(text) + (opaque != NULL);
}

int main(void)
{
	struct flexible *flexible = malloc(sizeof(*flexible) + 5 * sizeof(short));
	struct bits bits = {.a = 6, .b = -7, .wide = 0x123456789a, .yes = 1, .colour = BLUE};
	union number number = {.f = 1.25f};
	struct packed packed = {'p', 100000, -5};
	long total = 0;

	flexible->count = 5;
	for (int i = 0; i < 5; i++)
		flexible->items[i] = (short)(i * 1000 - 7);
	for (int round = 1; round <= 4; round++) {
		total += use_scalars(-5, 200, -3000, 60000, round, 4000000000u, -1L, ~0ul);
		total += (long)use_floats(1.5f, -2.25, 10.0L, 1.0 + 2.0 * I);
		bits.last = (unsigned)round;
		total += use_bits(bits, number);
		total += use_arrays(round + 3, 3);
		total += use_flexible(flexible);
		global_nested.hidden = round;
		total += use_nested(&global_nested, FLAG_A | FLAG_C);
		total += use_packed(packed, "text argument", flexible);
		global_bytes[0] ^= 0x20;
	}
	printf("total %ld\n", total);
	return 0;
}
