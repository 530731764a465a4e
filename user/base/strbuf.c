/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/strbuf.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

static void strbuf_reserve(struct strbuf *buf, size_t more)
{
	size_t want = buf->len + more + 1, capacity = buf->capacity ? buf->capacity : 64;

	if (want <= buf->capacity)
		return;
	while (capacity < want)
		capacity *= 2;
	buf->text = realloc(buf->text, capacity);
	if (!buf->text)
		error_no_memory();
	buf->capacity = capacity;
}

void strbuf_add(struct strbuf *buf, const void *bytes, size_t len)
{
	strbuf_reserve(buf, len);
	if (len)
		memcpy(buf->text + buf->len, bytes, len);
	buf->len += len;
	buf->text[buf->len] = '\0';
}

void strbuf_puts(struct strbuf *buf, const char *text)
{
	strbuf_add(buf, text, strlen(text));
}

void strbuf_putc(struct strbuf *buf, char c)
{
	strbuf_add(buf, &c, 1);
}

void strbuf_printf(struct strbuf *buf, const char *format, ...)
{
	va_list args, again;
	int len;

	va_start(args, format);
	va_copy(again, args);
	len = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (len < 0)
		error_no_memory();
	strbuf_reserve(buf, (size_t)len);
	vsnprintf(buf->text + buf->len, (size_t)len + 1, format, again);
	va_end(again);
	buf->len += (size_t)len;
}

void strbuf_clear(struct strbuf *buf)
{
	buf->len = 0;
	if (buf->text)
		buf->text[0] = '\0';
}

void strbuf_free(struct strbuf *buf)
{
	free(buf->text);
	*buf = (struct strbuf){0};
}

bool str_glob(const char *pattern, const char *text)
{
	return fnmatch(pattern, text, 0) == 0;
}

size_t str_distance(const char *a, const char *b, size_t limit)
{
	enum { LONGEST = 128 };
	size_t row[LONGEST + 1], n = strlen(a), m = strlen(b);

	if (n > LONGEST || m > LONGEST || (n > m ? n - m : m - n) >= limit)
		return limit;
	for (size_t j = 0; j <= m; j++)
		row[j] = j;
	for (size_t i = 1; i <= n; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= m; j++) {
			size_t replace = diagonal + (a[i - 1] != b[j - 1]);
			size_t edit = 1 + (row[j] < row[j - 1] ? row[j] : row[j - 1]);

			diagonal = row[j];
			row[j] = replace < edit ? replace : edit;
		}
	}
	return row[m] < limit ? row[m] : limit;
}

bool str_path_suffix(const char *path, const char *suffix)
{
	size_t n = strlen(path), m = strlen(suffix);

	if (m > n || strcmp(path + n - m, suffix) != 0)
		return false;
	return m == n || suffix[0] == '/' || path[n - m - 1] == '/';
}

bool str_u64(const char *text, u64 *result)
{
	char *end;
	u64 number;

	if (text[0] < '0' || text[0] > '9')
		return false;
	errno = 0;
	number = strtoull(text, &end, 0);
	if (errno || *end)
		return false;
	*result = number;
	return true;
}
