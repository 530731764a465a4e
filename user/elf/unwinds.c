/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * May a return address be replaced?
 *
 * A session link sees a function's return by putting the kernel's own address in place of the
 * caller's, on the program's stack, for as long as the call lasts. `ret` then goes through the
 * kernel, which gives the true address back. Whoever else looks at that word, or leaves the stack
 * by another way than the kernel can follow, is misled: an unwinder finds no call frame information
 * for the kernel's page and ends a C++ throw in terminate(), pthread_exit() without its
 * destructors, backtrace() after two frames; a program that switches stacks returns to where
 * another one of its stacks was called from. longjmp() on one stack is none of that: the kernel
 * compares stack pointers and drops what was jumped over.
 *
 * So it is asked of all code that a process maps whether it could, and one that could is enough:
 *
 *  - it imports, or has in it, a name of the table below: the unwinders' own interfaces, what they
 *    need to find their tables, what makes the C library unwind, what switches stacks, and what
 *    counts by return addresses. With dlsym() the name is a string in the file, which is
 *    looked for;
 *  - an instruction gives the stack pointer a value that comes neither from itself nor from the
 *    frame pointer. Every unwinder that lands in another frame has one, and every switch of
 *    stacks that is written in assembler, also where nobody left a name: static, stripped,
 *    hidden. (Arrays of a length known at run time have it too; they are not worth telling
 *    apart.)
 *  - it is Go, whose runtime moves stacks and reads them.
 *
 * The C library would fail all of that: it has longjmp(), setcontext() and pthread_exit(), which
 * loads libgcc_s.so.1 when it is called. It is let through, because it does none of it by itself:
 * somebody has to call it, and that somebody imports the name. For its own functions nothing is
 * promised. What a process maps later is told as it comes (cmd/session.c). libgcc_s that
 * pthread_exit() loads would unwind before anyone has heard of it, which is why it is the name that
 * counts.
 */
#include <string.h>

#include "elf/elf_private.h"

enum { MAX_CODE_BYTES = 64 << 20 };

/* A name that ends in * stands for all that begin so. */
static const struct {
	const char *name, *what;
} names[] = {
	{"_Unwind_*", "unwinds stacks"},
	{"unw_*", "unwinds stacks"},
	{"__gxx_personality*", "throws or catches exceptions"},
	{"__cxa_throw", "throws or catches exceptions"},
	{"__gcc_personality*", "has clean-ups for an unwinder"},
	{"__register_frame*", "gives tables to an unwinder"},
	{"dl_iterate_phdr", "looks for an unwinder's tables"},
	{"_dl_find_object", "looks for an unwinder's tables"},
	{"pthread_exit", "ends threads by unwinding them"},
	{"thrd_exit", "ends threads by unwinding them"},
	{"pthread_cancel", "ends threads by unwinding them"},
	{"backtrace", "unwinds stacks"},
	{"makecontext", "switches stacks"},
	{"swapcontext", "switches stacks"},
	{"setcontext", "switches stacks"},
	{"sigaltstack", "switches stacks"},
	{"__morestack*", "switches stacks"},
	{"mcount", "counts by return addresses"},
	{"_mcount", "counts by return addresses"},
	{"__fentry__", "counts by return addresses"},
	{"__cyg_profile_func_enter", "counts by return addresses"},
};

/* In .symtab a version may follow. */
static bool is_named(const char *pattern, const char *name)
{
	size_t len = strlen(pattern);

	if (pattern[len - 1] == '*')
		return !strncmp(name, pattern, len - 1);
	return !strncmp(name, pattern, len) && (name[len] == '\0' || name[len] == '@');
}

static const char *find_name(const char *name, struct arena *arena)
{
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (is_named(names[i].name, name))
			return arena_printf(arena, "%s (%s)", names[i].what, name);
	return NULL;
}

