/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Session links, tried on an own child: a function that calls itself through one, in a process with
 * a seccomp filter as containers have it. A return goes through a system call of the kernel's own,
 * which filters killed programs for in 6.11 to 6.13.
 */
#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/bpf.h>
#include <linux/filter.h>
#include <linux/seccomp.h>

#include <bpf/bpf.h>

#include "load/link.h"
#include "load/own_child.h"
#include "load/session.h"
#include "load/tries.h"
#include "load/uapi.h"

enum { DEPTH = 5, ENTRIES = 0, RETURNS = 1, SIDES };

/* Not inlined, not unrolled, and no tail call: each level returns. */
__attribute__((noinline, noclone, optimize("no-optimize-sibling-calls"))) int
trial_nested(int depth);
int trial_nested(int depth)
{
	int below = 0;

	asm volatile("" : "+r"(depth) : : "memory");
	if (depth > 1)
		below = trial_nested(depth - 1);
	asm volatile("" : "+r"(below) : : "memory");
	return below + 1;
}

/* counts[is_return]++, with a return wanted. */
static int load_trial(s32 is_return, int map)
{
	const struct bpf_insn element[] = {
		{.code = BPF_JMP | BPF_CALL, .src_reg = PSEUDO_KFUNC_CALL, .imm = is_return},
		{.code = BPF_ALU64 | BPF_AND | BPF_K, .dst_reg = BPF_REG_0, .imm = 1},
	};

	return try_load_counter(element, ARRAY_LEN(element), TRACE_UPROBE_SESSION, map);
}

/* Everything but this kills, as the strictest filter would. */
static bool filter_calls(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_exit_group, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
	};
	struct sock_fprog program = {ARRAY_LEN(code), code};

	return !prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) &&
	       !prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

/* The child: waits for a byte, calls, and ends with how deep it was. */
static void call_nested(int go)
{
	char c;

	if (read(go, &c, 1) != 1 || !filter_calls())
		syscall(SYS_exit_group, 0);
	syscall(SYS_exit_group, trial_nested(DEPTH));
}

static bool survives(int prog, u64 offset)
{
	int go[2], link, status = 0, pid;
	struct sigaction before;

	if (pipe(go))
		return false;
	own_child_begin(&before);
	pid = fork();
	if (!pid) {
		close(go[1]);
		call_nested(go[0]);
	}
	close(go[0]);
	link = link_multi(prog, TRACE_UPROBE_SESSION, "/proc/self/exe", &offset, NULL, 1, pid);
	if (pid > 0 && (link < 0 || write(go[1], "g", 1) != 1))
		kill(pid, SIGKILL);
	close(go[1]);
	if (pid > 0)
		TEMP_FAILURE_RETRY(waitpid(pid, &status, 0));
	own_child_end(&before);
	if (link >= 0)
		close(link);
	return WIFEXITED(status) && WEXITSTATUS(status) == DEPTH;
}

static bool try_links(int prog, int map, const char **why)
{
	u64 offset, counts[SIDES] = {};

	if (!trial_offset(trial_nested, &offset) || !survives(prog, offset)) {
		*why = "a session link killed the program that tried one on this kernel";
		return false;
	}
	for (u32 i = 0; i < SIDES; i++)
		bpf_map_lookup_elem(map, &i, &counts[i]);
	*why = NULL;
	if (counts[ENTRIES] == DEPTH && counts[RETURNS] == DEPTH)
		return true;
	*why = "session links don't see every return on this kernel";
	return false;
}

static const char *refusal(int code)
{
	return code == -EPERM ? "whether session links are safe here can't be tried without the "
				"privilege to load programs"
			      : "this kernel has no session links (6.13)";
}

bool load_try_sessions(const char **why)
{
	s32 is_return = try_kernel_function("bpf_session_is_return");
	int map, prog;
	bool works = false;

	*why = refusal(0);
	if (!is_return)
		return false;
	map = bpf_map_create(BPF_MAP_TYPE_ARRAY, "snapline_try", sizeof(u32), sizeof(u64), SIDES,
			     NULL);
	prog = map < 0 ? map : load_trial(is_return, map);
	if (prog < 0)
		*why = refusal(prog);
	else
		works = try_links(prog, map, why);
	if (prog >= 0)
		close(prog);
	if (map >= 0)
		close(map);
	return works;
}
