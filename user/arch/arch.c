/* SPDX-License-Identifier: BSD-2-Clause */
#include "arch/arch_private.h"

#include <elf.h>
#include <string.h>

static const struct arch *const arches[] = {
	&arch_x86_64,
	&arch_arm64,
};

const struct arch *arch_by_machine(u16 elf_machine)
{
	for (size_t i = 0; i < ARRAY_LEN(arches); i++)
		if (arches[i]->elf_machine == elf_machine)
			return arches[i];
	return NULL;
}

const struct arch *arch_native(void)
{
#if defined(__x86_64__)
	return arch_by_machine(EM_X86_64);
#elif defined(__aarch64__)
	return arch_by_machine(EM_AARCH64);
#else
#error "this CPU has no line in the table above"
#endif
}

const struct arch_reg_name *arch_reg_by_name(const struct arch *arch, const char *name)
{
	for (size_t i = 0; i < arch->n_names; i++)
		if (strcmp(arch->names[i].name, name) == 0)
			return &arch->names[i];
	return NULL;
}
