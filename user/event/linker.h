/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where the dynamic linker of the event's process has put things, by what it leaves in memory for
 * debuggers: its list of modules, and glibc's descriptions of its own structures. Memory that the
 * record doesn't have is read late, as any other.
 */
#ifndef SNAPLINE_LINKER_H
#define SNAPLINE_LINKER_H

#include "event/event.h"

/*
 * The variable that all modules mean by this name: the executable's if it defines it (or has a
 * copy), else that of the one module that exports it. UNDEFINED, UNRESOLVED.
 */
enum absence linker_symbol(const struct event *event, const char *name, u64 *address);
/*
 * What lies at `offset` of the module's thread-local storage, in the thread that hit. NO_TLS,
 * TLS_NOT_ALLOCATED, TLS_UNKNOWN, or why memory on the way could not be read.
 */
enum absence linker_tls(const struct event *event, const struct event_module *module, u64 offset,
			u64 *address);

#endif
