/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A library's thread-local storage. Each module with such storage has a number. Storage that is set
 * up with the thread lies at a fixed distance from the thread pointer, which the linker keeps with
 * the module. For modules loaded later it is allocated when the thread first asks for it; then the
 * thread's vector (dtv) has the address at the module's number, if the vector is as new as the
 * module.
 *
 * Where these fields lie, glibc tells debuggers in constants called _thread_db_STRUCT_FIELD: size
 * in bits, number of elements, offset in bytes (glibc, nptl_db/structs.def; the walk is
 * td_thr_tlsbase() of nptl_db/td_thr_tlsbase.c, "ELF Handling For Thread-Local Storage" has the
 * ideas). Other C libraries have none of that, and their storage is absent.
 */
#include "event/linker.h"

#include <elf.h>
#include <link.h>
#include <string.h>

#include "event/process.h"

enum { MAX_MODULES = 100000, MAX_DYNAMIC = 4096, MAX_SLOT_LISTS = 10000 };

/* A field of one of glibc's structures. */
struct field {
	u32 bits;
	u32 count;
	u32 offset;
};

struct linker {
	const struct event *event;
	enum absence why; /* why something could not be read; then nothing more is */
};

static void fail(struct linker *linker, enum absence why)
{
	if (linker->why == PRESENT)
		linker->why = why;
}

static void read_bytes(struct linker *linker, u64 address, void *bytes, size_t len)
{
	memset(bytes, 0, len);
	if (linker->why == PRESENT)
		linker->why = image_read(linker->event->image, address, bytes, len, NULL);
}

static u64 read_word(struct linker *linker, u64 address)
{
	u64 word;

	read_bytes(linker, address, &word, sizeof(word));
	return word;
}

/* The module that defines a symbol of the C library or its linker. */
static u64 find_symbol(struct linker *linker, const char *name)
{
	const struct event *event = linker->event;

	for (size_t i = 0; i < event->n_modules; i++) {
		const struct event_module *module = &event->modules[i];
		const struct elf_symbol *symbol =
			module->dw ? elf_file_symbol(dw_file(module->dw), name) : NULL;

		if (symbol && symbol->is_object)
			return symbol->pc + module->bias;
	}
	fail(linker, ABSENT_TLS_UNKNOWN);
	return 0;
}

static struct field find_field(struct linker *linker, const char *name)
{
	struct field field = {0};
	u64 address = find_symbol(linker, name);

	read_bytes(linker, address, &field, sizeof(field));
	return field;
}

/* A field that is a word, of the structure at `address`. */
static u64 read_field(struct linker *linker, u64 address, const char *name)
{
	struct field field = find_field(linker, name);
	u64 value = 0;

	if (linker->why == PRESENT && field.bits != 32 && field.bits != 64)
		fail(linker, ABSENT_TLS_UNKNOWN);
	read_bytes(linker, address + field.offset, &value, field.bits / 8 & 15);
	return value;
}

/* The run-time address of a module's dynamic section; 0: it has none. */
static u64 dynamic_address(const struct event_module *module)
{
	const struct elf_section *section =
		module->dw ? elf_file_section(dw_file(module->dw), ".dynamic") : NULL;

	return section ? section->pc + module->bias : 0;
}

static const struct event_module *find_program(const struct event *event)
{
	for (size_t i = 0; i < event->n_modules; i++)
		if (event->modules[i].dw && dw_is_program(event->modules[i].dw))
			return &event->modules[i];
	return NULL;
}

/* DT_DEBUG of the program: what the linker filled in for debuggers (SVR4, <link.h>). */
static u64 find_debug(struct linker *linker)
{
	const struct event_module *program = find_program(linker->event);
	u64 address = program ? dynamic_address(program) : 0;
	Elf64_Dyn entry = {.d_tag = DT_NULL};

	for (size_t i = 0; address && i < MAX_DYNAMIC && linker->why == PRESENT; i++) {
		read_bytes(linker, address + i * sizeof(entry), &entry, sizeof(entry));
		if (entry.d_tag == DT_DEBUG)
			return entry.d_un.d_ptr;
		if (entry.d_tag == DT_NULL)
			break;
	}
	return 0;
}

/* Address of the module's struct link_map; 0: it isn't on the list. */
static u64 find_link_map(struct linker *linker, const struct event_module *module)
{
	u64 dynamic = dynamic_address(module), debug = find_debug(linker), at;

	if (!dynamic || !debug)
		return 0;
	at = read_word(linker, debug + offsetof(struct r_debug, r_map));
	for (size_t i = 0; at && i < MAX_MODULES && linker->why == PRESENT; i++) {
		if (read_word(linker, at + offsetof(struct link_map, l_ld)) == dynamic)
			return linker->why == PRESENT ? at : 0;
		at = read_word(linker, at + offsetof(struct link_map, l_next));
	}
	return 0;
}

