/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/utf8.h"

#include <string.h>

size_t utf8_decode(const u8 *text, size_t len, u32 *code)
{
	static const u32 smallest[5] = {0, 0, 0x80, 0x800, 0x10000};
	u8 first;
	size_t want;
	u32 value;

	if (!len)
		return 0;
	first = text[0];
	want = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
	if (!want || first > 0xf4 || want > len)
		return 0;
	value = want == 1 ? first : first & (0x7f >> want);
	for (size_t i = 1; i < want; i++) {
		if ((text[i] & 0xc0) != 0x80)
			return 0;
		value = value << 6 | (text[i] & 0x3f);
	}
	if (value < smallest[want] || value > 0x10ffff || (value >= 0xd800 && value < 0xe000))
		return 0;
	*code = value;
	return want;
}

void utf8_encode(struct strbuf *out, u32 code)
{
	if (code < 0x80) {
		strbuf_putc(out, (char)code);
	} else if (code < 0x800) {
		strbuf_putc(out, (char)(0xc0 | code >> 6));
		strbuf_putc(out, (char)(0x80 | (code & 0x3f)));
	} else if (code < 0x10000) {
		strbuf_putc(out, (char)(0xe0 | code >> 12));
		strbuf_putc(out, (char)(0x80 | (code >> 6 & 0x3f)));
		strbuf_putc(out, (char)(0x80 | (code & 0x3f)));
	} else {
		strbuf_putc(out, (char)(0xf0 | code >> 18));
		strbuf_putc(out, (char)(0x80 | (code >> 12 & 0x3f)));
		strbuf_putc(out, (char)(0x80 | (code >> 6 & 0x3f)));
		strbuf_putc(out, (char)(0x80 | (code & 0x3f)));
	}
}

size_t utf8_next(const u8 *text, size_t len, bool *is_printable)
{
	u32 code;
	size_t n = utf8_decode(text, len, &code);

	*is_printable = n && utf8_is_printable(code);
	return *is_printable ? n : 1;
}

void utf8_put_safe(struct strbuf *out, const char *text)
{
	const u8 *at = (const u8 *)text;
	size_t rest = strlen(text), n;
	bool is_printable;

	for (; rest; at += n, rest -= n) {
		n = utf8_next(at, rest, &is_printable);
		if (is_printable || *at == '\n' || *at == '\t')
			strbuf_add(out, at, n);
		else
			strbuf_printf(out, "\\%.3o", *at);
	}
}
