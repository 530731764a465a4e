/* SPDX-License-Identifier: BSD-2-Clause */
#include "event/decode.h"

#include <string.h>

#include "base/clock.h"
#include "event/late.h"
#include "event/tictoc.h"

s64 decoder_realtime_offset(void)
{
	return (s64)(clock_read(CLOCK_REALTIME) - clock_now());
}

static struct error *bad_record(const char *what, u64 value)
{
	return error_new(ERROR_FAILED, "damaged record: %s is %llu", what,
			 (unsigned long long)value);
}

static struct error *check_head(const struct decoder *decoder, const struct record_head *head,
				size_t len)
{
	u64 chunks_end = sizeof(*head) + (u64)head->n_chunks * sizeof(struct record_chunk);

	if (head->magic != SNAPLINE_RECORD_MAGIC)
		return bad_record("its magic number", head->magic);
	if (head->size > len)
		return bad_record("its size", head->size);
	if (head->place >= decoder->plan->n_places)
		return bad_record("its place", head->place);
	if (head->n_chunks > SNAPLINE_MAX_CHUNKS || chunks_end > head->size)
		return bad_record("its number of chunks", head->n_chunks);
	if (head->data_offset < chunks_end || head->data_offset > head->size)
		return bad_record("its data offset", head->data_offset);
	return NULL;
}

static enum absence chunk_absence(u16 state)
{
	switch (state) {
	case CHUNK_NOT_RESIDENT: return ABSENT_NOT_RESIDENT;
	case CHUNK_BAD_ADDRESS: return ABSENT_BAD_ADDRESS;
	default: return ABSENT_NOT_CAPTURED;
	}
}

/*
 * Where memory is the file's, the file is read: in memory a breakpoint, ours or a debugger's,
 * stands in place of the program's byte.
 */
static bool add_from_file(struct event *event, const struct record_chunk *chunk)
{
	const struct event_module *module =
		module_at(event->modules, event->n_modules, chunk->address);
	size_t len = chunk->len;
	const u8 *bytes;

	if (!module || !module->dw)
		return false;
	bytes = elf_file_constant_bytes(dw_file(module->dw), chunk->address - module->bias, &len);
	if (!bytes || len < chunk->len)
		return false;
	image_add(event->image, chunk->address, bytes, chunk->len, IMAGE_FILE);
	return true;
}

static struct error *add_chunk(struct event *event, const struct decoder *decoder,
			       const struct record_head *head, const struct record_chunk *chunk)
{
	u64 room = head->size - head->data_offset;

	if (chunk->kind == CHUNK_KEY)
		return NULL;
	if (chunk->state != CHUNK_OK && chunk->state != CHUNK_FAULTED) {
		image_add_absent(event->image, chunk->address, chunk->len,
				 chunk_absence(chunk->state));
		return NULL;
	}
	if (chunk->offset > room || chunk->len > room - chunk->offset)
		return bad_record("a chunk's length", chunk->len);
	if (add_from_file(event, chunk))
		return NULL;
	if (chunk->kind == CHUNK_TIC)
		return tictoc_decode(event, decoder,
				     (const u8 *)head + head->data_offset + chunk->offset,
				     chunk->len);
	image_add(event->image, chunk->address,
		  (const u8 *)head + head->data_offset + chunk->offset, chunk->len, IMAGE_HIT);
	return NULL;
}

static struct error *add_chunks(struct event *event, const struct decoder *decoder,
				const struct record_head *head)
{
	const struct record_chunk *chunks = (const void *)(head + 1);
	struct error *err = NULL;

	for (u32 i = 0; i < head->n_chunks && !err; i++)
		err = add_chunk(event, decoder, head, &chunks[i]);
	return err;
}

static void fill_regs(struct event *event, const struct arch *arch, const struct record_head *head)
{
	struct frame_regs *regs = arena_alloc(event->arena, sizeof(*regs));

	for (unsigned i = 0; i < ARCH_MAX_DWARF_REGS; i++) {
		int slot = i < arch->n_dwarf_regs ? arch->dwarf_slot[i] : -1;

		regs->absence[i] = slot >= 0 ? PRESENT : ABSENT_VECTOR_REGISTER;
		if (slot >= 0)
			regs->value[i] = head->regs[slot];
	}
	event->regs = regs;
}

