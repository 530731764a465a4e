/* SPDX-License-Identifier: BSD-2-Clause */
#include "proc/target.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/strbuf.h"
#include "proc/launch.h"
#include "proc/library.h"
#include "proc/proc_private.h"

static bool fill_identity(struct target_file *file)
{
	struct stat st;

	if (stat(file->path, &st) != 0)
		return false;
	file->dev = st.st_dev;
	file->inode = st.st_ino;
	return true;
}

static void add_file(struct target *target, const struct target_file *file, struct arena *arena)
{
	for (size_t i = 0; i < target->n_files; i++) {
		if (target->files[i].dev == file->dev && target->files[i].inode == file->inode)
			return;
	}
	*arena_push(arena, target->files, target->n_files) = *file;
}

/*
 * The executable of a process: by the path it has there, if that is still the same file, else by
 * the kernel's link.
 */
static struct error *find_exe(int pid, struct arena *arena, struct target_file *exe)
{
	const char *link = arena_printf(arena, "/proc/%d/exe", pid);
	struct error *err = proc_exe(pid, arena, &exe->shown);
	const char *candidates[2];
	struct target_file running = {.path = link};

	if (err)
		return err;
	exe->root = proc_root(pid, arena);
	exe->path = link;
	if (!fill_identity(&running))
		return &error_process_gone;
	exe->dev = running.dev;
	exe->inode = running.inode;
	candidates[0] = arena_printf(arena, "%s%s", exe->root, exe->shown);
	candidates[1] = exe->shown;
	for (size_t i = 0; i < ARRAY_LEN(candidates); i++) {
		struct target_file there = {.path = candidates[i]};

		if (fill_identity(&there) && there.dev == exe->dev && there.inode == exe->inode) {
			exe->path = candidates[i];
			break;
		}
	}
	return NULL;
}

/* Refuses, with a sentence, what has no program to look into. */
static struct error *check_process(int pid, struct arena *arena, struct proc_stat *stat)
{
	struct error *err = proc_stat(pid, stat);
	int process;

	if (err == &error_process_gone)
		return error_cure(error_new(ERROR_NOT_FOUND, "there is no process %d", pid),
				  "`ps -e` lists the processes.");
	if (err)
		return err;
	if ((stat->state == 'Z' || stat->state == 'X') && proc_ended(pid))
		return error_new(ERROR_NOT_FOUND,
				 "process %d has ended, its parent has not taken note yet", pid);
	if (stat->is_kernel)
		return error_new(ERROR_NOT_FOUND,
				 "process %d is a kernel thread, there is no program to look into",
				 pid);
	process = proc_status_number(pid, "Tgid"); /* of a thread, the process */
	if (process == pid || process < 0)
		return NULL;
	return error_cure(error_new(ERROR_NOT_FOUND, "%d is a thread of process %d", pid, process),
			  "Use -p %d; a condition can ask for the thread: --if '$tid == %d'.",
			  process, pid);
}

static struct error *add_process(struct target *target, int pid, struct arena *arena)
{
	struct target_process process = {.pid = pid};
	struct proc_stat stat;
	struct error *err = check_process(pid, arena, &stat);

	if (err)
		return err;
	process.start_time = stat.start_time;
	err = proc_comm(pid, arena, &process.comm);
	if (!err)
		err = find_exe(proc_thread(pid), arena, &process.exe);
	if (err == &error_process_gone)
		return error_new(ERROR_NOT_FOUND, "process %d has just ended", pid);
	if (err)
		return err;
	*arena_push(arena, target->processes, target->n_processes) = process;
	return NULL;
}

/* Of processes that nobody named, those that can be looked at. */
static struct error *add_processes(struct target *target, const int *pids, size_t n,
				   struct arena *arena)
{
	struct error _cleanup_(error_freep) *refused = NULL;

	for (size_t i = 0; i < n; i++) {
		struct error *err = add_process(target, pids[i], arena);

		if (err && err->kind == ERROR_PRIVILEGE && !refused)
			refused = err;
		else
			error_free(err);
	}
	if (target->n_processes || !refused)
		return NULL;
	struct error *err = refused;
	refused = NULL;
	return err;
}

static void add_exes(struct target *target, struct arena *arena)
{
	for (size_t i = 0; i < target->n_processes; i++)
		add_file(target, &target->processes[i].exe, arena);
}

static struct error *find_pids(struct target *target, struct arena *arena)
{
	const struct target_spec *spec = target->spec;

