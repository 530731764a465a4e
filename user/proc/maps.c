/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * /proc/PID/maps: one mapping a line (fs/proc/task_mmu.c, show_map_vma):
 *
 *   7f10c8000000-7f10c8021000 r-xp 00002000 fe:01 393318     /usr/lib/my lib.so (deleted)
 *
 * The path is last and unquoted: blanks in it stand as they are, a newline stands as \012.
 */
#include <string.h>

#include "proc/proc_private.h"

enum { MAPS_MAX = 1 << 20 };

struct cursor {
	const char *at, *end; /* of one line */
};

static bool take_char(struct cursor *cursor, char c)
{
	if (cursor->at == cursor->end || *cursor->at != c)
		return false;
	cursor->at++;
	return true;
}

static int digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return 99;
}

static bool take_number(struct cursor *cursor, unsigned base, u64 *number)
{
	const char *start = cursor->at;
	u64 value = 0;

	for (; cursor->at < cursor->end; cursor->at++) {
		int digit = digit_of(*cursor->at);

		if (digit >= (int)base)
			break;
		if (value > (UINT64_MAX - digit) / base)
			return false;
		value = value * base + digit;
	}
	*number = value;
	return cursor->at > start;
}

static bool take_flag(struct cursor *cursor, char on, char off, bool *flag)
{
	*flag = cursor->at < cursor->end && *cursor->at == on;
	return take_char(cursor, *flag ? on : off);
}

static bool take_dev(struct cursor *cursor, struct proc_map *map)
{
	u64 major, minor;

	if (!take_number(cursor, 16, &major) || !take_char(cursor, ':') ||
	    !take_number(cursor, 16, &minor) || major > UINT32_MAX || minor > UINT32_MAX)
		return false;
	map->dev_major = (u32)major;
	map->dev_minor = (u32)minor;
	return true;
}

/* Replaces \012 by the newline it stands for. */
static void unescape(char *path)
{
	char *to = path;

	for (const char *from = path; *from; to++) {
		if (strncmp(from, "\\012", 4) == 0) {
			*to = '\n';
			from += 4;
		} else {
			*to = *from++;
		}
	}
	*to = '\0';
}

static void take_path(struct cursor *cursor, struct arena *arena, struct proc_map *map)
{
	static const char deleted[] = " (deleted)";
	size_t len, tail = sizeof(deleted) - 1;
	char *path;

	while (take_char(cursor, ' '))
		;
	len = (size_t)(cursor->end - cursor->at);
	if (len > tail && cursor->at[0] == '/' && memcmp(cursor->end - tail, deleted, tail) == 0) {
		map->deleted = true;
		len -= tail;
	}
	path = arena_strndup(arena, cursor->at, len);
	unescape(path);
	map->path = path;
}

static bool parse_line(struct cursor *cursor, struct arena *arena, struct proc_map *map)
{
	bool private;

	if (!take_number(cursor, 16, &map->start) || !take_char(cursor, '-') ||
	    !take_number(cursor, 16, &map->end) || !take_char(cursor, ' ') || map->end < map->start)
		return false;
	if (!take_flag(cursor, 'r', '-', &map->readable) ||
	    !take_flag(cursor, 'w', '-', &map->writable) ||
	    !take_flag(cursor, 'x', '-', &map->executable) ||
	    !take_flag(cursor, 'p', 's', &private) || !take_char(cursor, ' '))
		return false;
	map->shared = !private;
	if (!take_number(cursor, 16, &map->offset) || !take_char(cursor, ' ') ||
	    !take_dev(cursor, map) || !take_char(cursor, ' ') ||
	    !take_number(cursor, 10, &map->inode))
		return false;
	if (cursor->at < cursor->end && *cursor->at != ' ')
		return false;
	take_path(cursor, arena, map);
	return true;
}

struct error *proc_maps_parse(const char *text, size_t len, struct arena *arena,
			      struct proc_map **maps, size_t *n)
{
	const char *end = text + len;
	struct proc_map *found = NULL;
	size_t count = 0;

	while (text < end) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		struct cursor line = {text, newline ? newline : end};
		struct proc_map map = {0};

		if (count == MAPS_MAX)
			return error_new(ERROR_FAILED, "more than %d mappings", MAPS_MAX);
		if (!parse_line(&line, arena, &map))
			return error_new(ERROR_FAILED, "line %zu of the maps can't be understood",
					 count + 1);
		*arena_push(arena, found, count) = map;
		text = newline ? newline + 1 : end;
	}
	*maps = found;
	*n = count;
	return NULL;
}

struct error *proc_maps(int pid, struct arena *arena, struct proc_map **maps, size_t *n)
{
	char *text;
	size_t len;
	struct error *err = proc_read_file(pid, "maps", arena, &text, &len);

	if (err)
		return err;
	return error_prefix(proc_maps_parse(text, len, arena, maps, n), "process %d", pid);
}
