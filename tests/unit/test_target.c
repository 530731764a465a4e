/* SPDX-License-Identifier: BSD-2-Clause */
#include "unit.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "proc/launch.h"
#include "proc/library.h"
#include "proc/target.h"

static struct arena *arena;
static struct launch *sleeper;

/* The dynamic linker runs after exec: waits until it has mapped libc, at most 10 s. */
static bool wait_for_libc(int pid)
{
	for (int i = 0; i < 1000; i++) {
		struct proc_map *maps;
		size_t n;
		struct error *err = proc_maps(pid, arena, &maps, &n);

		error_free(err);
		for (size_t j = 0; !err && j < n; j++) {
			if (maps[j].executable && strstr(maps[j].path, "/libc.so.6"))
				return true;
		}
		poll(NULL, 0, 10);
	}
	return false;
}

static int begin(void **state)
{
	static char *const argv[] = {(char *)"sleep", (char *)"60", NULL};

	arena = arena_new();
	return launch_start(argv, &sleeper) || launch_release(sleeper) ||
	       !wait_for_libc(launch_pid(sleeper));
}

static int end(void **state)
{
	int status;

	kill(launch_pid(sleeper), SIGKILL);
	while (!launch_ended(sleeper, &status))
		poll(NULL, 0, 5);
	launch_free(sleeper);
	arena_free(arena);
	return 0;
}

static struct target *found(struct target_spec spec)
{
	struct target *target = NULL;
	struct target_spec *kept = arena_memdup(arena, &spec, sizeof(spec));
	struct error *err = target_find(kept, arena, &target);

	if (err)
		fail_msg("%s", err->text);
	return target;
}

static void assert_refused(struct error *err, enum error_kind kind, const char *says)
{
	assert_non_null(err);
	assert_int_equal(err->kind, kind);
	if (!strstr(err->text, says))
		fail_msg("%s", err->text);
	error_free(err);
}

static struct error *find_pid(int pid)
{
	struct target_spec spec = {.kind = TARGET_PIDS, .pids = &pid, .n_pids = 1};
	struct target *target;

	return target_find(&spec, arena, &target);
}

static struct target *by_pid(void)
{
	int pid = launch_pid(sleeper);
	struct target_spec spec = {.kind = TARGET_PIDS, .n_pids = 1};

	spec.pids = arena_memdup(arena, &pid, sizeof(pid));
	return found(spec);
}

static void test_a_process_has_its_executable(void **state)
{
	struct target *target = by_pid();

	assert_int_equal(target->n_processes, 1);
	assert_string_equal(target->processes[0].comm, "sleep");
	assert_true(target->processes[0].start_time > 0);
	assert_int_equal(target->n_files, 1);
	assert_non_null(strstr(target->files[0].path, "/sleep"));
	assert_string_equal(target->files[0].path, target->files[0].shown);
	assert_string_equal(target->files[0].root, "");
}

static void test_processes_that_cannot_be_looked_into(void **state)
{
	pid_t pid = fork();
	siginfo_t info;

	if (pid == 0)
		_exit(0);
	waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT);
	assert_refused(find_pid(pid), ERROR_NOT_FOUND, "has ended");
	waitpid(pid, NULL, 0);
	assert_refused(find_pid(pid), ERROR_NOT_FOUND, "there is no process");
}

static void test_a_kernel_thread_is_refused(void **state)
{
	struct proc_stat stat;
	struct error *err = proc_stat(2, &stat);

	if (err || !stat.is_kernel) { /* a container shows none */
		error_free(err);
		skip();
	}
	assert_refused(find_pid(2), ERROR_NOT_FOUND, "kernel thread");
}

static void test_processes_by_binary(void **state)
{
	struct target *target = found((struct target_spec){TARGET_BINARY, .binary = "sleep"});
	bool has = false;

	for (size_t i = 0; i < target->n_processes; i++)
		has |= target->processes[i].pid == launch_pid(sleeper);
	assert_true(has);
	assert_int_equal(target->n_files, 1);
	assert_int_equal(target->files[0].inode, by_pid()->files[0].inode);
}

static void test_processes_by_name(void **state)
{
	struct target_spec none = {.kind = TARGET_COMM, .comm = "no-such-name"};
	struct target *target = found((struct target_spec){TARGET_COMM, .comm = "sl?ep"});

	assert_true(target->n_processes >= 1);
	assert_refused(target_find(&none, arena, &target), ERROR_NOT_FOUND, "no-such-name");
}

static void test_a_command_is_not_started(void **state)
{
	char *argv[] = {(char *)"sleep", (char *)"1", NULL};
	struct target *target = found((struct target_spec){TARGET_COMMAND, .command = argv});

	assert_int_equal(target->n_processes, 0);
	assert_non_null(strstr(target->files[0].path, "/sleep"));
	assert_null(target->script);
}

