/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A program file from anybody, as list and explain (and with it every plan) read it. Inputs are
 * real files with damage: the mutator changes what is in the sections, the headers and notes, and
 * keeps the size. A separate debug file, and the part that dwz shares, are read through the program
 * that belongs to them.
 */
#include <elf.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/border.h"
#include "cmd/cmd.h"
#include "cmd/privilege.h"
#include "proc/proc.h"
#include "shown.h"

#define FILES "build/fuzz/files/"
static const char path[] = FILES "target"; /* by this name the others look for it */

/* What belongs to this machine and takes long is left out; the linker puts these in their place. */
struct error *__wrap_proc_by_file(const char *file, struct arena *arena, int **pids, size_t *n);
struct error *__wrap_privilege_check(void);
void *__wrap_mmap(void *address, size_t len, int protection, int flags, int fd, off_t offset);
int __wrap_munmap(void *address, size_t len);
void *__real_mmap(void *address, size_t len, int protection, int flags, int fd, off_t offset);
int __real_munmap(void *address, size_t len);

struct error *__wrap_proc_by_file(const char *file, struct arena *arena, int **pids, size_t *n)
{
	*n = 0;
	return NULL;
}

struct error *__wrap_privilege_check(void)
{
	return error_new(ERROR_PRIVILEGE, "not here");
}

struct error *__wrap_border_cross_to_read(const struct spec *spec, const struct target *target,
					  int fd);

/* Who crashes is found here, not in a process of its own. */
struct error *__wrap_border_cross_to_read(const struct spec *spec, const struct target *target, int fd)
{
	return NULL;
}

/* A file lies on the heap, where a read behind its end is seen. */
void *__wrap_mmap(void *address, size_t len, int protection, int flags, int fd, off_t offset)
{
	u8 *copy;

	if (fd < 0 || !(flags & MAP_PRIVATE) || offset)
		return __real_mmap(address, len, protection, flags, fd, offset);
	copy = aligned_alloc(16, (len + 15) & ~15ull);
	if (pread(fd, copy, len, 0) != (ssize_t)len)
		__builtin_trap();
	return copy;
}

int __wrap_munmap(void *address, size_t len)
{
	free(address);
	return 0;
}

struct command {
	const char *const *argv; /* the target behind -x */
	struct error *(*run)(const struct spec *spec, struct arena *arena);
};
#define COMMAND(run, ...)                                     \
	{                                                     \
		(const char *const[]){__VA_ARGS__, NULL}, run \
	}
static const struct command commands[] = {
	COMMAND(cmd_list, "list", "-x", path, "funcs", "-f", "json"),
	COMMAND(cmd_list, "list", "-x", path, "lines"),
	COMMAND(cmd_list, "list", "-x", path, "vars"),
	COMMAND(cmd_list, "list", "-x", path, "vars", "orders.c:50"),
	COMMAND(cmd_explain, "explain", "-x", path, "handle", "--if",
		"depth > 0 && order->items->count != totals[1][2]", "--capture", "*order",
		"--capture", "order->note"),
	COMMAND(cmd_explain, "explain", "-x", path, "orders.c:50", "-f", "json"),
	COMMAND(cmd_explain, "explain", "-x", path, "handle%return", "--capture", "$return"),
	COMMAND(cmd_explain, "explain", "-x", path, "orders.c:*", "--count", "--hist", "$tid"),
	COMMAND(cmd_explain, "explain", "-x", path, "handle", "--tictoc", "--by", "depth"),
	COMMAND(cmd_explain, "explain", "-x", path, "handle", "--count", "--by", "order->note",
		"--by", "$caller", "-vv"),
	COMMAND(cmd_explain, "explain", "-x", path, "handle", "--exact", "--log",
		"{*order} {(struct item *)sum} {checked:x} {NEW}"),
};

/* Which file is the target's, if the input isn't a program itself. */
static const char *program_of(const u8 *data, size_t size)
{
	Elf64_Ehdr head = {0};
	Elf64_Shdr text;

	memcpy(&head, data, min_u64(size, sizeof(head)));
	if (head.e_type == ET_REL)
		return FILES "shares";
	for (u64 i = 0; i < head.e_shnum && i < 8; i++) {
		u64 at = head.e_shoff + i * sizeof(text);

		if (at > size || size - at < sizeof(text))
			break;
		memcpy(&text, data + at, sizeof(text));
		if (text.sh_flags & SHF_EXECINSTR)
			return text.sh_type == SHT_NOBITS ? FILES "stripped" : path;
	}
	return path;
}

static void run(const struct command *command, const char *target)
{
	struct arena *arena = arena_new();
	char *argv[32] = {NULL}, *text;
	FILE *terminal = stdout;
	struct spec *spec;
	size_t len;
	struct error *err;
	int argc = 0;

	for (; command->argv[argc]; argc++)
		argv[argc] = arena_strdup(arena, command->argv[argc]);
	argv[2] = arena_strdup(arena, target);
	err = spec_parse(argc, argv, arena, &spec);
	if (err)
		__builtin_trap();
	text = NULL;
	stdout = open_memstream(&text, &len);
	fuzz_error(command->run(spec, arena));
	fclose(stdout);
	stdout = terminal;
	spec->format == FORMAT_JSON ? json_check_lines(text, len) : text_check(text, len);
	free(text);
	arena_free(arena);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	const char *target = program_of(data, size);

	fuzz_write(path, data, size);
	for (size_t i = 0; i < ARRAY_LEN(commands); i++)
		run(&commands[i], target);
	return 0;
}

