/* SPDX-License-Identifier: BSD-2-Clause */
/* Thread-local storage of a module: its PT_TLS segment, and whether the module is the program. */
#include <gelf.h>
#include <string.h>

#include "dwarf/dw_private.h"

enum { MAX_SEGMENTS = 4096 };

bool dw_tls_segment(struct dw *dw, struct dw_tls *tls)
{
	GElf_Phdr header;
	size_t n = 0;

	if (!dw->cfi_elf || elf_getphdrnum(dw->cfi_elf, &n) != 0)
		return false;
	for (size_t i = 0; i < n && i < MAX_SEGMENTS; i++) {
		if (!gelf_getphdr(dw->cfi_elf, (int)i, &header) || header.p_type != PT_TLS)
			continue;
		tls->size = header.p_memsz;
		tls->align = header.p_align ? header.p_align : 1;
		tls->pc = header.p_vaddr;
		return true;
	}
	return false;
}

bool dw_is_program(struct dw *dw)
{
	return elf_file_is_program(dw->file);
}

/*
 * x86-64 lays the program's block directly below the thread pointer, arm64 above a header of two
 * words ("ELF Handling For Thread-Local Storage", variants II and I, sections 3.4.2 and 3.3).
 */
bool dw_tls_offset(struct dw *dw, u64 offset, s64 *from_thread_pointer)
{
	enum { TCB_HEADER = 16 };
	const struct arch *arch = elf_file_arch(dw->file);
	struct dw_tls tls;
	u64 start;

	if (!dw_is_program(dw) || !dw_tls_segment(dw, &tls) || (tls.align & (tls.align - 1)))
		return false;
	if (arch->elf_machine == EM_X86_64)
		start = -((tls.size + tls.align - 1) & -tls.align);
	else
		start = (TCB_HEADER + tls.align - 1) & -tls.align;
	*from_thread_pointer = (s64)(start + offset);
	return true;
}
