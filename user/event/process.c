/* SPDX-License-Identifier: BSD-2-Clause */
#include "event/process.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* A file mapped somewhere, opened once. */
struct known_file {
	dev_t dev;
	ino_t inode;
	struct elf_file *file; /* NULL: it isn't ours to close */
	struct dw *dw;         /* NULL: could not be opened; why in missing */
	const char *missing;
};

struct processes {
	struct arena *arena;
	bool live;
	const char *folder;
	struct process **items;
	size_t n_items;
	struct known_file *files;
	size_t n_files;
	process_maps_fn recall;
	void *recall_context;
};

struct processes *processes_new(bool live, const char *folder)
{
	struct arena *arena = arena_new();
	struct processes *processes = arena_alloc(arena, sizeof(*processes));

	*processes = (struct processes){.arena = arena, .live = live};
	processes->folder = arena_strdup(arena, folder ? folder : "");
	return processes;
}

void processes_free(struct processes *processes)
{
	if (!processes)
		return;
	for (size_t i = 0; i < processes->n_files; i++) {
		struct known_file *known = &processes->files[i];

		if (!known->file)
			continue;
		dw_close(known->dw);
		elf_file_close(known->file);
	}
	arena_free(processes->arena);
}

void processes_freep(struct processes **processes)
{
	processes_free(*processes);
}

void processes_know_file(struct processes *processes, const char *path, struct dw *dw)
{
	struct stat info;

	if (stat(path, &info) != 0)
		return;
	*arena_push(processes->arena, processes->files, processes->n_files) =
		(struct known_file){.dev = info.st_dev, .inode = info.st_ino, .dw = dw};
}

static struct known_file *find_file(struct processes *processes, const struct stat *info)
{
	for (size_t i = 0; i < processes->n_files; i++) {
		struct known_file *known = &processes->files[i];

		if (known->inode && known->dev == info->st_dev && known->inode == info->st_ino)
			return known;
	}
	return NULL;
}

static void keep_error(struct processes *processes, struct known_file *known, struct error *err)
{
	known->missing = arena_strdup(processes->arena, err->text);
	error_free(err);
}

/* Opens the debug information of a file that is open, or keeps the reason why it can't be had. */
static struct known_file *add_file(struct processes *processes, struct known_file known,
				   struct elf_file *file, struct error *err, const char *root)
{
	if (!err) {
		known.file = file;
		err = dw_open(file, root, &known.dw);
	}
	if (err) {
		keep_error(processes, &known, err);
		elf_file_close(known.file);
		known.file = NULL;
	}
	*arena_push(processes->arena, processes->files, processes->n_files) = known;
	return &processes->files[processes->n_files - 1];
}

static struct known_file *mapped_file(struct processes *processes, const char *path,
				      const char *shown, const char *root)
{
	struct known_file known = {0}, *found;
	struct elf_file *file = NULL;
	struct error *err;
	struct stat info;

	if (stat(path, &info) == 0) {
		found = find_file(processes, &info);
		if (found)
			return found;
		known.dev = info.st_dev;
		known.inode = info.st_ino;
	}
	err = elf_file_open(path, shown, &file);
	return add_file(processes, known, file, err, root);
}

static struct known_file *vdso_file(struct processes *processes, const void *bytes, size_t len)
{
	struct elf_file *file = NULL;
	struct error *err = elf_file_open_memory(bytes, len, "[vdso]", &file);