/* The mutator. */

struct area {
	u64 start, size;
};

enum { MAX_AREAS = 128 };

static bool is_interesting(const char *name)
{
	static const char *const starts[] = {
		".debug", ".zdebug",	 ".eh_frame", ".note",	   ".gnu", ".symtab", ".dyn",
		".rela",  ".gcc_except", ".strtab",   ".shstrtab", ".plt", ".rodata", ".text"};

	for (size_t i = 0; i < ARRAY_LEN(starts); i++)
		if (!strncmp(name, starts[i], strlen(starts[i])))
			return true;
	return false;
}

/* Headers and section contents; those of debug information stand twice. */
static size_t find_areas(const u8 *data, size_t size, struct area *areas)
{
	Elf64_Ehdr head;
	size_t n = 0;

	if (size < sizeof(head))
		return 0;
	memcpy(&head, data, sizeof(head));
	areas[n++] = (struct area){0, sizeof(head)};
	if (head.e_phoff < size)
		areas[n++] = (struct area){head.e_phoff,
					   min_u64(size - head.e_phoff, head.e_phnum * 56ull)};
	if (head.e_shoff >= size)
		return n;
	areas[n++] =
		(struct area){head.e_shoff, min_u64(size - head.e_shoff, head.e_shnum * 64ull)};
	for (u64 i = 0; i < head.e_shnum && n + 1 < MAX_AREAS; i++) {
		u64 at = head.e_shoff + i * sizeof(Elf64_Shdr);
		Elf64_Shdr section, names = {0};
		const char *name = "";

		if (at > size || size - at < sizeof(section))
			break;
		memcpy(&section, data + at, sizeof(section));
		at = head.e_shoff + head.e_shstrndx * sizeof(Elf64_Shdr);
		if (at < size && size - at >= sizeof(names))
			memcpy(&names, data + at, sizeof(names));
		if (names.sh_offset < size && section.sh_name < size - names.sh_offset)
			name = (const char *)data + names.sh_offset + section.sh_name;
		if (section.sh_type == SHT_NOBITS || section.sh_offset >= size ||
		    section.sh_size > size - section.sh_offset || !section.sh_size)
			continue;
		if (memchr(name, 0, (size_t)(data + size - (const u8 *)name)) &&
		    !is_interesting(name))
			continue;
		areas[n++] = (struct area){section.sh_offset, section.sh_size};
		if (strncmp(name, ".debug", 6) == 0)
			areas[n++] = (struct area){section.sh_offset, section.sh_size};
	}
	return n;
}

/* libFuzzer's own mutations, in a window that keeps its size. */
static void mutate_window(u8 *data, const struct area *area, struct fuzz_random *random)
{
	u8 window[64];
	size_t len = min_u64(area->size, 1 + fuzz_random(random, sizeof(window)));
	size_t at = area->start + fuzz_random(random, area->size - len + 1);

	memcpy(window, data + at, len);
	LLVMFuzzerMutate(window, len, len);
	memcpy(data + at, window, len);
}

static void mutate_number(u8 *data, const struct area *area, struct fuzz_random *random)
{
	size_t width = 1ull << fuzz_random(random, 4), at;

	if (area->size < width)
		return;
	at = fuzz_random(random, area->size - width + 1);
	if (fuzz_random(random, 2))
		at -= at % width;
	fuzz_change_number(data + area->start + at, width, random);
}

/* A number of the form LEB128 becomes longer, or endless. */
static void mutate_leb(u8 *data, const struct area *area, struct fuzz_random *random)
{
	u64 len = 1 + fuzz_random(random, 12), at;

	if (area->size <= len)
		return;
	at = area->start + fuzz_random(random, area->size - len);
	while (len--)
		data[at++] |= 0x80;
}

static void copy_piece(u8 *data, const struct area *to, const struct area *from,
		       struct fuzz_random *random)
{
	u64 len = min_u64(min_u64(to->size, from->size), 1 + fuzz_random(random, 32));

	memmove(data + to->start + fuzz_random(random, to->size - len + 1),
		data + from->start + fuzz_random(random, from->size - len + 1), len);
}

size_t LLVMFuzzerCustomMutator(u8 *data, size_t size, size_t max_size, unsigned seed)
{
	struct fuzz_random random = {seed};
	struct area areas[MAX_AREAS];
	size_t n = find_areas(data, size, areas);

	if (n < 3)
		return LLVMFuzzerMutate(data, size, max_size);
	if (!fuzz_random(&random, 200))
		return 1 + fuzz_random(&random, size);
	for (u64 i = 1 + fuzz_random(&random, 5); i; i--) {
		const struct area *area = &areas[fuzz_random(&random, n)];

		if (!area->size)
			continue;
		switch (fuzz_random(&random, 8)) {
		case 0: mutate_leb(data, area, &random); break;
		case 1: copy_piece(data, area, &areas[fuzz_random(&random, n)], &random); break;
		case 2:
		case 3: mutate_window(data, area, &random); break;
		default: mutate_number(data, area, &random);
		}
	}
	return size;
}
