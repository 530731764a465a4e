/* SPDX-License-Identifier: BSD-2-Clause */
/* What every unit test includes first: cmocka wants these three before it. */
#ifndef SNAPLINE_UNIT_H
#define SNAPLINE_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#endif
