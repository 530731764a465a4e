/* SPDX-License-Identifier: BSD-2-Clause */
#include "event/late.h"

#include <string.h>

#include "event/process.h"

/* Below nothing is ever mapped; above is the kernel's, or not canonical, on every CPU. */
#define FIRST_ADDRESS 4096ULL
#define LAST_ADDRESS (1ULL << 56)

struct late_reader {
	const struct event *event;
	bool live;
};

/* Only if all of it is in a segment that can't be written. */
static bool read_file(const struct event *event, u64 address, void *bytes, size_t len)
{
	const struct event_module *module = module_at(event->modules, event->n_modules, address);
	size_t available = len;
	const u8 *there;

	if (!module || !module->dw)
		return false;
	there = elf_file_constant_bytes(dw_file(module->dw), address - module->bias, &available);
	if (!there || available < len)
		return false;
	memcpy(bytes, there, len);
	return true;
}

static bool is_mapped(int pid, u64 address)
{
	struct arena _cleanup_(arena_freep) *arena = arena_new();
	struct proc_map *maps;
	struct error *err;
	size_t n;

	err = proc_maps(pid, arena, &maps, &n);
	if (err) {
		error_free(err);
		return true;
	}
	for (size_t i = 0; i < n; i++)
		if (address >= maps[i].start && address < maps[i].end)
			return maps[i].readable;
	return false;
}

static enum absence read_memory(int thread, u64 address, void *bytes, size_t len)
{
	bool absent;

	if (proc_read_resident(thread, address, bytes, len, &absent))
		return PRESENT;
	return absent && is_mapped(thread, address) ? ABSENT_NOT_RESIDENT : ABSENT_BAD_ADDRESS;
}

static enum absence read_late(void *context, u64 address, void *bytes, size_t len,
			      enum image_origin *origin)
{
	const struct late_reader *reader = context;
	const struct process *process = reader->event->process;
	enum absence absence;

	if (address < FIRST_ADDRESS || address >= LAST_ADDRESS)
		return ABSENT_BAD_ADDRESS;
	if (read_file(reader->event, address, bytes, len)) {
		*origin = IMAGE_FILE;
		return PRESENT;
	}
	if (!reader->live)
		return ABSENT_NOT_CAPTURED;
	absence = read_memory(process->thread, address, bytes, len);
	if (!process_is_as_it_was(process)) /* once it isn't, it never is again: no need to ask before */
		return ABSENT_PROCESS_GONE;
	if (absence != PRESENT)
		return absence;
	*origin = IMAGE_LATE;
	return PRESENT;
}

void late_attach(struct event *event, bool live)
{
	struct late_reader *reader = arena_alloc(event->arena, sizeof(*reader));

	*reader = (struct late_reader){event, live};
	image_set_reader(event->image, read_late, reader);
}
