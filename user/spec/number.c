/* SPDX-License-Identifier: BSD-2-Clause */
/* Durations and sizes, as people write them. */
#include <string.h>

#include "base/strbuf.h"
#include "spec/spec.h"

struct unit {
	const char *name;
	u64 factor;
};

static const struct unit duration_units[] = {
	{"ns", 1},	     {"us", 1000},	    {"ms", 1000000},	    {"s", 1000000000},
	{"m", 60000000000u}, {"h", 3600000000000u}, {"d", 86400000000000u},
};

static const struct unit size_units[] = {
	{"", 1},	  {"B", 1},	  {"K", 1 << 10},   {"k", 1 << 10},
	{"KiB", 1 << 10}, {"M", 1 << 20}, {"MiB", 1 << 20},
};

static const struct unit *unit_by_name(const struct unit *units, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(units[i].name, name) == 0)
			return &units[i];
	}
	return NULL;
}

/* Digits with at most one point: *number in units of 1e-9, *rest behind it. */
static bool scan_decimal(const char *text, u64 *whole, u64 *nano, const char **rest)
{
	const char *p = text;
	u64 place = 100000000;

	*whole = *nano = 0;
	if (*p < '0' || *p > '9')
		return false;
	for (; *p >= '0' && *p <= '9'; p++) {
		if (__builtin_mul_overflow(*whole, 10, whole) ||
		    __builtin_add_overflow(*whole, (u64)(*p - '0'), whole))
			return false;
	}
	if (*p == '.') {
		p++;
		if (*p < '0' || *p > '9')
			return false;
		for (; *p >= '0' && *p <= '9'; p++, place /= 10)
			*nano += (u64)(*p - '0') * place;
	}
	*rest = p;
	return true;
}

/* whole.nano times factor; false if it doesn't fit. */
static bool scale(u64 whole, u64 nano, u64 factor, u64 *result)
{
	unsigned __int128 product = (unsigned __int128)whole * factor;

	product += (unsigned __int128)nano * factor / 1000000000u;
	if (product > UINT64_MAX / 2)
		return false;
	*result = (u64)product;
	return true;
}

struct error *spec_duration(const char *text, u64 *ns)
{
	const struct unit *unit;
	const char *rest;
	u64 whole, nano, result;
	struct error *err;

	if (!scan_decimal(text, &whole, &nano, &rest)) {
		err = error_new(ERROR_USAGE, "\"%s\" is not a duration", text);
		goto bad;
	}
	unit = unit_by_name(duration_units, ARRAY_LEN(duration_units), *rest ? rest : "s");
	if (!unit) {
		err = error_new(ERROR_USAGE, "\"%s\" is no unit of time", rest);
		goto bad;
	}
	if (!scale(whole, nano, unit->factor, &result)) {
		err = error_new(ERROR_USAGE, "the duration %s is too long", text);
		goto bad;
	}
	*ns = result;
	return NULL;
bad:
	err = error_span(err, text, 0, strlen(text));
	return error_cure(err, "Write it like 10 (seconds), 250ms, 1.5s, 2m or 1h.");
}

struct error *spec_size(const char *text, u64 *bytes)
{
	const struct unit *unit = NULL;
	const char *rest;
	u64 whole, nano, result;
	struct error *err;

	if (scan_decimal(text, &whole, &nano, &rest))
		unit = unit_by_name(size_units, ARRAY_LEN(size_units), rest);
	if (unit && scale(whole, nano, unit->factor, &result)) {
		*bytes = result;
		return NULL;
	}
	err = error_new(ERROR_USAGE, "\"%s\" is not a number of bytes", text);
	err = error_span(err, text, 0, strlen(text));
	return error_cure(err, "Write it like 4096, 16K or 1M.");
}
