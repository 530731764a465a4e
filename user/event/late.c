/* SPDX-License-Identifier: BSD-2-Clause */
#include "event/late.h"

#include <string.h>

#include "event/process.h"

/* Below nothing is ever mapped; above is the kernel's, or not canonical, on every CPU. */
#define FIRST_ADDRESS 4096ULL
#define LAST_ADDRESS (1ULL << 56)

enum {
	PAGE_BYTES = 4096,
	PAGES_MOST = 64, /* of an event, at a time: those that came first give way */
};

struct late_page {
	u64 address; /* 0: none yet */
	enum absence why;
	u8 *bytes; /* if PRESENT */
};

struct late_reader {
	const struct event *event;
	bool live;
	bool gone; /* once a process isn't as it was, it never is again */
	struct late_page pages[PAGES_MOST];
	size_t n_pages; /* ever */
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

/* Whose memory it was is looked at behind the reading: before, the process could end in between. */
static enum absence fetch(struct late_reader *reader, u64 address, u8 *bytes)
{
	const struct process *process = reader->event->process;
	struct proc_stat then;
	enum absence why;
	bool absent;

	if (reader->gone)
		return ABSENT_PROCESS_GONE;
	if (proc_read_resident(process->thread, address, bytes, PAGE_BYTES, &then, &absent)) {
		why = PRESENT;
		reader->gone = !process_is_still(process, &then);
	} else {
		why = absent && is_mapped(process->thread, address) ? ABSENT_NOT_RESIDENT
								    : ABSENT_BAD_ADDRESS;
		reader->gone = !process_is_as_it_was(process);
	}
	return reader->gone ? ABSENT_PROCESS_GONE : why;
}

static const struct late_page *page_at(struct late_reader *reader, u64 address)
{
	struct late_page *page;

	for (size_t i = 0; i < PAGES_MOST; i++)
		if (reader->pages[i].address == address)
			return &reader->pages[i];
	page = &reader->pages[reader->n_pages++ % PAGES_MOST];
	if (!page->bytes)
		page->bytes = arena_alloc(reader->event->arena, PAGE_BYTES);
	page->address = address;
	page->why = fetch(reader, address, page->bytes);
	return page;
}

static enum absence read_memory(struct late_reader *reader, u64 address, u8 *bytes, size_t len)
{
	for (size_t done = 0, part; done < len; done += part) {
		size_t offset = (address + done) % PAGE_BYTES;
		const struct late_page *page = page_at(reader, address + done - offset);

		if (page->why != PRESENT)
			return page->why;
		part = min_u64(len - done, PAGE_BYTES - offset);
		memcpy(bytes + done, page->bytes + offset, part);
	}
	return PRESENT;
}

static enum absence read_late(void *context, u64 address, void *bytes, size_t len,
			      enum image_origin *origin)
{
	struct late_reader *reader = context;
	enum absence why;

	if (address < FIRST_ADDRESS || address >= LAST_ADDRESS)
		return ABSENT_BAD_ADDRESS;
	if (read_file(reader->event, address, bytes, len)) {
		*origin = IMAGE_FILE;
		return PRESENT;
	}
	if (!reader->live)
		return ABSENT_NOT_CAPTURED;
	why = read_memory(reader, address, bytes, len);
	if (why == PRESENT)
		*origin = IMAGE_LATE;
	return why;
}

void late_attach(struct event *event, bool live)
{
	struct late_reader *reader = arena_alloc(event->arena, sizeof(*reader));

	reader->event = event;
	reader->live = live;
	image_set_reader(event->image, read_late, reader);
}
