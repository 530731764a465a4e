/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The serial form of a plan: lines of text, a word and its fields each, strings in double quotes
 * with \xHH for what isn't printable. Instructions are hexadecimal, 16 digits each. For example
 *
 *	snapline-plan 1
 *	arg "snap"
 *	module "/usr/bin/redis-server" "/usr/bin/redis-server" 8c1f02...
 *	probe "processCommand"
 *	place 0 0 4a310 4a310 4a310 0 0 4 3901 0 "processCommand" "server.c" "..." "..."
 */
#ifndef SNAPLINE_SERIAL_H
#define SNAPLINE_SERIAL_H

/* The flags of a place. */
enum {
	SERIAL_INLINED = 1,
	SERIAL_RETURN = 2,
	SERIAL_GDB_CHOICE = 4,
	SERIAL_TAIL_CALL = 8,
};

#endif
