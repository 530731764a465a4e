// SPDX-License-Identifier: BSD-2-Clause
// Texts that end where their array ends, or have an array without a length, in a function that
// takes ever the same time.
// usage: texts [CALLS]
#include <unistd.h>
#include "common.h"

struct text {
	char full[4]; /* no NUL of its own */
	char next[4];
	int length;
	char letters[]; /* as long as it is */
};

__int128 wide = (__int128)1 << 100;

/* The program itself never looks at `why`. */
static NOINLINE long show(const struct text *text, long n, const char *why)
{
	KEEP(text);
	KEEP(why);
	usleep(2000);
	return n + text->length;
}

int main(int argc, char **argv)
{
	int calls = argc > 1 ? clamp(atoi(argv[1]), 1, 1000000) : 20;
	struct text *text = calloc(1, sizeof(*text) + 32);
	long sum = 0;

	if (!text)
		return 1;
	for (int i = 0; i < calls; i++) {
		strcpy(text->letters, i % 2 ? "odd letters" : "even");
		memcpy(text->full, i % 4 ? "abcd" : "wxyz", 4);
		memcpy(text->next, "more", 4);
		text->length = (int)strlen(text->letters);
		sum += show(text, i, i % 2 ? "a reason" : "another one");
	}
	free(text);
	return sum == 0;
}
