/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The yardstick: a program that does nothing, on one instruction of one process, until standard input ends; with
 * `session` at a function's entry and at its returns, by one session link.
 * usage: empty PID FILE OFFSET [session]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "load/load.h"
#include "load/session.h"
#include "load/uapi.h"

static int attach_session(const char *path, u64 offset, int pid)
{
	int prog = load_empty(TRACE_UPROBE_SESSION);

	return prog < 0 ? prog : attach_multi(prog, TRACE_UPROBE_SESSION, path, &offset, NULL, 1, pid);
}

int main(int argc, char **argv)
{
	bool session = argc == 5 && !strcmp(argv[4], "session");
	int link;

	if (argc != 4 && !session)
		return 2;
	link = (session ? attach_session : attach_empty)(argv[2], strtoull(argv[3], NULL, 0), atoi(argv[1]));
	if (link < 0) {
		fprintf(stderr, "empty: cannot attach: %s\n", strerror(-link));
		return 5;
	}
	while (getchar() != EOF)
		;
	return 0;
}
