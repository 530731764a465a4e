/* SPDX-License-Identifier: BSD-2-Clause */
#include "proc/library.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "base/host.h"
#include "base/strbuf.h"
#include "elf/elf_file.h"

enum { FOLDERS_MAX = 512, LIBRARIES_MAX = 1024, CONF_DEPTH_MAX = 8 };

struct folders {
	struct arena *arena;
	const char **names;
	size_t n;
};

static void add_folder(struct folders *folders, const char *name, size_t len)
{
	if (len && folders->n < FOLDERS_MAX)
		*arena_push(folders->arena, folders->names, folders->n) =
			arena_strndup(folders->arena, name, len);
}

/* "a:b:c", with $ORIGIN for the folder of the file that says so. */
static void add_list(struct folders *folders, const char *list, const char *file)
{
	const char *slash = strrchr(file, '/');
	int origin_len = slash ? (int)(slash - file) : 1;
	const char *origin = slash ? file : ".";

	while (*list) {
		size_t len = strcspn(list, ":");
		size_t skip = strncmp(list, "$ORIGIN", 7) == 0	   ? 7
			      : strncmp(list, "${ORIGIN}", 9) == 0 ? 9
								   : 0;
		const char *folder = skip ? arena_printf(folders->arena, "%.*s%.*s", origin_len,
							 origin, (int)(len - skip), list + skip)
					  : arena_strndup(folders->arena, list, len);

		add_folder(folders, folder, strlen(folder));
		list += len + (list[len] == ':');
	}
}

static void add_conf(struct folders *folders, const char *path, unsigned depth);

/* Of a pattern only the last component has wildcards, as everywhere in practice. */
static void add_included(struct folders *folders, const char *pattern, unsigned depth)
{
	_cleanup_(strbuf_free) struct strbuf names = {0};
	const char *slash = strrchr(pattern, '/'), *name = NULL, *folder;

	if (!slash)
		return;
	folder = arena_strndup(folders->arena, pattern, (size_t)(slash - pattern));
	host_list(folder, &names);
	while ((name = host_next_name(&names, name))) {
		if (str_glob(slash + 1, name))
			add_conf(folders, arena_printf(folders->arena, "%s/%s", folder, name),
				 depth);
	}
}

/* /etc/ld.so.conf: a folder a line, "include PATTERN", # comments. */
static void add_conf(struct folders *folders, const char *path, unsigned depth)
{
	FILE *file = depth < CONF_DEPTH_MAX ? host_open_stream(path) : NULL;
	char *line = NULL;
	size_t size = 0;

	while (file && getline(&line, &size, file) > 0) {
		char *start = line + strspn(line, " \t");
		char *word;

		start[strcspn(start, "#\r\n")] = '\0';
		word = start + strlen("include");
		if (strncmp(start, "include", strlen("include")) == 0 && strchr(" \t", *word))
			add_included(folders, word + strspn(word, " \t"), depth + 1);
		else
			add_folder(folders, start, strcspn(start, " \t"));
	}
	free(line);
	if (file)
		fclose(file);
}

static void add_standard(struct folders *folders)
{
	static const char *const names[] = {"/lib64", "/usr/lib64", "/lib", "/usr/lib"};

	add_conf(folders, "/etc/ld.so.conf", 0);
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		add_folder(folders, names[i], strlen(names[i]));
}

static const char *search(const struct folders *folders, const char *name)
{
	struct stat info;

	for (size_t i = 0; i < folders->n; i++) {
		const char *path = arena_printf(folders->arena, "%s/%s", folders->names[i], name);

		if (host_stat(path, &info) == 0 && S_ISREG(info.st_mode))
			return path;
	}
	return NULL;
}

const char *library_find(const char *name, struct arena *arena)
{
	struct folders folders = {.arena = arena};

	add_standard(&folders);
	return search(&folders, name);
}

static const char *string_at(const struct elf_section *strings, u64 at)
{
	const char *text = (const char *)strings->bytes + at;

	return at < strings->size && memchr(text, '\0', strings->size - at) ? text : NULL;
}

/* The values of one tag in .dynamic that are strings. */
static void dynamic_strings(const struct elf_file *file, s64 tag, struct arena *arena,
			    const char ***texts, size_t *n)
{
	const struct elf_section *dynamic = elf_file_section(file, ".dynamic");
	const struct elf_section *strings = elf_file_section(file, ".dynstr");

	if (!dynamic || !dynamic->bytes || !strings || !strings->bytes)
		return;
	for (u64 at = 0; at + sizeof(Elf64_Dyn) <= dynamic->size; at += sizeof(Elf64_Dyn)) {
		const char *text;
		Elf64_Dyn entry;

		memcpy(&entry, dynamic->bytes + at, sizeof(entry));
		if (entry.d_tag == DT_NULL)
			break;
		text = entry.d_tag == tag ? string_at(strings, entry.d_un.d_val) : NULL;
		if (text)
			*arena_push(arena, *texts, *n) = arena_strdup(arena, text);
	}
}

static void add_lists_of(struct folders *folders, const struct elf_file *file, s64 tag,
			 const char *path)
{
	const char **lists = NULL;
	size_t n = 0;

	dynamic_strings(file, tag, folders->arena, &lists, &n);
	for (size_t i = 0; i < n; i++)
		add_list(folders, lists[i], path);
}

/* DT_RPATH, LD_LIBRARY_PATH, DT_RUNPATH, then the system's. */
static void folders_of(const struct elf_file *file, const char *path, struct folders *folders)
{
	const char *env = getenv("LD_LIBRARY_PATH");

	add_lists_of(folders, file, DT_RPATH, path);
	if (env)
		add_list(folders, env, path);
	add_lists_of(folders, file, DT_RUNPATH, path);
	add_standard(folders);
}

struct closure {
	struct arena *arena;
	const char **paths;
	size_t n;
};

static void closure_add(struct closure *closure, const char *path)
{
	for (size_t i = 0; i < closure->n; i++) {
		if (strcmp(closure->paths[i], path) == 0)
			return;
	}
	if (closure->n < LIBRARIES_MAX)
		*arena_push(closure->arena, closure->paths, closure->n) = path;
}

static void add_needs(struct closure *closure, const struct elf_file *file, const char *path)
{
	struct folders folders = {.arena = closure->arena};
	const char *interpreter = elf_file_interpreter(file);
	const char **names = NULL;
	size_t n = 0;

	dynamic_strings(file, DT_NEEDED, closure->arena, &names, &n);
	folders_of(file, path, &folders);
	for (size_t i = 0; i < n; i++) {
		const char *found = strchr(names[i], '/') ? names[i] : search(&folders, names[i]);

		if (found)
			closure_add(closure, found);
	}
	if (interpreter)
		closure_add(closure, arena_strdup(closure->arena, interpreter));
}

struct error *library_closure(const char *path, struct arena *arena, const char ***paths, size_t *n)
{
	struct closure closure = {.arena = arena};

	closure_add(&closure, path);
	for (size_t at = 0; at < closure.n; at++) {
		struct elf_file *file;
		struct error *err = elf_file_open(closure.paths[at], closure.paths[at], &file);

		if (err && at == 0)
			return err;
		if (err) { /* a library that is damaged is none */
			error_free(err);
			continue;
		}
		add_needs(&closure, file, closure.paths[at]);
		elf_file_close(file);
	}
	*paths = closure.paths + 1;
	*n = closure.n - 1;
	return NULL;
}
