/* SPDX-License-Identifier: BSD-2-Clause */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/host.h"
#include "proc/launch.h"
#include "proc/proc.h"
#include "proc/unwinds.h"

static struct arena *arena;

static int begin(void **state)
{
	arena = arena_new();
	return 0;
}

static int end(void **state)
{
	arena_free(arena);
	return 0;
}

static const char maps_text[] =
	"55d0c0000000-55d0c0001000 r--p 00000000 fe:01 393318                     /bin/my prog\n"
	"55d0c0001000-55d0c0002000 r-xp 00001000 fe:01 393318      /usr/lib/a\\012b.so (deleted)\n"
	"7f0000000000-7f0000001000 rw-s 00000000 00:05 12      /memfd:x (deleted)\n"
	"7f0000002000-7f0000003000 ---p 00000000 00:00 0 \n"
	"7f0000004000-7f0000005000 rw-p 00000000 00:00 0                          [anon:a b]\n"
	"ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0                  [vsyscall]\n";

static void test_maps_are_parsed(void **state)
{
	struct proc_map *maps;
	size_t n;

	assert_null(proc_maps_parse(maps_text, strlen(maps_text), arena, &maps, &n));
	assert_int_equal(n, 6);
	assert_string_equal(maps[0].path, "/bin/my prog");
	assert_int_equal(maps[0].start, 0x55d0c0000000);
	assert_int_equal(maps[0].dev_major, 0xfe);
	assert_int_equal(maps[0].inode, 393318);
	assert_false(maps[0].deleted || maps[0].executable || maps[0].shared);
	assert_string_equal(maps[1].path, "/usr/lib/a\nb.so");
	assert_true(maps[1].deleted && maps[1].executable);
	assert_int_equal(maps[1].offset, 0x1000);
	assert_true(maps[2].shared && maps[2].writable && maps[2].deleted);
	assert_string_equal(maps[3].path, "");
	assert_false(maps[3].readable);
	assert_string_equal(maps[4].path, "[anon:a b]");
	assert_int_equal(maps[5].end, 0xffffffffff601000);
}

static void test_maps_that_are_no_maps_are_refused(void **state)
{
	static const char *const bad[] = {
		"x",
		"\n",
		"10-",
		"20-10 r--p 0 0:0 0",
		"10-20 r--p 0 0:0",
		"10-20 r--p 0 00 0 /x",
		"10-20 rwxq 0 0:0 0 /x",
		"11111111111111111-2 r--p 0 0:0 0",
		"10-20 r--p 0 0:0 0x",
	};
	struct proc_map *maps = NULL;
	size_t n = 77;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct error *err = proc_maps_parse(bad[i], strlen(bad[i]), arena, &maps, &n);

		if (!err)
			fail_msg("\"%s\" was taken", bad[i]);
		error_free(err);
		assert_int_equal(n, 77);
	}
}

/* Whatever is cut off or changed, parsing ends and reads nothing outside. */
static void test_damaged_maps_are_safe(void **state)
{
	size_t len = strlen(maps_text);
	unsigned seed = 1;

	for (int round = 0; round < 4000; round++) {
		size_t size = (size_t)rand_r(&seed) % (len + 1);
		char *text = malloc(size + 1);
		struct proc_map *maps;
		struct error *err;
		size_t n;

		memcpy(text, maps_text, size);
		for (int i = 0; i < 3 && size; i++)
			text[(size_t)rand_r(&seed) % size] = (char)rand_r(&seed);
		err = proc_maps_parse(text, size, arena, &maps, &n);
		error_free(err);
		free(text);
	}
}

static const struct proc_map *map_of(int pid, const void *address)
{
	struct proc_map *maps;
	size_t n;

	assert_null(proc_maps(pid, arena, &maps, &n));
	for (size_t i = 0; i < n; i++) {
		if (maps[i].start <= (uintptr_t)address && (uintptr_t)address < maps[i].end)
			return &maps[i];
	}
	fail_msg("%p is not mapped", address);
	return NULL;
}

static char *temporary_file(void)
{
	char *path = arena_strdup(arena, "/tmp/snapline-test-XXXXXX");
	char page[4096] = "content";
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, page, sizeof(page)), sizeof(page));
	close(fd);
	return path;
}

static void *map_file(const char *path)
{
	int fd = open(path, O_RDONLY);
	void *memory = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0);

	close(fd);
	assert_ptr_not_equal(memory, MAP_FAILED);
	return memory;
}

static void test_a_mapped_file_is_found(void **state)
{
	const char *path = temporary_file();
	void *memory = map_file(path);
	const struct proc_map *map = map_of(getpid(), memory);

	assert_string_equal(map->path, path);
	assert_string_equal(proc_path(getpid(), map, arena), path);
	assert_string_equal(proc_root(getpid(), arena), "");
	munmap(memory, 4096);
	unlink(path);
}

