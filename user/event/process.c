/* SPDX-License-Identifier: BSD-2-Clause */
#include "event/process.h"

#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "event/mapped.h"

enum { MAX_READS = 1024, MAX_FILES = 512 }; /* kept at most; then all is read again when needed */

struct processes {
	struct arena *kept;
	struct arena *arena; /* of what processes_trim() frees */
	bool live;
	const char *folder;
	struct process **items;
	size_t n_items, n_reads;
	struct mapped_files *files;
	struct mapped_file vdso; /* of live processes: the same for all */
	bool has_vdso;
	struct process_memory_source source;
};

struct processes *processes_new(bool live, const char *folder)
{
	struct arena *arena = arena_new();
	struct processes *processes = arena_alloc(arena, sizeof(*processes));

	*processes = (struct processes){.kept = arena, .live = live};
	processes->arena = arena_new();
	processes->folder = arena_strdup(arena, folder ? folder : "");
	processes->files = mapped_files_new();
	return processes;
}

void processes_free(struct processes *processes)
{
	if (!processes)
		return;
	mapped_files_free(processes->files);
	arena_free(processes->arena);
	arena_free(processes->kept);
}

void processes_freep(struct processes **processes)
{
	processes_free(*processes);
}

void processes_know_file(struct processes *processes, const char *path, struct dw *dw)
{
	mapped_files_know(processes->files, path, dw);
}

void processes_know_root(struct processes *processes, const char *root)
{
	mapped_files_know_root(processes->files, root);
}

/* A long session sees any number of processes and files. */
static void processes_trim(struct processes *processes)
{
	if (processes->n_reads < MAX_READS && mapped_files_count(processes->files) < MAX_FILES)
		return;
	mapped_files_forget(processes->files);
	arena_free(processes->arena);
	processes->arena = arena_new();
	processes->items = NULL;
	processes->n_items = processes->n_reads = 0;
	processes->has_vdso = false;
}

/* ip - pc of a mapping; false if the file has no segment there. */
static bool module_bias(struct elf_file *file, const struct proc_map *map, u64 *bias)
{
	const struct elf_segment *segments;
	size_t n = elf_file_segments(file, &segments);

	for (size_t i = 0; i < n; i++) {
		u64 page = segments[i].offset & ~4095ULL;

		if (map->offset < page || map->offset >= segments[i].offset + segments[i].file_size)
			continue;
		if (segments[i].executable != map->executable)
			continue;
		*bias = map->start - (segments[i].pc - segments[i].offset + map->offset);
		return true;
	}
	return false;
}

void module_widen(struct event_module *module)
{
	const struct elf_segment *segments;
	size_t n = elf_file_segments(dw_file(module->dw), &segments);

	for (size_t i = 0; i < n; i++) {
		u64 start = module->bias + segments[i].pc, end = start + segments[i].mem_size;

		module->start = module->end ? min_u64(module->start, start) : start;
		module->end = max_u64(module->end, end);
	}
}

static void fill_module(struct event_module *module, const struct mapped_file *known,
			const struct proc_map *map)
{
	if (!known || !known->dw) {
		module->missing = known ? known->missing : "the build that was mapped isn't here";
		return;
	}
	module->dw = known->dw;
	if (!module_bias(dw_file(known->dw), map, &module->bias)) {
		module->dw = NULL;
		module->missing = "the mapping is of no segment of the file";
		return;
	}
	module_widen(module);
}

static bool same_file(const struct proc_map *a, const struct proc_map *b)
{
	return a->inode && a->inode == b->inode && a->dev_major == b->dev_major &&
	       a->dev_minor == b->dev_minor;
}

/* The run of mappings of one file around maps[i]. */
static struct event_module module_range(const struct proc_map *maps, size_t n, size_t i)
{
	struct event_module module = {.path = maps[i].path, .start = maps[i].start};
	size_t last = i;

	for (size_t j = i; j-- > 0 && same_file(&maps[j], &maps[i]);)
		module.start = maps[j].start;
	for (size_t j = i + 1; j < n && same_file(&maps[j], &maps[i]); j++)
		last = j;
	module.end = maps[last].end;
	module.map_start = module.start;
	return module;
}

static bool is_vdso(const struct proc_map *map)
{
	return strcmp(map->path, "[vdso]") == 0;
}

