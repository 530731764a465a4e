// SPDX-License-Identifier: BSD-2-Clause
// The library of globals.c: variables of every kind of linkage, and two kinds of thread-local ones.
#include "../common.h"
#include "../globals.h"

int copied_int = 1;
struct shared copied_struct = {.id = 1, .name = "of the library", .values = {1, 2, 3}};
short copied_array[4] = {1, 2, 3, 4};
__attribute__((weak)) int copied_weak = 1;
int copied_unused = 1;
int library_only = 1;
__attribute__((visibility("hidden"))) int hidden_int = 1;
__attribute__((visibility("protected"))) int protected_int = 1;
static int static_int = 1;
__thread long library_dynamic = 1;
static __thread long library_static = 1;
static __thread long library_initial __attribute__((tls_model("initial-exec"))) = 1;

static NOINLINE void library_report(int round)
{
	printf("library round %d: int %d struct {%d, %s, %ld} array %d weak %d only %d hidden %d "
	       "protected %d static %d tls %ld %ld %ld\n",
	       round, copied_int, copied_struct.id, copied_struct.name, copied_struct.values[2],
	       copied_array[3], copied_weak, library_only, hidden_int, protected_int, static_int,
	       library_dynamic, library_static, library_initial);
	fflush(stdout);
}

/* The pointer isn't kept anywhere: the debug information says what it would be. */
static NOINLINE void library_point(int round)
{
	int *pointer = &copied_int;

	KEEP(round);
	if (*pointer != 100 + round)
		printf("not the same\n");
}

void library_step(int round)
{
	copied_int = 100 + round;
	copied_struct.id = 200 + round;
	copied_struct.name = "changed";
	copied_struct.values[2] = 300 + round;
	copied_array[3] = (short)(400 + round);
	copied_weak = 500 + round;
	library_only = 600 + round;
	hidden_int = 700 + round;
	protected_int = 800 + round;
	static_int = 900 + round;
	library_dynamic = 1000 + round;
	library_static = 1100 + round;
	library_initial = 1200 + round;
	library_point(round);
	library_report(round);
}
