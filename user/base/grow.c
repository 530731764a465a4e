/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/grow.h"

#include <stdlib.h>

#include "base/error.h"

enum { LEAST = 16 };

void *grow(void *items, size_t n, size_t *capacity, size_t size)
{
	if (n < *capacity)
		return items;
	*capacity = *capacity ? 2 * *capacity : LEAST;
	items = realloc(items, *capacity * size);
	if (!items)
		error_no_memory();
	return items;
}
