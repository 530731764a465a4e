// SPDX-License-Identifier: BSD-2-Clause
// library: parts/globals_code.c
// Variables that a library defines and the program takes over (copy relocations), that the program
// only declares, and thread-local ones of both. Prints what they are.
#include <unistd.h>

#include "common.h"
#include "globals.h"

int program_int = 1;
static __thread long program_local = 1;

static NOINLINE void program_report(int round)
{
	printf("program round %d: int %d id %d array %d weak %d unused %d own %d tls %ld %ld\n",
	       round, copied_int, copied_struct.id, copied_array[3], copied_weak, copied_unused,
	       program_int, program_local, library_dynamic);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	int rounds = argc > 1 ? atoi(argv[1]) : 3;

	for (int round = 1; round <= rounds; round++) {
		copied_unused = 1300 + round;
		program_int = 1400 + round;
		program_local = 1500 + round;
		library_step(round);
		program_report(round);
		if (round > 3)
			usleep(100 * 1000);
	}
	return 0;
}
