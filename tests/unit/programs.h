/* SPDX-License-Identifier: BSD-2-Clause */
/* Small programs, compiled when a test needs them, in a folder that ends with the test. */
#ifndef SNAPLINE_PROGRAMS_H
#define SNAPLINE_PROGRAMS_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char programs_folder[64];

static inline void programs_end(void)
{
	char command[96];

	snprintf(command, sizeof(command), "rm -rf %s", programs_folder);
	if (system(command))
		perror(command);
}

static inline const char *programs_path(const char *name)
{
	static char paths[8][160];
	static unsigned turn;
	char *path = paths[turn++ % 8];

	if (!programs_folder[0]) {
		strcpy(programs_folder, "/tmp/snapline-unit-XXXXXX");
		if (!mkdtemp(programs_folder))
			abort();
		atexit(programs_end);
	}
	snprintf(path, 160, "%s/%s", programs_folder, name);
	return path;
}

static inline void programs_write(const char *name, const char *text)
{
	FILE *file = fopen(programs_path(name), "w");

	if (!file)
		abort();
	fputs(text, file);
	fclose(file);
}

/* Runs a shell command in the folder; false if it fails (a compiler that isn't there). */
__attribute__((format(printf, 1, 2))) static inline bool programs_run(const char *format, ...)
{
	char command[1024], text[900];
	va_list args;

	programs_path("");
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	snprintf(command, sizeof(command), "cd %s && { %s; } >/dev/null 2>&1", programs_folder,
		 text);
	return system(command) == 0;
}

#endif
