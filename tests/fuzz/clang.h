/* SPDX-License-Identifier: BSD-2-Clause */
/* clang 14 knows quad floats by another name than gcc, and glibc declares nothing for it then. */
#ifndef SNAPLINE_FUZZ_CLANG_H
#define SNAPLINE_FUZZ_CLANG_H

#include <stddef.h>

#if defined(__x86_64__)
#define _Float128 __float128
int strfromf128(char *text, size_t size, const char *format, __float128 value);
#endif

#endif
