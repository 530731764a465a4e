/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Each back reference in a symbol can double what came before, so 300 bytes may stand for a name
 * that fills any memory. libiberty hands it over in pieces, and has no heap of its own meanwhile:
 * when there are too many, the way out is a jump.
 */
#include "elf/demangle.h"

#include <libiberty/demangle.h>
#include <setjmp.h>

#include "base/strbuf.h"

struct name {
	struct strbuf text;
	jmp_buf too_long;
};

static void add_piece(const char *piece, size_t len, void *context)
{
	struct name *name = context;

	if (len > DEMANGLE_MAX - name->text.len)
		longjmp(name->too_long, 1);
	strbuf_add(&name->text, piece, len);
}

static bool read_symbol(const char *symbol, struct name *name)
{
	if (setjmp(name->too_long))
		return false;
	if (rust_demangle_callback(symbol, DMGL_AUTO, add_piece, name))
		return true;
	strbuf_clear(&name->text);
	return cplus_demangle_v3_callback(symbol, DMGL_AUTO, add_piece, name);
}

char *demangle(const char *symbol)
{
	struct name name = {0};

	if (read_symbol(symbol, &name) && name.text.len)
		return name.text.text;
	strbuf_free(&name.text);
	return NULL;
}