/* The generation of the module with that number, from the linker's list of lists. */
static u64 module_generation(struct linker *linker, u64 number)
{
	struct field head = find_field(linker, "_thread_db_rtld_global__dl_tls_dtv_slotinfo_list");
	struct field slots = find_field(linker, "_thread_db_dtv_slotinfo_list_slotinfo");
	u64 list = read_word(linker, find_symbol(linker, "_rtld_global") + head.offset), first = 0;

	for (size_t i = 0; list && i < MAX_SLOT_LISTS && linker->why == PRESENT; i++) {
		u64 len = read_field(linker, list, "_thread_db_dtv_slotinfo_list_len");

		if (number - first < len)
			return read_field(linker,
					  list + slots.offset + (number - first) * (slots.bits / 8),
					  "_thread_db_dtv_slotinfo_gen");
		first += len;
		list = read_field(linker, list, "_thread_db_dtv_slotinfo_list_next");
	}
	fail(linker, ABSENT_NO_TLS);
	return 0;
}

/* The thread's block of that module, from its vector. On x86-64 struct pthread is at the pointer.
 */
static u64 block_of_vector(struct linker *linker, u64 number)
{
	u64 thread = linker->event->thread_pointer, vector, generation, block;
	struct field entries = find_field(linker, "_thread_db_dtv_dtv");

	vector = read_field(linker, thread, "_thread_db_pthread_dtvp") + entries.offset;
	generation = read_field(linker, vector, "_thread_db_dtv_t_counter");
	if (module_generation(linker, number) > generation)
		fail(linker, ABSENT_TLS_NOT_ALLOCATED);
	block = read_field(linker, vector + number * (entries.bits / 8),
			   "_thread_db_dtv_t_pointer_val");
	if (linker->why == PRESENT && (block == UINT64_MAX || !block))
		fail(linker, ABSENT_TLS_NOT_ALLOCATED);
	return block;
}

/* l_tls_offset: NO_TLS_OFFSET is 0, FORCED_DYNAMIC_TLS_OFFSET is -1 (glibc, include/link.h). */
static u64 block_of(struct linker *linker, u64 link_map)
{
	u64 offset = read_field(linker, link_map, "_thread_db_link_map_l_tls_offset");
	u64 number = read_field(linker, link_map, "_thread_db_link_map_l_tls_modid");

	if (linker->why == PRESENT && !number)
		fail(linker, ABSENT_NO_TLS);
	if (offset && offset != UINT64_MAX)
		return linker->event->thread_pointer - offset;
	return block_of_vector(linker, number);
}

enum absence linker_tls(const struct event *event, const struct event_module *module, u64 offset,
			u64 *address)
{
	struct linker linker = {.event = event};
	u64 map, block;
	s64 distance;

	if (!event->thread_pointer || !module || !module->dw)
		return ABSENT_NO_TLS;
	if (dw_tls_offset(module->dw, offset, &distance)) {
		*address = event->thread_pointer + (u64)distance;
		return PRESENT;
	}
	if (elf_file_arch(dw_file(module->dw))->elf_machine != EM_X86_64)
		return ABSENT_TLS_UNKNOWN;
	map = find_link_map(&linker, module);
	if (!map)
		return linker.why == PRESENT ? ABSENT_NO_TLS : linker.why;
	block = block_of(&linker, map);
	if (linker.why == PRESENT)
		*address = block + offset;
	return linker.why;
}

/* 0: the module doesn't define it; more than 1: there are several versions, or nobody knows. */
static unsigned symbol_in(const struct event *event, const struct event_module *module,
			  const char *name, enum absence *why, u64 *address)
{
	bool is_tls = false;
	unsigned n;
	u64 pc;

	if (!module->dw)
		return module->path[0] == '/' ? 2 : 0;
	n = elf_file_exports(dw_file(module->dw), name, &pc, &is_tls);
	if (n != 1)
		return n;
	*why = PRESENT;
	if (is_tls)
		*why = linker_tls(event, module, pc, address);
	else
		*address = pc + module->bias;
	return 1;
}

enum absence linker_symbol(const struct event *event, const char *name, u64 *address)
{
	const struct event_module *program = find_program(event);
	enum absence why = ABSENT_UNRESOLVED;
	unsigned n;
	u64 found = 0;

	/* Without the program a copy in it could be missed. */
	if (!program)
		return ABSENT_UNRESOLVED;
	n = symbol_in(event, program, name, &why, &found);
	if (n == 0)
		for (size_t i = 0; i < event->n_modules; i++)
			n += symbol_in(event, &event->modules[i], name, &why, &found);
	if (n == 0)
		return ABSENT_UNDEFINED;
	if (n > 1)
		return ABSENT_UNRESOLVED;
	if (why == PRESENT)
		*address = found;
	return why;
}