/* Undefined symbols count as well as defined ones: who calls is as good as who has it. */
static const char *search_symbols(const struct elf_file *file, const char *table_name,
				  const char *strings_name, struct arena *arena)
{
	const struct elf_section *table = elf_file_section(file, table_name);
	const struct elf_section *strings = elf_file_section(file, strings_name);
	const char *found = NULL;
	Elf64_Sym sym;

	if (!table || !table->bytes || !strings || !strings->bytes)
		return NULL;
	for (u64 i = 0; !found && i < ELF_MAX_SYMBOLS && (i + 1) * sizeof(sym) <= table->size;
	     i++) {
		const char *name;

		memcpy(&sym, table->bytes + i * sizeof(sym), sizeof(sym));
		name = elf_string(strings->bytes, strings->size, sym.st_name);
		found = name ? find_name(name, arena) : NULL;
	}
	return found;
}

/* A whole string, or with * the beginning of one. */
static bool holds_string(const struct elf_section *section, const char *pattern)
{
	size_t len = strlen(pattern), wanted = pattern[len - 1] == '*' ? len - 1 : len + 1;

	return section->bytes && !section->is_code &&
	       memmem(section->bytes, section->size, pattern, wanted);
}

static const char *search_strings(struct elf_file *file, struct arena *arena)
{
	struct elf_binding binding;

	if (!elf_file_import(file, "dlsym", &binding) && !elf_file_import(file, "dlvsym", &binding))
		return NULL;
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		for (size_t k = 0; k < file->n_sections; k++)
			if (file->sections[k].is_mapped &&
			    holds_string(&file->sections[k], names[i].name))
				return arena_printf(arena, "may look up what %s (%s)",
						    names[i].what, names[i].name);
	return NULL;
}

static const char *search_code(const struct elf_file *file, struct arena *arena)
{
	u64 left = MAX_CODE_BYTES;

	for (size_t i = 0; i < file->n_sections; i++) {
		const struct elf_section *section = &file->sections[i];
		u64 at = 0;

		if (!section->is_code || !section->bytes)
			continue;
		if (section->size > left)
			return "has too much code to look through";
		left -= section->size;
		while (at < section->size) {
			size_t len;

			if (file->arch->loads_stack_pointer(section->bytes + at, section->size - at,
							    &len))
				return arena_printf(arena,
						    "may switch stacks (it sets the stack pointer "
						    "at 0x%llx)",
						    (unsigned long long)(section->pc + at));
			at += len;
		}
	}
	return NULL;
}

static const char *soname(const struct elf_file *file)
{
	enum { MAX_ENTRIES = 4096 };
	const struct elf_section *section = elf_file_section(file, ".dynamic");
	const struct elf_section *strings = elf_file_section(file, ".dynstr");
	Elf64_Dyn entry;

	if (!section || !section->bytes || !strings || !strings->bytes)
		return NULL;
	for (size_t i = 0; i < MAX_ENTRIES && (i + 1) * sizeof(entry) <= section->size; i++) {
		memcpy(&entry, section->bytes + i * sizeof(entry), sizeof(entry));
		if (entry.d_tag == DT_NULL)
			break;
		if (entry.d_tag == DT_SONAME)
			return elf_string(strings->bytes, strings->size, entry.d_un.d_val);
	}
	return NULL;
}

bool elf_file_is_libc(const struct elf_file *file)
{
	static const char *const sonames[] = {"libc.so.6", "libpthread.so.0",
					      "ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1"};
	const char *name = soname(file);

	for (size_t i = 0; name && i < ARRAY_LEN(sonames); i++)
		if (!strcmp(name, sonames[i]))
			return true;
	return false;
}

const char *elf_file_unwinds(struct elf_file *file, struct arena *arena)
{
	const char *found;

	if (elf_file_is_libc(file))
		return NULL;
	if (elf_file_is_go(file))
		return "is Go, whose runtime moves stacks";
	if (!elf_file_section(file, ".text"))
		return "has no sections to look through";
	found = search_symbols(file, ".dynsym", ".dynstr", arena);
	if (!found)
		found = search_symbols(file, ".symtab", ".strtab", arena);
	if (!found)
		found = search_strings(file, arena);
	return found ? found : search_code(file, arena);
}
