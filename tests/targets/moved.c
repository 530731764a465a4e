// SPDX-License-Identifier: BSD-2-Clause
// flags: -no-pie -Wl,-z,max-page-size=4096
// Text that isn't the file's any more when it runs: a copy of it in memory of another kind.
// usage: moved plain|anonymous|hugetlb|shared|writable [ROUNDS]; waits for a line of input first
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>
#include "common.h"

enum { PAGE = 4096, HUGE_PAGE = 2 << 20 };
#define MOVED __attribute__((section(".text.moved"), noipa))

/* A huge page of text, of which step() is the start. */
MOVED __attribute__((aligned(HUGE_PAGE))) long step(long n)
{
	return n + 1;
}

/* Fills that page. */
MOVED void after_step(void)
{
	asm volatile(".fill %c0 - 4096, 1, 0x90" : : "i"(HUGE_PAGE));
}

static int fail(const char *what)
{
	perror(what);
	return 0;
}

static int copy_over(size_t len, int flags)
{
	char *text = (char *)step, *copy = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *there;

	if (copy == MAP_FAILED)
		return fail("memory");
	/* a failure at the text's own address would leave nothing there */
	there = mmap(NULL, len, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);
	if (there == MAP_FAILED)
		return fail("not here");
	munmap(there, len);
	memcpy(copy, text, len);
	there = mmap(text, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | flags, -1, 0);
	if (there == MAP_FAILED)
		return fail("not here");
	memcpy(there, copy, len);
	munmap(copy, len);
	return mprotect(there, len, PROT_READ | PROT_EXEC) == 0;
}

static off_t offset_of_step(void)
{
	unsigned long start, end, offset, here = (unsigned long)step;
	FILE *maps = fopen("/proc/self/maps", "r");
	char line[512];

	while (maps && fgets(line, sizeof(line), maps))
		if (sscanf(line, "%lx-%lx %*s %lx", &start, &end, &offset) == 3 && here >= start && here < end)
			return (off_t)(offset + here - start);
	return -1;
}

static int share(void)
{
	int fd = open("/proc/self/exe", O_RDONLY);

	return mmap((void *)step, PAGE, PROT_READ | PROT_EXEC, MAP_SHARED | MAP_FIXED, fd, offset_of_step()) ==
	       (void *)step;
}

static int move(const char *how)
{
	if (!strcmp(how, "anonymous"))
		return copy_over(PAGE, 0);
	if (!strcmp(how, "hugetlb"))
		return copy_over(HUGE_PAGE, MAP_HUGETLB);
	if (!strcmp(how, "shared"))
		return share();
	if (!strcmp(how, "writable"))
		return mprotect((void *)step, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC) == 0;
	return 1;
}

int main(int argc, char **argv)
{
	long rounds = argc > 2 ? atol(argv[2]) : 100, sum = 0;
	int moved = move(argc > 1 ? argv[1] : "plain");

	printf(moved ? "ready %d\n" : "not here: process %d has its own text\n", getpid());
	fflush(stdout);
	getchar();
	for (long i = 0; i < rounds; i++)
		sum += step(i);
	printf("sum %ld\n", sum);
	return sum != rounds * (rounds + 1) / 2;
}