/* A file of the same name in its place must not be taken for it. */
static void test_a_replaced_file_is_not_mistaken(void **state)
{
	const char *path = temporary_file(), *other = temporary_file();
	void *memory = map_file(path);
	const struct proc_map *map;

	assert_int_equal(rename(other, path), 0);
	map = map_of(getpid(), memory);
	assert_true(map->deleted);
	assert_string_equal(map->path, path);
	assert_non_null(strstr(proc_path(getpid(), map, arena), "/map_files/"));
	munmap(memory, 4096);
	unlink(path);
}

static void test_anonymous_memory_has_no_path(void **state)
{
	int local = 0;

	assert_null(proc_path(getpid(), map_of(getpid(), &local), arena));
}

static void test_own_process(void **state)
{
	char content[8] = "";
	static const char text[8] = "memory";
	u64 value = 0, ticks = 0;
	const char *exe, *comm;
	struct proc_stat stat;
	u8 *vdso;
	size_t len;

	assert_null(proc_exe(getpid(), arena, &exe));
	assert_non_null(strstr(exe, "test_proc"));
	assert_null(proc_comm(getpid(), arena, &comm));
	assert_string_equal(comm, "test_proc");
	assert_null(proc_start_time(getpid(), &ticks));
	assert_true(ticks > 0);
	assert_null(proc_stat(getpid(), &stat));
	assert_int_equal(stat.parent, getppid());
	assert_false(stat.is_kernel);
	assert_true(proc_read_memory(getpid(), (uintptr_t)text, content, sizeof(content)));
	assert_string_equal(content, "memory");
	assert_false(proc_read_memory(getpid(), 8, content, sizeof(content)));
	assert_true(proc_auxv(getpid(), AT_PAGESZ, &value));
	assert_int_equal(value, sysconf(_SC_PAGESIZE));
	assert_false(proc_auxv(getpid(), 0x7777, &value));
	assert_null(proc_vdso(getpid(), arena, &value, &vdso, &len));
	assert_int_equal(value, getauxval(AT_SYSINFO_EHDR));
	assert_memory_equal(vdso, "\177ELF", 4);
	assert_true(proc_pid_namespace(getpid()) > 0);
}

static void test_a_process_that_is_gone(void **state)
{
	struct proc_map *maps;
	const char *text;
	u64 ticks;
	size_t n;
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	waitpid(pid, NULL, 0);
	assert_false(proc_exists(pid));
	assert_ptr_equal(proc_maps(pid, arena, &maps, &n), &error_process_gone);
	assert_ptr_equal(proc_exe(pid, arena, &text), &error_process_gone);
	assert_ptr_equal(proc_start_time(pid, &ticks), &error_process_gone);
}

/* /proc/PID/maps as it is while execve() hasn't mapped anything yet. */
static int open_without_maps(const char *path)
{
	const char *name = strrchr(path, '/');

	return name && strcmp(name, "/maps") == 0 ? open("/dev/null", O_RDONLY | O_CLOEXEC)
						  : host_direct.open(path);
}

static void test_a_process_without_code_may_unwind_later(void **state)
{
	struct target_process self = {.pid = getpid()};
	struct target target = {.processes = &self, .n_processes = 1};
	struct host host = host_direct;
	const char *why;

	host.open = open_without_maps;
	host_use(&host);
	why = target_unwinds(&target, arena);
	host_use(&host_direct);
	assert_non_null(why);
	assert_non_null(strstr(why, "can't be known yet"));
}

static bool has(const int *pids, size_t n, int pid)
{
	for (size_t i = 0; i < n; i++) {
		if (pids[i] == pid)
			return true;
	}
	return false;
}

static char *const sleeper[] = {(char *)"sleep", (char *)"60", NULL};

static void test_a_command_waits_until_released(void **state)
{
	struct launch *launch;
	struct pollfd poll_fd;
	int status, *pids;
	const char *comm;
	size_t n;

	assert_null(launch_start(sleeper, &launch));
	assert_null(proc_comm(launch_pid(launch), arena, &comm));
	assert_string_equal(comm, "test_proc");
	assert_false(launch_ended(launch, &status));
	assert_null(launch_release(launch));
	assert_null(proc_comm(launch_pid(launch), arena, &comm));
	assert_string_equal(comm, "sleep");

	assert_null(proc_by_comm("slee?", arena, &pids, &n));
	assert_true(has(pids, n, launch_pid(launch)));
	assert_null(proc_by_comm("slee", arena, &pids, &n));
	assert_false(has(pids, n, launch_pid(launch)));
	assert_null(proc_children(getpid(), arena, &pids, &n));
	assert_true(has(pids, n, launch_pid(launch)));

	kill(launch_pid(launch), SIGTERM);
	poll_fd = (struct pollfd){launch_fd(launch), POLLIN, 0};
	assert_int_equal(poll(&poll_fd, 1, 10000), 1);
	assert_true(launch_ended(launch, &status));
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
	launch_free(launch);
}

