/* SPDX-License-Identifier: BSD-2-Clause */
/* Six functions in turn, for ever: none is called more often than another. */
#include "common.h"

#define ONE_OF_SIX(name)                 \
	static NOINLINE void name(int x) \
	{                                \
		KEEP(x);                 \
	}

ONE_OF_SIX(first)
ONE_OF_SIX(second)
ONE_OF_SIX(third)
ONE_OF_SIX(fourth)
ONE_OF_SIX(fifth)
ONE_OF_SIX(sixth)

int main(void)
{
	for (int i = 0;; i++) {
		first(i);
		second(i);
		third(i);
		fourth(i);
		fifth(i);
		sixth(i);
	}
}