	for (size_t i = 0; i < spec->n_pids; i++) {
		struct error *err = add_process(target, spec->pids[i], arena);

		if (err)
			return err;
	}
	for (size_t i = 0; spec->follow && i < spec->n_pids; i++) {
		int *pids;
		size_t n;
		struct error *err = proc_children(spec->pids[i], arena, &pids, &n);

		if (!err)
			err = add_processes(target, pids, n, arena);
		if (err)
			return err;
	}
	add_exes(target, arena);
	return NULL;
}

static struct error *find_comm(struct target *target, struct arena *arena)
{
	const char *glob = target->spec->comm;
	int *pids;
	size_t n;
	struct error *err = proc_by_comm(glob, arena, &pids, &n);

	if (!err)
		err = add_processes(target, pids, n, arena);
	if (err)
		return err;
	if (target->n_processes == 0)
		return error_cure(error_new(ERROR_NOT_FOUND, "no process is called %s now", glob),
				  "`ps -e -o pid,comm` lists the names; -x BINARY also waits for "
				  "processes to come.");
	add_exes(target, arena);
	return NULL;
}

/*
 * Of "/proc/12/root/bin/x" the part before "/bin/x": a file as that process sees it. The link leads
 * to what no path names, so it can't be resolved.
 */
static size_t process_root_len(const char *path)
{
	int len = 0, pid;

	if (sscanf(path, "/proc/%d/root%n", &pid, &len) == 1 && len && path[len] == '/')
		return (size_t)len;
	return 0;
}

/* -x: a path; without a slash a command in PATH, a library, or a file right here. */
static struct error *find_binary(const char *name, struct arena *arena, struct target_file *file)
{
	struct error _cleanup_(error_freep) *err = NULL;
	const char *path = name;
	size_t len;
	char *real;

	if (!strchr(name, '/')) {
		err = launch_find(name, arena, &path);
		if (err)
			path = library_find(name, arena);
		if (!path)
			path = name;
	}
	*file = (struct target_file){.path = path, .shown = path, .root = ""};
	if (!fill_identity(file))
		return error_errno(ERROR_NOT_FOUND, "the file %s can't be found", name);
	len = process_root_len(path);
	if (len) {
		file->root = arena_strndup(arena, path, len);
		file->shown = path + len;
		return NULL;
	}
	real = realpath(path, NULL);
	if (real)
		file->path = arena_strdup(arena, real);
	free(real);
	return NULL;
}

static struct error *find_by_binary(struct target *target, struct arena *arena)
{
	struct target_file file;
	struct error *err = find_binary(target->spec->binary, arena, &file);
	int *pids;
	size_t n;

	if (err)
		return err;
	add_file(target, &file, arena);
	err = proc_by_file(file.path, arena, &pids, &n);
	if (err)
		return err;
	/* those that can't be looked at now are hit all the same */
	error_free(add_processes(target, pids, n, arena));
	return NULL;
}

static struct error *find_command(struct target *target, struct arena *arena)
{
	const char *binary;
	struct target_file file;
	bool is_script;
	struct error *err = launch_binary(target->spec->command[0], arena, &binary, &is_script);

	if (err)
		return err;
	if (is_script)
		target->script = target->spec->command[0];
	err = find_binary(target->spec->binary ? target->spec->binary : binary, arena, &file);
	if (err)
		return err;
	add_file(target, &file, arena);
	return NULL;
}

/* Else every number that /proc says would be taken for another process. */
static struct error *check_proc(void)
{
	char text[32] = "";
	ssize_t len = readlink("/proc/self", text, sizeof(text) - 1);

	if (len > 0 && atoi(text) == getpid())
		return NULL;
	return error_cure(error_new(ERROR_FAILED, len > 0 ? "/proc is that of another pid namespace"
							  : "/proc is not mounted"),
			  "mount -t proc proc /proc, in a mount namespace of its own.");
}

struct error *target_find(const struct target_spec *spec, struct arena *arena,
			  struct target **target)
{
	static struct error *(*const finders[])(struct target *, struct arena *) = {
		[TARGET_PIDS] = find_pids,
		[TARGET_BINARY] = find_by_binary,
		[TARGET_COMM] = find_comm,
		[TARGET_COMMAND] = find_command,
	};
	struct target *found = arena_alloc(arena, sizeof(*found));
	struct error *err;

	if (spec->kind == TARGET_NONE)
		return error_new(ERROR_USAGE, "no target is given");
	err = check_proc();
	if (err)
		return err;
	found->spec = spec;
	err = finders[spec->kind](found, arena);
	if (!err)
		*target = found;
	return err;
}