static void test_processes_of_a_file(void **state)
{
	const char *path;
	struct launch *launch;
	int status, *pids;
	size_t n;

	assert_null(launch_find("sleep", arena, &path));
	assert_null(launch_start(sleeper, &launch));
	assert_null(launch_release(launch));
	assert_null(proc_by_file(path, arena, &pids, &n));
	assert_true(has(pids, n, launch_pid(launch)));
	assert_false(has(pids, n, getpid()));
	kill(launch_pid(launch), SIGKILL);
	while (!launch_ended(launch, &status))
		poll(NULL, 0, 5);
	launch_free(launch);
}

static void test_a_command_gets_default_signals(void **state)
{
	static char *const argv[] = {(char *)"/bin/sh", (char *)"-c",
				     (char *)"kill -PIPE $$; exit 3", NULL};
	struct launch *launch;
	sigset_t blocked, old;
	int status;

	sigfillset(&blocked);
	sigprocmask(SIG_SETMASK, &blocked, &old);
	signal(SIGPIPE, SIG_IGN);
	assert_null(launch_start(argv, &launch));
	sigprocmask(SIG_SETMASK, &old, NULL);
	signal(SIGPIPE, SIG_DFL);
	assert_null(launch_release(launch));
	while (!launch_ended(launch, &status))
		poll(NULL, 0, 5);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGPIPE);
	launch_free(launch);
}

static void test_a_command_never_released_never_runs(void **state)
{
	const char *mark = arena_printf(arena, "/tmp/snapline-mark-%d", getpid());
	char *argv[] = {(char *)"touch", (char *)mark, NULL};
	struct launch *launch;

	assert_null(launch_start(argv, &launch));
	launch_free(launch);
	assert_int_equal(access(mark, F_OK), -1);
}

static void assert_not_found(struct error *err, const char *says)
{
	assert_non_null(err);
	assert_int_equal(err->kind, ERROR_NOT_FOUND);
	if (!strstr(err->text, says))
		fail_msg("%s", err->text);
	error_free(err);
}

static void test_commands_that_cannot_run(void **state)
{
	char *const none[] = {(char *)"/no/such/command", NULL};
	const char *path = temporary_file();
	struct launch *launch;
	const char *found;

	assert_not_found(launch_find("no-such-command", arena, &found), "PATH");
	assert_not_found(launch_find("/no/such", arena, &found), "No such file");
	assert_not_found(launch_find("/tmp", arena, &found), "directory");
	assert_not_found(launch_find(path, arena, &found), "not executable");
	assert_null(launch_start(none, &launch));
	assert_not_found(launch_release(launch), "/no/such/command");
	launch_free(launch);
	unlink(path);
}

static void test_a_script_is_its_interpreter(void **state)
{
	char *path = temporary_file();
	const char *binary;
	bool is_script;
	FILE *file = fopen(path, "w");

	fputs("#! /bin/sh -e\nexit 0\n", file);
	fclose(file);
	chmod(path, 0755);
	assert_null(launch_binary(path, arena, &binary, &is_script));
	assert_string_equal(binary, "/bin/sh");
	assert_true(is_script);
	assert_null(launch_binary("sleep", arena, &binary, &is_script));
	assert_false(is_script);
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_maps_are_parsed),
		cmocka_unit_test(test_maps_that_are_no_maps_are_refused),
		cmocka_unit_test(test_damaged_maps_are_safe),
		cmocka_unit_test(test_a_mapped_file_is_found),
		cmocka_unit_test(test_a_replaced_file_is_not_mistaken),
		cmocka_unit_test(test_anonymous_memory_has_no_path),
		cmocka_unit_test(test_own_process),
		cmocka_unit_test(test_a_process_that_is_gone),
		cmocka_unit_test(test_a_command_waits_until_released),
		cmocka_unit_test(test_processes_of_a_file),
		cmocka_unit_test(test_a_command_gets_default_signals),
		cmocka_unit_test(test_a_command_never_released_never_runs),
		cmocka_unit_test(test_commands_that_cannot_run),
		cmocka_unit_test(test_a_script_is_its_interpreter),
		cmocka_unit_test(test_a_process_without_code_may_unwind_later),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
