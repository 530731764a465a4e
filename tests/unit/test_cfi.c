/* SPDX-License-Identifier: BSD-2-Clause */
/* Call frame instructions of made programs. */
#include "unit.h"

#include "../fuzz/made_elf.h"
#include "dwarf/dw.h"

/* The row at the first function's start, whose CIE has these instructions; NULL: none. */
static struct cfi_row *row_of(const u8 *instructions, u8 len, struct arena *arena)
{
	u8 input[64] = {0, len};
	struct feed feed = {input, input + sizeof(input)};
	struct strbuf bytes = {0};
	struct cfi_row *row;
	struct elf_file *file;
	struct dw *dw;

	memcpy(input + 2, instructions, len);
	made_elf(&bytes, &feed);
	assert_null(elf_file_open_memory(bytes.text, bytes.len, "made", &file));
	assert_null(dw_open(file, "", &dw));
	assert_null(dw_cfi_row(dw, MADE_CODE, arena, &row));
	dw_close(dw);
	elf_file_close(file);
	strbuf_free(&bytes);
	return row;
}

static void test_registers_that_there_are(void **state)
{
	const u8 rsp[] = {DW_CFA_def_cfa, 7, 8};
	const u8 far[] = {DW_CFA_def_cfa, 0x87, 0x80, 4, 8}; /* 65536 + 7 */
	struct arena *arena = arena_new();
	struct cfi_row *row = row_of(rsp, sizeof(rsp), arena);

	assert_non_null(row);
	assert_int_equal(row->cfa_reg, 7);
	assert_int_equal(row->cfa_offset, 8);
	assert_null(row_of(far, sizeof(far), arena));
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_registers_that_there_are),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
