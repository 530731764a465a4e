// SPDX-License-Identifier: BSD-2-Clause
/*
 * Which addresses a program reaches, and how often (counted up to a cap): the places that can be drawn.
 * usage: reach CAP MAIN ADDRESSES OUT -- PROGRAM ARGS...
 *   MAIN       the executable's main, as in the file: breakpoints are set there, with libraries loaded
 *   ADDRESSES  file of lines "MODULE HEX": a mapped file's path, an address as in that file
 *   OUT        written: "MODULE HEX COUNT" for each that was reached
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

struct spot {
	char *module;
	uint64_t address; /* as in the file */
	uint64_t at;      /* run time; 0: not mapped */
	unsigned count;
	uint8_t saved;
	bool set;
};

static struct spot *spots;
static size_t n_spots;
static unsigned cap;
static int memory;

static void die(const char *what)
{
	fprintf(stderr, "reach: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void read_spots(const char *path)
{
	FILE *file = fopen(path, "r");
	char module[4096];
	uint64_t address;

	if (!file)
		die(path);
	while (fscanf(file, "%4095s %" SCNx64, module, &address) == 2) {
		spots = realloc(spots, (n_spots + 1) * sizeof(*spots));
		spots[n_spots++] = (struct spot){.module = strdup(module), .address = address};
	}
	fclose(file);
}

static bool is_position_independent(const char *path)
{
	Elf64_Ehdr header = {0};
	int fd = open(path, O_RDONLY);
	bool yes = fd >= 0 && read(fd, &header, sizeof(header)) == sizeof(header) &&
		   header.e_type == ET_DYN;

	if (fd >= 0)
		close(fd);
	return yes;
}

/* Run-time minus file address of a mapped file; UINT64_MAX if it is not mapped. */
static uint64_t bias_of(pid_t pid, const char *module)
{
	char path[64], line[4400], name[4096];
	uint64_t start, offset, bias = UINT64_MAX;
	FILE *maps;

	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	maps = fopen(path, "r");
	if (!maps)
		return bias;
	while (bias == UINT64_MAX && fgets(line, sizeof(line), maps)) {
		if (sscanf(line, "%" SCNx64 "-%*x %*s %" SCNx64 " %*s %*s %4095s", &start, &offset,
			   name) == 3 && offset == 0 && strcmp(name, module) == 0)
			bias = is_position_independent(module) ? start : 0;
	}
	fclose(maps);
	return bias;
}

static void poke(struct spot *spot, bool set)
{
	uint8_t byte = set ? 0xcc : spot->saved;

	if (set && pread(memory, &spot->saved, 1, spot->at) != 1)
		die("read");
	if (pwrite(memory, &byte, 1, spot->at) != 1)
		die("write");
	spot->set = set;
}

static void set_all(pid_t pid)
{
	uint64_t bias = UINT64_MAX;

	for (size_t i = 0; i < n_spots; i++) {
		if (i == 0 || strcmp(spots[i].module, spots[i - 1].module) != 0)
			bias = bias_of(pid, spots[i].module);
		if (bias == UINT64_MAX)
			continue;
		spots[i].at = bias + spots[i].address;
		poke(&spots[i], true);
	}
}

static int by_run_time(const void *a, const void *b)
{
	const struct spot *x = a, *y = b;

	return x->at < y->at ? -1 : x->at > y->at;
}

static struct spot *spot_at(uint64_t at)
{
	struct spot key = {.at = at};

	return bsearch(&key, spots, n_spots, sizeof(*spots), by_run_time);
}

static bool hit(pid_t tid)
{
	struct user_regs_struct registers;
	struct spot *spot;
	int status;

	if (ptrace(PTRACE_GETREGS, tid, 0, &registers))
		return false;
	spot = spot_at(registers.rip - 1);
	if (!spot || !spot->at)
		return false;
	spot->count++;
	registers.rip--;
	ptrace(PTRACE_SETREGS, tid, 0, &registers);
	if (!spot->set)
		return true;
	poke(spot, false);
	if (spot->count >= cap)
		return true;
	ptrace(PTRACE_SINGLESTEP, tid, 0, 0);
	if (waitpid(tid, &status, __WALL) == tid && WIFSTOPPED(status))
		poke(spot, true);
	return true;
}

static void start(char **argv)
{
	personality(ADDR_NO_RANDOMIZE);
	ptrace(PTRACE_TRACEME, 0, 0, 0);
	execv(argv[0], argv);
	die(argv[0]);
}

static void wait_for_main(pid_t pid, uint64_t address, const char *program)
{
	struct spot at_main = {.at = address + bias_of(pid, program)};
	struct user_regs_struct registers;
	int status;

	poke(&at_main, true);
	do {
		ptrace(PTRACE_CONT, pid, 0, 0);
		if (waitpid(pid, &status, __WALL) != pid || WIFEXITED(status))
			die("the program ended before main");
	} while (!WIFSTOPPED(status) || WSTOPSIG(status) != SIGTRAP);
	poke(&at_main, false);
	ptrace(PTRACE_GETREGS, pid, 0, &registers);
	registers.rip = at_main.at;
	ptrace(PTRACE_SETREGS, pid, 0, &registers);
}

static void follow(pid_t pid)
{
	pid_t tid;
	int status;

	ptrace(PTRACE_SETOPTIONS, pid, 0, PTRACE_O_TRACECLONE | PTRACE_O_EXITKILL);
	ptrace(PTRACE_CONT, pid, 0, 0);
	while ((tid = waitpid(-1, &status, __WALL)) > 0) {
		int signal = 0;

		if (!WIFSTOPPED(status))
			continue;
		if (WSTOPSIG(status) == SIGTRAP) {
			if (status >> 16 == 0)
				hit(tid);
		} else if (WSTOPSIG(status) != SIGSTOP) {
			signal = WSTOPSIG(status);
		}
		ptrace(PTRACE_CONT, tid, 0, signal);
	}
}

int main(int argc, char **argv)
{
	char path[64];
	pid_t pid;
	FILE *out;

	if (argc < 7) {
		fprintf(stderr, "usage: reach CAP MAIN ADDRESSES OUT -- PROGRAM ARGS...\n");
		return 2;
	}
	cap = (unsigned)atoi(argv[1]);
	read_spots(argv[3]);
	pid = fork();
	if (pid == 0)
		start(argv + 6);
	waitpid(pid, NULL, __WALL);
	snprintf(path, sizeof(path), "/proc/%d/mem", pid);
	memory = open(path, O_RDWR);
	if (memory < 0)
		die(path);
	wait_for_main(pid, strtoull(argv[2], NULL, 16), argv[6]);
	set_all(pid);
	qsort(spots, n_spots, sizeof(*spots), by_run_time);
	follow(pid);
	out = fopen(argv[4], "w");
	if (!out)
		die(argv[4]);
	for (size_t i = 0; i < n_spots; i++)
		if (spots[i].count)
			fprintf(out, "%s %" PRIx64 " %u\n", spots[i].module, spots[i].address,
				spots[i].count);
	return fclose(out) ? 1 : 0;
}
