/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/absence.h"

static const struct {
	const char *status;
	const char *text;
} words[ABSENCE_COUNT] = {
#define X(name, status, text) [ABSENT_##name] = {status, text},
	ABSENCE_LIST(X)
#undef X
};

const char *absence_status(enum absence absence)
{
	return words[absence].status;
}

const char *absence_text(enum absence absence)
{
	return words[absence].text;
}
