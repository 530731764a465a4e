// SPDX-License-Identifier: BSD-2-Clause
// Pages that this program never touched, or gave back: strings in the file, in a mapped file, in memory that is
// still zero, a string that goes on into a page that isn't there, and one that ends with its mapping.
// usage: cold FILE
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>
#include "common.h"

enum { PAGE = 4096, FAR = 32 * PAGE }; /* a fault brings in the 64 KiB around */

/* The page of `text` holds nothing else that the program looks at. */
static const struct {
	char before[FAR], text[PAGE], after[FAR];
} constants = {"x", "a constant that nobody read", "x"};
static char initialised[2 * FAR + PAGE] = {[FAR] = 'i', 'n', 'i', 't', [2 * FAR] = 'x'};

static NOINLINE long look(const char *constant, const char *data, const char *file, const char *fresh,
			  const char *across, const char *end)
{
	KEEP(constant);
	KEEP(data);
	KEEP(file);
	KEEP(fresh);
	KEEP(across);
	KEEP(end);
	return 1;
}

static char *map(int fd, size_t pages)
{
	char *start = mmap(NULL, pages * PAGE, PROT_READ | (fd < 0 ? PROT_WRITE : 0),
			   MAP_PRIVATE | (fd < 0 ? MAP_ANONYMOUS : 0), fd, 0);

	if (start == MAP_FAILED)
		exit(1);
	return start;
}

int main(int argc, char **argv)
{
	int fd = open(argc > 1 ? argv[1] : "/etc/passwd", O_RDONLY);
	char *file = map(fd, 1), *fresh = map(-1, 1), *across = map(-1, 2), *end = map(-1, 2);
	long sum = 0;

	memset(across + PAGE - 3, 'a', 3);
	memcpy(end + PAGE - 3, "end", 3);
	munmap(end + PAGE, PAGE);
	for (int i = 0; i < 4; i++)
		sum += look(constants.text, initialised + FAR, file, fresh, across + PAGE - 3,
			    end + PAGE - 3);
	printf("sum %ld\n", sum);
	fflush(stdout);
	getchar();
	return 0;
}
