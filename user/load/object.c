/* SPDX-License-Identifier: BSD-2-Clause */
#include "load/object.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include "load/session.h"
#include "calls.skel.h"
#include "count.skel.h"
#include "log.skel.h"
#include "snap.skel.h"
#include "tictoc.skel.h"

static const struct instrument instruments[] = {
	[LOAD_SNAP] = {snap_bpf__elf_bytes, "snap_unrolled", "snap_loop", "snap_faulting"},
	[LOAD_LOG] = {log_bpf__elf_bytes, "log_plain", NULL, "log_faulting"},
	[LOAD_COUNT] = {count_bpf__elf_bytes, "count"},
	[LOAD_TICTOC] = {tictoc_bpf__elf_bytes, "tictoc_unrolled", "tictoc_loop",
			 "tictoc_faulting"},
	[LOAD_CALLS] = {calls_bpf__elf_bytes, "calls"},
};

const struct instrument *object_instrument(enum load_instrument instrument)
{
	return &instruments[instrument];
}

struct error *object_open(enum load_instrument instrument, struct bpf_object **object)
{
	LIBBPF_OPTS(bpf_object_open_opts, opts, .object_name = "snapline");
	struct bpf_object *opened;
	const void *bytes;
	size_t len;

	if (instrument >= ARRAY_LEN(instruments) || !instruments[instrument].bytes)
		return error_new(ERROR_FAILED, "there are no programs of instrument %d",
				 instrument);
	bytes = instruments[instrument].bytes(&len);
	opened = bpf_object__open_mem(bytes, len, &opts);
	if (!opened)
		return kernel_error(errno, "cannot open the programs of snapline");
	*object = opened;
	return NULL;
}

/* Where a variable is in its section; false if there is none of that name. */
static bool find_variable(const struct bpf_object *object, const char *section, const char *name,
			  u32 *offset, u32 *size)
{
	const struct btf *btf = bpf_object__btf(object);
	int id = btf__find_by_name_kind(btf, section, BTF_KIND_DATASEC);
	const struct btf_type *type = id < 0 ? NULL : btf__type_by_id(btf, id);
	const struct btf_var_secinfo *items = type ? btf_var_secinfos(type) : NULL;

	for (u32 i = 0; type && i < btf_vlen(type); i++) {
		const struct btf_type *variable = btf__type_by_id(btf, items[i].type);

		if (strcmp(btf__name_by_offset(btf, variable->name_off), name))
			continue;
		*offset = items[i].offset;
		*size = items[i].size;
		return true;
	}
	return false;
}

/* Little-endian, as every CPU is that snapline runs on. */
static void store(void *section, u32 offset, u32 size, u64 value)
{
	memcpy((u8 *)section + offset, &value, min_u64(size, sizeof(value)));
}

void object_knob(struct bpf_object *object, const char *name, u64 value)
{
	struct bpf_map *map = bpf_object__find_map_by_name(object, ".rodata");
	u32 offset, size;
	size_t len;

	if (map && find_variable(object, ".rodata", name, &offset, &size))
		store((void *)bpf_map__initial_value(map, &len), offset, size, value);
}

void object_set(struct bpf_object *object, const char *name, u64 value)
{
	struct bpf_map *map = bpf_object__find_map_by_name(object, ".bss");
	u32 offset, size;
	void *section;

	if (!map || !find_variable(object, ".bss", name, &offset, &size))
		return;
	/* The programs write to others of the section meanwhile. */
	section = mmap(NULL, bpf_map__value_size(map), PROT_READ | PROT_WRITE, MAP_SHARED,
		       bpf_map__fd(map), 0);
	if (section == MAP_FAILED)
		return;
	store(section, offset, size, value);
	munmap(section, bpf_map__value_size(map));
}

void object_map_entries(struct bpf_object *object, const char *name, u32 entries)
{
	struct bpf_map *map = bpf_object__find_map_by_name(object, name);

	if (map)
		bpf_map__set_max_entries(map, entries);
}

void object_key_size(struct bpf_object *object, const char *name, u32 bytes)
{
	struct bpf_map *map = bpf_object__find_map_by_name(object, name);

	if (map)
		bpf_map__set_key_size(map, bytes);
}

int object_map(const struct bpf_object *object, const char *name)
{
	const struct bpf_map *map = bpf_object__find_map_by_name(object, name);

	return map ? bpf_map__fd(map) : -ENOENT;
}

void object_autoload(struct bpf_object *object, const char *name, bool load)
{
	struct bpf_program *program = bpf_object__find_program_by_name(object, name);

	if (program)
		bpf_program__set_autoload(program, load);
}

int object_program(const struct bpf_object *object, const char *name)
{
	const struct bpf_program *program = bpf_object__find_program_by_name(object, name);

	return program ? bpf_program__fd(program) : -ENOENT;
}
