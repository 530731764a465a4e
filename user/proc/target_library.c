/* SPDX-License-Identifier: BSD-2-Clause */
/* BIN: of a place: which files that names. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/host.h"
#include "base/strbuf.h"
#include "proc/library.h"
#include "proc/target.h"

/* How well a path answers to a name; the best rank that anything has wins. */
enum rank { RANK_NONE, RANK_VERSION, RANK_SUFFIX, RANK_EXACT };

struct candidate {
	struct target_file file;
	enum rank rank;
	int pid; /* 0: of a file that isn't running */
};

struct search {
	const char *name; /* NULL: all files */
	struct arena *arena;
	struct candidate *found;
	size_t n;
	enum rank best;
	struct strbuf seen; /* names of libraries, for the message */
};

/* "libc" names libc.so.6 and libc-2.31.so, not libcap.so.2. */
static bool is_name_of_version(const char *base, const char *name)
{
	size_t len = strlen(name);

	if (strncmp(base, name, len) != 0)
		return false;
	return base[len] == '.' ||
	       (base[len] == '-' && base[len + 1] >= '0' && base[len + 1] <= '9');
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static enum rank rank_of(const char *path, const char *name)
{
	if (!name)
		return RANK_EXACT;
	if (strcmp(path, name) == 0)
		return RANK_EXACT;
	if (str_path_suffix(path, name))
		return RANK_SUFFIX;
	if (!strchr(name, '/') && is_name_of_version(base_name(path), name))
		return RANK_VERSION;
	return RANK_NONE;
}

static bool identify(struct target_file *file)
{
	struct stat st;

	if (!file->path || host_stat(file->path, &st) != 0)
		return false;
	file->dev = st.st_dev;
	file->inode = st.st_ino;
	return true;
}

static bool is_known(const struct search *search, const struct target_file *file)
{
	for (size_t i = 0; i < search->n; i++) {
		if (search->found[i].file.dev == file->dev &&
		    search->found[i].file.inode == file->inode)
			return true;
	}
	return false;
}

static void remember(struct search *search, const char *shown)
{
	enum { SHOWN_MAX = 300 };
	const char *base = base_name(shown);

	if (search->seen.len < SHOWN_MAX &&
	    (!search->seen.text || !strstr(search->seen.text, base)))
		strbuf_printf(&search->seen, "%s%s", search->seen.len ? ", " : "", base);
}

static void consider(struct search *search, struct target_file file, enum rank rank, int pid)
{
	if (rank < search->best || rank == RANK_NONE || !identify(&file))
		return;
	if (rank > search->best)
		search->n = 0;
	search->best = rank;
	if (!is_known(search, &file))
		*arena_push(search->arena, search->found, search->n) =
			(struct candidate){file, rank, pid};
}

static struct error *search_process(struct search *search, const struct target_process *process)
{
	int pid = proc_thread(process->pid);
	struct proc_map *maps;
	size_t n;
	struct error *err = proc_maps(pid, search->arena, &maps, &n);

	if (err)
		return err == &error_process_gone ? NULL : err;
	for (size_t i = 0; i < n; i++) {
		enum rank rank = rank_of(maps[i].path, search->name);
		struct target_file file = {.shown = maps[i].path, .root = process->exe.root};

		/* code only: a file that is mapped to be read has no places */
		if (maps[i].path[0] != '/' || !maps[i].executable)
			continue;
		remember(search, maps[i].path);
		if (rank == RANK_NONE)
			continue;
		file.path = proc_path(pid, &maps[i], search->arena);
		consider(search, file, rank, process->pid);
	}
	return NULL;
}

static struct error *search_file(struct search *search, const struct target_file *file)
{
	const char **paths;
	size_t n;
	struct error *err = library_closure(file->path, search->arena, &paths, &n);

	if (err)
		return err;
	consider(search, *file, rank_of(file->shown, search->name), 0);
	for (size_t i = 0; i < n; i++) {
		struct target_file library = {
			.path = paths[i], .shown = paths[i], .root = file->root};

		remember(search, paths[i]);
		consider(search, library, rank_of(paths[i], search->name), 0);
	}
	return NULL;
}

static struct error *search_target(struct search *search, const struct target *target)
{
	struct error *err = NULL;

	for (size_t i = 0; !err && i < target->n_processes; i++)
		err = search_process(search, &target->processes[i]);
	for (size_t i = 0; !err && target->n_processes == 0 && i < target->n_files; i++)
		err = search_file(search, &target->files[i]);
	if (!err && search->n == 0 && search->name && strchr(search->name, '/'))
		consider(search,
			 (struct target_file){
				 .path = search->name, .shown = search->name, .root = ""},
			 RANK_EXACT, 0);
	return err;
}

/* Two files of one process that answer to the name equally well: the user has to say which. */
static struct error *check_ambiguous(const struct search *search)
{
	for (size_t i = 1; i < search->n; i++) {
		const struct candidate *a = &search->found[i - 1], *b = &search->found[i];

		if (a->pid == b->pid)
			return error_cure(error_new(ERROR_NOT_FOUND, "%s is ambiguous: %s, %s",
						    search->name, a->file.shown, b->file.shown),
					  "Write more of the path.");
	}
	return NULL;
}

static struct error *not_found(const struct search *search, const struct target *target)
{
	struct error *err = error_new(ERROR_NOT_FOUND, "%s %s no file called %s",
				      target->n_processes ? "the target's processes" : "the target",
				      target->n_processes ? "map" : "needs", search->name);

	if (search->seen.len)
		err = error_cure(err,
				 "There is %s. A library that is loaded later has to be named by "
				 "its full path.",
				 search->seen.text);
	return err;
}

static void found_files(const struct search *search, struct target_file **files, size_t *n)
{
	*files = arena_array(search->arena, struct target_file, search->n);
	for (size_t i = 0; i < search->n; i++)
		(*files)[i] = search->found[i].file;
	*n = search->n;
}

struct error *target_library(const struct target *target, const char *name, struct arena *arena,
			     struct target_file **files, size_t *n)
{
	struct search search = {.name = name, .arena = arena};
	struct error *err = search_target(&search, target);

	if (!err)
		err = search.n ? check_ambiguous(&search) : not_found(&search, target);
	strbuf_free(&search.seen);
	if (err)
		return err;
	found_files(&search, files, n);
	return NULL;
}

struct error *target_all_files(const struct target *target, struct arena *arena,
			       struct target_file **files, size_t *n)
{
	struct search search = {.arena = arena};
	struct error *err = search_target(&search, target);

	strbuf_free(&search.seen);
	if (!err)
		found_files(&search, files, n);
	return err;
}