	return add_file(processes, (struct known_file){0}, file, err, "");
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

static void fill_module(struct event_module *module, const struct known_file *known,
			const struct proc_map *map)
{
	module->dw = known->dw;
	module->missing = known->missing;
	if (!known->dw)
		return;
	if (!module_bias(dw_file(known->dw), map, &module->bias)) {
		module->dw = NULL;
		module->missing = "the mapping is of no segment of the file";
	}
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
		if (source->identities[i].start == module->start)
			return elf_file_find_build(module->path, &source->identities[i].build_id,
						   processes->folder, processes->arena);
	return NULL;
}

/* Of a process that is gone only the path is left; the file there may be another one by now. */
static bool is_mapped_file(const struct proc_map *map)
{
	struct stat info;

	return stat(map->path, &info) == 0 && info.st_ino == map->inode &&
	       major(info.st_dev) == map->dev_major && minor(info.st_dev) == map->dev_minor;
}

static void fill_from_file(struct processes *processes, const struct process *process,
			   struct event_module *module, const struct proc_map *map)
{
	const char *path, *root = "";

	if (processes->live && process->gone) {
		path = is_mapped_file(map) ? map->path : NULL;
	} else if (processes->live) {
		path = proc_path(process->pid, map, processes->arena);
		root = proc_root(process->pid, processes->arena);
	} else {
		path = recorded_path(processes, &process->source, module);
	}
	if (path)
		fill_module(module, mapped_file(processes, path, map->path, root), map);
	else
		module->missing = "the build that was mapped isn't here";
}

static void add_module(struct processes *processes, struct process *process, size_t i)
{
	const struct process_source *source = &process->source;
	const struct proc_map *map = &source->maps[i];
	struct event_module module = module_range(source->maps, source->n_maps, i);
	const struct event_module *last =
		process->n_modules ? &process->modules[process->n_modules - 1] : NULL;

	if (last && last->start == module.start)
		return; /* a second executable mapping of the same file */
	if (is_vdso(map) && source->vdso_len)
		fill_module(&module, vdso_file(processes, source->vdso, source->vdso_len), map);
	else if (map->inode)
		fill_from_file(processes, process, &module, map);
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

static void read_process(struct processes *processes, struct process *process)
{
	struct process_source source = {0};
	struct proc_map *maps;
	struct error *err = proc_maps(process->pid, processes->arena, &maps, &source.n_maps);

	process->gone = err != NULL || source.n_maps == 0;
	error_free(err);
	if (process->gone)
		return;
	source.maps = maps;
	read_vdso(processes, process->pid, &source);
	set_modules(processes, process, &source);
}

/* From what the kernel said while it lived. */
static void recall_process(struct processes *processes, struct process *process, u64 ktime)
{
	struct process_source source = {0};
	struct proc_map *maps;

	if (!processes->recall || !processes->recall(processes->recall_context, process->pid, ktime,
						     processes->arena, &maps, &source.n_maps))
		return;
	source.maps = maps;
	read_vdso(processes, getpid(), &source);
	set_modules(processes, process, &source);
}

static struct process *new_process(struct processes *processes, int pid, u64 start_time)
{
	struct process *process = arena_alloc(processes->arena, sizeof(*process));

	process->pid = pid;
	process->start_time = start_time;
	*arena_push(processes->arena, processes->items, processes->n_items) = process;
	return process;
}

struct process *processes_get(struct processes *processes, int pid, u64 start_time, u64 ktime)
{
	struct process *process;

	for (size_t i = processes->n_items; i-- > 0;) {
		process = processes->items[i];
		if (process->pid == pid && process->start_time == start_time)
			return process;
	}
	process = new_process(processes, pid, start_time);
	if (processes->live && pid)
		read_process(processes, process);
	else
		process->gone = true;
	if (process->gone)
		recall_process(processes, process, ktime);
	return process;
}

bool processes_refresh(struct processes *processes, struct process *process)
{
	if (!processes->live || process->gone)
		return false;
	read_process(processes, process);
	return !process->gone;
}

struct process *processes_add(struct processes *processes, int pid, u64 start_time,
			      const struct process_source *source)
{
	struct process *process = new_process(processes, pid, start_time);

	set_modules(processes, process, source);
	return process;
}

void processes_set_recall(struct processes *processes, process_maps_fn recall, void *context)
{
	processes->recall = recall;
	processes->recall_context = context;
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