/* A record file says which build was mapped; another one's debug information would lie. */
static const char *recorded_path(struct processes *processes, const struct process_source *source,
				 const struct event_module *module)
{
	for (size_t i = 0; i < source->n_identities; i++)
		if (source->identities[i].start == module->map_start)
			return elf_file_find_build(module->path, &source->identities[i].build_id,
						   processes->folder, processes->arena);
	return NULL;
}

static const struct mapped_file *file_of(struct processes *processes, const struct process *process,
					 const struct event_module *module,
					 const struct proc_map *map)
{
	const char *path, *root = "";

	if (processes->live && process->gone)
		return mapped_file_find(processes->files, map);
	if (processes->live) {
		path = proc_path(process->thread, map, processes->arena);
		root = proc_root(process->thread, processes->arena);
	} else {
		path = recorded_path(processes, &process->source, module);
	}
	return path ? mapped_file_open(processes->files, path, map->path, root) : NULL;
}

static const struct mapped_file *vdso_file(struct processes *processes,
					   const struct process_source *source)
{
	if (processes->has_vdso && processes->live)
		return &processes->vdso;
	processes->vdso = *mapped_file_vdso(processes->files, source->vdso, source->vdso_len);
	processes->has_vdso = true;
	return &processes->vdso;
}

static void add_module(struct processes *processes, struct process *process, size_t i)
{
	const struct process_source *source = &process->source;
	const struct proc_map *map = &source->maps[i];
	struct event_module module = module_range(source->maps, source->n_maps, i);
	const struct event_module *last =
		process->n_modules ? &process->modules[process->n_modules - 1] : NULL;

	if (last && last->map_start == module.map_start)
		return; /* a second executable mapping of the same file */
	if (is_vdso(map) && source->vdso_len)
		fill_module(&module, vdso_file(processes, source), map);
	else if (map->inode)
		fill_module(&module, file_of(processes, process, &module, map), map);
	else
		module.missing = "memory of no file";
	module.path = arena_strdup(processes->arena, *map->path ? map->path : "[anonymous]");
	*arena_push(processes->arena, process->modules, process->n_modules) = module;
}

static void set_modules(struct processes *processes, struct process *process,
			const struct process_source *source)
{
	process->modules = NULL;
	process->n_modules = 0;
	process->recorded = false;
	process->source = *source;
	for (size_t i = 0; i < source->n_maps; i++)
		if (source->maps[i].executable)
			add_module(processes, process, i);
}

/* Any process's vdso is this kernel's. */
static void read_vdso(struct processes *processes, int pid, struct process_source *source)
{
	u64 address;
	u8 *bytes;
	size_t len;
	struct error *err = proc_vdso(pid, processes->arena, &address, &bytes, &len);

	if (!err) {
		source->vdso = bytes;
		source->vdso_len = len;
	}
	error_free(err);
}

static u64 changed_at(const struct processes *processes, int pid, u64 ktime)
{
	const struct process_memory_source *source = &processes->source;

	return source->changed ? source->changed(source->context, pid, ktime) : 0;
}

/* What is mapped now, and since when. False: nothing is, it is gone. */
static bool read_maps(struct processes *processes, struct process *process, struct proc_map **maps,
		      size_t *n)
{
	enum { TRIES = 3 };
	struct error *err;

	for (int i = 0; i < TRIES; i++) {
		process->changed = changed_at(processes, process->pid, clock_now());
		err = proc_maps(process->thread, processes->arena, maps, n);
		if (err || !*n) {
			error_free(err);
			return false;
		}
		if (process->changed == changed_at(processes, process->pid, clock_now()))
			return true;
	}
	return false; /* it maps so fast that only what the kernel said is of use */
}

static bool read_process(struct processes *processes, struct process *process)
{
	struct process_source source = {0};
	struct proc_map *maps;

	processes->n_reads++;
	process->thread = proc_thread(process->pid);
	process->gone = !read_maps(processes, process, &maps, &source.n_maps);
	if (process->gone)
		return false;
	source.maps = maps;
	mapped_files_know_root(processes->files, proc_root(process->thread, processes->arena));
	read_vdso(processes, process->thread, &source);
	set_modules(processes, process, &source);
	return true;
}

