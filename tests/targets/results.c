/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Functions whose results come back in every way of the calling convention. Each is called once, and
 * a line says what a snapshot at its return must show as $return: "give_pair {x = 2, y = 4}".
 */
#include <complex.h>
#include <stdbool.h>
#include <stdio.h>

#include "common.h"

#define IN(reg) "<in " reg ", not visible to a uprobe>"

struct pair { int x, y; };
struct wide { long first; short second; };
struct mixed { double d; long l; };
struct swapped { long l; float f; };
struct small { char a; struct { short b; } c; };
struct bits { unsigned a : 3, b : 30; signed long c : 40; };
struct packed { char a; long b; } __attribute__((packed));
struct odd { char text[11]; };
struct large { long a[3]; };
struct extended { long double value; long other; };
union either { double d; long l; };
enum color { RED, GREEN = 5 };

#define EACH(X)                                                                                     \
	X(signed char, character, -3, "-3 '\\375'")                                                \
	X(bool, truth, true, "true")                                                               \
	X(short, half, -2, "-2")                                                                   \
	X(unsigned, word, 4000000000u, "4000000000")                                               \
	X(long, number, -5000000000, "-5000000000")                                                \
	X(__int128, huge, (__int128)1 << 64, "18446744073709551616")                               \
	X(enum color, color, GREEN, "GREEN")                                                       \
	X(double, real, 1.5, IN("xmm0"))                                                           \
	X(long double, extra, 1.5L, IN("st0"))                                                     \
	X(double _Complex, complex, 1.5, IN("xmm0"))                                               \
	X(struct pair, pair, ((struct pair){2, 4}), "{x = 2, y = 4}")                              \
	X(struct wide, wide, ((struct wide){7, -8}), "{first = 7, second = -8}")                   \
	X(struct mixed, mixed, ((struct mixed){1, 4}), "{d = " IN("xmm0") ", l = 4}")              \
	X(struct swapped, swapped, ((struct swapped){6, 1}), "{l = 6, f = " IN("xmm0") "}")        \
	X(struct small, small, ((struct small){'a', {3}}), "{a = 97 'a', c = {b = 3}}")            \
	X(struct bits, bits, ((struct bits){5, 9, -6}), "{a = 5, b = 9, c = -6}")                  \
	X(struct packed, packed, ((struct packed){'p', 11}), "{a = 112 'p', b = 11}")              \
	X(struct odd, odd, ((struct odd){"ten chars."}), "{text = \"ten chars.\"}")                \
	X(struct large, large, ((struct large){{1, 2, 3}}), "{a = {1, 2, 3}}")                     \
	X(struct extended, extended, ((struct extended){2.5L, 8}), "{value = 2.5, other = 8}")     \
	X(union either, either, ((union either){.l = 13}), "{d = 6.4228533959362051e-323, l = 13}") \
	X(const char *, text, "words", "\"words\"")

#define GIVE(type, name, value, shown)           \
	NOINLINE type give_##name(void)          \
	{                                        \
		type result = value;             \
		__asm__ volatile("" : "+m"(result)); \
		return result;                   \
	}
EACH(GIVE)

NOINLINE void give_nothing(void)
{
	__asm__ volatile("");
}

/* Leaves by a jump where it is optimised. */
NOINLINE long give_tail(long n)
{
	return n ? n : give_number();
}

int main(void)
{
#define TELL(type, name, value, shown) \
	give_##name();                 \
	puts("give_" #name " " shown);
	EACH(TELL)
	give_nothing();
	printf("tail %ld\n", give_tail(0));
	printf("tail %ld\n", give_tail(3));
	return 0;
}
