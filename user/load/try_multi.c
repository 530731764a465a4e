/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * uprobe_multi links of a process, tried on an own child: until 6.10 they saw its first thread only
 * (kernel/trace/bpf_trace.c, uprobe_prog_run(), compared tasks). The child's child has such a link of
 * itself, calls a function in its second thread, and says how often that was seen. It is nobody's to wait
 * for: taking the link out waits for a grace period.
 */
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/bpf.h>

#include <bpf/bpf.h>

#include "load/link.h"
#include "load/session.h"
#include "load/tries.h"
#include "load/uapi.h"

__attribute__((noinline, noclone)) void trial_in_thread(void);
void trial_in_thread(void)
{
	asm volatile("nop" : : : "memory");
}

static void *call_once(void *context)
{
	trial_in_thread();
	return context;
}

/* How often the second thread's call was seen; 0 also if it couldn't be tried. */
static u64 seen_in_thread(void)
{
	int map = bpf_map_create(BPF_MAP_TYPE_ARRAY, "snapline_try", sizeof(u32), sizeof(u64), 1,
				 NULL);
	const struct bpf_insn element[] = {{.code = BPF_ALU64 | BPF_MOV | BPF_K}};
	int prog = map < 0 ? map : try_load_counter(element, 1, TRACE_UPROBE_MULTI, map);
	u64 offset, count = 0;
	pthread_t thread;
	u32 first = 0;

	if (prog < 0 || !trial_offset(trial_in_thread, &offset) ||
	    link_multi(prog, TRACE_UPROBE_MULTI, "/proc/self/exe", &offset, NULL, 1, getpid()) <
		    0 ||
	    pthread_create(&thread, NULL, call_once, NULL) || pthread_join(thread, NULL))
		return 0;
	bpf_map_lookup_elem(map, &first, &count);
	return count;
}

static bool run_trial(void)
{
	bool seen = false;
	int answer[2], pid;

	if (pipe(answer))
		return false;
	pid = fork();
	if (!pid && !fork()) {
		seen = seen_in_thread() == 1;
		_exit(write(answer[1], &seen, sizeof(seen)) != sizeof(seen));
	}
	if (!pid)
		_exit(0);
	close(answer[1]);
	if (pid < 0 || waitpid(pid, NULL, 0) != pid ||
	    read(answer[0], &seen, sizeof(seen)) != sizeof(seen))
		seen = false;
	close(answer[0]);
	return seen;
}

bool try_multi_pids(void)
{
	static bool tried, seen;

	if (!tried)
		seen = run_trial();
	tried = true;
	return seen;
}