/* From what the kernel said while it lived. */
static bool recall_process(struct processes *processes, struct process *process, u64 ktime)
{
	const struct process_memory_source *from = &processes->source;
	struct process_source source = {0};
	struct proc_map *maps;

	if (!from->recall || !from->recall(from->context, process->pid, ktime, processes->arena,
					   &maps, &source.n_maps))
		return false;
	processes->n_reads++;
	process->changed = changed_at(processes, process->pid, ktime);
	source.maps = maps;
	process->gone = true;
	read_vdso(processes, getpid(), &source);
	set_modules(processes, process, &source);
	return true;
}

static struct process *new_process(struct processes *processes, int pid, u64 start_time)
{
	struct process *process = arena_alloc(processes->arena, sizeof(*process));

	process->owner = processes;
	process->pid = process->thread = pid;
	process->start_time = start_time;
	*arena_push(processes->arena, processes->items, processes->n_items) = process;
	return process;
}

static struct process *find_process(const struct processes *processes, int pid, u64 start_time)
{
	for (size_t i = processes->n_items; i-- > 0;) {
		struct process *process = processes->items[i];

		if (process->pid == pid && process->start_time == start_time)
			return process;
	}
	return NULL;
}

/* As it was at ktime: /proc shows what it is now, after an exec another program. */
static void learn(struct processes *processes, struct process *process, u64 ktime)
{
	u64 changed = changed_at(processes, process->pid, ktime);

	if (!process->pid) {
		process->gone = true;
		return;
	}
	if (read_process(processes, process) && process->changed == changed)
		return;
	if (recall_process(processes, process, ktime))
		return;
	/* what it maps now is of no use: it may be another program */
	process->changed = changed;
	process->gone = true;
	set_modules(processes, process, &(struct process_source){0});
}

struct process *processes_get(struct processes *processes, int pid, u64 start_time, u64 ktime)
{
	struct process *process;

	if (processes->live)
		processes_trim(processes);
	process = find_process(processes, pid, start_time);
	if (!processes->live) {
		if (!process) {
			process = new_process(processes, pid, start_time);
			process->gone = true;
		}
		return process;
	}
	if (process && process->changed == changed_at(processes, pid, ktime))
		return process;
	if (!process)
		process = new_process(processes, pid, start_time);
	learn(processes, process, ktime);
	return process;
}

bool process_is_still(const struct process *process, const struct proc_stat *now)
{
	enum { TICKS_PER_SECOND = 100, NS_PER_TICK = 1000000000 / TICKS_PER_SECOND };

	if (!process->pid || process->gone || now->state == 'Z' || now->state == 'X')
		return false;
	/* The record's is in nanoseconds, /proc's is the same number rounded down to ticks. */
	if (process->thread == process->pid && now->start_time != process->start_time / NS_PER_TICK)
		return false;
	return changed_at(process->owner, process->pid, clock_now()) == process->changed;
}

bool process_is_as_it_was(const struct process *process)
{
	struct proc_stat now;
	struct error *err;

	if (!process->pid || process->gone)
		return false;
	err = proc_stat(process->thread, &now);
	error_free(err);
	return !err && process_is_still(process, &now);
}

bool processes_refresh(struct processes *processes, struct process *process)
{
	return processes->live && process_is_as_it_was(process) && read_process(processes, process);
}

bool processes_learn(struct processes *processes, struct process *process)
{
	enum { PAUSE_NS = 1000000000 };
	u64 now = clock_now();

	if (process->learned_ns && now - process->learned_ns < PAUSE_NS)
		return false;
	process->learned_ns = now;
	return processes_refresh(processes, process);
}

struct process *processes_add(struct processes *processes, int pid, u64 start_time,
			      const struct process_source *source)
{
	struct process *process = new_process(processes, pid, start_time);

	set_modules(processes, process, source);
	return process;
}

void processes_set_source(struct processes *processes, const struct process_memory_source *source)
{
	processes->source = *source;
}

struct arena *processes_arena(struct processes *processes)
{
	return processes->arena;
}

const struct event_module *module_at(const struct event_module *modules, size_t n, u64 address)
{
	for (size_t i = 0; i < n; i++)
		if (address - modules[i].start < modules[i].end - modules[i].start)
			return &modules[i];
	return NULL;
}

u64 module_code_address(const struct event_module *modules, size_t n, const struct arch *arch,
			u64 word)
{
	u64 wide = arch_wide_code_address(arch, word);

	return module_at(modules, n, wide) ? wide : arch_code_address(arch, word);
}