static void test_missing_files(void **state)
{
	struct target_spec spec = {.kind = TARGET_BINARY, .binary = "/no/such/file"};
	struct target *target;

	assert_refused(target_find(&spec, arena, &target), ERROR_NOT_FOUND, "/no/such/file");
	spec.binary = "no-such-file";
	assert_refused(target_find(&spec, arena, &target), ERROR_NOT_FOUND, "no-such-file");
}

static void assert_libc(const struct target *target, const char *name)
{
	struct target_file *files = NULL;
	size_t n = 0;
	struct error *err = target_library(target, name, arena, &files, &n);

	if (err)
		fail_msg("%s: %s", name, err->text);
	assert_int_equal(n, 1);
	assert_non_null(strstr(files[0].shown, "libc.so.6"));
}

static void test_libraries_of_a_process(void **state)
{
	struct target *target = by_pid();
	struct target_file *files = NULL;
	size_t n;

	assert_libc(target, "libc.so.6");
	assert_libc(target, "libc");
	assert_refused(target_library(target, "libno", arena, &files, &n), ERROR_NOT_FOUND,
		       "libno");
	assert_refused(target_library(target, "lib", arena, &files, &n), ERROR_NOT_FOUND, "lib");
	assert_null(target_library(target, "sleep", arena, &files, &n));
	assert_int_equal(files[0].inode, target->files[0].inode);
	assert_null(target_library(target, "/bin/sh", arena, &files, &n));
	assert_string_equal(files[0].shown, "/bin/sh");
}

static void test_libraries_of_a_file(void **state)
{
	char *argv[] = {(char *)"sleep", NULL};
	struct target *target = found((struct target_spec){TARGET_COMMAND, .command = argv});
	struct target_file *files = NULL;
	size_t n;

	assert_libc(target, "libc");
	assert_libc(target, "libc.so.6");
	assert_refused(target_library(target, "libno", arena, &files, &n), ERROR_NOT_FOUND,
		       "libno");
	assert_non_null(library_find("libc.so.6", arena));
	assert_null(library_find("libno.so.6", arena));
}

/* A process whose root is another folder sees other paths than we do. */
static void test_a_process_in_another_root(void **state)
{
	char *root = arena_strdup(arena, "/tmp/snapline-root-XXXXXX");
	char *copy, *argv[] = {(char *)"chroot", root, (char *)"/busy", (char *)"60", NULL};
	struct target_spec spec = {.kind = TARGET_PIDS, .n_pids = 1};
	struct launch *launch;
	struct target *target;
	int pid, status;

	if (getuid() != 0)
		skip();
	assert_non_null(mkdtemp(root));
	copy = arena_printf(arena,
			    "cp $(command -v sleep) %s/busy && for f in $(ldd %s/busy | grep -o "
			    "'/[^ ]*'); do mkdir -p %s/$(dirname $f) && cp -L $f %s/$f; done",
			    root, root, root, root);
	assert_int_equal(system(copy), 0);
	assert_null(launch_start(argv, &launch));
	assert_null(launch_release(launch));
	pid = launch_pid(launch);
	for (int i = 0; i < 1000; i++) {
		const char *comm;

		assert_null(proc_comm(pid, arena, &comm));
		if (strcmp(comm, "busy") == 0)
			break;
		poll(NULL, 0, 10);
	}
	assert_true(wait_for_libc(pid));
	spec.pids = &pid;
	target = found(spec);
	assert_string_equal(target->files[0].root, arena_printf(arena, "/proc/%d/root", pid));
	assert_non_null(strstr(target->files[0].shown, "/busy"));
	assert_int_equal(access(target->files[0].path, R_OK), 0);
	assert_libc(target, "libc");
	kill(pid, SIGKILL);
	while (!launch_ended(launch, &status))
		poll(NULL, 0, 5);
	launch_free(launch);
	assert_int_equal(system(arena_printf(arena, "rm -r %s", root)), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_process_has_its_executable),
		cmocka_unit_test(test_processes_that_cannot_be_looked_into),
		cmocka_unit_test(test_a_kernel_thread_is_refused),
		cmocka_unit_test(test_processes_by_binary),
		cmocka_unit_test(test_processes_by_name),
		cmocka_unit_test(test_a_command_is_not_started),
		cmocka_unit_test(test_missing_files),
		cmocka_unit_test(test_libraries_of_a_process),
		cmocka_unit_test(test_libraries_of_a_file),
		cmocka_unit_test(test_a_process_in_another_root),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