void event_fill_place(struct event *event, const struct plan *plan, const struct place *place)
{
	event->probe = plan->probes[place->probe].text;
	event->place_index = place->index;
	event->place = (struct event_place){
		.function = place->function,
		.file = place->file,
		.line = place->line,
		.pc = place->asked,
		.module = place->module->shown,
		.build_id = &place->module->build_id,
	};
}

static void fill_head(struct event *event, const struct decoder *decoder,
		      const struct record_head *head)
{
	event->kind = EVENT_SNAPSHOT;
	event->ktime_ns = head->ktime;
	event->time_ns = head->ktime + (u64)decoder->realtime_offset;
	event->pid = head->pid;
	event->tid = head->tid;
	event->cpu = head->cpu;
	event->hit = head->hit;
	event->thread_pointer = head->thread_pointer;
	event->returns = head->returns;
	while (event->n_returns < SNAPLINE_MAX_RETURNS && head->returns[event->n_returns].stack)
		event->n_returns++;
	event->comm = arena_strndup(event->arena, head->comm, strnlen(head->comm, SNAPLINE_COMM));
	event->show_regs = decoder->plan->spec->regs;
}

/* The probed module alone, where nothing else of a process is known any more. */
static void only_probed_module(struct event *event, const struct plan_module *module, u64 bias)
{
	struct event_module *known = arena_alloc(event->arena, sizeof(*known));

	known->path = module->shown;
	known->bias = bias;
	known->dw = module->dw;
	known->missing = "the file isn't at hand";
	if (known->dw)
		module_widen(known);
	event->modules = known;
	event->n_modules = 1;
}

static bool is_probed_module(const struct event_module *module, const struct place *place, u64 bias)
{
	return module && module->dw && module->bias == bias &&
	       (module->dw == place->module->dw ||
		build_id_equal(elf_file_build_id(dw_file(module->dw)), &place->module->build_id));
}

/* A process that has called exec or dlopen since its maps were read gets them read again. */
void event_fill_modules(struct event *event, const struct decoder *decoder, u64 start_time,
			const struct place *place, u64 ip)
{
	struct process *process =
		processes_get(decoder->processes, (int)event->pid, start_time, event->ktime_ns);
	u64 bias = ip - place->pc;
	bool found = is_probed_module(module_at(process->modules, process->n_modules, ip), place,
				      bias);

	if (!found && processes_refresh(decoder->processes, process))
		found = is_probed_module(module_at(process->modules, process->n_modules, ip), place,
					 bias);
	event->process = process;
	if (found) {
		event->modules = process->modules;
		event->n_modules = process->n_modules;
	} else {
		only_probed_module(event, place->module, bias);
	}
}

static struct error *fill_event(struct event *event, struct decoder *decoder,
				const struct record_head *head, const struct late_memory *late,
				size_t n_late)
{
	const struct place *place = &decoder->plan->places[head->place];
	const struct arch *arch = arch_native();
	u64 ip = head->regs[arch->pc_slot];
	struct error *err;

	fill_head(event, decoder, head);
	event_fill_place(event, decoder->plan, place);
	fill_regs(event, arch, head);
	/* A probe that was moved shows the place that was asked for; choose.h says why it may. */
	event->regs->value[arch->dwarf_pc] = ip - place->pc + place->asked;
	event->image = image_new(event->arena);
	event_fill_modules(event, decoder, head->start_time, place, ip);
	err = add_chunks(event, decoder, head);
	if (err)
		return err;
	for (size_t i = 0; i < n_late; i++)
		image_add(event->image, late[i].address, late[i].bytes, late[i].len, IMAGE_LATE);
	late_attach(event, decoder->live);
	return NULL;
}

struct error *event_decode(struct decoder *decoder, const void *bytes, size_t len,
			   const struct late_memory *late, size_t n_late, struct event **event)
{
	const struct record_head *head = bytes;
	struct arena *arena;
	struct event *result;
	struct error *err;

	if (len < sizeof(*head))
		return bad_record("its length", len);
	err = check_head(decoder, head, len);
	if (err)
		return err;
	arena = arena_new();
	result = arena_alloc(arena, sizeof(*result));
	result->arena = arena;
	err = fill_event(result, decoder, head, late, n_late);
	if (err) {
		arena_free(arena);
		return err;
	}
	result->id = ++decoder->next_id;
	*event = result;
	return NULL;
}

void event_free(struct event *event)
{
	if (event)
		arena_free(event->arena);
}

void event_freep(struct event **event)
{
	event_free(*event);
}
