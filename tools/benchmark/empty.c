/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The yardstick: a program that does nothing, on one instruction of one process, until standard input ends.
 * usage: empty PID FILE OFFSET
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "load/load.h"
#include "load/session.h"

int main(int argc, char **argv)
{
	int link;

	if (argc != 4)
		return 2;
	link = attach_empty(argv[2], strtoull(argv[3], NULL, 0), atoi(argv[1]));
	if (link < 0) {
		fprintf(stderr, "empty: cannot attach: %s\n", strerror(-link));
		return 5;
	}
	while (getchar() != EOF)
		;
	return 0;
}
