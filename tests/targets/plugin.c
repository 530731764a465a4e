// SPDX-License-Identifier: BSD-2-Clause
// flags: -pthread -ldl
// Loads the library that its argument names, parts/plugin_code.c; of four threads, two use the
// library's thread-local storage, which the other two never get.
#include <dlfcn.h>
#include <pthread.h>
#include <unistd.h>

#include "common.h"

static void (*touch)(int value);
static void (*look)(int thread);

static void *run(void *number)
{
	int thread = (int)(intptr_t)number;

	if (thread % 2)
		touch(40 + thread);
	for (int i = 0; i < 100; i++) {
		look(thread);
		usleep(100 * 1000);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	void *library = dlopen(argc > 1 ? argv[1] : "libplugin.so", RTLD_NOW);
	pthread_t threads[4];

	if (!library) {
		puts(dlerror());
		return 1;
	}
	touch = (void (*)(int))dlsym(library, "plugin_touch");
	look = (void (*)(int))dlsym(library, "plugin_look");
	for (int i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, run, (void *)(intptr_t)i);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	return 0;
}
