/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SNAPLINE_DEMANGLE_H
#define SNAPLINE_DEMANGLE_H

#include "base/base.h"

enum { DEMANGLE_MAX = 64 << 10 };

/*
 * The source name of a C++ or Rust symbol, without parameters. NULL: it is none, or one of more
 * than DEMANGLE_MAX bytes. The caller frees it.
 */
char *demangle(const char *symbol);

#endif
