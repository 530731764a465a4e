// SPDX-License-Identifier: BSD-2-Clause
// A library for dlopen(): more thread-local storage than fits into the room that threads start
// with.
#include "../common.h"

__thread long plugin_value = 5;
static __thread char plugin_bytes[8192];

void plugin_touch(int value)
{
	plugin_value = value;
	plugin_bytes[value] = 1;
	KEEP(plugin_bytes);
}

NOINLINE void plugin_look(int thread)
{
	KEEP(thread);
}
